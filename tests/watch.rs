//! Both daemons on anvil, with real proofs of a small network: nobody types a command between offer and withdrawal.

use assay_durable::lock::Lock;
use assay_prover::secret::{advance_counter, ModelSecret};
use e2e::{text, Daemons, OUTSIDER};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

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

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("never: {what}");
}

/// Status and body.
fn get(port: u16, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

/// Prometheus' text format, strictly: help and type of a metric before its samples, names of letters, numbers.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (mut known, mut all) = (Vec::new(), BTreeMap::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            let is_counter = name.ends_with("_total");
            let kind = if is_counter { "counter" } else { "gauge" };
            assert_eq!(lines.next().unwrap(), format!("# TYPE {name} {kind}"));
            assert!(!words.is_empty() && !known.contains(&name), "{name}");
            known.push(name);
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let name = sample.split('{').next().unwrap();
        assert_eq!(known.last(), Some(&name), "{line}");
        assert!(
            name.starts_with("assay_") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "{name}"
        );
        let labels = &sample[name.len()..];
        assert!(
            labels.is_empty() || (labels.starts_with('{') && labels.ends_with("\"}")),
            "{line}"
        );
        let before = all.insert(sample.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "{sample} twice");
    }
    assert!(text.ends_with('\n'));
    all
}

#[test]
fn one_daemon_looks_after_what_an_account_has_in_a_state_directory() {
    let daemons = Daemons::new();
    let url = daemons.setting.devnet.url.clone();
    // One proof is left, which somebody should hear of.
    let secret = daemons.setting.model.with_extension("secret");
    let budget = ModelSecret::open(&secret).unwrap().budget();
    advance_counter(&secret, budget - 1).unwrap();
    let heard = daemons.setting.shared("heard");
    let (port, notify) = (free_port(), format!("tee {}", text(&heard)));
    let observed = ["--metrics", &port.to_string(), "--notify", &notify, "--every", "1"];
    let mut first = daemons.start("provider", &url, &observed);
    let mut events = first.events();
    // Alarms do not wait for the first block.
    let [one, other] = [events.next().unwrap(), events.next().unwrap()];
    let (low, started) = if one["event"] == "budgetLow" {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(started["event"], "started");
    assert_eq!(
        (&low["event"], &low["fields"]["proofsLeft"]),
        (&"budgetLow".into(), &1.into())
    );
    let is_heard = || {
        let said = std::fs::read(&heard).unwrap_or_default();
        serde_json::from_slice::<serde_json::Value>(&said).is_ok_and(|said| said == low)
    };
    until("the command heard of it", is_heard);
    until("it is well", || {
        get(port, "/healthz") == ("200".into(), "well\n".into())
    });
    // What looks after journals and stakes runs beside the turns.
    until("journals and stakes were looked at", || {
        let seen = samples(&get(port, "/metrics").1);
        let is_paid = seen.get("assay_fees_paid_ether_total").is_some_and(|fees| *fees > 0.0);
        is_paid && seen.keys().any(|name| name.starts_with("assay_stake_ether{"))
    });
    let (status, text) = get(port, "/metrics");
    let samples = samples(&text);
    let one = |name: &str| samples.get(name).copied();
    assert_eq!(status, "200");
    assert_eq!((one("assay_node_up"), one("assay_open_items")), (Some(1.0), Some(0.0)));
    assert_eq!(one("assay_proofs_left{model=\"small\"}"), Some(1.0));
    assert!(
        one("assay_fees_paid_ether_total").unwrap() > 0.0,
        "the registration was paid for"
    );
    assert!(
        samples.keys().any(|name| name.starts_with("assay_stake_ether{")),
        "{text}"
    );
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
