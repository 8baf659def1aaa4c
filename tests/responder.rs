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
