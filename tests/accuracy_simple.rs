//! The simple accuracy protocol on anvil, with real proofs of a small network.

use assay_prover::secret::ModelSecret;
use e2e::{text, Setting, OUTSIDER};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Proofs that the model has spent.
fn spent(setting: &Setting) -> u64 {
    ModelSecret::open(&setting.model.with_extension("secret"))
        .unwrap()
        .counter()
}

/// The arguments that prove an engagement of a set in clear.
fn prove<'a>(setting: &'a Setting, id: &'a str, set: &'a Path) -> Vec<&'a str> {
    let (model, arch) = (text(&setting.model), text(&setting.arch));
    vec!["mp", "prove", id, "--set", text(set), "--model", model, "--arch", arch]
}

fn flip(file: &str, from_end: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

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
fn a_damaged_proof_is_named_before_anything_is_sent() {
    let setting = Setting::new();
    let id = setting.open("set", 4, 10_000);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    let proven = setting.prove(&id, &set);
    let file = proven["proofs"][0]["file"].as_str().unwrap();
    let before = setting.provider().nonce();
    // In the proof, which only the verifier notices; in the checksum; the proof of another position.
    let other = proven["proofs"][1]["file"].as_str().unwrap();
    let damages: [&dyn Fn(); 3] = [&|| flip(file, 100), &|| flip(file, 1), &|| {
        std::fs::copy(other, file).unwrap();
    }];
    for damage in damages {
        damage();
        let (code, said) = setting.provider().fails(&["mp", "submit", &id]);
        assert_eq!(code, 3, "{said}");
        for words in [
            "3 proofs that the market accepts, 4 are needed",
            file,
            "proof rejected",
            "nothing was sent; run: assay mp prove",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(setting.provider().nonce(), before);
        assert_eq!(show(&setting, &id)["state"], "Probing");
        let journal = std::fs::read(setting.files_of("provider", &id).join("journal.json")).unwrap();
        let journal: Value = serde_json::from_slice(&journal).unwrap();
        assert_eq!(
            journal["steps"].as_object().unwrap().keys().collect::<Vec<_>>(),
            ["accept"]
        );
        // Proving again replaces what does not verify, and nothing else.
        let repaired = setting.prove(&id, &set);
        assert_eq!((&repaired["made"], &repaired["provenOnChain"]), (&1.into(), &0.into()));
    }
    let submitted = setting.provider().does(&["mp", "submit", &id]);
    assert_eq!(submitted["outcome"], "Passed");
}

#[test]
fn no_more_is_proven_and_sent_than_the_target_needs() {
    let setting = Setting::new();
    let id = setting.open("set", 4, 5_000);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    let proven = setting.prove(&id, &set);
    let numbers = |proven: &Value| ["needed", "made", "leftOut"].map(|name| proven[name].as_u64().unwrap());
    assert_eq!(numbers(&proven), [2, 2, 2]);
    assert_eq!(numbers(&setting.prove(&id, &set)), [2, 0, 2]);
    assert_eq!(spent(&setting), 2);

    let all = [&prove(&setting, &id, &set)[..], &["--all"]].concat();
    assert_eq!(numbers(&setting.provider().does(&all)), [2, 2, 0]);
    assert_eq!(spent(&setting), 4);
    // One that is not needed may be damaged.
    flip(proven["proofs"][0]["file"].as_str().unwrap(), 100);
    let submitted = setting.provider().does(&["mp", "submit", &id]);
    assert_eq!(
        (submitted["provenOnChain"].as_u64(), submitted["outcome"].as_str()),
        (Some(2), Some("Passed"))
    );
    assert_eq!(submitted["batches"][0]["positions"], serde_json::json!([1, 2]));
}

#[test]
fn proving_beside_the_same_engagement_is_refused_and_beside_the_same_model_waits_its_turn() {
    let setting = Setting::new();
    let (first, second) = (setting.open("first", 4, 10_000), setting.open("second", 4, 10_000));
    let sets = [(&first, "first"), (&second, "second")].map(|(id, name)| {
        setting.provider().does(&["mp", "accept", id]);
        setting.send(id, name)
    });
    let args = prove(&setting, &first, &sets[0]);
    let mut running = setting
        .provider()
        .signing_at(&setting.devnet.url, &args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while spent(&setting) == 0 {
        assert!(running.try_wait().unwrap().is_none(), "it ended without a proof");
        std::thread::sleep(Duration::from_millis(5));
    }
    // In the middle of a proof, so that it holds nothing but the locks that are tried here.
    std::thread::sleep(Duration::from_millis(100));
    let pid = running.id().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    signal("-STOP");
    let before = spent(&setting);
    let (code, said) = setting.provider().fails(&args);
    assert!(code == 1 && said.contains("proving.lock is in use"), "{said}");
    let log = setting.model.with_extension("waiting");
    let mut waiting = setting
        .provider()
        .signing_at(&setting.devnet.url, &prove(&setting, &second, &sets[1]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    while !std::fs::read_to_string(&log).unwrap().contains("waiting for its proof") {
        assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(spent(&setting), before);
    signal("-CONT");
    assert!(running.wait().unwrap().success());
    assert!(waiting.wait().unwrap().success());
    assert_eq!(spent(&setting), 8);
    // What is proven needs no lock of the model, and sending needs none at all.
    assert_eq!(setting.prove(&first, &sets[0])["made"], 0);
    assert_eq!(setting.provider().does(&["mp", "submit", &first])["outcome"], "Passed");
}

#[test]
fn proving_does_not_begin_if_the_window_is_too_short() {
    let setting = Setting::new();
    let id = setting.open("set", 4, 7_500);
    setting.provider().does(&["mp", "accept", &id]);
    let set = setting.send(&id, "set");
    // As if a proof had taken ten minutes.
    let promises = setting.model.with_extension("secret.promises");
    let mut content: Value = serde_json::from_slice(&std::fs::read(&promises).unwrap()).unwrap();
    content["proofMillis"] = 600_000.into();
    std::fs::write(&promises, serde_json::to_vec(&content).unwrap()).unwrap();
    // One hour to decide.
    setting.devnet.pass(2430);
    let args = prove(&setting, &id, &set);
    let (code, said) = setting.provider().fails(&args);
    assert_eq!(code, 1, "{said}");
    for words in [
        "3 proof(s) need about 30 min, the window closes in 1",
        "a proof takes 600.0 s on this machine",
        "--proceed commits to proving first, which opens a window of 100 min",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(spent(&setting), 0);
    assert_eq!(show(&setting, &id)["state"], "Probing");
    let forced = setting.provider().does(&[&args[..], &["--force"]].concat());
    assert_eq!(forced["made"], 3);

    std::fs::remove_file(forced["proofs"][0]["file"].as_str().unwrap()).unwrap();
    setting.devnet.pass(1300);
    let (_, said) = setting.provider().fails(&args);
    assert!(said.contains("the window ended"), "{said}");
    assert_eq!(spent(&setting), 3);
}
