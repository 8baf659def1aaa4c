//! Harness of the end-to-end stories: a devnet, a provider and a consumer with keys and directories of their own.
//!
//! Everything goes through the binary `assay`, as separate processes, and a real anvil.

mod audit_daemons;
mod audits;
mod daemons;
mod farms;
mod network;
mod rounds;
mod saved;
mod sent;
#[path = "../../marketplace-cli/tests/snapshots/mod.rs"]
mod snapshots;
mod story;

pub use audit_daemons::deeds;
pub use audits::Audited;
pub use daemons::{Daemon, Daemons};
pub use farms::{Farm, Worker};
pub use network::{labelled_images, small_architecture, small_architecture_with};
pub use story::{milliether, Story};

use assay_chain::keys::devnet_key;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::{Model, OutputMode};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Anvil account of the provider.
pub const PROVIDER: u32 = 0;
/// Anvil account of the consumer.
pub const CONSUMER: u32 = 1;
/// Anvil account of somebody who is no party.
pub const OUTSIDER: u32 = 2;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_owned()
}

/// Names another binary than the workspace's, of another release.
const OTHER_BINARY: &str = "ASSAY_BINARY";

/// The binary, which the workspace build has made, unless another one is named.
///
/// # Panics
/// If it is not there.
pub fn assay() -> PathBuf {
    if let Some(other) = std::env::var_os(OTHER_BINARY) {
        return other.into();
    }
    let target = std::env::current_exe().expect("a test has a path");
    let binary = target
        .parent()
        .and_then(Path::parent)
        .expect("tests run in target/…/deps")
        .join("assay");
    assert!(
        binary.exists(),
        "{} is missing; run: cargo build --release -p assay-cli",
        binary.display()
    );
    binary
}

/// A devnet with the contracts; anvil dies with it.
#[derive(Debug)]
pub struct Devnet {
    /// Of the node.
    pub url: String,
    /// File with the addresses of the contracts.
    pub deployment: PathBuf,
    directory: TempDir,
    pid: u64,
    /// The node, if this program started it itself.
    anvil: Option<Child>,
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // The process id came from our own child's report.
        let _ = Command::new("kill").arg(self.pid.to_string()).status();
        if let Some(anvil) = &mut self.anvil {
            let _ = anvil.wait();
        }
    }
}

impl Devnet {
    /// A fresh chain with the contracts on it.
    pub fn up() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let output = run(Command::new(assay())
            .current_dir(root())
            .args(["devnet", "up", "--detach", "--json", "--home"])
            .arg(directory.path().join("deployer")));
        let up = json(&["devnet", "up"], &output);
        Self {
            url: up["rpcUrl"].as_str().expect("a node").to_owned(),
            deployment: up["addressBook"].as_str().expect("an address book").into(),
            pid: up["pid"].as_u64().expect("a process id"),
            anvil: None,
            directory,
        }
    }

    /// A file or directory that lives as long as the devnet.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Model and architecture file of a small network.
    pub fn small_model(&self, output: OutputMode) -> (PathBuf, PathBuf) {
        self.small_model_of(output, 11)
    }

    /// The same with other random parameters.
    pub fn small_model_of(&self, output: OutputMode, seed: u64) -> (PathBuf, PathBuf) {
        let (model, arch) = (self.path("small.assay"), self.path("small.arch.json"));
        let network = Model::random(small_architecture_with(output), seed).expect("random parameters are valid");
        network.save(&model).expect("the model can be written");
        let frozen = FrozenArchitecture::plan_with(network.architecture, 3, 64).expect("the network fits");
        std::fs::write(&arch, serde_json::to_vec(&frozen).expect("plain data")).expect("the file can be written");
        (model, arch)
    }

    /// Somebody with this anvil account, and the state directory `name`.
    pub fn party(&self, name: &'static str, account: u32) -> Party<'_> {
        Party {
            devnet: self,
            name,
            account,
        }
    }

    /// Mines a block `seconds` after the newest one, whatever the clock says: blocks run ahead of it, as no two have the same second.
    pub fn pass(&self, seconds: u64) {
        let newest = self.rpc("eth_getBlockByNumber", "[\"latest\", false]");
        let newest: Value = serde_json::from_str(&newest).expect("a block");
        let time = newest["timestamp"].as_str().and_then(|time| time.strip_prefix("0x"));
        let time = u64::from_str_radix(time.expect("a time"), 16).expect("a time");
        self.rpc("evm_setNextBlockTimestamp", &format!("[{}]", time + seconds));
        self.rpc("evm_mine", "[]");
    }

    /// Calls the node; what it says.
    pub fn rpc(&self, method: &str, params: &str) -> String {
        let cast = root().join("node_modules/.bin/cast");
        let output = Command::new(cast)
            .args(["rpc", "--rpc-url", &self.url, "--raw", method, params])
            .output()
            .expect("cast runs");
        // The wrapper of this program ends with 0 whatever happened.
        let (said, refused) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(!said.is_empty(), "{method}: {refused}");
        String::from_utf8_lossy(said).trim().to_owned()
    }
}

/// `assay serve` of one party.
#[derive(Debug)]
pub struct Server {
    /// What the other party calls.
    pub url: String,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody with a key, and a state directory that nobody else sees.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    devnet: &'a Devnet,
    name: &'static str,
    account: u32,
}

impl Party<'_> {
    fn command(&self, args: &[&str], signs: bool) -> Command {
        if signs {
            return self.signing_at(&self.devnet.url, args);
        }
        self.command_at(&self.devnet.url, args)
    }

    fn command_at(&self, url: &str, args: &[&str]) -> Command {
        let mut command = Command::new(assay());
        command
            .current_dir(root())
            .args(args)
            .args(["--json", "--rpc-url", url, "--home"])
            .arg(self.devnet.path(self.name))
            .arg("--deployment")
            .arg(&self.devnet.deployment);
        command
    }

    /// A signing command that is not run yet, at a node that may be a proxy.
    pub fn signing_at(&self, url: &str, args: &[&str]) -> Command {
        let mut command = self.command_at(url, args);
        command.args(["--devnet-account", &self.account.to_string()]);
        command
    }

    /// A command that signs; its JSON result.
    pub fn does(&self, args: &[&str]) -> Value {
        json(args, &run(&mut self.command(args, true)))
    }

    /// A command that only reads or works off chain.
    pub fn reads(&self, args: &[&str]) -> Value {
        json(args, &run(&mut self.command(args, false)))
    }

    /// Serves the files of an engagement to the other party, until the result is dropped.
    pub fn serves(&self, id: &str) -> Server {
        self.serves_what("--engagement", id)
    }

    /// As [`Party::serves`], of a round.
    pub fn serves_round(&self, id: &str) -> Server {
        self.serves_what("--round", id)
    }

    /// As [`Party::serves`], of an audit.
    pub fn serves_audit(&self, id: &str) -> Server {
        self.serves_what("--audit", id)
    }

    fn serves_what(&self, what: &str, id: &str) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let listen = address.to_string();
        let args = ["serve", "--operator", &self.address(), what, id, "--listen", &listen];
        let process = self
            .command(&args, false)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("assay runs");
        let server = Server {
            url: format!("http://{address}"),
            process,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(address).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no server at {address}");
    }

    /// Starts a signing command and kills it, as a power cut would, after `after`; whether it had not ended by itself.
    pub fn is_killed(&self, args: &[&str], after: Duration) -> bool {
        let mut child = self
            .command(args, true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("assay runs");
        std::thread::sleep(after);
        let running = child.try_wait().expect("our own child").is_none();
        child.kill().expect("our own child");
        child.wait().expect("our own child");
        running
    }

    /// Checksummed.
    pub fn address(&self) -> String {
        let key = devnet_key(self.account, 31337).expect("anvil's account");
        key.address().to_checksum(None)
    }

    /// Number of transactions this party has had mined.
    pub fn nonce(&self) -> u64 {
        let address = self.address();
        let cast = root().join("node_modules/.bin/cast");
        let output = Command::new(cast)
            .args(["nonce", "--rpc-url", &self.devnet.url, &address])
            .output()
            .expect("cast runs");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim()
            .parse()
            .unwrap_or_else(|e| panic!("cast nonce: {e}: {text}"))
    }

    /// A signing command that must fail: exit code and what it said.
    pub fn fails(&self, args: &[&str]) -> (i32, String) {
        self.fails_at(args, true)
    }

    /// As [`Party::fails`], of a command that only reads or works off chain.
    pub fn fails_to_read(&self, args: &[&str]) -> (i32, String) {
        self.fails_at(args, false)
    }

    fn fails_at(&self, args: &[&str], signs: bool) -> (i32, String) {
        let output = self
            .command(args, signs)
            .stdin(Stdio::null())
            .output()
            .expect("assay runs");
        assert!(!output.status.success(), "{args:?} should have failed");
        (
            output.status.code().unwrap_or(-1),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().expect("assay runs");
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The result of a command, which must be of the recorded shape.
fn json(args: &[&str], output: &Output) -> Value {
    let result = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no JSON result ({e}): {}", String::from_utf8_lossy(&output.stdout)));
    if std::env::var_os(OTHER_BINARY).is_none() {
        // Whatever is tried out prints the same document.
        let args = if args.contains(&"--dry-run") {
            &["dry-run"][..]
        } else {
            args
        };
        snapshots::assert_shape(args, &result);
    }
    result
}

/// A registered small model and a consumer's test set of images that the model gets right.
#[derive(Debug)]
pub struct Setting {
    /// The chain.
    pub devnet: Devnet,
    /// Model file; its secret is beside it.
    pub model: PathBuf,
    /// Architecture file.
    pub arch: PathBuf,
    /// What the registry calls it.
    pub model_id: String,
}

impl Setting {
    /// Deploys contracts and verifier and registers a small network.
    pub fn new() -> Self {
        Self::with_output(OutputMode::Top1)
    }

    /// The same with a network of another output that a market takes.
    pub fn with_output(output: OutputMode) -> Self {
        let devnet = Devnet::up();
        let (model, arch) = devnet.small_model(output);
        let mp = devnet.party("provider", PROVIDER);
        mp.does(&["mp", "deploy-verifier", text(&arch)]);
        let registered = mp.does(&["mp", "register", "--model", text(&model), "--arch", text(&arch)]);
        let model_id = registered["modelId"].as_str().expect("a model id").to_owned();
        Self {
            devnet,
            model,
            arch,
            model_id,
        }
    }

    /// The account and state directory of the provider.
    pub fn provider(&self) -> Party<'_> {
        self.devnet.party("provider", PROVIDER)
    }

    /// The account and state directory of the consumer.
    pub fn consumer(&self) -> Party<'_> {
        self.devnet.party("consumer", CONSUMER)
    }

    /// Builds a set of four images, `correct` of them with the label the model gives, and opens an engagement in clear for
    /// `target_bps`.
    pub fn open(&self, name: &str, correct: usize, target_bps: u16) -> String {
        self.open_with(name, correct, target_bps, &[])
    }

    /// As [`Setting::open`], with further options.
    pub fn open_with(&self, name: &str, correct: usize, target_bps: u16, options: &[&str]) -> String {
        let set = self.build(name, correct);
        let target = target_bps.to_string();
        let mut args = vec![
            "mc",
            "open",
            &self.model_id,
            "--set",
            text(&set),
            "--target-bps",
            &target,
            "--arch",
            text(&self.arch),
        ];
        args.extend(options);
        let opened = self.consumer().does(&args);
        opened["id"].as_str().expect("an engagement").to_owned()
    }

    /// Builds a test set of four images, the first `correct` with the model's own answer as label.
    pub fn build(&self, name: &str, correct: usize) -> PathBuf {
        let network = Model::load(&self.model).expect("the model is there");
        // A consumer offers no image twice.
        let seed = name
            .bytes()
            .fold(5, |seed, byte| 31 * seed % 1_000_003 + u64::from(byte));
        let directory = self.devnet.path(&format!("{name}-images"));
        let images = labelled_images(&network, &directory, seed, 4, correct);
        let set = self.devnet.path(name);
        let size = network.architecture.input.h.to_string();
        let mut args = vec![
            "mc",
            "test-set",
            "build",
            "--size",
            &size,
            "--out",
            text(&set),
            "--images",
        ];
        args.extend(images.iter().map(|p| text(p)));
        self.consumer().reads(&args);
        set
    }

    /// The verdict as a reader sees it who has the architecture.
    pub fn verdict(&self, id: &str) -> Value {
        self.consumer()
            .reads(&["verdict", "show", id, "--arch", text(&self.arch)])
    }

    /// What a party may withdraw from the market, wei.
    pub fn balance_in_market(&self, party: Party<'_>) -> String {
        let book = std::fs::read(&self.devnet.deployment).expect("the address book is there");
        let book: Value = serde_json::from_slice(&book).expect("it is JSON");
        let cast = root().join("node_modules/.bin/cast");
        let output = Command::new(cast)
            .args([
                "call",
                "--rpc-url",
                &self.devnet.url,
                book["market"].as_str().expect("a market"),
            ])
            .args(["credit(address)(uint256)", &party.address()])
            .output()
            .expect("cast runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().next().expect("a number").to_owned()
    }

    /// Hands the set over; where the provider finds it.
    pub fn send(&self, id: &str, name: &str) -> PathBuf {
        let to = self.devnet.path(&format!("{name}-handover"));
        self.consumer().reads(&["mc", "send", id, "--to", text(&to)]);
        to
    }

    /// A directory that both sides can reach.
    pub fn shared(&self, name: &str) -> PathBuf {
        self.devnet.path(name)
    }

    /// Where a party keeps the files of an engagement.
    pub fn files_of(&self, party: &str, id: &str) -> PathBuf {
        let home = self.devnet.path(party);
        let chains = std::fs::read_dir(&home).expect("the party has acted");
        let engagement = chains
            .flatten()
            .map(|chain| chain.path().join("engagements").join(id))
            .find(|path| path.is_dir());
        engagement.expect("the party knows the engagement")
    }

    /// A command of the provider that needs its model.
    pub fn with_model(&self, args: &[&str]) -> Value {
        let model = ["--model", text(&self.model), "--arch", text(&self.arch)];
        self.provider().does(&[args, &model].concat())
    }

    /// As [`Setting::with_model`], for a command that signs nothing.
    pub fn with_model_reads(&self, args: &[&str]) -> Value {
        let model = ["--model", text(&self.model), "--arch", text(&self.arch)];
        self.provider().reads(&[args, &model].concat())
    }

    /// Proofs of an engagement in clear, with what `mp prove` says.
    pub fn prove(&self, id: &str, set: &Path) -> Value {
        let (model, arch) = (text(&self.model), text(&self.arch));
        self.provider()
            .does(&["mp", "prove", id, "--set", text(set), "--model", model, "--arch", arch])
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self::new()
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}
