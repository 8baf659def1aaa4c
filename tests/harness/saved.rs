//! A setting on disk: the chain, the files of everybody, and what happened there, to be continued later by another program.

use crate::{run, text, Devnet, Setting};
use assay_chain::devnet::listens_on;
use assay_chain::packages;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// Stands for the setting's directory in saved files.
const HERE: &str = "@HERE@";

const CHAIN: &str = "chain.json";
const NOTES: &str = "notes.json";

impl Setting {
    /// Packs everything with some notes; the setting cannot be used any more.
    ///
    /// # Panics
    /// If a file that is no text has the name of a directory of this machine in it.
    pub fn save(self, archive: &Path, notes: &Value) {
        let here = self.devnet.directory.path();
        let dumped = self.devnet.rpc("anvil_dumpState", "[]");
        let dumped = dumped.trim_matches('"').trim_start_matches("0x");
        let packed = here.join(CHAIN).with_extension("json.gz");
        std::fs::write(&packed, hex::decode(dumped).expect("hexadecimal")).expect("the chain is written");
        run(Command::new("gunzip").arg(&packed));
        let notes = serde_json::json!({
            "modelId": self.model_id,
            "deployment": text(&self.devnet.deployment),
            "notes": notes,
        });
        std::fs::write(here.join(NOTES), notes.to_string()).expect("the notes are written");
        replace(here, text(here), HERE);
        run(Command::new("tar")
            .args([
                "--sort=name",
                "--owner=0",
                "--group=0",
                "--mtime=@0",
                "--gzip",
                "--create",
            ])
            .arg("--file")
            .arg(archive)
            .arg("--directory")
            .arg(here)
            .arg("."));
    }

    /// Unpacks what [`Setting::save`] packed, on a node whose time goes on from the last block; with the notes.
    pub fn resumed(archive: &Path) -> (Self, Value) {
        let directory = TempDir::new().expect("a temporary directory");
        let here = directory.path().to_owned();
        run(Command::new("tar")
            .args(["--extract", "--gzip", "--file"])
            .arg(archive)
            .arg("--directory")
            .arg(&here));
        replace(&here, HERE, text(&here));
        let notes = std::fs::read(here.join(NOTES)).expect("somebody saved it");
        let notes: Value = serde_json::from_slice(&notes).expect("they are JSON");
        let (url, anvil) = node_of(&here.join(CHAIN));
        let devnet = Devnet {
            url,
            deployment: notes["deployment"].as_str().expect("an address book").into(),
            pid: anvil.id().into(),
            anvil: Some(anvil),
            directory,
        };
        let newest = devnet.rpc("eth_getBlockByNumber", "[\"latest\", false]");
        let newest: Value = serde_json::from_str(&newest).expect("a block");
        devnet.rpc("evm_setTime", &format!("[{}]", newest["timestamp"]));
        let setting = Self {
            model: here.join("small.assay"),
            arch: here.join("small.arch.json"),
            model_id: notes["modelId"].as_str().expect("a model").to_owned(),
            devnet,
        };
        (setting, notes["notes"].clone())
    }

    /// Every file of a party's state directory with this name.
    pub fn all_of(&self, party: &str, name: &str) -> Vec<PathBuf> {
        let mut files = files(&self.shared(party));
        files.retain(|path| path.file_name().is_some_and(|own| own == name));
        files
    }

    /// Starts a command of a party on a chain that makes no blocks, and kills it when its transaction waits to be mined.
    /// `mined`: whether it is mined afterwards, or lost as if it had never been sent.
    pub fn is_cut(&self, party: &'static str, args: &[&str], mined: bool) {
        let node = &self.devnet;
        node.rpc("evm_setAutomine", "[false]");
        let party = if party == "provider" {
            self.provider()
        } else {
            self.consumer()
        };
        let mut process = party
            .signing_at(&node.url, args)
            .stdout(Stdio::null())
            .spawn()
            .expect("assay runs");
        while node.rpc("txpool_status", "[]").contains("\"pending\":\"0x0\"") {
            assert!(process.try_wait().expect("our own child").is_none(), "it sent nothing");
            std::thread::sleep(Duration::from_millis(20));
        }
        process.kill().expect("our own child");
        process.wait().expect("our own child");
        if mined {
            node.rpc("evm_mine", "[]");
        } else {
            node.rpc("anvil_dropAllTransactions", "[]");
        }
        node.rpc("evm_setAutomine", "[true]");
    }
}

/// A node with the rules of `assay devnet up` and this chain.
fn node_of(chain: &Path) -> (String, std::process::Child) {
    let said = NamedTempFile::new().expect("a temporary file");
    let anvil = packages::anvil().expect("scripts/install has installed it");
    let mut process = Command::new(anvil)
        .args([
            "--hardfork",
            "osaka",
            "--enable-tx-gas-limit",
            "--port",
            "0",
            "--load-state",
        ])
        .arg(chain)
        .stdout(said.reopen().expect("it is ours"))
        .spawn()
        .expect("anvil runs");
    loop {
        if let Some(port) = listens_on(&std::fs::read_to_string(said.path()).expect("text")) {
            return (format!("http://127.0.0.1:{port}"), process);
        }
        assert!(process.try_wait().expect("our own child").is_none(), "anvil ended");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    for inner in files.clone().iter().filter(|path| path.is_dir()) {
        files.extend(self::files(inner));
    }
    files.retain(|path| path.is_file());
    files.sort();
    files
}

/// Replaces a text in every file that is text.
fn replace(directory: &Path, old: &str, new: &str) {
    for path in files(directory) {
        let bytes = std::fs::read(&path).expect("a file");
        match String::from_utf8(bytes) {
            Ok(content) if content.contains(old) => {
                std::fs::write(&path, content.replace(old, new)).expect("it is ours")
            }
            Ok(_) => {}
            Err(no_text) => {
                let found = no_text
                    .as_bytes()
                    .windows(old.len())
                    .any(|bytes| bytes == old.as_bytes());
                assert!(!found, "{} has {old} in it", path.display());
            }
        }
    }
}
