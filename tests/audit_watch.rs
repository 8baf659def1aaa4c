//! Daemons of audits on anvil, with real proofs of a small predicate: nobody types a command between request and withdrawal.

use assay_protocol::retrieval::decide::LEFT_TO_REQUESTER;
use e2e::{text, Audited, Daemon};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

const HOUR: u64 = 3600;
/// Gas that costs this much makes publishing a delivery dearer than bond and price.
const DEAR: &str = "[\"0x1000000000000\"]";

#[test]
fn two_daemons_play_a_whole_audit_over_a_directory() {
    let story = Audited::new(6, 2);
    // Somewhere else the predicate was handed over by hand: that is of no use to the responder's daemon.
    let id = story.requested("3", &["--to", text(&story.shared())]);
    let [rq, rs] = story.until_settled();
    assert_eq!(rq, ["send", "reveal", "check", "confirm", "settle"]);
    assert_eq!(
        rs,
        ["accept", "answer", "prove", "proven", "submitProofs", "send", "settle"]
    );
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["confirmed"], &shown["proven"]),
        (&"Complete".into(), &true.into(), &3.into())
    );
    // A further pass finds nothing to do, and nothing is left to fetch.
    assert!(story.once("requester", &[]).is_empty() && story.once("responder", &[]).is_empty());
    assert_eq!(
        (story.fetched(story.responder()), story.fetched(story.requester())),
        (0, 0)
    );
    // What is closed makes room for another request; one in which no document matches needs none.
    let again = story.requested("2", &[]);
    assert_ne!(again, id);
    story.until_settled();
    assert_eq!(story.shown(&again)["outcome"], "Complete");
}

#[test]
fn whoever_falls_silent_is_left_behind() {
    let story = Audited::new(4, 1);
    // The requester's daemon ends before it has looked at the documents: the responder is paid.
    let id = story.requested("2", &[]);
    while story.shown(&id)["state"] != "Delivering" {
        story.once("requester", &[]);
        story.once("responder", &[]);
    }
    assert!(story.once("responder", &[]).is_empty());
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.once("responder", &[]), ["finalize", "settle"]);
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["confirmed"]),
        (&"Complete".into(), &false.into())
    );
    assert_eq!(story.once("requester", &[]), ["settle"]);

    // A requester that never reveals pays, too.
    let unchecked = story.requested("2", &[]);
    assert_eq!(story.once("requester", &[]), ["send"]);
    assert_eq!(story.once("responder", &[]), ["accept", "answer"]);
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.once("responder", &[]), ["timeout", "settle"]);
    assert_eq!(story.shown(&unchecked)["outcome"], "Unchecked");
    assert_eq!(story.once("requester", &[]), ["settle"]);

    // The responder of this one proves nothing.
    let unproven = story.requested("2", &[]);
    assert_eq!(story.once("requester", &[]), ["send"]);
    assert_eq!(story.once("responder", &[]), ["accept", "answer"]);
    assert_eq!(story.once("requester", &[]), ["reveal"]);
    story.devnet.pass(2 * HOUR);
    assert_eq!(story.once("requester", &[]), ["timeout", "settle"]);
    assert_eq!(story.shown(&unproven)["outcome"], "Violation");
    assert_eq!(story.once("responder", &[]), ["settle"]);

    // Nobody takes this one on.
    let expired = story.requested("2", &[]);
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.once("requester", &[]), ["cancel", "settle"]);
    assert_eq!(story.shown(&expired)["outcome"], "Cancelled");
}

#[test]
fn what_was_not_handed_over_is_demanded_delivered_and_acknowledged() {
    let story = Audited::new(3, 2);
    let id = proven(&story, &[]);
    // The documents get lost on their way. The responder has half of the time.
    let documents = story.handed(&id).join("documents.opening");
    fs::remove_file(&documents).unwrap();
    assert!(story.once("requester", &[]).is_empty());
    story.devnet.pass(HOUR / 2);
    assert_eq!(story.once("requester", &[]), ["demand"]);
    // What is demanded is not demanded again.
    assert!(story.once("requester", &[]).is_empty());
    assert_eq!(story.once("responder", &[]), ["deliver"]);
    // A ciphertext that is damaged is not acknowledged.
    let parcel = story.handed(&id).join("demand-00000.parcel");
    let good = fs::read(&parcel).unwrap();
    fs::write(&parcel, &good[..good.len() - 32]).unwrap();
    let events = story.pass("requester", &[]);
    assert!(events.iter().any(|event| event["event"] == "error"
        && event["fields"]["during"] == "checkParcel"
        && event["fields"]["hint"].as_str().unwrap().contains("do not acknowledge")));
    assert_eq!(story.shown(&id)["demandList"][0]["state"], "Delivered");
    fs::write(&parcel, &good).unwrap();
    assert_eq!(story.once("requester", &[]), ["checkParcel", "acknowledge"]);
    assert_eq!(story.shown(&id)["demandList"][0]["state"], "Acked");
    assert!(story.once("responder", &[]).is_empty());
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.once("requester", &[]), ["settleDemand", "confirm", "settle"]);
    assert_eq!(story.once("responder", &[]), ["settle"]);
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["published"]),
        (&"Complete".into(), &0.into())
    );
}

#[test]
fn what_was_not_acknowledged_is_published_where_that_is_cheaper_than_the_escrow() {
    let story = Audited::new(3, 2);
    let id = proven(&story, &[]);
    fs::remove_file(story.handed(&id).join("documents.opening")).unwrap();
    story.devnet.pass(HOUR / 2);
    assert_eq!(story.once("requester", &[]), ["demand"]);
    assert_eq!(story.once("responder", &[]), ["deliver"]);
    let parcel = story.handed(&id).join("demand-00000.parcel");
    fs::remove_file(&parcel).unwrap();
    assert!(story.once("requester", &[]).is_empty(), "silence");
    assert!(story.once("responder", &[]).is_empty(), "the requester has time");
    story.devnet.pass(HOUR + 1);
    story.devnet.rpc("anvil_setNextBlockBaseFeePerGas", DEAR);
    story.devnet.rpc("evm_mine", "[]");
    assert!(story.once("responder", &[]).is_empty(), "the bond costs less");
    story.devnet.rpc("anvil_setNextBlockBaseFeePerGas", "[\"0x3b9aca00\"]");
    story.devnet.rpc("evm_mine", "[]");
    assert_eq!(story.once("responder", &[]), ["publish"]);
    assert_eq!(story.once("requester", &[]), ["checkParcel"]);
    story.devnet.pass(HOUR + 1);
    assert!(
        story.once("responder", &[]).is_empty(),
        "it is the requester's to settle, for a while"
    );
    story.devnet.pass(LEFT_TO_REQUESTER);
    // What the requester was given back keeps nobody from closing.
    assert_eq!(story.once("responder", &[]), ["settleDemand", "finalize", "settle"]);
    assert_eq!(story.once("requester", &[]), ["settle"]);
    assert_eq!(story.shown(&id)["outcome"], "Complete");
}

#[test]
fn documents_are_withheld_by_hand_before_the_answers_are_sealed() {
    let story = Audited::new(3, 2);
    let authority = story.authority().address();
    let terms = ["--withhold-max", "2", "--authority", &authority];
    let limits = ["--authority", &authority, "--withhold", "1"];
    let id = story.requested("2", &terms);
    assert_eq!(story.once("requester", &[]), ["send"]);
    assert_eq!(story.once("responder", &limits), ["accept"]);
    assert!(story.once("responder", &limits).is_empty(), "it waits for a person");
    let accepted = story.rs(
        "accept",
        &id,
        &[
            "--predicate",
            text(&story.predicate),
            "--max-bond",
            "0.05",
            "--max-matches",
            "3",
        ],
    );
    let one = accepted["matches"][0]["index"].to_string();
    let log = story.devnet.path("privilege.txt");
    fs::write(&log, "correspondence with counsel").unwrap();
    story.rs("withhold", &id, &["--log", text(&log), "--document", &one]);
    // Answers that were lost are found again: they are the ones that are on chain.
    fs::remove_file(story.file("responder", &id, "matches.json").unwrap()).unwrap();
    assert_eq!(story.once("responder", &limits), ["run", "answer"]);
    assert_eq!(story.once("requester", &[]), ["reveal"]);
    story.once("responder", &limits);
    // As long as the authority may overrule nothing is confirmed.
    assert_eq!(story.once("requester", &[]), ["check"]);
    assert!(story.once("requester", &[]).is_empty());
    story.devnet.pass(HOUR + 1);
    assert_eq!(story.once("requester", &[]), ["confirm", "settle"]);
    story.once("responder", &limits);
    assert_eq!(story.shown(&id)["verdict"]["keptBack"], 1);

    // Whoever says nothing until half of the time is over withholds nothing. What is overruled later is handed over as well.
    let id = story.requested("2", &terms);
    assert_eq!(story.once("requester", &[]), ["send"]);
    assert_eq!(story.once("responder", &limits), ["accept"]);
    story.devnet.pass(HOUR / 2 - 60);
    assert!(story.once("responder", &limits).is_empty());
    story.rs("withhold", &id, &["--log", text(&log), "--document", &one]);
    let more = ["--authority", &authority, "--withhold", "2"];
    assert!(story.once("responder", &more).is_empty());
    story.devnet.pass(120);
    assert_eq!(story.once("responder", &more), ["answer"]);
    assert_eq!(story.once("requester", &[]), ["reveal"]);
    assert_eq!(
        story.once("responder", &limits),
        ["prove", "proven", "submitProofs", "send"]
    );
    let ruling = story.devnet.path("order.txt");
    fs::write(&ruling, "disclose").unwrap();
    let overrule = ["audit", "overrule", &id, "--all", "--ruling", text(&ruling)];
    story.authority().does(&overrule);
    assert_eq!(story.once("requester", &[]), ["check"]);
    assert_eq!(story.once("responder", &limits), ["send"]);
    assert!(story.once("responder", &limits).is_empty());
    assert_eq!(story.once("requester", &[]), ["check", "confirm", "settle"]);
}

#[test]
fn requests_beyond_the_limits_are_left_alone() {
    let story = Audited::new(4, 1);
    let id = story.requested("2", &[]);
    // Nothing is taken on before the predicate is there.
    assert!(story.once("responder", &[]).is_empty());
    assert_eq!(story.once("requester", &[]), ["send"]);
    // A price that is too low: nobody runs anything for it.
    let dear = ["--min-price", "1"];
    let events = story.pass("responder", &dear);
    let wrong: Vec<&Value> = events.iter().filter(|event| event["event"] == "error").collect();
    assert_eq!(wrong.len(), 1, "{events:?}");
    assert_eq!(wrong[0]["fields"]["during"], "accept");
    assert!(wrong[0]["fields"]["error"].as_str().unwrap().contains("the least is"));
    assert_eq!(story.shown(&id)["state"], "Requested");
    let chains = fs::read_dir(story.devnet.path("responder")).unwrap().flatten();
    assert!(!chains.into_iter().any(|chain| chain.path().join("predicates").exists()));

    // Of two requests one is taken on, the other when the first is closed.
    let others = story.outsider().does(&story.asks("3", &[]));
    let other = others["id"].as_str().unwrap();
    fs::create_dir_all(story.handed(other)).unwrap();
    fs::copy(&story.predicate, story.handed(other).join("predicate.opening")).unwrap();
    let archive = story.devnet.path("archive");
    let second = story.devnet.path("second.corpus");
    let commit = [
        "corpus",
        "commit",
        text(&archive),
        "--size",
        "8",
        "--corpus",
        text(&second),
    ];
    story.responder().does(&commit);
    let first = story.devnet.path("archive.corpus");
    let one = ["--max-open", "1", "--corpus", text(&first)];
    let elsewhere = ["--corpus", text(&second)];
    assert!(
        story.once("responder", &elsewhere).is_empty(),
        "nobody asked about that corpus"
    );
    assert_eq!(story.once("responder", &one), ["accept", "answer"]);
    assert!(story.once("responder", &one).is_empty());
    let states = || [&id, other].map(|id| story.shown(id)["state"].as_str().unwrap().to_owned());
    let mut accepted = states();
    accepted.sort_unstable();
    assert_eq!(accepted, ["Answered", "Requested"]);
    assert_eq!(story.once("responder", &[]), ["accept", "answer"]);
    assert_eq!(states(), ["Answered", "Answered"]);
}

#[test]
fn one_daemon_looks_after_the_audits_of_an_account_beside_those_of_other_markets() {
    let story = Audited::new(3, 1);
    let exchange = story.exchange();
    let mut first = story.watches("requester", text(&exchange));
    assert_eq!(first.events().next().unwrap()["event"], "started");
    let (_, said) = story.requester().fails(&[
        "audit",
        "watch",
        "rq",
        "--max-demand",
        "1",
        "--exchange",
        text(&exchange),
        "--once",
    ]);
    let lock = format!("consumer-audits-{}.lock is in use", story.requester().address());
    assert!(
        said.contains(&lock) && said.contains("the audits of this account"),
        "{said}"
    );
    // Rounds of the same account have their own; so has the other party.
    let rounds = ["predict", "watch", "mc", "--exchange", text(&exchange), "--once"];
    let mut rounds = story.requester().signing_at(&story.devnet.url, &rounds);
    assert!(rounds.output().unwrap().status.success());
    assert!(story.once("responder", &[]).is_empty());
    drop(first);
    assert!(story.once("requester", &[]).is_empty());
}

/// Nothing that the responder hands over arrives, so that every kind of transaction is sent; at any moment both daemons are killed.
#[test]
fn daemons_that_are_killed_at_any_moment_send_every_step_once() {
    let story = Audited::new(3, 2);
    let parties = [("requester", story.requester()), ("responder", story.responder())];
    let begun = parties.map(|(_, party)| party.nonce());
    let id = story.requested("2", &[]);
    let theirs = story.devnet.path("theirs");
    fs::create_dir_all(theirs.join(&id)).unwrap();
    fs::copy(&story.predicate, theirs.join(&id).join("predicate.opening")).unwrap();
    let seed: u64 = rand::thread_rng().gen();
    println!("seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let start = |party: &str| match party {
        "responder" => story.watches(party, text(&theirs)),
        _ => story.watches(party, text(&story.exchange())),
    };
    // Killed too often while it judged, the daemon leaves that to a person.
    let is_given_up = |shown: &Value| {
        let judged = story
            .journal("responder", &id)
            .map(|journal| journal["facts"]["judged"].clone());
        shown["state"] == "Requested" && judged.is_some_and(|judged| judged.as_u64() >= Some(5))
    };
    let (mut kept, mut passed) = (BTreeMap::new(), BTreeSet::new());
    let (began, mut most) = (Instant::now(), 800);
    while !parties.iter().all(|(name, _)| story.has_settled(name, &id)) {
        assert!(began.elapsed() < Duration::from_secs(1200), "{:?}", story.shown(&id));
        let shown = story.shown(&id);
        if is_given_up(&shown) {
            story.accepted(&id, &[]);
        }
        let demand = shown["demandList"][0]["state"].as_str().unwrap_or("None");
        let facts = story.journal("requester", &id).unwrap()["facts"].clone();
        let mut facts = facts.as_object().unwrap().iter();
        let judged = facts.any(|(fact, judged)| fact.starts_with("parcelJudged-0-") && *judged == true);
        let wait = match (shown["state"].as_str().unwrap(), demand) {
            ("Delivering", "None") => Some(("half", HOUR / 2)),
            ("Delivering", "Delivered") => Some(("acknowledgement", HOUR + 1)),
            ("Delivering", "Acked") if judged => Some(("evidence", HOUR + 1)),
            _ => None,
        };
        if let Some((what, seconds)) = wait.filter(|(what, _)| passed.insert(*what)) {
            println!("{what} after {:?}", began.elapsed());
            story.devnet.pass(seconds);
        }
        // Either may close what is over: of two that try at one time one would be refused.
        let alone = passed.contains("evidence") && shown["state"] == "Delivering";
        let running: Vec<Daemon> = parties
            .iter()
            .filter(|(name, _)| !alone || *name == "requester")
            .map(|(name, _)| start(name))
            .collect();
        std::thread::sleep(Duration::from_millis(rng.gen_range(50..most)));
        drop(running);
        // So that what takes long comes to an end.
        most += 200;
        for (name, _) in parties {
            let journal = story.journal(name, &id);
            let facts = journal.and_then(|journal| journal["facts"].as_object().cloned());
            for (fact, value) in facts.into_iter().flatten() {
                if ["auditSecrets", "saltShownFor", "named", "requestHash"].contains(&&*fact)
                    || fact.starts_with("deliverySeed-0-")
                {
                    let first = kept.entry((name, fact)).or_insert_with(|| value.clone()).clone();
                    assert_eq!(first, value, "seed {seed}");
                }
            }
        }
    }
    let shown = story.shown(&id);
    assert_eq!(
        (&shown["outcome"], &shown["confirmed"], &shown["published"]),
        (&"Complete".into(), &true.into(), &1.into())
    );
    assert_eq!(kept.len(), 6, "{:?}", kept.keys());
    let steps = parties.map(|(name, _)| {
        let journal = story.journal(name, &id).unwrap();
        let steps = journal["steps"].as_object().unwrap().clone();
        let kinds = steps.keys().map(|step| step.split('-').next().unwrap().to_owned());
        // Forgotten once it is mined, unless the daemon was killed in between.
        let forgotten = ["settle", "publish"];
        kinds.filter(|kind| !forgotten.contains(&&**kind)).collect::<Vec<_>>()
    });
    assert_eq!(steps[0], ["confirm", "demand", "reveal"]);
    assert_eq!(steps[1], ["accept", "answer", "deliver", "prove"]);
    // Besides, both fetch what they are owed once, and the requester has asked, and settled its demand.
    let sent = parties.map(|(_, party)| party.nonce());
    assert_eq!([sent[0] - begun[0], sent[1] - begun[1]], [3 + 3, 5 + 1], "seed {seed}");
}

/// Passes until documents are handed over; the audit.
fn proven(story: &Audited, options: &[&str]) -> String {
    let id = story.requested("2", options);
    while !story.handed(&id).join("documents.opening").is_file() {
        story.once("requester", &[]);
        story.once("responder", &[]);
    }
    id
}
