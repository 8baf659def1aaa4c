//! Both daemons on anvil, with real proofs of a small network: nobody types a command between offer and withdrawal.

use e2e::{assay, root, text, Setting, CONSUMER, PROVIDER};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Passes of both daemons that are more than enough for any story.
const ROUNDS: usize = 12;

/// A process of the program; killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Story {
    setting: Setting,
    exchange: String,
    /// Options of both daemons.
    server: Vec<String>,
}

impl Story {
    /// The files go through a directory.
    fn new() -> Self {
        let setting = Setting::new();
        let exchange = text(&setting.devnet.path("exchange")).to_owned();
        Self {
            setting,
            exchange,
            server: Vec::new(),
        }
    }

    fn open(&self, name: &str, mode: &str, target_bps: u16) -> String {
        let (images, set) = (
            self.setting.devnet.path(&format!("{name}-images")),
            self.setting.devnet.path(name),
        );
        let network = assay_prover::model::Model::load(&self.setting.model).unwrap();
        let seed = name.bytes().map(u64::from).sum();
        let images = e2e::labelled_images(&network, &images, seed, 4, 4);
        let mut build = vec![
            "mc",
            "test-set",
            "build",
            "--size",
            "8",
            "--out",
            text(&set),
            "--images",
        ];
        build.extend(images.iter().map(|image| text(image)));
        self.setting.consumer().reads(&build);
        let (target, arch) = (target_bps.to_string(), text(&self.setting.arch));
        let args = [
            "mc",
            "open",
            &self.setting.model_id,
            "--set",
            text(&set),
            "--target-bps",
            &target,
            "--arch",
            arch,
            "--mode",
            mode,
        ];
        let opened = self.setting.consumer().does(&args);
        opened["id"].as_str().unwrap().to_owned()
    }

    fn command(&self, party: &str, url: &str, args: &[&str]) -> Command {
        let account = if party == "provider" { PROVIDER } else { CONSUMER };
        let mut command = Command::new(assay());
        command
            .current_dir(root())
            .args(args)
            .args([
                "--json",
                "--rpc-url",
                url,
                "--devnet-account",
                &account.to_string(),
                "--home",
            ])
            .arg(self.setting.devnet.path(party))
            .arg("--deployment")
            .arg(&self.setting.devnet.deployment);
        command
    }

    fn watch(&self, party: &str, url: &str) -> Command {
        let (model, arch) = (text(&self.setting.model), text(&self.setting.arch));
        let own: &[&str] = match party {
            "provider" => &[
                "mp",
                "watch",
                "--model",
                model,
                "--arch",
                arch,
                "--accept",
                "--at-least",
                "1",
            ],
            _ => &["mc", "watch", "--arch", arch],
        };
        let mut command = self.command(party, url, own);
        command.args(["--exchange", &self.exchange]).args(&self.server);
        command
    }

    /// One pass; what it said.
    fn once(&self, party: &str) -> Vec<Value> {
        let output = self
            .watch(party, &self.setting.devnet.url)
            .arg("--once")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{party}: {said}");
        let events: Vec<Value> = output
            .stdout
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        for event in &events {
            assert!(event["time"].is_u64() && event["event"].is_string(), "{event}");
        }
        events
    }

    /// Alternating passes until both have settled; what each did.
    fn until_settled(&self) -> [Vec<String>; 2] {
        let mut done = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (party, done) in ["consumer", "provider"].into_iter().zip(&mut done) {
                done.extend(names(&self.once(party)));
            }
            if done.iter().all(|done| done.iter().any(|name| name == "settle")) {
                return done;
            }
        }
        panic!("not settled after {ROUNDS} rounds: {done:?}");
    }

    fn verdict(&self, id: &str) -> Value {
        self.setting.consumer().reads(&["verdict", "show", id])
    }
}

/// What was done, without what was only seen.
fn names(events: &[Value]) -> Vec<String> {
    let seen = ["started", "ended", "state", "error"];
    let names = events.iter().map(|event| event["event"].as_str().unwrap());
    names.filter(|name| !seen.contains(name)).map(str::to_owned).collect()
}

#[test]
fn two_daemons_close_a_full_engagement_over_a_server() {
    let mut story = Story::new();
    let id = story.open("full", "full", 10_000);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--engagement", &id, "--operator"];
    // Anvil's account 0, the provider.
    let operator = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let mut command = Command::new(assay());
    command
        .args(serve)
        .args([operator, "--json", "--rpc-url", &story.setting.devnet.url, "--home"])
        .arg(story.setting.devnet.path("server"))
        .arg("--deployment")
        .arg(&story.setting.devnet.deployment)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut server = Running(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let serving: Value = serde_json::from_str(&line).unwrap();
    story.exchange = serving["url"].as_str().unwrap().to_owned();
    story.server = vec!["--server-address".into(), operator.into()];

    let [consumer, provider] = story.until_settled();
    assert_eq!(
        consumer,
        ["send", "send", "reveal", "reveal", "verify", "acceptResult", "settle"]
    );
    assert_eq!(
        provider,
        ["accept", "ack", "probe", "prove", "proven", "post", "settle"]
    );
    let verdict = story.verdict(&id);
    assert_eq!(
        (
            verdict["outcome"].as_str(),
            verdict["assurance"].as_str(),
            verdict["claimedCorrect"].as_u64()
        ),
        (Some("Passed"), Some("OPTIMISTIC"), Some(3))
    );
    // A further pass finds nothing to do.
    assert_eq!(names(&story.once("consumer")), Vec::<String>::new());
    assert_eq!(names(&story.once("provider")), Vec::<String>::new());
}

#[test]
fn daemons_object_answer_abort_and_close_what_expired() {
    let story = Story::new();
    let pass = |seconds| story.setting.devnet.pass(seconds);
    // The proofs get lost: the consumer doubts, waits for half of the time, and challenges.
    let id = story.open("lost", "full", 10_000);
    for _ in 0..ROUNDS {
        story.once("consumer");
        if names(&story.once("provider")).contains(&"post".to_owned()) {
            break;
        }
    }
    for entry in std::fs::read_dir(Path::new(&story.exchange).join(&id)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "proof") {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(names(&story.once("consumer")), ["verify"]);
    pass(1900);
    assert_eq!(names(&story.once("consumer")), ["verify", "object"]);
    let answered = story.once("provider");
    assert_eq!(names(&answered), ["answer"]);
    assert_eq!(names(&story.once("consumer")), ["verify", "acceptResult", "settle"]);
    assert_eq!(names(&story.once("provider")), ["settle"]);
    let verdict = story.verdict(&id);
    assert_eq!(
        (verdict["outcome"].as_str(), verdict["assurance"].as_str()),
        (Some("Passed"), Some("PROVEN"))
    );

    // A consumer that falls silent after the acceptance loses its deposit.
    let silent = story.open("silent", "simple", 10_000);
    let leaves = Path::new(&story.exchange).join(&silent);
    story
        .setting
        .consumer()
        .does(&["mc", "send", &silent, "--to", text(&leaves)]);
    assert_eq!(names(&story.once("provider")), ["accept"]);
    // A set in clear that never comes is aborted when half of the time is over, not before.
    let clear = story.open("clear", "clear", 10_000);
    assert_eq!(names(&story.once("provider")), ["accept"]);
    assert_eq!(names(&story.once("provider")), Vec::<String>::new());
    pass(1900);
    assert_eq!(names(&story.once("provider")), ["abort", "settle"]);
    assert_eq!(story.verdict(&clear)["outcome"], "Abort");
    pass(3700);
    assert_eq!(names(&story.once("provider")), ["timeout", "settle"]);
    assert_eq!(story.verdict(&silent)["outcome"], "McSilent");
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
    let story = Story::new();
    let away = Arc::new(AtomicBool::new(false));
    let url = proxy(&story.setting.devnet.url, away.clone());
    let mut command = story.watch("consumer", &url);
    command
        .args(["--every", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut daemon = Running(command.spawn().unwrap());
    let lines = BufReader::new(daemon.0.stdout.take().unwrap()).lines();
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let mut hears = |name: &str| {
        let heard = events.find(|event| event["event"] == name);
        heard.unwrap_or_else(|| panic!("it ended without {name}"))
    };
    hears("started");
    away.store(true, Ordering::Relaxed);
    // The daemon has something to look at: without engagements it asks the node nothing.
    let id = story.open("lost", "full", 10_000);
    let first = hears("rpcLost");
    let second = hears("rpcLost");
    assert!(
        first["fields"]["wait"].as_u64() < second["fields"]["wait"].as_u64(),
        "{first} {second}"
    );
    away.store(false, Ordering::Relaxed);
    hears("rpcBack");
    assert_eq!(hears("send")["engagement"], id.as_str());
    let status = Command::new("kill").arg(daemon.0.id().to_string()).status().unwrap();
    assert!(status.success());
    hears("ended");
    assert!(daemon.0.wait().unwrap().success());
}
