//! The full accuracy protocol on anvil: encrypted transfer, coin-tossed probe set, both adjudications, and every way in which
//! a party can cheat or fall silent. Real proofs of a small network; N1 = 1, N2 = 3.

use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::transfer::words::WORD_BYTES;
use e2e::{milliether, text, Story, OUTSIDER};
use serde_json::json;

/// D = 2·4·10 = 80 milliether, A = 0.01, R = 2·(1·0.01 + 3·2) = 12.02.
const PASSED: (u128, u128) = (67_980, 92_020);

fn micro(pair: (u128, u128)) -> (String, String) {
    let wei = |n: u128| (n * 1_000_000_000_000).to_string();
    (wei(pair.0), wei(pair.1))
}

/// The ciphertext with another last word in every example: 8×8 images, chunks of eight words.
fn with_spoiled_images(whole: &[u8]) -> Vec<u8> {
    let layout = Chunks::new(4, 7, 8).unwrap();
    let words = layout.examples() * layout.words_per_example();
    let prefix = whole.len() - (words + layout.chunk_count()) * WORD_BYTES;
    let mut bytes = whole.to_vec();
    for example in 1..=layout.examples() {
        bytes[prefix + example * layout.words_per_example() * WORD_BYTES - 1] ^= 1;
    }
    bytes
}

#[test]
fn a_claimed_result_that_the_consumer_verifies_passes_at_once() {
    let story = Story::locked(&["--mode", "full"]).claimed();
    let (_, early) = story.setting.consumer().fails(&["mc", "accept", &story.id]);
    assert!(early.contains("mc verify"), "{early}");
    // Every step can be repeated and changes nothing.
    story.mp("post", &["--to", text(&story.proofs)]);
    let arch = text(&story.setting.arch).to_owned();
    let verified = story.mc_reads("verify", &["--proofs", text(&story.proofs), "--arch", &arch]);
    assert_eq!(verified["proven"].as_array().unwrap().len(), 3, "{verified}");
    assert_eq!(verified["unproven"].as_array().unwrap().len(), 0, "{verified}");
    let accepted = story.mc("accept", &["--arch", &arch]);
    assert_eq!(
        (accepted["outcome"].as_str(), accepted["verifier"]["grade"].as_str()),
        (Some("Passed"), Some("REPRODUCED"))
    );
    let verdict = story.verdict();
    // Nobody proved the claim, so nothing is computed from it.
    assert_eq!(verdict["bound95"].as_f64(), Some(0.0));
    assert_eq!(
        (
            verdict["assurance"].as_str(),
            verdict["claimedCorrect"].as_u64(),
            verdict["provenOnChain"].as_u64()
        ),
        (Some("OPTIMISTIC"), Some(3), Some(0))
    );
    assert_eq!(
        (verdict["mode"].as_str(), verdict["n2"].as_u64()),
        (Some("FULL"), Some(3))
    );
    assert_eq!(verdict["closedEarly"], true);
    assert!(verdict["openFor"].as_u64().unwrap() < 3600, "{verdict}");
    assert_eq!(story.credits(), micro(PASSED));
}

#[test]
fn answered_challenges_earn_bonds_and_make_the_verdict_unconditional() {
    let story = Story::locked(&["--mode", "full"]).claimed();
    story.mc("challenge", &["--position", "0", "--position", "2"]);
    let (_, early) = story
        .setting
        .consumer()
        .fails(&["mc", "accept", &story.id, "--unverified"]);
    assert!(early.contains("open"), "{early}");
    // An answer needs the header of its example and nothing else of what the provider keeps.
    let kept = story.setting.files_of("provider", &story.id).join("transfer.cipher");
    let whole = std::fs::read(&kept).unwrap();
    std::fs::write(&kept, with_spoiled_images(&whole)).unwrap();
    let answered = story.mp("answer", &[]);
    assert_eq!(answered["answered"].as_array().unwrap().len(), 2);
    assert_eq!(story.setting.with_model(&["mp", "prove", &story.id])["correct"], 3);
    // What was altered can be had again.
    story.mp("ack", &["--from", text(&story.cipher)]);
    assert_eq!(std::fs::read(&kept).unwrap(), whole);
    assert_eq!(story.times_out(2), "Passed");
    let verdict = story.verdict();
    assert_eq!(
        (verdict["assurance"].as_str(), verdict["challengesAnswered"].as_u64()),
        (Some("PROVEN"), Some(2))
    );
    // Two bonds of 2 milliether.
    assert_eq!(story.credits(), micro((PASSED.0, PASSED.1 + 4_000)));
}

/// What a contract accepted is proven only if that contract is known to check it.
#[test]
fn what_unknown_contracts_accepted_does_not_count_as_proven() {
    let story = Story::locked(&["--mode", "full"]).claimed();
    story.mc("challenge", &["--position", "1"]);
    story.mp("answer", &[]);
    std::fs::remove_file(story.proofs.join("00001.proof")).unwrap();
    let arch = text(&story.setting.arch).to_owned();
    let verified = || story.mc_reads("verify", &["--proofs", text(&story.proofs), "--arch", &arch]);
    assert_eq!(verified()["proven"], serde_json::json!([0, 1, 2]));

    let book = std::fs::read(&story.setting.devnet.deployment).unwrap();
    let book: serde_json::Value = serde_json::from_slice(&book).unwrap();
    let verifier = book["verifiers"].as_object().unwrap().values().next().unwrap()["address"]
        .as_str()
        .unwrap();
    for contract in [book["market"].as_str().unwrap(), verifier] {
        let code = story
            .setting
            .devnet
            .rpc("eth_getCode", &format!("[\"{contract}\", \"latest\"]"));
        let code = code.trim_matches('"');
        let set = |code: &str| {
            story
                .setting
                .devnet
                .rpc("anvil_setCode", &format!("[\"{contract}\", \"{code}\"]"))
        };
        // Does the same, but is another contract's.
        set(&format!("{code}00"));
        let doubted = verified();
        assert_eq!(doubted["proven"], serde_json::json!([0, 2]), "{doubted}");
        assert_eq!(doubted["unproven"][0]["position"], 1);
        let why = doubted["unproven"][0]["why"].as_str().unwrap();
        assert!(why.contains("not known to check it"), "{why}");
        set(code);
        assert_eq!(verified()["proven"], serde_json::json!([0, 1, 2]));
    }
}

#[test]
fn an_unanswered_challenge_costs_the_provider_deposit_and_strikes() {
    let story = Story::locked(&["--mode", "full"]).claimed();
    story.mc("challenge", &["--position", "1"]);
    assert_eq!(story.times_out(2), "Fault");
    let consumer = story.setting.consumer();
    let held = consumer.reads(&["status"])["bonds"].clone();
    assert_eq!(
        (&held[0]["positions"], &held[0]["command"]),
        (&json!([1]), &json!(format!("assay mc reclaim {}", story.id))),
        "{held}"
    );
    story.mc("reclaim", &[]);
    assert_eq!(consumer.reads(&["status"])["bonds"], json!([]));
    assert_eq!(story.credits().0, milliether(160 + 2));
    let listed = story
        .setting
        .consumer()
        .reads(&["verdict", "list", &story.setting.model_id]);
    assert_eq!(listed["strikes"], 10);
}

/// The provider claims one more than it can prove.
#[test]
fn an_inflated_result_is_convicted_by_a_challenge() {
    let story = Story::with_correct(4, &["--mode", "full"]).proving();
    story.setting.with_model(&["mp", "prove", &story.id]);
    let proofs = story.setting.files_of("provider", &story.id).join("proofs");
    story.mp("post", &[]);
    // Its proof is lost, or never existed: for everybody else that is the same.
    std::fs::remove_file(proofs.join("00001.proof")).unwrap();
    story.mc("challenge", &["--position", "1"]);
    let (_, said) = story.setting.provider().fails(&["mp", "answer", &story.id]);
    assert!(said.contains("position 1"), "{said}");
    assert_eq!(story.times_out(2), "Fault");
}

/// The consumer may be the provider's friend: what it demands and gets does not save the position that a watcher challenged.
#[test]
fn a_watchers_challenge_survives_a_demand_and_earns_a_tenth_of_the_strikes() {
    let story = Story::locked(&["--mode", "full"]).claimed();
    let watcher = story.setting.devnet.party("watcher", OUTSIDER);
    let challenged = watcher.does(&["mc", "challenge", &story.id, "--position", "2"]);
    // B + Z.
    assert_eq!(challenged["paidWei"], milliether(4).as_str());
    assert_eq!(story.mc("demand-full", &[])["state"], "FullDemanded");
    let proofs = story.setting.files_of("provider", &story.id).join("proofs");
    std::fs::remove_file(proofs.join("00002.proof")).unwrap();
    let (_, said) = story.setting.provider().fails(&["mp", "submit", &story.id]);
    assert!(said.contains("position 2 is challenged"), "{said}");
    let (_, early) = watcher.fails(&["mc", "reclaim", &story.id]);
    assert!(early.contains("FullDemanded"), "{early}");
    let verdict = story.verdict();
    assert_eq!(
        (verdict["state"].as_str(), verdict["provenOnChain"].as_u64()),
        (Some("FullDemanded"), Some(2))
    );
    story.setting.devnet.pass(2 * 3600);
    assert_eq!(watcher.does(&["timeout", "run", &story.id])["outcome"], "Fault");
    watcher.does(&["mc", "reclaim", &story.id]);
    // The bond in the market, and in the registry a tenth of ten strikes of N1·E = 10 milliether.
    let withdrawn = watcher.does(&["withdraw"]);
    let mut amounts: Vec<&str> = withdrawn["withdrawals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["amountWei"].as_str().unwrap())
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [milliether(10).as_str(), milliether(4).as_str()]);
    assert_eq!(story.credits().0, milliether(160));
}

#[test]
fn a_demand_beside_a_challenge_is_met_by_the_proofs_of_both() {
    let story = Story::locked(&["--mode", "full"]).claimed();
    let watcher = story.setting.devnet.party("watcher", OUTSIDER);
    watcher.does(&["mc", "challenge", &story.id, "--position", "2"]);
    story.mc("demand-full", &[]);
    assert_eq!(story.mp("submit", &[])["outcome"], "Passed");
    let verdict = story.verdict();
    assert_eq!(
        (
            verdict["assurance"].as_str(),
            verdict["challengesAnswered"].as_u64(),
            verdict["claimedCorrect"].as_u64()
        ),
        (Some("PROVEN"), Some(1), Some(3))
    );
    assert_eq!(verdict["closedEarly"], false);
    // The answer earns B + Z = 4 milliether; both other proofs were missing to k* = 2.
    assert_eq!(story.credits(), micro((PASSED.0, PASSED.1 + 4_000 + 2_000)));
}

#[test]
fn a_full_demand_that_is_met_is_paid_and_one_that_is_not_is_a_fault() {
    let met = Story::locked(&["--mode", "full"]).claimed();
    assert_eq!(met.mc("demand-full", &[])["state"], "FullDemanded");
    assert_eq!(met.mp("submit", &[])["outcome"], "Passed");
    assert_eq!(met.verdict()["assurance"], "PROVEN");
    // k* = 2 proofs at 1 milliether each, paid by the consumer.
    assert_eq!(met.credits(), micro((PASSED.0, PASSED.1 + 2_000)));

    let unmet = Story::locked(&["--mode", "full"]).claimed();
    unmet.mc("demand-full", &[]);
    assert_eq!(unmet.times_out(3), "Fault");
    assert_eq!(unmet.credits().0, milliether(160 + 2));
}

#[test]
fn direct_adjudication_proves_on_chain_what_the_target_needs() {
    let story = Story::locked(&["--mode", "full", "--adjudication", "direct"]).proving();
    assert_eq!(story.setting.with_model(&["mp", "prove", &story.id])["made"], 2);
    let (_, said) = story.setting.provider().fails(&["mp", "post", &story.id]);
    assert!(said.contains("OPTIMISTIC"), "{said}");
    let submitted = story.mp("submit", &[]);
    assert_eq!(
        (submitted["outcome"].as_str(), submitted["provenOnChain"].as_u64()),
        (Some("Passed"), Some(2))
    );
    assert_eq!(story.verdict()["assurance"], "PROVEN");
    assert_eq!(story.credits(), micro(PASSED));
}

#[test]
fn simple_mode_opens_everything_at_once_and_counts_everything() {
    let story = Story::locked(&["--mode", "simple", "--adjudication", "direct"]).probing();
    let probed = story.setting.with_model(&["mp", "probe", &story.id]);
    assert_eq!(
        (probed["opened"].as_u64(), probed["threshold"].as_u64()),
        (Some(4), Some(3))
    );
    assert_eq!(story.mp("proceed", &[])["state"], "Proving");
    story.setting.with_model(&["mp", "prove", &story.id, "--all"]);
    assert_eq!(story.mp("submit", &["--all"])["provenOnChain"], 4);
    assert_eq!(story.verdict()["n2"], 4);
}

#[test]
fn silence_costs_whoever_was_to_move() {
    let [full, direct] = [
        ["--mode", "full"].as_slice(),
        &["--mode", "full", "--adjudication", "direct"],
    ];
    assert_eq!(Story::locked(full).times_out(2), "McSilent");
    assert_eq!(Story::locked(full).committed().times_out(2), "NoAck");
    assert_eq!(Story::locked(full).committed().acked().times_out(2), "McSilent");
    assert_eq!(Story::locked(full).probing().times_out(2), "MpSilent");
    let silent = Story::locked(direct).proving();
    assert_eq!(silent.times_out(3), "MpSilent");
    assert_eq!(silent.credits().0, milliether(160));
}

#[test]
fn a_provider_that_does_not_acknowledge_published_data_is_silent() {
    let story = Story::locked(&["--mode", "full"]).committed();
    let published = story.mc("publish", &[]);
    assert_eq!(published["state"], "Published");
    assert_eq!(story.times_out(3), "MpSilent");
}

/// The consumer hands nothing over: what it published is enough for the provider to go on.
#[test]
fn published_data_are_read_back_from_the_chain() {
    let story = Story::locked(&["--mode", "full"]).committed();
    std::fs::remove_file(story.cipher.join("transfer.cipher")).unwrap();
    let (_, early) = story.setting.provider().fails(&["mp", "ack", &story.id]);
    assert!(early.contains("Committed"), "{early}");
    story.mc("publish", &[]);
    story.mp("ack", &[]);
    story.mc("reveal", &[]);
    let probed = story.setting.with_model(&["mp", "probe", &story.id, "--at-least", "1"]);
    assert_eq!(probed["correct"], 1);
}

#[test]
fn published_data_can_be_acknowledged_unseen_to_abort() {
    let story = Story::locked(&["--mode", "full"]).committed();
    let (_, early) = story.setting.provider().fails(&["mp", "ack", &story.id, "--unseen"]);
    assert!(early.contains("Committed"), "{early}");
    story.mc("publish", &[]);
    story.mp("ack", &["--unseen"]);
    story.mc("reveal", &[]);
    story.mp("abort", &[]);
    assert_eq!(story.credits(), micro((79_990, 80_010)));
}

#[test]
fn an_abort_after_the_probe_pays_for_the_probe_alone() {
    let story = Story::locked(&["--mode", "full"]).probing();
    // One probe is too few to exclude a chosen test set.
    let probed = story.setting.with_model(&["mp", "probe", &story.id, "--decide"]);
    assert_eq!(probed["advice"], "abort");
    assert_eq!(story.verdict()["outcome"], "Abort");
    assert_eq!(story.credits(), micro((79_990, 80_010)));
}

#[test]
fn nobody_proceeds_with_examples_that_were_not_checked() {
    let story = Story::locked(&["--mode", "full"]).probing();
    let (_, said) = story.setting.provider().fails(&["mp", "proceed", &story.id]);
    assert!(said.contains("mp probe"), "{said}");
}

/// A repeated offer is the same one, and another one needs another set.
#[test]
fn a_set_is_offered_once() {
    let story = Story::locked(&["--mode", "full"]);
    let (set, arch) = (story.setting.shared("set"), text(&story.setting.arch).to_owned());
    let offer = |target, mode| {
        let model = story.setting.model_id.as_str();
        let mut args = vec!["mc", "open", model, "--set", text(&set), "--arch", &arch];
        args.extend(["--target-bps", target, "--mode", mode]);
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let consumer = story.setting.consumer();
    let before = consumer.nonce();
    let again = offer("6000", "full");
    let again = consumer.does(&again.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(again["id"], story.id.as_str());
    for (target, mode) in [("6001", "full"), ("6000", "simple")] {
        let other = offer(target, mode);
        let (_, said) = consumer.fails(&other.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(said.contains("other terms") && said.contains(&story.id), "{said}");
    }
    assert_eq!(consumer.nonce(), before);
}

#[test]
fn both_sides_can_agree_to_close() {
    let story = Story::locked(&["--mode", "full"]).probing();
    let split = ["agree-close", &story.id, "--mc-ether", "0.1"];
    assert_eq!(story.setting.consumer().does(&split)["state"], "Probing");
    let other = ["agree-close", &story.id, "--mc-ether", "0.09"];
    assert_eq!(story.setting.provider().does(&other)["state"], "Probing");
    assert_eq!(story.setting.provider().does(&split)["outcome"], "Settled");
    assert_eq!(story.credits(), (milliether(100), milliether(60)));
    assert_eq!(story.verdict()["assurance"], "NONE");
}

#[test]
fn a_provider_that_cannot_prove_the_target_concedes_without_a_strike() {
    let story = Story::locked(&["--mode", "full"]).proving();
    assert_eq!(story.mp("concede", &[])["outcome"], "FailedAccuracy");
    assert_eq!(story.credits().0, milliether(160));
    let listed = story
        .setting
        .consumer()
        .reads(&["verdict", "list", &story.setting.model_id]);
    assert_eq!(listed["strikes"], 0);
}

#[test]
fn a_ciphertext_that_is_not_the_committed_one_is_not_acknowledged() {
    let story = Story::locked(&["--mode", "full"]).committed();
    let file = story.cipher.join("transfer.cipher");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let (_, said) = story
        .setting
        .provider()
        .fails(&["mp", "ack", &story.id, "--from", text(&story.cipher)]);
    assert!(said.contains("not what the consumer committed to"), "{said}");
    std::fs::write(&file, &bytes[..middle]).unwrap();
    let (_, said) = story
        .setting
        .provider()
        .fails(&["mp", "ack", &story.id, "--from", text(&story.cipher)]);
    assert!(said.contains("ends"), "{said}");
    assert_eq!(story.verdict()["state"], "Committed");
}

/// Nothing but requests between the parties: the consumer serves, the provider fetches and sends.
#[test]
fn ciphertext_and_proofs_travel_over_a_server() {
    let story = Story::locked(&["--mode", "full"]);
    let server = story.setting.consumer().serves(&story.id);
    let operator = story.setting.consumer().address();
    let place = |option| [option, server.url.as_str(), "--server-address", operator.as_str()];
    story.mc("send", &place("--to"));
    story.mp("ack", &place("--from"));
    story.mc("reveal", &[]);
    story.setting.with_model(&["mp", "probe", &story.id, "--at-least", "1"]);
    story.mp("proceed", &[]);
    story.mc("reveal", &[]);
    story.setting.with_model(&["mp", "prove", &story.id]);
    story.mp("post", &place("--to"));
    let arch = ["--arch", text(&story.setting.arch)];
    let verified = story.mc("verify", &[place("--proofs").as_slice(), &arch].concat());
    assert_eq!(verified["proven"].as_array().unwrap().len(), 3);
    assert_eq!(story.mc("accept", &[])["outcome"], "Passed");
}
