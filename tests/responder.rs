//! What a responder does about many demands, corpora that moved and proofs that are cut off, with real proofs on anvil.

use e2e::{text, Audited};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const HOUR: u64 = 3600;

/// Blocks that a party's steps of a kind are in.
fn blocks(story: &Audited, id: &str, kind: &str) -> BTreeSet<u64> {
    let journal = story.journal("responder", id).unwrap();
    let steps = journal["steps"].as_object().unwrap().iter();
    let steps = steps.filter(|(step, _)| step.starts_with(kind));
    steps.map(|(_, step)| step["mined"]["block"].as_u64().unwrap()).collect()
}

#[test]
fn open_demands_are_delivered_and_published_side_by_side() {
    let story = Audited::new(2, 5);
    let id = story.proven("2", &[]);
    let shown = story.rs("accept", &id, &["--predicate", text(&story.predicate), "--max-bond", "0.05"]);
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
    assert!(blocks(&story, &id, "deliver-").len() <= 2, "{:?}", blocks(&story, &id, "deliver-"));
    assert!((0..5).all(|m| shared.join(format!("demand-{m:05}.parcel")).is_file()));

    // One is acknowledged: the others are published.
    story.rq("ack", &id, &["--demand", "3", "--from", text(&shared)]);
    story.devnet.pass(HOUR + 1);
    let published = story.rs("publish", &id, &["--all-demands"]);
    assert_eq!(numbers(&published), [0, 1, 2, 4]);
    assert!(blocks(&story, &id, "publish-").len() <= 2, "{:?}", blocks(&story, &id, "publish-"));
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
