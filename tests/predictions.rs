//! Rounds of contested predictions on anvil, with real proofs of a small network, each party a process with a home of its own.

use e2e::{text, Party, Setting, OUTSIDER};
use serde_json::Value;
use std::process::Stdio;

const HOUR: u64 = 3600;
const MILLIETHER: u128 = 1_000_000_000_000_000;

/// Devnet terms: Z is 2 milliether, so 2CZ is 8 for C = 2, and a contested prediction that is proven costs 4.
const CAP: u32 = 2;

fn id_of(opened: &Value) -> String {
    opened["id"].as_str().unwrap().to_owned()
}

fn wei(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

/// What a party fetches, in all.
fn fetched(party: Party<'_>) -> u128 {
    let withdrawn = party.does(&["withdraw"]);
    let withdrawals = withdrawn["withdrawals"].as_array().unwrap();
    withdrawals.iter().map(|w| wei(&w["amountWei"])).sum()
}

#[test]
fn a_public_round_of_inputs_from_a_server_is_contested_proven_and_upheld() {
    let setting = Setting::new();
    let options = ["--public", "--price", "0.003", "--deposit", "0.02"];
    let opened = setting.open_round("round", 20, CAP, &options);
    let id = id_of(&opened);
    // The same inputs are the same offer.
    assert_eq!(id_of(&setting.open_round("round", 20, CAP, &options)), id);
    let (_, said) = setting.consumer().fails(&["predict", "check", &id]);
    assert!(said.contains("an open offer"), "{said}");
    let (mc, server) = (setting.consumer(), setting.consumer().serves_round(&id));
    let own = ["--server-address", &mc.address()];
    mc.does(&[&["predict", "send", &id, "--to", &server.url], &own[..]].concat());
    let served = setting.with_model(&["predict", "serve", &id, "--inputs", &server.url]);
    drop(server);
    assert!(served["imagesPerSecond"].as_f64().unwrap() > 0.0, "{served}");
    setting.provider().does(&["predict", "publish", &id]);

    let (_, said) = setting.consumer().fails(&["predict", "contest", &id, "--random", "2"]);
    assert!(said.contains("have not been checked"), "{said}");
    let reference = text(&setting.model);
    let checked = setting
        .consumer()
        .does(&["predict", "check", &id, "--reference", reference]);
    assert_eq!(checked["outputs"].as_array().unwrap().len(), 20);
    assert_eq!(checked["differing"].as_array().unwrap().len(), 0);
    let contested = setting.consumer().does(&["predict", "contest", &id, "--random", "2"]);
    assert_eq!(contested["positions"].as_array().unwrap().len(), 2);
    // What was drawn is not drawn again.
    let again = setting.consumer().does(&["predict", "contest", &id, "--random", "2"]);
    assert_eq!(again["positions"].as_array().unwrap().len(), 0);
    let (_, said) = setting.consumer().fails(&["predict", "confirm", &id]);
    assert!(said.contains("not proven"), "{said}");

    let answered = setting.with_model(&["predict", "answer", &id]);
    assert_eq!(answered["unproven"], 0, "{answered}");
    let outsider = setting.devnet.party("outsider", OUTSIDER);
    assert_eq!(outsider.does(&["predict", "finalize", &id])["outcome"], "Upheld");

    let round = setting.round(&id);
    assert_eq!((&round["contested"], &round["proven"]), (&2.into(), &2.into()));
    // M + π + 2kZ + F
    let fees = wei(&round["contestFeesWei"]);
    assert!(fees > 0);
    assert_eq!(fetched(setting.provider()), (20 + 3 + 8) * MILLIETHER + fees);
    let list = ["predict", "list", &setting.model_id];
    let listed = setting.consumer().reads(&list);
    assert_eq!(listed["rounds"][0]["outcome"], "Upheld");
    // Proofs show something to whoever knows the contract that accepted them.
    let known = setting
        .consumer()
        .reads(&[&list[..], &["--arch", text(&setting.arch)]].concat());
    let grades = [&listed, &known].map(|document| document["verifier"]["grade"].clone());
    assert_eq!(grades, ["NOT CHECKED", "REPRODUCED"]);
}

#[test]
fn a_private_round_is_handed_over_by_servers_and_confirmed() {
    let setting = Setting::new();
    let id = id_of(&setting.open_round("round", 5, CAP, &["--price", "0.003"]));
    let consumers = setting.consumer().serves_round(&id);
    let (mp, mc) = (setting.provider(), setting.consumer());
    mc.does(&[
        "predict",
        "send",
        &id,
        "--to",
        &consumers.url,
        "--server-address",
        &mc.address(),
    ]);
    setting.with_model(&["predict", "serve", &id, "--inputs", &consumers.url]);
    let (_, said) = mc.fails(&["predict", "confirm", &id]);
    assert!(said.contains("have not been checked"), "{said}");
    let (_, said) = mp.fails(&["predict", "publish", &id]);
    assert!(said.contains("the consumer has until"), "{said}");
    mp.does(&["predict", "send", &id, "--to", &consumers.url]);
    let checked = mc.does(&[
        "predict",
        "check",
        &id,
        "--from",
        &consumers.url,
        "--server-address",
        &mc.address(),
    ]);
    assert_eq!(
        (checked["outputs"].as_array().unwrap().len(), &checked["published"]),
        (5, &false.into())
    );
    assert_eq!(mc.does(&["predict", "confirm", &id])["outcome"], "Clean");
    // M, the least: 2CZ; and π.
    assert_eq!(fetched(mp), (8 + 3) * MILLIETHER);
}

/// What a reorganisation may take back is not answered: the answer would revert, and cost its gas.
#[test]
fn moves_that_may_be_taken_back_are_not_answered() {
    let setting = Setting::new();
    let deeper = || setting.devnet.rpc("anvil_mine", "[\"0x5\"]");
    let id = id_of(&setting.open_round("round", 4, CAP, &["--price", "0.003", "--deposit", "0.02"]));
    deeper();
    setting.serve_round(&id);
    let to = setting.shared("outputs");
    let (mc, mp) = (setting.consumer(), setting.provider());
    mp.does(&["predict", "send", &id, "--to", text(&to)]);
    mc.does(&["predict", "check", &id, "--from", text(&to)]);
    let nonces = || [mc.nonce(), mp.nonce()];
    let too_new = |party: Party<'_>, args: &[&str]| {
        let before = nonces();
        let (_, said) = party.fails(&[args, &["--confirmations", "5"]].concat());
        assert!(said.contains("does not have 5 confirmations"), "{said}");
        assert_eq!(nonces(), before);
    };
    // The outputs that are locked, a contest of one of them, and its proof.
    let contest = ["predict", "contest", &id, "--index", "3"];
    too_new(mc, &contest);
    deeper();
    mc.does(&contest);
    let (model, arch) = (text(&setting.model), text(&setting.arch));
    let answer = ["predict", "answer", &id, "--model", model, "--arch", arch];
    too_new(mp, &answer);
    deeper();
    mp.does(&answer);
    too_new(mc, &["predict", "confirm", &id]);
    deeper();
    assert_eq!(mc.does(&["predict", "confirm", &id])["outcome"], "Upheld");
}

#[test]
fn a_provider_that_does_not_answer_loses_its_deposit_and_a_strike() {
    let setting = Setting::new();
    let id = id_of(&setting.open_round("round", 4, CAP, &["--price", "0.003", "--deposit", "0.02"]));
    setting.serve_round(&id);
    let to = setting.shared("outputs");
    setting.provider().does(&["predict", "send", &id, "--to", text(&to)]);
    let (mc, outsider) = (setting.consumer(), setting.devnet.party("outsider", OUTSIDER));
    mc.does(&["predict", "check", &id, "--from", text(&to)]);
    mc.does(&["predict", "contest", &id, "--index", "3"]);
    let (_, early) = outsider.fails(&["timeout", "run", &id]);
    assert!(early.contains("runs until"), "{early}");
    setting.devnet.pass(2 * HOUR);
    let closed = outsider.does(&["timeout", "run", &id]);
    assert_eq!(
        (&closed["kind"], &closed["outcome"]),
        (&"round".into(), &"Fault".into())
    );
    let round = setting.round(&id);
    let (fees, bond) = (wei(&round["contestFeesWei"]), wei(&round["quietBondWei"]));
    assert!(bond > 0 && fees > 0);
    // 2CZ + π + M + F + Q; what was sent along for the base fee besides.
    let all = (8 + 3 + 20) * MILLIETHER + fees + bond;
    let back = fetched(mc);
    assert!(back >= all && back < all + 10 * MILLIETHER, "{back} {all}");
    assert_eq!(fetched(setting.provider()), 0);
    let listed = mc.reads(&["verdict", "list", &setting.model_id]);
    assert_eq!(listed["strikes"], 1, "{listed}");
}

#[test]
fn a_silent_consumer_pays_for_the_publication_and_a_silent_provider_gets_nothing() {
    let setting = Setting::new();
    let quiet = id_of(&setting.open_round("quiet", 3, 1, &["--price", "0.003"]));
    setting.serve_round(&quiet);
    let void = id_of(&setting.open_round("void", 3, 1, &["--price", "0.003"]));
    setting.serve_round(&void);
    setting.devnet.pass(HOUR + 1);
    setting.provider().does(&["predict", "publish", &quiet]);
    setting.devnet.pass(HOUR + 1);
    let outsider = setting.devnet.party("outsider", OUTSIDER);
    assert_eq!(outsider.does(&["predict", "finalize", &quiet])["outcome"], "Clean");
    assert_eq!(outsider.does(&["predict", "finalize", &void])["outcome"], "Void");
    // Both deposits of 4, one price, and of the quiet bond of the one that had to be published what it earned.
    let round = setting.round(&quiet);
    let earned = wei(&round["quietEarnedWei"]);
    // Blocks without much in them are cheaper each time.
    assert!(earned > 0 && earned < wei(&round["quietBondWei"]), "{round}");
    assert_eq!(fetched(setting.provider()), (4 + 4 + 3) * MILLIETHER + earned);
    let listed = setting.consumer().reads(&["verdict", "list", &setting.model_id]);
    assert_eq!(listed["strikes"], 0, "nobody knows who was silent");
}

#[test]
fn an_offer_that_nobody_serves_comes_back() {
    let setting = Setting::new();
    let id = id_of(&setting.open_round("round", 3, 1, &["--price", "0.003"]));
    let opened = wei(&setting.round(&id)["quietBondWei"]);
    assert_eq!(
        setting.consumer().does(&["predict", "cancel", &id])["outcome"],
        "Cancelled"
    );
    let back = fetched(setting.consumer());
    // 2CZ + π + ε, Q, and what was sent along for a dearer block.
    let least = (4 + 3) * MILLIETHER + MILLIETHER / 10 + opened;
    assert!(back >= least && back < least + MILLIETHER, "{back} {least}");
}

/// One pass of a party's daemon; what it did.
fn pass(setting: &Setting, party: &str, exchange: &str, options: &[&str]) -> Vec<String> {
    let mut command = setting.rounds_daemon(party, exchange, options);
    command.arg("--once").stderr(Stdio::piped());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{party}: {said}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let deeds = events.filter(|event| event.get("round").is_some() && event["event"] != "state");
    let names: Vec<String> = deeds.map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert!(!names.iter().any(|name| name == "error"), "{party}: {text}");
    names
}

/// Alternating passes until both have settled; what consumer and provider did.
fn until_settled(setting: &Setting, exchange: &str, options: &[&str]) -> [Vec<String>; 2] {
    let mut done = [Vec::new(), Vec::new()];
    for _ in 0..8 {
        done[0].extend(pass(setting, "consumer", exchange, options));
        done[1].extend(pass(setting, "provider", exchange, &[]));
        if done.iter().all(|deeds| deeds.iter().any(|deed| deed == "settle")) {
            return done;
        }
    }
    panic!("not settled: {done:?}");
}

#[test]
fn daemons_bring_rounds_of_both_kinds_to_their_end() {
    let setting = Setting::new();
    let exchange = setting.shared("exchange");
    let private = id_of(&setting.open_round("private", 5, CAP, &["--price", "0.003"]));
    let [mc, mp] = until_settled(&setting, text(&exchange), &["--contest", "1"]);
    // A daemon that starts anew looks anew.
    assert_eq!(mc, ["send", "check", "contest", "check", "confirm", "settle"]);
    assert_eq!(mp, ["serve", "send", "prove", "proven", "answer", "settle"]);
    assert_eq!(setting.round(&private)["outcome"], "Upheld");

    let public = id_of(&setting.open_round("public", 40, CAP, &["--price", "0.003", "--public"]));
    let reference = ["--reference", text(&setting.model)];
    let [mc, mp] = until_settled(&setting, text(&exchange), &reference);
    assert_eq!(mc, ["send", "check", "confirm", "settle"]);
    assert_eq!(mp, ["serve", "publish", "settle"]);
    let round = setting.round(&public);
    assert_eq!(
        (&round["outcome"], &round["published"]),
        (&"Clean".into(), &true.into())
    );
}

/// Outputs that should be compared with a model that cannot be read are contested at random, and never confirmed.
#[test]
fn what_cannot_be_compared_is_not_confirmed() {
    let setting = Setting::new();
    let exchange = setting.shared("exchange");
    let id = id_of(&setting.open_round("round", 5, CAP, &["--price", "0.003"]));
    let nowhere = setting.shared("nowhere.assay");
    let looks = |options: &[&str]| {
        let reference = ["--reference", text(&nowhere), "--once"];
        let mut command = setting.rounds_daemon("consumer", text(&exchange), &[&reference, options].concat());
        let output = command.stdout(Stdio::piped()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    looks(&[]);
    pass(&setting, "provider", text(&exchange), &[]);
    pass(&setting, "provider", text(&exchange), &[]);
    for _ in 0..2 {
        assert!(looks(&[]).contains("nowhere.assay"));
        let round = setting.round(&id);
        assert_eq!((&round["state"], &round["contested"]), (&"Rooted".into(), &0.into()));
    }
    // Each pass is a program of its own; one that goes on contests in its next turn.
    let daemon = setting.rounds_daemon(
        "consumer",
        text(&exchange),
        &["--reference", text(&nowhere), "--contest", "1", "--every", "1"],
    );
    let running = e2e::Daemon::start("consumer", daemon);
    while setting.round(&id)["contested"] == 0 {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    pass(&setting, "provider", text(&exchange), &[]);
    pass(&setting, "provider", text(&exchange), &[]);
    while setting.round(&id)["proven"] == 0 {
        pass(&setting, "provider", text(&exchange), &[]);
    }
    std::thread::sleep(std::time::Duration::from_secs(3));
    drop(running);
    assert_eq!(setting.round(&id)["state"], "Served", "proven, and not confirmed");
}

#[test]
fn whatever_is_killed_goes_on_and_nothing_is_sent_twice() {
    use std::time::Duration;
    let setting = Setting::new();
    let (mp, mc) = (setting.provider(), setting.consumer());
    let before = [mp.nonce(), mc.nonce()];
    let (model, arch) = (text(&setting.model).to_owned(), text(&setting.arch).to_owned());
    let inputs = setting.shared("killed.inputs");
    let first = setting.open_round("killed", 6, CAP, &["--price", "0.003"]);
    let id = id_of(&first);
    let (shared_in, shared_out) = (setting.shared("in"), setting.shared("out"));
    assert!(inputs.is_file());
    let mut step = 0u64;
    let mut survive = |party: Party<'_>, args: &[&str]| {
        for _ in 0..3 {
            step += 1;
            // Somewhere in the command, another place each time.
            party.is_killed(args, Duration::from_millis(step * 97 % 900));
        }
        party.does(args)
    };
    survive(mc, &["predict", "send", &id, "--to", text(&shared_in)]);
    let serve = [
        "predict",
        "serve",
        &id,
        "--inputs",
        text(&shared_in),
        "--model",
        &model,
        "--arch",
        &arch,
    ];
    let served = survive(mp, &serve);
    survive(mp, &["predict", "send", &id, "--to", text(&shared_out)]);
    survive(mc, &["predict", "check", &id, "--from", text(&shared_out)]);
    let contested = survive(mc, &["predict", "contest", &id, "--random", "2"]);
    let answered = survive(mp, &["predict", "answer", &id, "--model", &model, "--arch", &arch]);
    assert_eq!(answered["unproven"], 0);
    let ended = survive(mc, &["predict", "confirm", &id]);
    assert_eq!(ended["outcome"], "Upheld");
    let round = setting.round(&id);
    // The root that was locked is the one that was handed over and answered from; the set was drawn once.
    assert_eq!(round["outputsRoot"], served["outputsRoot"]);
    assert_eq!((&round["contested"], &round["proven"]), (&2.into(), &2.into()));
    drop(contested);
    // Of the provider: serve, answer. Of the consumer: open, contest, confirm.
    assert_eq!([mp.nonce() - before[0], mc.nonce() - before[1]], [2, 3]);
}
