//! Both parties' daemons: `assay mp watch` and `assay mc watch`.

use crate::{snapshots, text, Party, Server, Setting};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

/// Passes of both daemons that are more than enough for any story.
const ROUNDS: usize = 12;

/// A daemon; killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    /// Its standard output is a line of JSON per event.
    pub process: Child,
    party: String,
}

impl Daemon {
    /// Starts the daemon of a party, `provider` or `consumer`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(party: &str, mut command: Command) -> Self {
        Self {
            process: command.spawn().expect("assay runs"),
            party: party.to_owned(),
        }
    }

    /// What it says from here on, line by line.
    ///
    /// # Panics
    /// If somebody listens already.
    pub fn events(&mut self) -> impl Iterator<Item = Value> {
        let stdout = self.process.stdout.take().expect("nobody else listens");
        events(&self.party, stdout)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A setting whose engagements are left to daemons.
#[derive(Debug)]
pub struct Daemons {
    /// Both parties, a model and a devnet.
    pub setting: Setting,
    /// Directory or URL where both hand files over.
    pub exchange: String,
    /// Options of both.
    pub options: Vec<String>,
}

impl Default for Daemons {
    fn default() -> Self {
        Self::new()
    }
}

impl Daemons {
    /// The files go through a directory.
    pub fn new() -> Self {
        let setting = Setting::new();
        let exchange = text(&setting.shared("exchange")).to_owned();
        Self {
            setting,
            exchange,
            options: Vec::new(),
        }
    }

    /// Opens an engagement for all of four images, which the model gets right.
    pub fn open(&self, name: &str, mode: &str) -> String {
        self.setting.open_with(name, 4, 10_000, &["--mode", mode])
    }

    /// The files go through a server of the provider.
    pub fn over_server(&mut self, id: &str) -> Server {
        let provider = self.setting.provider();
        let server = provider.serves(id);
        self.exchange.clone_from(&server.url);
        self.options = vec!["--server-address".into(), provider.address()];
        server
    }

    fn party(&self, name: &str) -> Party<'_> {
        match name {
            "provider" => self.setting.provider(),
            _ => self.setting.consumer(),
        }
    }

    /// The daemon of a party, at a node that may be a proxy.
    pub fn command(&self, party: &str, url: &str, options: &[&str]) -> Command {
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
                "--max-target",
                "100%",
                "--force",
                "--at-least",
                "1",
            ],
            _ => &["mc", "watch", "--arch", arch],
        };
        let mut command = self.party(party).signing_at(url, own);
        command
            .args(["--exchange", &self.exchange])
            .args(&self.options)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// Starts the daemon of `provider` or `consumer` at the node behind `url`.
    pub fn start(&self, party: &str, url: &str, options: &[&str]) -> Daemon {
        Daemon::start(party, self.command(party, url, options))
    }

    /// One pass that must fail; what it said.
    pub fn once_fails(&self, party: &str) -> String {
        let output = self.pass(party, &[]);
        assert!(!output.status.success(), "{party} should have failed");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn pass(&self, party: &str, options: &[&str]) -> Output {
        let mut command = self.command(party, &self.setting.devnet.url, options);
        let command = command.arg("--once").stderr(Stdio::piped());
        command.output().expect("assay runs")
    }

    /// One pass; what it did.
    pub fn once(&self, party: &str, options: &[&str]) -> Vec<String> {
        let output = self.pass(party, options);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{party}: {said}");
        deeds(&events(party, output.stdout.as_slice()).collect::<Vec<_>>())
    }

    /// Alternating passes until both have settled; what the consumer and the provider did.
    pub fn until_settled(&self, options: &[&str]) -> [Vec<String>; 2] {
        let mut done = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (party, done) in ["consumer", "provider"].into_iter().zip(&mut done) {
                done.extend(self.once(party, options));
            }
            if done.iter().all(|done| done.iter().any(|name| name == "settle")) {
                return done;
            }
        }
        panic!("not settled after {ROUNDS} rounds: {done:?}");
    }

    /// Whether a party has begun anything about an engagement.
    pub fn knows(&self, party: &str, id: &str) -> bool {
        let chains = std::fs::read_dir(self.setting.shared(party)).into_iter().flatten();
        let journal = |chain: std::fs::DirEntry| chain.path().join("engagements").join(id).join("journal.json");
        chains.flatten().any(|chain| journal(chain).is_file())
    }

    /// Whether a party has noted that it has fetched what a closed engagement left.
    pub fn has_settled(&self, party: &str, id: &str) -> bool {
        let journal = self.setting.files_of(party, id).join("journal.json");
        let content = std::fs::read(journal).expect("the party has a journal");
        let content: Value = serde_json::from_slice(&content).expect("it is never half written");
        content["facts"]["settled"] == true
    }

    /// As a reader sees it who has the architecture.
    pub fn verdict(&self, id: &str) -> Value {
        self.setting.verdict(id)
    }
}

/// The lines of a party's daemon, each of the shape that is recorded for its event.
fn events(party: &str, stdout: impl Read) -> impl Iterator<Item = Value> {
    let role = if party == "provider" { "mp" } else { "mc" };
    BufReader::new(stdout).lines().map(move |line| {
        let event: Value = serde_json::from_str(&line.expect("text")).expect("an event");
        let name = event["event"].as_str().expect("a name");
        snapshots::assert_shape(&[role, "watch", name], &event);
        event
    })
}

/// What was done, without what was only seen.
fn deeds(events: &[Value]) -> Vec<String> {
    let seen = ["started", "ended", "state", "waiting", "error"];
    let names = events.iter().map(|event| {
        assert!(event["time"].is_u64(), "{event}");
        if event["event"] == "error" {
            println!("{event}");
        }
        event["event"].as_str().expect("a name")
    });
    names.filter(|name| !seen.contains(name)).map(str::to_owned).collect()
}
