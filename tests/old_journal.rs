//! Journals that an older program wrote, in the middle of engagements: this one continues them, sends nothing twice, and pays
//! the same.
//!
//! `data/old-journal.tar.gz` holds a chain and both parties' files as `scripts/old-journal-fixture COMMIT` made them.

use e2e::{text, Setting};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const ARCHIVE: &str = "tests/data/old-journal.tar.gz";

/// How an engagement was left: how many moves were made, and whether the next one was sent by a command that was killed.
#[derive(Clone, Copy)]
struct Left {
    name: &'static str,
    moves: usize,
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Nowhere,
    /// Mined, but nobody waited for it.
    Mined,
    /// In the journal, and lost before a node had it.
    Lost,
}

impl Left {
    /// Moves that were made or at least signed.
    fn begun(self) -> usize {
        self.moves + usize::from(self.cut != Cut::Nowhere)
    }
}

/// From late to early, then what is lost: it is its sender's last, else the chain would wait for it.
const LEFT: [Left; 4] = [
    Left {
        name: "challenged",
        moves: 10,
        cut: Cut::Nowhere,
    },
    Left {
        name: "accepted",
        moves: 0,
        cut: Cut::Mined,
    },
    Left {
        name: "acked",
        moves: 3,
        cut: Cut::Lost,
    },
    Left {
        name: "probed",
        moves: 5,
        cut: Cut::Lost,
    },
];

/// Transactions of the consumer and the provider that are left: each move but probing and proving sends one.
const REMAINING: [u64; 2] = [5 + 4 + 3 + 1, 4 + 3 + 3 + 1];

/// One engagement in full mode, from its acceptance to its end.
struct Play<'a> {
    setting: &'a Setting,
    name: &'static str,
    id: String,
}

impl<'a> Play<'a> {
    fn open(setting: &'a Setting, name: &'static str) -> Self {
        let id = setting.open_with(name, 4, 6_000, &["--mode", "full"]);
        Self { setting, name, id }
    }

    /// Party, command, and what it takes besides the engagement.
    fn moves(&self) -> Vec<(&'static str, Vec<String>)> {
        let path = |what: &str| text(&self.setting.shared(&format!("{}-{what}", self.name))).to_owned();
        let leaves = text(&self.setting.shared(self.name).join("leaves.json")).to_owned();
        let (cipher, proofs) = (path("cipher"), path("proofs"));
        let (model, arch) = (text(&self.setting.model), text(&self.setting.arch));
        let moves: [(&str, &str, &[&str]); 12] = [
            ("provider", "accept", &["--leaves", &leaves]),
            ("consumer", "send", &["--to", &cipher]),
            ("provider", "ack", &["--from", &cipher]),
            ("consumer", "reveal", &[]),
            (
                "provider",
                "probe",
                &["--at-least", "1", "--model", model, "--arch", arch],
            ),
            ("provider", "proceed", &[]),
            ("consumer", "reveal", &[]),
            ("provider", "prove", &["--model", model, "--arch", arch]),
            ("provider", "post", &["--to", &proofs]),
            ("consumer", "challenge", &["--position", "1"]),
            ("provider", "answer", &[]),
            ("consumer", "accept", &["--unverified"]),
        ];
        let role = |party| if party == "provider" { "mp" } else { "mc" };
        let whole = |(party, command, rest): (&'static str, &str, &[&str])| {
            let args = [&[role(party), command, self.id.as_str()], rest].concat();
            (party, args.into_iter().map(str::to_owned).collect())
        };
        moves.into_iter().map(whole).collect()
    }

    fn make(&self, moves: std::ops::Range<usize>, options: &[&str]) {
        for (party, args) in &self.moves()[moves] {
            let args: Vec<&str> = args.iter().map(String::as_str).chain(options.iter().copied()).collect();
            let party = if *party == "provider" {
                self.setting.provider()
            } else {
                self.setting.consumer()
            };
            party.does(&args);
        }
    }

    fn cut(&self, left: Left) {
        if left.cut != Cut::Nowhere {
            let (party, args) = &self.moves()[left.moves];
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            self.setting.is_cut(party, &args, left.cut == Cut::Mined);
        }
    }
}

/// What each journal of a party says, by its file.
fn journals(setting: &Setting, party: &str) -> BTreeMap<PathBuf, Value> {
    let files = setting.all_of(party, "journal.json");
    let read = |path: PathBuf| {
        (
            path.clone(),
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
        )
    };
    files.into_iter().map(read).collect()
}

/// Names in a journal, without the hash or address that some end with.
fn names(journal: &Value, of: &str) -> BTreeSet<String> {
    let names = journal[of].as_object().unwrap().keys();
    names.map(|name| name.split("-0x").next().unwrap().to_owned()).collect()
}

/// The digest of contracts that are not this release's, as the refusal to pay tells it.
fn digest_of(play: &Play<'_>) -> String {
    let (_, args) = &play.moves()[0];
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (_, said) = play.setting.provider().fails(&args);
    let digest = said
        .split_once("--trust-deployment ")
        .unwrap_or_else(|| panic!("{said}"))
        .1;
    digest.trim_end().to_owned()
}

#[test]
#[ignore = "writes the archive with the program that scripts/old-journal-fixture builds"]
fn leave_engagements_in_the_middle() {
    let setting = Setting::new();
    let plays = LEFT.map(|left| (Play::open(&setting, left.name), left));
    for (play, left) in &plays {
        play.make(0..left.moves, &[]);
    }
    for (play, left) in &plays {
        play.cut(*left);
    }
    let ids = plays.map(|(play, _)| play.id);
    let archive = e2e::root().join(ARCHIVE);
    std::fs::create_dir_all(archive.parent().unwrap()).unwrap();
    setting.save(&archive, &json!(ids));
}

#[test]
fn journals_of_an_older_program_are_continued_and_nothing_is_sent_twice() {
    let (setting, ids) = Setting::resumed(&e2e::root().join(ARCHIVE));
    let parties = [setting.consumer(), setting.provider()];
    let before = parties.map(|party| party.nonce());
    let old = ["consumer", "provider"].map(|party| journals(&setting, party));

    let plays = LEFT.into_iter().zip(ids.as_array().unwrap());
    let plays = plays.map(|(left, id)| {
        let id = id.as_str().unwrap().to_owned();
        (
            left,
            Play {
                setting: &setting,
                name: left.name,
                id,
            },
        )
    });
    let plays: Vec<_> = plays.collect();
    let trust = digest_of(&plays[0].1);
    let trust = ["--trust-deployment", &trust];
    // What was signed comes first: its nonces are the next ones.
    for (left, play) in &plays {
        play.make(left.moves..left.begun(), &trust);
    }
    for (left, play) in plays {
        play.make(left.begun()..12, &trust);
        let show = ["verdict", "show", &play.id, "--arch", text(&setting.arch)];
        let verdict = setting.consumer().reads(&[&show[..], &trust].concat());
        assert_eq!(
            (
                &verdict["outcome"],
                &verdict["claimedCorrect"],
                &verdict["challengesAnswered"]
            ),
            (&"Passed".into(), &3.into(), &1.into()),
            "{}",
            play.name
        );
    }

    for ((party, before), remaining) in parties.into_iter().zip(before).zip(REMAINING) {
        assert_eq!(party.nonce() - before, remaining, "{party:?}");
    }
    let new = ["consumer", "provider"].map(|party| journals(&setting, party));
    for (old, new) in old.iter().zip(&new) {
        for (path, old) in old {
            let new = &new[path];
            for (name, step) in old["steps"].as_object().unwrap() {
                let now = &new["steps"][name];
                assert_eq!(
                    (&now["tx_hash"], &now["replaced"]),
                    (&step["tx_hash"], &json!([])),
                    "{name}"
                );
                assert!(now["mined"].is_object(), "{name} of {}", path.display());
            }
            assert!(names(new, "facts").is_superset(&names(old, "facts")));
        }
        // This program knows what the other one told, by the same names: of the same play, one left late and one early.
        let told = |of, id: &Value| {
            let mut found = new
                .iter()
                .filter(|(path, _)| path.parent().unwrap().ends_with(id.as_str().unwrap()));
            names(found.next().unwrap().1, of)
        };
        for of in ["facts", "steps"] {
            let (by_the_other, by_this) = (told(of, &ids[0]), told(of, &ids[1]));
            assert!(by_the_other.is_subset(&by_this), "{by_the_other:?} {by_this:?}");
        }
    }
    // As in `kill.rs`, four times.
    let credits = parties.map(|party| setting.balance_in_market(party));
    assert_eq!(credits, ["271920000000000000", "376080000000000000"]);
}
