//! Daemons that are killed, whose node goes away, and whose chain is rewritten: they end with the same payments and the same
//! number of transactions.

use e2e::{text, Daemon, Daemons, Party, Setting};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTIES: [&str; 2] = ["consumer", "provider"];

/// How long the daemons may take in all, however often they are disturbed.
const PATIENCE: Duration = Duration::from_secs(600);

const REORGANISATIONS: u32 = 15;

/// Transactions of the consumer and the provider after the offer if nobody disturbs them: see `watch.rs`.
const TRANSACTIONS: [u64; 2] = [5, 5];

fn parties(daemons: &Daemons) -> [Party<'_>; 2] {
    [daemons.setting.consumer(), daemons.setting.provider()]
}

fn start(daemons: &Daemons, options: &[&str]) -> [Daemon; 2] {
    PARTIES.map(|party| daemons.start(party, &daemons.setting.devnet.url, options))
}

fn have_settled(daemons: &Daemons, id: &str) -> bool {
    // The provider has no journal before it accepts.
    let journals = PARTIES.map(|party| daemons.knows(party, id) && daemons.has_settled(party, id));
    journals == [true; 2]
}

/// The engagement has passed, and each party has sent each transaction once and has nothing left to fetch.
fn assert_settled_once(daemons: &Daemons, id: &str, before: [u64; 2], seed: u64) {
    assert_eq!(daemons.verdict(id)["outcome"], "Passed", "seed {seed}");
    for ((party, before), expected) in parties(daemons).into_iter().zip(before).zip(TRANSACTIONS) {
        let sent = || format!("{}, seed {seed}:\n{}", party.address(), party.transactions());
        assert_eq!(party.nonce() - before, expected, "{}", sent());
        assert_eq!(daemons.setting.balance_in_market(party), "0", "seed {seed}");
    }
}

#[test]
fn daemons_that_are_killed_go_on_and_send_nothing_twice() {
    let daemons = Daemons::new();
    let id = daemons.open("killed", "full");
    let before = parties(&daemons).map(|party| party.nonce());
    let seed = rand::thread_rng().gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (began, mut kills) = (Instant::now(), 0u32);
    while !have_settled(&daemons, &id) {
        assert!(began.elapsed() < PATIENCE, "not settled, seed {seed}");
        let running = start(&daemons, &["--every", "1"]);
        // Longer and longer, so that something gets done on a busy machine, too.
        let longest = Duration::from_secs(2) + kills * Duration::from_millis(300);
        std::thread::sleep(rng.gen_range(Duration::from_millis(100)..longest));
        drop(running);
        kills += 1;
    }
    println!("both daemons were killed {kills} times");
    assert_settled_once(&daemons, &id, before, seed);
}

/// Where the daemons of a round say what they do: to be read if something is not as expected.
const EVENTS: &str = "events";

/// Daemons of a private round, of which the consumer's contests one prediction.
struct Round {
    setting: Setting,
    exchange: String,
    id: String,
    before: [u64; 2],
}

impl Round {
    fn open() -> Self {
        let setting = Setting::new();
        let opened = setting.open_round("disturbed", 5, 2, &["--price", "0.003"]);
        let (mc, mp) = (setting.consumer(), setting.provider());
        let before = [mc.nonce(), mp.nonce()];
        let exchange = text(&setting.shared("exchange")).to_owned();
        Self {
            id: opened["id"].as_str().unwrap().to_owned(),
            setting,
            exchange,
            before,
        }
    }

    fn start(&self, options: &[&str]) -> [Daemon; 2] {
        PARTIES.map(|party| {
            let own: &[&str] = match party {
                "consumer" => &["--every", "1", "--contest", "1"],
                _ => &["--every", "1"],
            };
            let mut command = self
                .setting
                .rounds_daemon(party, &self.exchange, &[own, options].concat());
            let path = self.setting.devnet.path(EVENTS);
            let events = OpenOptions::new().create(true).append(true).open(path).unwrap();
            command.stdout(events);
            Daemon::start(party, command)
        })
    }

    /// The events of both daemons.
    fn heard(&self) -> String {
        std::fs::read_to_string(self.setting.devnet.path(EVENTS)).unwrap_or_default()
    }

    fn has_settled(&self) -> bool {
        PARTIES.map(|party| self.setting.has_settled_round(party, &self.id)) == [true; 2]
    }

    /// One prediction was proven, under the outputs that the provider locked first, and each party has sent each transaction once:
    /// contest, confirm, withdraw; serve, answer, withdraw.
    fn assert_settled_once(&self, seed: u64) {
        let round = self.setting.round(&self.id);
        let proven = (&round["outcome"], &round["contested"], &round["proven"]);
        assert_eq!(proven, (&"Upheld".into(), &1.into(), &1.into()), "seed {seed}");
        let parties = [self.setting.consumer(), self.setting.provider()];
        for (party, before) in parties.into_iter().zip(self.before) {
            let sent = || format!("{}, seed {seed}:\n{}", party.address(), party.transactions());
            assert_eq!(party.nonce() - before, 3, "{}\n{}", sent(), self.heard());
        }
    }
}

#[test]
fn daemons_of_rounds_that_are_killed_go_on_and_send_nothing_twice() {
    let round = Round::open();
    let seed = rand::thread_rng().gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (began, mut kills) = (Instant::now(), 0u32);
    while !round.has_settled() {
        assert!(began.elapsed() < PATIENCE, "not settled, seed {seed}");
        let running = round.start(&[]);
        let longest = Duration::from_secs(2) + kills * Duration::from_millis(300);
        std::thread::sleep(rng.gen_range(Duration::from_millis(100)..longest));
        drop(running);
        kills += 1;
    }
    println!("both daemons were killed {kills} times");
    round.assert_settled_once(seed);
}

/// A reorganised `serve` locks the same root again, a reorganised contest asks for the same index.
#[test]
fn daemons_of_rounds_outlive_reorganisations_and_send_nothing_twice() {
    let round = Round::open();
    let node = &round.setting.devnet;
    node.rpc("anvil_mine", "[3]");
    node.rpc("evm_setIntervalMining", "[1]");
    let seed = rand::thread_rng().gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let _running = round.start(&["--confirmations", "3"]);
    let (began, mut rewritten) = (Instant::now(), 0);
    while !round.has_settled() {
        assert!(began.elapsed() < PATIENCE, "not settled, seed {seed}");
        std::thread::sleep(rng.gen_range(Duration::from_millis(500)..Duration::from_secs(4)));
        if rewritten < REORGANISATIONS {
            node.rpc("anvil_reorg", &format!("[{}, []]", rng.gen_range(1..=2)));
            rewritten += 1;
        }
    }
    println!("{rewritten} reorganisations");
    round.assert_settled_once(seed);
}

#[test]
fn daemons_outlive_reorganisations_and_send_nothing_twice() {
    let daemons = Daemons::new();
    let id = daemons.open("rewritten", "full");
    let before = parties(&daemons).map(|party| party.nonce());
    let node = &daemons.setting.devnet;
    node.rpc("anvil_mine", "[3]");
    node.rpc("evm_setIntervalMining", "[1]");
    let seed = rand::thread_rng().gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let _running = start(&daemons, &["--every", "1", "--confirmations", "3"]);
    let (began, mut rewritten) = (Instant::now(), 0);
    while !have_settled(&daemons, &id) {
        assert!(began.elapsed() < PATIENCE, "not settled, seed {seed}");
        std::thread::sleep(rng.gen_range(Duration::from_millis(500)..Duration::from_secs(6)));
        if rewritten < REORGANISATIONS {
            // The blocks come again without their transactions.
            node.rpc("anvil_reorg", &format!("[{}, []]", rng.gen_range(1..=2)));
            rewritten += 1;
        }
    }
    println!("{rewritten} reorganisations");
    assert_settled_once(&daemons, &id, before, seed);
}

/// Hands connections on to the node, unless it is told that the node is away.
fn proxy(node: &str, away: Arc<AtomicBool>) -> String {
    let node = node.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (node, away) = (node.clone(), away.clone());
            std::thread::spawn(move || {
                let Ok(server) = TcpStream::connect(node) else { return };
                let (up, down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let there = away.clone();
                let back = std::thread::spawn(move || pump(down, up, &there));
                pump(client, server, &away);
                let _ = back.join();
            });
        }
    });
    url
}

fn pump(mut from: TcpStream, mut to: TcpStream, away: &AtomicBool) {
    let mut bytes = [0; 1 << 14];
    while let Ok(n) = from.read(&mut bytes) {
        if n == 0 || away.load(Ordering::Relaxed) || to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = (
        from.shutdown(std::net::Shutdown::Both),
        to.shutdown(std::net::Shutdown::Both),
    );
}

#[test]
fn a_daemon_outlives_a_lost_node_and_ends_when_told() {
    let daemons = Daemons::new();
    let away = Arc::new(AtomicBool::new(false));
    let url = proxy(&daemons.setting.devnet.url, away.clone());
    let mut daemon = daemons.start("consumer", &url, &["--every", "1"]);
    let mut events = daemon.events();
    let mut hears = |name: &str| {
        let heard = events.find(|event| event["event"] == name);
        heard.unwrap_or_else(|| panic!("it ended without {name}"))
    };
    hears("started");
    away.store(true, Ordering::Relaxed);
    // The daemon has something to look at: without engagements it asks the node nothing.
    let id = daemons.open("lost", "full");
    let first = hears("rpcLost");
    let second = hears("rpcLost");
    assert!(
        first["fields"]["wait"].as_u64() < second["fields"]["wait"].as_u64(),
        "{first} {second}"
    );
    away.store(false, Ordering::Relaxed);
    hears("rpcBack");
    assert_eq!(hears("send")["engagement"], id.as_str());
    let status = Command::new("kill")
        .arg(daemon.process.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
    hears("ended");
    assert!(daemon.process.wait().unwrap().success());
}

/// What a consumer gives it may take away: the provider proves and submits from its own copy.
#[test]
fn a_set_in_clear_that_vanishes_is_proven_all_the_same() {
    let daemons = Daemons::new();
    let id = daemons.open("gone", "clear");
    assert_eq!(daemons.once("provider", &[]), ["accept"]);
    assert_eq!(daemons.once("consumer", &[]), ["send"]);
    let url = daemons.setting.devnet.url.clone();
    let mut daemon = daemons.start("provider", &url, &["--every", "1"]);
    let mut events = daemon.events();
    assert!(events.any(|event| event["fields"]["state"] == "Proving"));
    std::fs::remove_dir_all(Path::new(&daemons.exchange).join(&id).join("set")).unwrap();
    assert!(events.any(|event| event["event"] == "settle"));
    assert_eq!(daemons.verdict(&id)["outcome"], "Passed");
}
