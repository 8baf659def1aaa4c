//! What a responder does about many demands, corpora that moved and proofs that are cut off, with real proofs on anvil.

use assay_durable::turn::Place;
use assay_prover::proof::ModelOpening;
use assay_prover::secret::ModelSecret;
use e2e::{text, Audited};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

const HOUR: u64 = 3600;

/// What a command or an event of the responder says that went wrong.
fn errors(events: &[Value]) -> Vec<&str> {
    let wrong = events.iter().filter(|event| event["event"] == "error");
    wrong.map(|event| event["fields"]["error"].as_str().unwrap()).collect()
}

/// The responder's command that accepts with room for everything.
fn accepting<'a>(story: &'a Audited, id: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let own = ["audit", "accept", id, "--predicate", text(&story.predicate)];
    [&own[..], &["--max-bond", "0.05"], options].concat()
}

/// Where the responder keeps what it knows of the chain.
fn chain(story: &Audited) -> PathBuf {
    let found = fs::read_dir(story.devnet.path("responder")).unwrap().flatten();
    let mut chains = found
        .map(|chain| chain.path())
        .filter(|chain| chain.join("corpora").is_dir());
    chains.next().unwrap()
}

fn judged(story: &Audited, id: &str) -> Value {
    let journal = story.journal("responder", id);
    journal.map_or(Value::Null, |journal| journal["facts"]["judged"].clone())
}

/// Blocks that a party's steps of a kind are in.
fn blocks(story: &Audited, id: &str, kind: &str) -> BTreeSet<u64> {
    let journal = story.journal("responder", id).unwrap();
    let steps = journal["steps"].as_object().unwrap().iter();
    let steps = steps.filter(|(step, _)| step.starts_with(kind));
    steps
        .map(|(_, step)| step["mined"]["block"].as_u64().unwrap())
        .collect()
}

#[test]
fn open_demands_are_delivered_and_published_side_by_side() {
    let story = Audited::new(2, 5);
    let id = story.proven("2", &[]);
    let shown = story.rs(
        "accept",
        &id,
        &["--predicate", text(&story.predicate), "--max-bond", "0.05"],
    );
    for document in shown["matches"].as_array().unwrap() {
        story.rq("demand", &id, &["--document", &document["index"].to_string()]);
    }
    // A block every three seconds: one after the other they would be in five.
    story.devnet.rpc("evm_setAutomine", "[false]");
    story.devnet.rpc("evm_setIntervalMining", "[3]");
    let shared = story.shared();
    let delivered = story.rs("deliver", &id, &["--all-demands", "--to", text(&shared)]);
    let numbers = |result: &Value| -> Vec<u64> {
        assert_eq!(result["failed"], serde_json::json!([]), "{result}");
        let demands = result["demands"].as_array().unwrap().iter();
        demands.map(|demand| demand["demand"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&delivered), [0, 1, 2, 3, 4]);
    assert!(
        blocks(&story, &id, "deliver-").len() <= 2,
        "{:?}",
        blocks(&story, &id, "deliver-")
    );
    assert!((0..5).all(|m| shared.join(format!("demand-{m:05}.parcel")).is_file()));

    // One is acknowledged: the others are published.
    story.rq("ack", &id, &["--demand", "3", "--from", text(&shared)]);
    story.devnet.pass(HOUR + 1);
    let published = story.rs("publish", &id, &["--all-demands"]);
    assert_eq!(numbers(&published), [0, 1, 2, 4]);
    let published = published["demands"].as_array().unwrap().iter();
    let sent = published.flat_map(|demand| demand["sent"].as_array().unwrap());
    let blocks: BTreeSet<u64> = sent.map(|sent| sent["block"].as_u64().unwrap()).collect();
    assert!(blocks.len() <= 2, "{blocks:?}");
    // What is public is of no use in the journal.
    let journal = story.journal("responder", &id).unwrap();
    let steps: Vec<&String> = journal["steps"].as_object().unwrap().keys().collect();
    assert!(steps.iter().all(|step| !step.starts_with("publish")), "{steps:?}");
    let demands = story.shown(&id)["demandList"].clone();
    let acked = |demand: &Value| demand["state"] == "Acked";
    assert!(demands.as_array().unwrap().iter().all(acked), "{demands}");
}

/// Before a ruling is settled nothing is handed over for it, and after that all of it is.
#[test]
fn a_ruling_that_may_be_taken_back_is_waited_for() {
    let story = Audited::new(3, 2);
    let authority = story.authority().address();
    let id = story.requested("2", &["--withhold-max", "1", "--authority", &authority]);
    let accepted = story.accepted(&id, &["--authority", &authority, "--withhold", "1"]);
    let one = accepted["matches"][0]["index"].to_string();
    let log = story.devnet.path("privilege.txt");
    fs::write(&log, "correspondence with counsel").unwrap();
    story.rs("withhold", &id, &["--log", text(&log), "--document", &one]);
    story.rs("answer", &id, &[]);
    story.rq("reveal", &id, &[]);
    story.rs("prove", &id, &[]);
    assert_eq!(story.once("responder", &[]), ["send"]);
    let handed_over = || fs::metadata(story.handed(&id).join("documents.opening")).unwrap().len();
    let without = handed_over();
    let deeper = || story.devnet.rpc("anvil_mine", "[\"0x5\"]");
    deeper();

    let ruling = story.devnet.path("order.txt");
    fs::write(&ruling, "disclose").unwrap();
    let overrule = ["audit", "overrule", &id, "--all", "--ruling", text(&ruling)];
    story.authority().does(&overrule);
    let deep = ["--confirmations", "5"];
    assert!(story.once("responder", &deep).is_empty(), "it may be taken back");
    // By hand it is not: what is handed over is as of the settled block all the same.
    let handed = text(&story.handed(&id)).to_owned();
    story.rs("deliver", &id, &[&["--to", &*handed], &deep[..]].concat());
    assert_eq!(handed_over(), without);
    deeper();
    assert_eq!(story.once("responder", &deep), ["send"]);
    assert!(handed_over() > without);
    assert!(story.once("responder", &deep).is_empty());
}

/// Whoever writes the predicate chooses its layout.
#[test]
fn a_layout_that_is_too_large_is_refused_before_a_key_is_made() {
    let story = Audited::new(3, 1);
    let id = story.requested("2", &[]);
    let good = fs::read(&story.predicate).unwrap();
    let mut opening = ModelOpening::from_bytes(&good).unwrap();
    opening.layout.k = 24;
    fs::write(&story.predicate, opening.to_bytes().unwrap()).unwrap();
    let accept = accepting(&story, &id, &["--max-matches", "3", "--max-memory", "8"]);
    let (_, said) = story.responder().fails(&accept);
    assert!(
        said.contains("layout of 2^24 rows takes about") && said.contains("--max-memory allows 8.0 GB"),
        "{said}"
    );
    assert_eq!(judged(&story, &id), Value::Null);
    fs::write(&story.predicate, good).unwrap();
    story.responder().does(&accept);
    assert_eq!(judged(&story, &id), 1);
}

#[test]
fn what_is_promised_in_another_market_leaves_less_time() {
    let story = Audited::new(3, 1);
    let id = story.requested("2", &[]);
    let secret = story.devnet.path("other.secret");
    ModelSecret::create(&secret, 1, 200, 6).unwrap();
    let promised =
        json!({ "proofs": 2000, "windowSeconds": 3600, "chain": "1-aa", "market": story.responder().address() });
    let promises = json!({ "version": 1, "proofMillis": 1000, "promises": { (id.as_str()): &promised } });
    // The same id: what this audit was promised with another secret does not count.
    let other = format!("0x{}", "7".repeat(64));
    let file = story.devnet.path("other.secret.promises");
    fs::write(&file, promises.to_string().replace(&id, &other)).unwrap();
    let models = chain(&story).join("models");
    fs::create_dir_all(&models).unwrap();
    let journal = json!({ "version": 1, "facts": { "secret": secret } });
    fs::write(models.join(format!("{other}.json")), journal.to_string()).unwrap();
    let accept = accepting(&story, &id, &["--max-matches", "3"]);
    let (_, said) = story.responder().fails(&accept);
    assert!(
        said.contains("the 2002 proofs that would be promised within") && said.contains("wait until other"),
        "{said}"
    );
    assert_eq!(judged(&story, &id), Value::Null, "no key was made for that");
    fs::write(&file, promises.to_string().replace("2000", "200").replace(&id, &other)).unwrap();
    story.responder().does(&accept);
}

#[test]
fn what_has_ended_is_promised_nothing() {
    let story = Audited::new(3, 1);
    // Of this one every proof was made.
    story.proven("2", &[]);
    let other = story.outsider().does(&story.asks("3", &[]))["id"].clone();
    let handed = story.handed(other.as_str().unwrap());
    fs::create_dir_all(&handed).unwrap();
    fs::copy(&story.predicate, handed.join("predicate.opening")).unwrap();
    let more = ["--max-open", "2"];
    assert_eq!(story.once("responder", &more), ["send", "accept", "answer"]);
    let promised = || {
        let predicates = fs::read_dir(chain(&story).join("predicates")).unwrap().flatten();
        let files = predicates.map(|predicate| predicate.path().join("predicate.secret.promises"));
        let read = |file: PathBuf| serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap();
        let promises = files.filter(|file| file.is_file()).map(read);
        promises
            .map(|file| file["promises"].as_object().unwrap().len())
            .sum::<usize>()
    };
    assert_eq!(promised(), 1);
    story.devnet.pass(2 * HOUR);
    // Money moves wherever the documents are by now.
    let (corpus, gone) = (story.devnet.path("archive.corpus"), story.devnet.path("gone"));
    let elsewhere = ["--corpus", text(&corpus), "--originals", text(&gone)];
    let mut done = story.once("responder", &elsewhere);
    done.sort_unstable();
    assert_eq!(done, ["finalize", "settle", "settle", "timeout"]);
    assert_eq!(promised(), 0);
}

#[test]
fn one_proof_is_made_at_a_time_whatever_it_is_for() {
    let story = Audited::new(3, 1);
    let id = story.requested("2", &[]);
    assert_eq!(story.once("requester", &[]), ["send"]);
    // Somebody waits whose proof is due sooner, with another secret.
    let elsewhere = || Place::new(&story.devnet.path("responder").join("proving"), 0).unwrap();
    let waiting = elsewhere();
    assert!(
        story.once("responder", &[]).is_empty(),
        "it would time its proof beside another one"
    );
    drop(waiting);
    assert_eq!(story.once("responder", &[]), ["accept", "answer"]);
    story.rq("reveal", &id, &[]);
    let waiting = elsewhere();
    let mut prove = story
        .responder()
        .signing_at(&story.devnet.url, &["audit", "prove", &id]);
    let log = story.devnet.path("log");
    let said = || fs::read_to_string(&log).unwrap();
    let stderr = fs::File::create(&log).unwrap();
    let mut prove = prove.stderr(stderr).stdout(Stdio::null()).spawn().unwrap();
    while !said().contains("another assay process proves; waiting for its proof") {
        assert!(prove.try_wait().unwrap().is_none(), "{}", said());
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(waiting);
    assert!(prove.wait().unwrap().success());
    assert_eq!(story.shown(&id)["state"], "Delivering");
}

#[test]
fn what_was_judged_too_often_is_left_to_a_person() {
    let story = Audited::new(3, 2);
    let id = story.requested("2", &[]);
    // Fees that are too dear say nothing about it.
    let dear = ["--max-matches", "3", "--max-fee", "0.000000001"];
    let (_, said) = story.responder().fails(&accepting(&story, &id, &dear));
    assert!(said.contains("gas is too dear"), "{said}");
    assert_eq!(judged(&story, &id), Value::Null);
    let (_, said) = story
        .responder()
        .fails(&accepting(&story, &id, &["--max-matches", "1"]));
    assert!(
        said.contains("2 documents match or cannot be proven and would be handed over"),
        "{said}"
    );
    assert_eq!(judged(&story, &id), 1);
    // As if a daemon had been killed in the middle of it.
    story.rewrite_journal("responder", &id, |facts| facts["judged"] = 5.into());
    assert_eq!(story.once("requester", &[]), ["send"]);
    let events = story.pass("responder", &[]);
    assert!(
        errors(&events)[0].contains("was judged 5 times and never accepted"),
        "{events:?}"
    );
    assert_eq!(story.shown(&id)["state"], "Requested");
    story.accepted(&id, &[]);
    assert_eq!(story.once("responder", &[]), ["answer"]);
}

/// What was signed may be mined whatever becomes of the process, and takes the only place before anything else is accepted.
#[test]
fn an_acceptance_that_was_signed_keeps_its_place() {
    let story = Audited::new(3, 1);
    let other = story.outsider().does(&story.asks("3", &[]))["id"].clone();
    let mut ids = [story.requested("2", &[]), other.as_str().unwrap().to_owned()];
    // The one that has its turn later.
    ids.sort_unstable();
    let [other, signed] = &ids;
    for id in &ids {
        fs::create_dir_all(story.handed(id)).unwrap();
        fs::copy(&story.predicate, story.handed(id).join("predicate.opening")).unwrap();
    }
    story.devnet.rpc("evm_setAutomine", "[false]");
    let accept = accepting(&story, signed, &["--max-matches", "3"]);
    let mut accept = story.responder().signing_at(&story.devnet.url, &accept);
    let mut accept = accept.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let is_signed = || {
        let journal = story.journal("responder", signed);
        journal.is_some_and(|journal| journal["steps"].get("accept").is_some())
    };
    while !is_signed() {
        assert!(accept.try_wait().unwrap().is_none(), "it waits for a block");
        std::thread::sleep(Duration::from_millis(20));
    }
    accept.kill().unwrap();
    accept.wait().unwrap();
    story.devnet.rpc("anvil_dropAllTransactions", "[]");
    story.devnet.rpc("evm_setAutomine", "[true]");
    assert_eq!(story.once("responder", &["--max-open", "1"]), ["accept", "answer"]);
    let states = [other, signed].map(|id| story.shown(id)["state"].clone());
    assert_eq!(states, ["Requested", "Answered"]);
}

#[test]
fn documents_of_all_audits_are_bounded_together() {
    let story = Audited::new(3, 2);
    let total = ["--max-documents-total", "3"];
    let first = story.requested("2", &[]);
    assert_eq!(story.once("requester", &[]), ["send"]);
    assert_eq!(story.once("responder", &total), ["accept", "answer"]);
    let second = story.outsider().does(&story.asks("3", &[]))["id"].clone();
    let second = second.as_str().unwrap();
    fs::create_dir_all(story.handed(second)).unwrap();
    fs::copy(&story.predicate, story.handed(second).join("predicate.opening")).unwrap();
    let refused = || {
        let events = story.pass("responder", &total);
        let said = errors(&events);
        assert!(
            said[0].contains("2 documents would come to the 2 that match in other audits, 3 may"),
            "{events:?}"
        );
    };
    refused();
    // An older version noted the answers alone.
    let forget = |facts: &mut Value| facts.as_object_mut().unwrap().remove("matched");
    story.rewrite_journal("responder", &first, |facts| drop(forget(facts)));
    refused();
    let states = [&*first, second].map(|id| story.shown(id)["state"].clone());
    assert_eq!(states, ["Answered", "Requested"]);
    assert_eq!(
        story.once("responder", &["--max-documents-total", "4"]),
        ["accept", "answer"]
    );
}

#[test]
fn answers_are_sealed_once_as_many_are_withheld_as_were_announced() {
    let story = Audited::new(3, 2);
    let authority = story.authority().address();
    let id = story.requested("2", &["--withhold-max", "2", "--authority", &authority]);
    let accepted = story.accepted(&id, &["--authority", &authority, "--withhold", "2"]);
    let (_, said) = story.responder().fails(&["audit", "answer", &id]);
    assert!(
        said.contains("2 documents were to be withheld when the request was accepted, 0 are"),
        "{said}"
    );
    let one = accepted["matches"][0]["index"].to_string();
    let log = story.devnet.path("privilege.txt");
    fs::write(&log, "correspondence with counsel").unwrap();
    story.rs("withhold", &id, &["--log", text(&log), "--document", &one]);
    story.responder().fails(&["audit", "answer", &id]);
    let answered = story.rs("answer", &id, &["--no-more"]);
    assert_eq!(
        (&answered["state"], &answered["withheld"]),
        (&"Answered".into(), &1.into())
    );
}

/// A kill, or the end of the time, costs what was made since the last transaction.
#[test]
fn proofs_are_sent_as_soon_as_they_fill_a_transaction() {
    let story = Audited::new(36, 1);
    let id = story.requested("36", &[]);
    story.accepted(&id, &[]);
    story.rs("answer", &id, &[]);
    story.rq("reveal", &id, &[]);
    let mut prove = story
        .responder()
        .signing_at(&story.devnet.url, &["audit", "prove", &id]);
    let mut prove = prove.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let proven = || story.shown(&id)["proven"].as_u64().unwrap();
    while proven() == 0 {
        assert!(prove.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    prove.kill().unwrap();
    prove.wait().unwrap();
    assert_eq!(proven(), 19);
    let proofs = story
        .file("responder", &id, "journal.json")
        .unwrap()
        .with_file_name("proofs");
    assert!(
        fs::read_dir(&proofs).unwrap().count() < 36,
        "all were made before any was sent"
    );
    // A daemon goes on with the rest.
    let done = story.once("responder", &[]);
    assert_eq!(done, ["prove", "proven", "submitProofs", "send"]);
    assert_eq!(story.shown(&id)["state"], "Delivering");
}

#[test]
fn a_corpus_that_was_moved_is_named_once() {
    let story = Audited::new(3, 1);
    let id = story.requested("2", &[]);
    story.accepted(&id, &[]);
    story.rs("answer", &id, &[]);
    story.rq("reveal", &id, &[]);
    let moved = |from: &str, to: &str| {
        let to = story.devnet.path(to);
        fs::rename(story.devnet.path(from), &to).unwrap();
        to
    };
    let corpus = moved("archive.corpus", "moved.corpus");
    let originals = moved("archive", "moved");
    story.responder().fails(&["audit", "prove", &id]);
    // Another corpus is not this one.
    let other = story.devnet.path("other.corpus");
    let commit = [
        "corpus",
        "commit",
        text(&originals),
        "--size",
        "8",
        "--corpus",
        text(&other),
    ];
    story.responder().does(&commit);
    let (_, said) = story
        .responder()
        .fails(&["audit", "prove", &id, "--corpus", text(&other)]);
    assert!(said.contains("holds another corpus than"), "{said}");
    // By any name: what is noted is the directory itself.
    let around = originals.join("..").join("moved");
    let named = ["--corpus", text(&corpus), "--originals", text(&around)];
    let proven = story.rs("prove", &id, &named);
    assert_eq!(proven["state"], "Delivering");
    let facts = story.journal("responder", &id).unwrap()["facts"].clone();
    let places = [&corpus, &originals].map(|path| path.canonicalize().unwrap());
    assert_eq!(
        [&facts["corpus"], &facts["originals"]],
        places.each_ref().map(|place| json!(place)).each_ref()
    );
    let handed = story.devnet.path("handed");
    story.rs("deliver", &id, &["--to", text(&handed)]);
    assert!(handed.join("documents.opening").is_file());
    // A daemon is told with its own options.
    let back = moved("moved.corpus", "archive.corpus");
    let story = &story;
    story.rq("demand", &id, &[]);
    let options = ["--corpus", text(&back), "--originals", text(&originals)];
    assert_eq!(story.once("responder", &options), ["deliver"]);
}
