//! Both parties' daemons for audits: `assay audit watch rq` and `assay audit watch rs`.

use crate::{snapshots, text, Audited, Daemon};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Passes of both daemons that are more than enough for any story.
const ROUNDS: usize = 8;

impl Audited {
    /// Where both hand files over.
    pub fn exchange(&self) -> PathBuf {
        self.devnet.path("exchange")
    }

    /// What is handed over of an audit.
    pub fn handed(&self, id: &str) -> PathBuf {
        self.exchange().join(id)
    }

    /// The daemon of `requester` or `responder`, which hands files over in `exchange`; the responder's accepts.
    pub fn watch(&self, party: &str, exchange: &str, options: &[&str]) -> Command {
        self.watch_at(&self.devnet.url, party, exchange, options)
    }

    /// The same at a node that may be a proxy.
    pub fn watch_at(&self, url: &str, party: &str, exchange: &str, options: &[&str]) -> Command {
        let (who, own): (_, &[&str]) = match party {
            "responder" => (
                self.responder(),
                &[
                    "audit",
                    "watch",
                    "rs",
                    "--accept",
                    "--any-requester",
                    "--max-bond",
                    "0.05",
                    "--max-matches",
                    "3",
                ],
            ),
            _ if options.contains(&"--max-demand") => (self.requester(), &["audit", "watch", "rq"]),
            _ => (self.requester(), &["audit", "watch", "rq", "--max-demand", "10"]),
        };
        let mut command = who.signing_at(url, own);
        command
            .args(["--exchange", exchange])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// Starts a daemon that looks every second.
    pub fn watches(&self, party: &str, exchange: &str) -> Daemon {
        Daemon::start(party, self.watch(party, exchange, &["--every", "1"]))
    }

    /// One pass of a party's daemon: every event, of the recorded shape.
    pub fn pass(&self, party: &str, options: &[&str]) -> Vec<Value> {
        self.pass_over(text(&self.exchange()), party, options)
    }

    fn pass_over(&self, exchange: &str, party: &str, options: &[&str]) -> Vec<Value> {
        let mut command = self.watch(party, exchange, options);
        let output = command.arg("--once").stderr(Stdio::piped()).output();
        let output = output.expect("assay runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{party}: {said}");
        let role = if party == "responder" { "rs" } else { "rq" };
        let text = String::from_utf8(output.stdout).expect("text");
        let events = text.lines().map(|line| {
            let event: Value = serde_json::from_str(line).expect("an event");
            let name = event["event"].as_str().expect("a name");
            snapshots::assert_shape(&["audit", "watch", role, name], &event);
            event
        });
        events.collect()
    }

    /// One pass; what it did, which all went well.
    pub fn once(&self, party: &str, options: &[&str]) -> Vec<String> {
        self.once_over(text(&self.exchange()), party, options)
    }

    /// The same, with another place where files are handed over.
    pub fn once_over(&self, exchange: &str, party: &str, options: &[&str]) -> Vec<String> {
        let events = self.pass_over(exchange, party, options);
        let wrong = events.iter().find(|event| event["event"] == "error");
        assert!(wrong.is_none(), "{party}: {wrong:?}");
        deeds(&events)
    }

    /// Alternating passes until both have settled; what requester and responder did.
    pub fn until_settled(&self) -> [Vec<String>; 2] {
        let mut done = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (party, done) in ["requester", "responder"].into_iter().zip(&mut done) {
                done.extend(self.once(party, &[]));
            }
            if done.iter().all(|done| done.iter().any(|name| name == "settle")) {
                return done;
            }
        }
        panic!("not settled after {ROUNDS} rounds: {done:?}");
    }

    /// A file that a party keeps of an audit; `None` if it has none of this name.
    pub fn file(&self, party: &str, id: &str, name: &str) -> Option<PathBuf> {
        let chains = std::fs::read_dir(self.devnet.path(party)).into_iter().flatten();
        let mut files = chains
            .flatten()
            .map(|chain| chain.path().join("audits").join(id).join(name));
        files.find(|file| file.is_file())
    }

    /// A party's journal of an audit; `None` if it has none.
    pub fn journal(&self, party: &str, id: &str) -> Option<Value> {
        let content = std::fs::read(self.file(party, id, "journal.json")?).expect("it is never half written");
        Some(serde_json::from_slice(&content).expect("it is never half written"))
    }

    /// Whether a party has noted that it has fetched what a closed audit left.
    pub fn has_settled(&self, party: &str, id: &str) -> bool {
        let journal = self.journal(party, id);
        journal.is_some_and(|journal| journal["facts"]["settled"] == true)
    }
}

/// What was done, without what was only seen.
pub fn deeds(events: &[Value]) -> Vec<String> {
    let seen = ["state", "waiting", "error"];
    let done = events.iter().filter(|event| event.get("audit").is_some());
    let names = done.map(|event| event["event"].as_str().expect("a name").to_owned());
    names.filter(|name| !seen.contains(&name.as_str())).collect()
}
