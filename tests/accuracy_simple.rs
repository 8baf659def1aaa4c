//! The simple accuracy protocol on anvil, with real proofs of a small network.

use e2e::{text, Setting, OUTSIDER};
use serde_json::Value;

fn show(setting: &Setting, id: &str) -> Value {
    setting.verdict(id)
}

#[test]
fn an_honest_engagement_is_proven_and_pays_both_sides() {
    let setting = Setting::new();
    let id = setting.open("set", 4, 10_000);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    let proven = setting.prove(&id, &set);
    assert_eq!(proven["correct"], 4);
    // A second run finds every proof and makes none.
    let again = setting.prove(&id, &set);
    assert!(
        again["proofs"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p.get("seconds").is_none()),
        "{again}"
    );

    let submitted = setting.provider().does(&["mp", "submit", &id]);
    assert_eq!(
        (submitted["provenOnChain"].as_u64(), submitted["outcome"].as_str()),
        (Some(4), Some("Passed"))
    );
    let verdict = show(&setting, &id);
    assert_eq!(
        (verdict["assurance"].as_str(), verdict["claimedCorrect"].as_u64()),
        (Some("PROVEN"), Some(4))
    );
    assert_eq!(
        (
            verdict["verifier"]["grade"].as_str(),
            verdict["deployment"]["grade"].as_str()
        ),
        (Some("REPRODUCED"), Some("REPRODUCED"))
    );
    // A reader who compares nothing is not told that anything is proven.
    let unaware = setting.consumer().reads(&["verdict", "show", &id]);
    assert_eq!(
        (unaware["assurance"].as_str(), unaware["bound95"].as_f64()),
        (Some("NOT CHECKED"), Some(0.0))
    );
    assert_eq!(verdict["selfDealt"], false);

    // Devnet terms: E = 10, Z = 2 milliether, N = 4: D = 80, R = 16.
    let milliether = |n: u128| (n * 1_000_000_000_000_000).to_string();
    for (party, expected) in [
        (setting.provider(), milliether(96)),
        (setting.consumer(), milliether(64)),
    ] {
        let withdrawn = party.does(&["withdraw"]);
        assert_eq!(withdrawn["withdrawals"][0]["amountWei"], expected);
        assert_eq!(party.does(&["withdraw"])["withdrawals"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn a_target_that_is_met_with_one_example_wrong_needs_only_the_right_ones() {
    let setting = Setting::new();
    let id = setting.open("set", 3, 7_500);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    assert_eq!(setting.prove(&id, &set)["correct"], 3);
    let submitted = setting.provider().does(&["mp", "submit", &id]);
    assert_eq!(
        (submitted["provenOnChain"].as_u64(), submitted["outcome"].as_str()),
        (Some(3), Some("Passed"))
    );
}

#[test]
fn a_provider_below_target_aborts_and_a_silent_one_loses_deposit_and_strike() {
    let setting = Setting::new();
    let below = setting.open("below", 1, 10_000);
    setting.provider().does(&["mp", "accept", &below]);
    let set = setting.send(&below, "below");
    let (model, arch) = (text(&setting.model), text(&setting.arch));
    let (_, said) = setting.provider().fails(&[
        "mp",
        "prove",
        &below,
        "--set",
        text(&set),
        "--model",
        model,
        "--arch",
        arch,
    ]);
    assert!(said.contains("abort"), "{said}");
    setting.provider().does(&["mp", "abort", &below]);
    assert_eq!(show(&setting, &below)["outcome"], "Abort");

    let silent = setting.open("silent", 4, 10_000);
    setting.provider().does(&["mp", "accept", &silent]);
    let outsider = setting.devnet.party("outsider", OUTSIDER);
    let (_, early) = outsider.fails(&["timeout", "run", &silent]);
    assert!(!early.is_empty());
    setting.devnet.pass(3 * 3600);
    outsider.does(&["timeout", "run", &silent]);
    let verdict = show(&setting, &silent);
    assert_eq!(
        (verdict["outcome"].as_str(), verdict["assurance"].as_str()),
        (Some("MpSilent"), Some("NONE"))
    );
    let listed = setting.consumer().reads(&["verdict", "list", &setting.model_id]);
    assert_eq!(listed["strikes"], 1);
}

#[test]
fn a_changed_proof_and_a_proof_of_another_engagement_are_refused() {
    let setting = Setting::new();
    let first = setting.open("first", 4, 10_000);
    setting.provider().does(&["mp", "accept", &first]);
    let set = setting.send(&first, "first");
    let proven = setting.prove(&first, &set);
    let file = proven["proofs"][0]["file"].as_str().unwrap();
    let honest = std::fs::read(file).unwrap();
    let mut flipped = honest.clone();
    let at = flipped.len() - 100;
    flipped[at] ^= 1;
    std::fs::write(file, &flipped).unwrap();
    let (code, said) = setting.provider().fails(&["mp", "submit", &first]);
    assert!(code == 3 || code == 1, "exit code {code}: {said}");
    assert!(said.contains("proof"), "{said}");
    // Proving again replaces what does not verify, and nothing else.
    let repaired = setting.prove(&first, &set);
    let made = repaired["proofs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p.get("seconds").is_some())
        .count();
    assert_eq!(made, 1);
    let submitted = setting.provider().does(&["mp", "submit", &first]);
    assert_eq!(submitted["outcome"], "Passed");
}
