//! Audits of a corpus on anvil, with real proofs of a small predicate, each party a process with a home of its own.

use e2e::{text, Audited, Party};
use serde_json::Value;
use std::time::Duration;

const HOUR: u64 = 3600;
const MILLIETHER: u128 = 1_000_000_000_000_000;
/// Both sides' escrow: a price of 10 and a bond of 50.
const BOTH: u128 = 60 * MILLIETHER;

fn index_of(document: &Value) -> u64 {
    document["index"].as_u64().unwrap()
}

/// Indices of documents in a list.
fn list(value: &Value) -> Vec<u64> {
    let list = value.as_array().unwrap();
    list.iter().map(|index| index.as_u64().unwrap()).collect()
}

#[test]
fn a_complete_audit_bounds_what_was_hidden() {
    let story = Audited::new(12, 3);
    let shared = story.shared();
    let id = story.requested("4", &["--named-max", "2", "--to", text(&shared)]);
    // The same request is the same audit.
    assert_eq!(story.requested("4", &["--named-max", "2"]), id);
    let (_, said) = story.requester().fails(&story.asks("5", &["--named-max", "2"]));
    assert!(said.contains("to other terms"), "{said}");
    let accept = ["audit", "accept", &id, "--predicate", text(&shared)];
    let (_, said) = story
        .responder()
        .fails(&[&accept[..], &["--max-bond", "0.01", "--max-matches", "3"]].concat());
    assert!(said.contains("the most is"), "{said}");
    // Whoever writes the predicate decides what matches it.
    let few = ["--max-bond", "0.05", "--max-matches", "2"];
    let (_, said) = story.responder().fails(&[&accept[..], &few].concat());
    assert!(
        said.contains("3 documents match or cannot be proven and would be handed over"),
        "{said}"
    );
    let accepted = story.rs(
        "accept",
        &id,
        &[&accept[3..], &["--max-bond", "0.05", "--max-matches", "3"]].concat(),
    );
    assert_eq!(accepted["matches"].as_array().unwrap().len(), 3);
    assert!(accepted["proofSeconds"].as_f64().unwrap() > 0.0);
    let (_, early) = story.requester().fails(&["audit", "reveal", &id]);
    assert!(early.contains("in state Accepted"), "{early}");
    let answered = story.rs("answer", &id, &[]);
    assert_eq!(
        (&answered["state"], &answered["positives"]),
        (&"Answered".into(), &3.into())
    );

    // A match cannot be named; another document can.
    let ones: Vec<u64> = accepted["matches"].as_array().unwrap().iter().map(index_of).collect();
    let (one, zero) = (
        ones[0].to_string(),
        (0..15).find(|index| !ones.contains(index)).unwrap(),
    );
    let zero = zero.to_string();
    for (named, why) in [("99", "there is no document 99"), (&one, "was answered with a match")] {
        let (_, said) = story.requester().fails(&["audit", "reveal", &id, "--name", named]);
        assert!(said.contains(why), "{said}");
    }
    let revealed = story.rq("reveal", &id, &["--name", &zero]);
    assert_eq!((list(&revealed["drawn"]).len(), list(&revealed["named"]).len()), (4, 1));
    // The sample is known: nothing else is named, and the salt is not sent again.
    assert_eq!(story.rq("reveal", &id, &["--name", &zero])["seed"], revealed["seed"]);
    let (_, said) = story.requester().fails(&["audit", "receive", &id]);
    assert!(said.contains("in state Sampled"), "{said}");
    let proven = story.rs("prove", &id, &[]);
    assert_eq!(
        (&proven["state"], &proven["unproven"]),
        (&"Delivering".into(), &0.into())
    );

    // Nothing is confirmed before it is here.
    let (_, said) = story.requester().fails(&["audit", "confirm", &id]);
    assert!(said.contains("3 documents that match were not received"), "{said}");
    let handed = story.devnet.path("handed");
    story.rs("deliver", &id, &["--to", text(&handed)]);
    let received = story.rq("receive", &id, &["--from", text(&handed)]);
    assert_eq!(list(&received["good"]).len(), 3);
    assert!(list(&received["missing"]).is_empty(), "{received}");
    // What was right stays right, whatever else is handed over.
    std::fs::write(handed.join("documents.opening"), b"nothing").unwrap();
    let again = story.rq("receive", &id, &["--from", text(&handed)]);
    assert_eq!((&again["good"], list(&again["missing"]).len()), (&received["good"], 0));
    assert_eq!(again["wrong"].as_array().unwrap().len(), 1);
    assert_eq!(story.rq("confirm", &id, &[])["outcome"], "Complete");

    let shown = story.shown(&id);
    let verdict = &shown["verdict"];
    assert_eq!(verdict["assurance"], "SAMPLED");
    // C(12 − 6, 4)/C(12, 4) is 3 % and C(12 − 5, 4)/C(12, 4) 7 %.
    assert_eq!((&verdict["hidden"], &verdict["zeros"]), (&5.into(), &12.into()));
    assert_eq!((&shown["proven"], &shown["confirmed"]), (&5.into(), &true.into()));
    assert_eq!(story.fetched(story.responder()), BOTH);
    assert_eq!(story.fetched(story.requester()), 0);
}

#[test]
fn an_exhaustive_audit_proves_every_document_without_a_match() {
    let story = Audited::new(5, 1);
    let id = story.proven("6", &[]);
    story.devnet.pass(HOUR + 1);
    let closed = story.outsider().does(&["audit", "finalize", &id]);
    assert_eq!(closed["outcome"], "Complete");
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["verdict"]["assurance"], &shown["verdict"]["hidden"]),
        (&"EXHAUSTIVE".into(), &0.into())
    );
    assert_eq!((&shown["proven"], &shown["confirmed"]), (&5.into(), &false.into()));
}

#[test]
fn what_is_withheld_is_overruled_demanded_delivered_and_acknowledged() {
    let story = Audited::new(4, 3);
    let authority = story.authority().address();
    let terms = ["--withhold-max", "2", "--authority", &authority];
    let id = story.requested("2", &terms);
    assert_eq!(story.authority().does(&["audit", "approve", &id])["state"], "Requested");
    let (_, said) = story.responder().fails(&["audit", "approve", &id]);
    assert!(said.contains("has authority"), "{said}");
    // An authority that the responder does not recognise could be the requester's own.
    let accept = [
        "audit",
        "accept",
        &id,
        "--predicate",
        text(&story.predicate),
        "--max-bond",
        "0.05",
        "--max-matches",
        "3",
    ];
    let (_, said) = story.responder().fails(&accept);
    assert!(said.contains("is not one that is recognised here"), "{said}");
    let accepted = story.accepted(&id, &["--authority", &authority, "--withhold", "1"]);
    let log = story.devnet.path("privilege.txt");
    std::fs::write(&log, "correspondence with counsel").unwrap();
    let ones: Vec<u64> = accepted["matches"].as_array().unwrap().iter().map(index_of).collect();
    let zero = (0..7).find(|index| !ones.contains(index)).unwrap().to_string();
    let withhold = ["audit", "withhold", &id, "--log", text(&log), "--document"];
    let (_, said) = story.responder().fails(&[&withhold[..], &[&zero]].concat());
    assert!(said.contains("does not match"), "{said}");
    let one = ones[0].to_string();
    let withheld = story.responder().does(&[&withhold[..], &[&one]].concat());
    assert_eq!(
        (&withheld["withheld"], &withheld["state"]),
        (&1.into(), &"Accepted".into())
    );
    story.rs("answer", &id, &[]);
    story.rq("reveal", &id, &[]);
    story.rs("prove", &id, &[]);
    let handed = story.devnet.path("handed");
    story.rs("deliver", &id, &["--to", text(&handed)]);
    let received = story.rq("receive", &id, &["--from", text(&handed)]);
    assert_eq!((list(&received["good"]).len(), &received["owed"]), (2, &2.into()));
    let (_, said) = story.requester().fails(&["audit", "demand", &id, "--document", &one]);
    assert!(said.contains("is not owed"), "{said}");
    let ruling = story.devnet.path("order.txt");
    std::fs::write(&ruling, "disclose").unwrap();
    story
        .authority()
        .does(&["audit", "overrule", &id, "--all", "--ruling", text(&ruling)]);
    let (_, said) = story.requester().fails(&["audit", "confirm", &id]);
    assert!(said.contains("1 documents that match were not received"), "{said}");
    let demanded = story.rq("demand", &id, &[]);
    assert_eq!(list(&demanded["positions"]), ones[..1]);
    // What is demanded once is not demanded again.
    assert!(list(&story.rq("demand", &id, &[])["positions"]).is_empty());

    let (_, said) = story.requester().fails(&["audit", "ack", &id, "--demand", "0"]);
    assert!(said.contains("has no delivery yet"), "{said}");
    let delivered = story.rs("deliver", &id, &["--demand", "0", "--to", text(&handed)]);
    let again = story.rs("deliver", &id, &["--demand", "0"]);
    assert_eq!(again["ctRoot"], delivered["ctRoot"], "one key, one ciphertext");
    // A ciphertext that was altered is not acknowledged.
    let parcel = handed.join("demand-00000.parcel");
    let good = std::fs::read(&parcel).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    std::fs::write(&parcel, bad).unwrap();
    let ack = ["audit", "ack", &id, "--demand", "0", "--from", text(&handed)];
    let (_, said) = story.requester().fails(&ack);
    assert!(said.contains("must publish it then"), "{said}");
    std::fs::write(&parcel, good).unwrap();
    let acknowledged = story.requester().does(&ack);
    assert!(acknowledged.get("fault").is_none(), "{acknowledged}");
    let images = std::path::Path::new(acknowledged["images"].as_str().unwrap());
    let image = images.join(format!("{:07}.png", ones[0]));
    assert!(image::open(&image).is_ok(), "{}", image.display());
    let (_, said) = story.requester().fails(&["audit", "dispute", &id, "--demand", "0"]);
    assert!(said.contains("nothing is wrong with the delivery"), "{said}");
    let (_, said) = story.requester().fails(&["audit", "confirm", &id]);
    assert!(said.contains("are not settled"), "{said}");
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.outsider().does(&["audit", "settle", &id])["outcome"], "Complete");
    let shown = story.shown(&id);
    assert_eq!((&shown["withheld"], &shown["overruled"]), (&1.into(), &1.into()));
    assert_eq!(shown["verdict"]["keptBack"], 0);
    assert_eq!(story.fetched(story.responder()), BOTH);
    // B, and what was sent along for the base fee.
    assert!(story.fetched(story.requester()) > 0);
}

#[test]
fn a_delivery_that_is_not_acknowledged_is_published_and_read_from_the_chain() {
    let story = Audited::new(3, 2);
    let id = story.proven("2", &[]);
    story.rq("demand", &id, &[]);
    story.rs("deliver", &id, &["--demand", "0"]);
    let (_, said) = story.responder().fails(&["audit", "publish", &id, "--demand", "0"]);
    assert!(said.contains("may acknowledge demand 0 until"), "{said}");
    story.devnet.pass(HOUR + 1);
    let published = story.rs("publish", &id, &["--demand", "0"]);
    assert_eq!(published["state"], "Acked", "{published}");
    let opened = story.rq("ack", &id, &["--demand", "0"]);
    assert!(
        opened.get("fault").is_none() && opened.get("sent").is_none(),
        "{opened}"
    );
    assert_eq!(list(&opened["documents"]).len(), 2);
    story.devnet.pass(2 * HOUR);
    assert_eq!(story.outsider().does(&["timeout", "run", &id])["outcome"], "Complete");
    let (rs, rq) = (story.fetched(story.responder()), story.fetched(story.requester()));
    assert!(rs > BOTH, "half of what its calls used up of B");
    assert!(rq > 0, "the rest");
}

#[test]
fn who_proves_nothing_of_the_sample_pays() {
    let story = Audited::new(4, 1);
    let id = story.requested("2", &[]);
    story.accepted(&id, &[]);
    story.rs("answer", &id, &[]);
    story.rq("reveal", &id, &[]);
    story.devnet.pass(3 * HOUR);
    let (_, late) = story.responder().fails(&["audit", "prove", &id]);
    assert!(late.contains("the window ended"), "{late}");
    assert_eq!(story.outsider().does(&["timeout", "run", &id])["outcome"], "Violation");
    assert_eq!(story.shown(&id)["verdict"]["assurance"], "NONE");
    assert_eq!(story.fetched(story.requester()), BOTH);
    assert_eq!(story.fetched(story.responder()), 0);
}

#[test]
fn a_requester_that_is_silent_pays_and_one_that_asks_in_vain_does_not() {
    let story = Audited::new(4, 1);
    let unchecked = story.requested("2", &[]);
    story.accepted(&unchecked, &[]);
    story.rs("answer", &unchecked, &[]);
    story.devnet.pass(HOUR + 1);
    let closed = story.outsider().does(&["audit", "settle", &unchecked]);
    assert_eq!(closed["outcome"], "Unchecked");
    assert_eq!(story.fetched(story.responder()), BOTH);
    assert_eq!(story.shown(&unchecked)["verdict"]["assurance"], "NONE");

    // What is closed makes room for another request with the same predicate.
    let declined = story.requested("2", &[]);
    assert_ne!(declined, unchecked);
    let refused = story.rs("decline", &declined, &["--reason", "asked before"]);
    assert_eq!(refused["outcome"], "Declined");
    let cancelled = story.requested("2", &[]);
    assert_eq!(story.rq("cancel", &cancelled, &[])["outcome"], "Cancelled");
    let unanswered = story.requested("2", &[]);
    story.accepted(&unanswered, &[]);
    story.devnet.pass(2 * HOUR);
    assert_eq!(
        story.outsider().does(&["timeout", "run", &unanswered])["outcome"],
        "Timeout"
    );
    // The prices of three, and the bond of one.
    assert_eq!(story.fetched(story.requester()), (3 * 10 + 50) * MILLIETHER);
    let arch = text(&story.arch);
    for (options, grade) in [(&[][..], "NOT CHECKED"), (&["--arch", arch], "REPRODUCED")] {
        let list = story
            .outsider()
            .reads(&[&["audit", "list", &story.corpus_id], options].concat());
        let audits = list["audits"].as_array().unwrap();
        assert_eq!(audits.len(), 2, "those that were accepted");
        assert!(audits.iter().all(|audit| audit["verifier"]["grade"] == grade), "{list}");
    }
}

#[test]
fn a_predicate_that_does_not_open_what_was_asked_is_not_accepted() {
    let story = Audited::new(4, 1);
    let id = story.requested("2", &[]);
    let good = std::fs::read(&story.predicate).unwrap();
    let bad = story.devnet.path("bad.opening");
    let accept = [
        "audit",
        "accept",
        &id,
        "--max-bond",
        "0.05",
        "--max-matches",
        "3",
        "--predicate",
        text(&bad),
    ];
    for at in [0, 60, good.len() / 2, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        std::fs::write(&bad, bytes).unwrap();
        let (code, said) = story.responder().fails(&accept);
        assert!(
            code == 3 && said.contains("bad.opening is of no use"),
            "byte {at}: {said}"
        );
    }
    // Leaves of another corpus, or not all of them: no request.
    let leaves = std::fs::read(&story.leaves).unwrap();
    let few = story.devnet.path("few.leaves");
    std::fs::write(&few, &leaves[..leaves.len() - 32]).unwrap();
    let asks = story.asks("3", &["--uri", "another"]);
    let asks: Vec<&str> = asks
        .iter()
        .map(|arg| if *arg == text(&story.leaves) { text(&few) } else { arg })
        .collect();
    story.rq("cancel", &id, &[]);
    let (_, said) = story.requester().fails(&asks);
    assert!(said.contains("few.leaves"), "{said}");
}

#[test]
fn a_delivery_of_another_corpus_is_disputed() {
    let story = Audited::new(3, 2);
    let second = story.devnet.path("second.corpus");
    let archive = story.devnet.path("archive");
    let commit = ["corpus", "commit", text(&archive), "--size", "8"];
    story
        .responder()
        .does(&[&commit[..], &["--corpus", text(&second)]].concat());
    let id = story.proven("2", &[]);
    story.rq("demand", &id, &[]);
    // The same images under other salts: none of them opens its leaf.
    story.rewrite_journal("responder", &id, |facts| facts["corpus"] = text(&second).into());
    let handed = story.devnet.path("handed");
    story.rs("deliver", &id, &["--demand", "0", "--to", text(&handed)]);
    let acknowledged = story.rq("ack", &id, &["--demand", "0", "--from", text(&handed)]);
    assert!(acknowledged["fault"].is_string(), "{acknowledged}");
    let (_, said) = story.requester().fails(&["audit", "confirm", &id]);
    assert!(said.contains("2 documents that match were not received"), "{said}");
    let ended = story.rq("dispute", &id, &["--demand", "0"]);
    assert_eq!(ended["outcome"], "Violation");
    assert_eq!(story.shown(&id)["openDemands"], 0);
    assert!(story.fetched(story.requester()) > BOTH, "and what the demand brought");
    assert_eq!(story.fetched(story.responder()), 0);
}

/// Whoever sees a salt can choose answers that its sample misses: it is shown for one set of answers.
#[test]
fn a_salt_is_not_shown_again_for_other_answers() {
    let story = Audited::new(4, 1);
    let id = story.requested("2", &[]);
    story.accepted(&id, &[]);
    let before = story.devnet.rpc("evm_snapshot", "[]");
    story.rs("answer", &id, &[]);
    let revealed = story.rq("reveal", &id, &[]);
    assert_eq!(list(&revealed["drawn"]).len(), 2);
    // The chain forgets both, and the responder answers otherwise.
    story.devnet.rpc("evm_revert", &format!("[{before}]"));
    story.rewrite("responder", &id, "matches.json", |matches| {
        matches["matching"] = serde_json::json!([0, 1, 2, 3, 4]);
    });
    story.rs("answer", &id, &[]);
    let (_, said) = story.requester().fails(&["audit", "reveal", &id]);
    assert!(said.contains("whoever saw it chose them"), "{said}");
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.outsider().does(&["timeout", "run", &id])["outcome"], "Unchecked");
}

#[test]
fn whatever_is_killed_goes_on_and_nothing_is_sent_twice() {
    let story = Audited::new(4, 2);
    let (rs, rq) = (story.responder(), story.requester());
    let before = [rs.nonce(), rq.nonce()];
    let mut step = 0u64;
    let mut survive = |party: Party<'_>, args: &[&str]| {
        for _ in 0..3 {
            step += 1;
            // Somewhere in the command, another place each time.
            party.is_killed(args, Duration::from_millis(step * 131 % 1100));
        }
        party.does(args)
    };
    let requested = survive(rq, &story.asks("3", &["--named-max", "1"]));
    let id = requested["id"].as_str().unwrap();
    let about = |command: &'static str| ["audit", command, id];
    let accept = [
        "--predicate",
        text(&story.predicate),
        "--max-bond",
        "0.05",
        "--max-matches",
        "3",
    ];
    let accepted = survive(rs, &[&about("accept")[..], &accept].concat());
    survive(rs, &about("answer"));
    let revealed = survive(rq, &about("reveal"));
    survive(rs, &about("prove"));
    survive(rq, &about("demand"));
    let handed = story.devnet.path("handed");
    let deliver = ["--demand", "0", "--to", text(&handed)];
    let delivered = survive(rs, &[&about("deliver")[..], &deliver].concat());
    let ack = ["--demand", "0", "--from", text(&handed)];
    let acknowledged = survive(rq, &[&about("ack")[..], &ack].concat());
    assert!(acknowledged.get("fault").is_none(), "{acknowledged}");
    story.devnet.pass(2 * HOUR);
    let ended = survive(story.outsider(), &about("settle"));
    assert_eq!(ended["outcome"], "Complete");
    let shown = story.shown(id);
    assert_eq!(
        (&shown["proven"], &shown["requestHash"]),
        (&3.into(), &requested["requestHash"])
    );
    assert_eq!(list(&revealed["drawn"]).len(), 3);
    // One key, hence one ciphertext.
    let again = story.rs("deliver", id, &["--demand", "0"]);
    assert_eq!(again["ctRoot"], delivered["ctRoot"]);
    drop(accepted);
    // Of the responder: accept, answer, prove, deliver. Of the requester: request, reveal, demand, ack.
    assert_eq!([rs.nonce() - before[0], rq.nonce() - before[1]], [4, 4]);
}
