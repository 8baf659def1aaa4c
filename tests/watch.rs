//! Both daemons on anvil, with real proofs of a small network: nobody types a command between offer and withdrawal.

use assay_durable::lock::Lock;
use e2e::{text, Daemons, OUTSIDER};
use std::path::Path;

#[test]
fn two_daemons_close_a_full_engagement_over_a_server() {
    let mut daemons = Daemons::new();
    let id = daemons.open("full", "full");
    let _server = daemons.over_server(&id);

    let [consumer, provider] = daemons.until_settled(&[]);
    assert_eq!(
        consumer,
        ["send", "send", "reveal", "reveal", "verify", "acceptResult", "settle"]
    );
    assert_eq!(
        provider,
        ["accept", "ack", "probe", "prove", "proven", "post", "settle"]
    );
    let verdict = daemons.verdict(&id);
    assert_eq!(
        (
            verdict["outcome"].as_str(),
            verdict["assurance"].as_str(),
            verdict["claimedCorrect"].as_u64()
        ),
        (Some("Passed"), Some("OPTIMISTIC"), Some(3))
    );
    // A further pass finds nothing to do.
    assert!(daemons.once("consumer", &[]).is_empty());
    assert!(daemons.once("provider", &[]).is_empty());
}

#[test]
fn daemons_object_answer_abort_and_close_what_expired() {
    let daemons = Daemons::new();
    let pass = |seconds| daemons.setting.devnet.pass(seconds);
    // The proofs get lost: the consumer doubts, waits for half of the time, and challenges.
    let id = daemons.open("lost", "full");
    let mut posted = false;
    while !posted {
        daemons.once("consumer", &[]);
        posted = daemons.once("provider", &[]).contains(&"post".to_owned());
    }
    for entry in std::fs::read_dir(Path::new(&daemons.exchange).join(&id)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "proof") {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(daemons.once("consumer", &[]), ["verify"]);
    // Challenges of others, who may be the provider's friends, do not keep the consumer from its own.
    let friend = daemons.setting.devnet.party("friend", OUTSIDER);
    friend.does(&["mc", "challenge", &id, "--position", "0"]);
    pass(1900);
    assert_eq!(daemons.once("consumer", &[]), ["verify", "object"]);
    assert_eq!(daemons.once("provider", &[]), ["answer"]);
    assert_eq!(daemons.once("consumer", &[]), ["verify", "acceptResult", "settle"]);
    assert_eq!(daemons.once("provider", &[]), ["settle"]);
    let verdict = daemons.verdict(&id);
    assert_eq!(
        (verdict["outcome"].as_str(), verdict["assurance"].as_str()),
        (Some("Passed"), Some("PROVEN"))
    );
    assert_eq!(verdict["challengesAnswered"], 3);

    // A consumer that falls silent after the acceptance loses its deposit.
    let silent = daemons.open("silent", "simple");
    let leaves = Path::new(&daemons.exchange).join(&silent);
    daemons
        .setting
        .consumer()
        .does(&["mc", "send", &silent, "--to", text(&leaves)]);
    assert_eq!(daemons.once("provider", &[]), ["accept"]);
    // A set in clear that never comes is aborted when half of the time is over, not before.
    let clear = daemons.open("clear", "clear");
    assert_eq!(daemons.once("provider", &[]), ["accept"]);
    assert!(daemons.once("provider", &[]).is_empty());
    pass(1900);
    assert_eq!(daemons.once("provider", &[]), ["abort", "settle"]);
    assert_eq!(daemons.verdict(&clear)["outcome"], "Abort");
    pass(3700);
    assert_eq!(daemons.once("provider", &[]), ["timeout", "settle"]);
    assert_eq!(daemons.verdict(&silent)["outcome"], "McSilent");
}

/// What a demand asks for and what others challenged are both delivered, the challenged position first.
#[test]
fn daemons_meet_a_demand_beside_the_challenge_of_somebody_else() {
    let daemons = Daemons::new();
    let id = daemons.open("doubted", "full");
    while !daemons.once("provider", &[]).contains(&"post".to_owned()) {
        daemons.once("consumer", &[]);
    }
    let watcher = daemons.setting.devnet.party("watcher", OUTSIDER);
    watcher.does(&["mc", "challenge", &id, "--position", "2"]);
    daemons.setting.consumer().does(&["mc", "demand-full", &id]);
    assert_eq!(daemons.once("provider", &[]), ["answer", "submit", "settle"]);
    let verdict = daemons.verdict(&id);
    assert_eq!(
        (
            verdict["assurance"].as_str(),
            verdict["provenOnChain"].as_u64(),
            verdict["challengesAnswered"].as_u64()
        ),
        (Some("PROVEN"), Some(3), Some(1))
    );
    assert_eq!(daemons.once("consumer", &[]), ["settle"]);
}

#[test]
fn daemons_publish_and_read_the_chain_if_nothing_is_handed_over() {
    let daemons = Daemons::new();
    let publish = ["--publish"];
    let id = daemons.open("kept", "full");
    assert_eq!(daemons.once("consumer", &publish), ["send"]);
    assert_eq!(daemons.once("provider", &[]), ["accept"]);
    assert_eq!(daemons.once("consumer", &publish), ["send"]);
    // The ciphertext never arrives, and the consumer does not publish before half of the time is over.
    std::fs::remove_dir_all(Path::new(&daemons.exchange).join(&id)).unwrap();
    assert!(daemons.once("provider", &[]).is_empty());
    assert!(daemons.once("consumer", &publish).is_empty());
    daemons.setting.devnet.pass(1900);
    assert_eq!(daemons.once("consumer", &publish), ["publish"]);
    assert_eq!(daemons.once("provider", &[]), ["ack"]);
    let [consumer, provider] = daemons.until_settled(&[]);
    assert_eq!(consumer, ["reveal", "reveal", "verify", "acceptResult", "settle"]);
    assert_eq!(provider, ["probe", "prove", "proven", "post", "settle"]);
    assert_eq!(daemons.verdict(&id)["outcome"], "Passed");
}

#[test]
fn no_more_is_accepted_than_may_be_open() {
    let daemons = Daemons::new();
    let ids = ["first", "second", "third"].map(|name| daemons.open(name, "clear"));
    let one = ["--max-open", "1"];
    assert_eq!(daemons.once("provider", &one), ["accept"]);
    assert!(daemons.once("provider", &one).is_empty());
    let accepted = |id: &&String| daemons.verdict(id)["state"] == "Probing";
    assert_eq!(ids.iter().filter(accepted).count(), 1);
    // The default is two.
    assert_eq!(daemons.once("provider", &[]), ["accept"]);
    assert_eq!(ids.iter().filter(accepted).count(), 2);
}

#[test]
fn one_daemon_looks_after_what_an_account_has_in_a_state_directory() {
    let daemons = Daemons::new();
    let url = daemons.setting.devnet.url.clone();
    let mut first = daemons.start("provider", &url, &[]);
    let mut events = first.events();
    assert_eq!(events.next().unwrap()["event"], "started");
    let said = daemons.once_fails("provider");
    let lock = format!("provider-{}.lock is in use", daemons.setting.provider().address());
    assert!(said.contains(&lock) && said.contains("another --home"), "{said}");
    // The other party is somebody else. Killed, the first one holds nothing any more.
    assert!(daemons.once("consumer", &[]).is_empty());
    drop(first);
    assert!(daemons.once("provider", &[]).is_empty());
}

#[test]
fn a_daemon_waits_for_whoever_proves_by_hand_and_gives_nothing_up_meanwhile() {
    let daemons = Daemons::new();
    let id = daemons.open("by-hand", "full");
    while daemons.verdict(&id)["state"] != "Proceeded" {
        daemons.once("consumer", &[]);
        daemons.once("provider", &[]);
    }
    assert_eq!(daemons.once("consumer", &[]), ["reveal"]);
    let lock = daemons.setting.files_of("provider", &id).join("proving.lock");
    let by_hand = Lock::take(&lock).unwrap();
    assert_eq!(daemons.once("provider", &[]), ["prove"]);
    // 3600 + 3·600 s to prove; an eighth of it is left.
    daemons.setting.devnet.pass(4900);
    assert_eq!(daemons.once("provider", &[]), ["prove"]);
    assert_eq!(daemons.verdict(&id)["state"], "Proving");
    drop(by_hand);
    assert_eq!(daemons.once("provider", &[]), ["concede", "settle"]);
}
