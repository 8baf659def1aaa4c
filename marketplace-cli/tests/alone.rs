//! The program by itself: copied into an empty directory, with an empty home, no variable of the environment, no repository in
//! sight, and on its path what a test puts there.

mod snapshots;

use assay_chain::packages;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Somebody who has the program and nothing else.
struct Somebody {
    dir: TempDir,
}

impl Somebody {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::copy(env!("CARGO_BIN_EXE_assay"), dir.path().join("assay")).unwrap();
        for folder in ["home", "path", "elsewhere"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a program on the path.
    fn has(&self, name: &str, program: &Path) {
        symlink(program, self.path("path").join(name)).unwrap();
    }

    fn runs(&self, args: &[&str]) -> Output {
        let mut command = Command::new(self.path("assay"));
        command.args(args).current_dir(self.path("elsewhere")).env_clear();
        command.env("HOME", self.path("home")).env("PATH", self.path("path"));
        command.output().unwrap()
    }

    fn does(&self, args: &[&str]) -> Value {
        let output = self.runs(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        let document = serde_json::from_slice(&output.stdout).unwrap();
        snapshots::assert_shape(args, &document);
        document
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ends a process when the test does.
struct Ending(u64);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.to_string()).status();
    }
}

#[test]
fn contracts_are_deployed_and_read_with_the_program_alone() {
    let s = Somebody::new();
    s.has("anvil", &packages::anvil().unwrap());
    let up = s.does(&["devnet", "up", "--detach"]);
    let _node = Ending(up["pid"].as_u64().unwrap());
    let node = ["--rpc-url", up["rpcUrl"].as_str().unwrap()];
    let market = s.does(&[&["market", "show"], &node[..]].concat());
    assert_eq!(market["accuracy"]["address"], up["market"]);
    assert_eq!(market["deployment"]["grade"], "REPRODUCED", "{market}");

    // Another deployment beside it, of terms that were printed and edited.
    let terms = s.runs(&["deploy", "--print-terms"]);
    fs::write(s.path("elsewhere/terms.json"), terms.stdout).unwrap();
    let deploy = [
        "deploy",
        "--terms",
        "terms.json",
        "--devnet-account",
        "3",
        "--deployment",
        "other.json",
    ];
    let other = s.does(&[&deploy[..], &node].concat());
    assert_ne!(other["market"], up["market"]);
    let read = ["market", "show", "--deployment", "other.json"];
    let read = s.does(&[&read[..], &node].concat());
    assert_eq!(read["deployment"]["grade"], "REPRODUCED", "{read}");
}

#[test]
fn what_is_not_installed_is_named_with_the_command_that_installs_it() {
    let s = Somebody::new();
    let refused = s.runs(&["devnet", "up"]);
    assert_eq!(refused.status.code(), Some(1));
    let hint = "hint: run: npm install @foundry-rs/anvil@1.7.1";
    assert!(said(&refused).contains(hint), "{}", said(&refused));

    s.has("anvil", &packages::anvil().unwrap());
    let up = s.does(&["devnet", "up", "--detach"]);
    let _node = Ending(up["pid"].as_u64().unwrap());
    let frozen = FrozenArchitecture::plan_with(tiny_network(10), 3, 64).unwrap();
    fs::write(s.path("elsewhere/tiny.arch.json"), serde_json::to_vec(&frozen).unwrap()).unwrap();
    let verifier = [
        "mp",
        "deploy-verifier",
        "tiny.arch.json",
        "--devnet-account",
        "1",
        "--rpc-url",
    ];
    let verifier = [&verifier[..], &[up["rpcUrl"].as_str().unwrap()]].concat();
    let refused = s.runs(&verifier);
    assert_eq!(refused.status.code(), Some(1));
    let hint = "hint: run: npm install solc@0.8.37";
    assert!(said(&refused).contains(hint), "{}", said(&refused));

    // Where npm puts it, here or above, is where it is found.
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules");
    fs::create_dir(s.path("node_modules")).unwrap();
    symlink(packages.join("solc"), s.path("node_modules/solc")).unwrap();
    let node = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join("node"))
        .find(|node| node.is_file())
        .expect("`node` is on the PATH");
    s.has("node", &node);
    s.does(&verifier);
}
