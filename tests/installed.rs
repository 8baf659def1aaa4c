//! Two people who have the program and nothing else: each has a copy of it in a directory of their own, with an empty home, no variable of
//! the environment, nothing on the path and no repository in sight. What they do is what the guides say; somebody third reads the verdict.

use e2e::{assay, root, Devnet};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Somebody at a machine that has the program, as a server does.
struct Somebody<'a> {
    dir: TempDir,
    devnet: &'a Devnet,
    market: String,
}

impl<'a> Somebody<'a> {
    fn new(devnet: &'a Devnet) -> Self {
        let dir = TempDir::new().unwrap();
        fs::copy(assay(), dir.path().join("assay")).unwrap();
        for folder in ["home", "path", "work"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("work/password"), "correct horse battery\n").unwrap();
        let book: Value = serde_json::from_slice(&fs::read(&devnet.deployment).unwrap()).unwrap();
        let market = book["market"].as_str().unwrap().to_owned();
        Self { dir, devnet, market }
    }

    /// In the working directory.
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("work").join(name)
    }

    /// A command of the copy; all that it is told of the world is a node and the address of a market.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.dir.path().join("assay"));
        command.args(args).current_dir(self.path("")).env_clear();
        command
            .env("HOME", self.dir.path().join("home"))
            .env("PATH", self.dir.path().join("path"));
        command.args(["--json", "--rpc-url", &self.devnet.url, "--market", &self.market]);
        command.stdin(Stdio::null());
        command
    }

    fn does(&self, args: &[&str]) -> Value {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// With the key that [`Somebody::has_key`] made.
    fn signs(&self, args: &[&str]) -> Value {
        self.does(&[args, &KEY].concat())
    }

    /// Makes a key with money on its account; the address.
    fn has_key(&self) -> String {
        let made = self.does(&["key", "new", "me", "--dir", "keys", "--password-file", "password"]);
        let address = made["address"].as_str().unwrap().to_owned();
        let params = format!("[\"{address}\", \"0x56bc75e2d63100000\"]");
        self.devnet.rpc("anvil_setBalance", &params);
        address
    }

    /// What runs on, with its first line of output; its log is the file `name` in the working directory.
    fn keeps_running(&self, name: &str, args: &[&str]) -> (Running, Value) {
        let mut command = self.command(args);
        let log = fs::File::create(self.path(name)).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let running = Running(child);
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let first = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{}", self.log(name)));
        // Nobody else reads it, and it must not wait for a reader.
        std::thread::spawn(move || lines.lines().for_each(drop));
        (running, first)
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Waits until an engagement is in this state.
    fn waits_for(&self, id: &str, state: &str, provider: &Somebody<'_>) {
        let mut found = String::new();
        for _ in 0..1200 {
            let shown = self.does(&["verdict", "show", id]);
            shown["state"].as_str().unwrap().clone_into(&mut found);
            if found == state {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{found}, not {state}: {}", provider.log("daemon.log"));
    }
}

/// Of the images that the network was not trained with.
const DRAWN: [&str; 4] = ["0007_1.png", "0011_0.png", "0015_0.png", "0023_0.png"];

const KEY: [&str; 4] = ["--keystore", "keys/me", "--password-file", "password"];

/// Ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The body of an answer, whose status is 200.
fn get(url: &str, path: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    body.to_owned()
}

fn copy_images(from: &Path, to: &Path, names: impl Fn(&str) -> bool) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if names(entry.file_name().to_str().unwrap()) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn two_people_with_the_program_alone_come_to_a_verdict_that_a_third_one_reads() {
    let devnet = Devnet::up();
    let seven = root().join("models/seven");

    // A provider: a key, a network that comes as a file, a verifier that needs no compiler, a stake, a server and a daemon.
    let provider = Somebody::new(&devnet);
    fs::copy(seven.join("is_seven_32.onnx"), provider.path("network.onnx")).unwrap();
    copy_images(&seven.join("calibration"), &provider.path("calibration"), |_| true);
    let mp = provider.has_key();
    let import = ["model", "import", "network.onnx", "--calibration", "calibration"];
    provider.does(&[&import[..], &["--metric", "bin", "--out", "model.assay"]].concat());
    provider.does(&["plan", "model.assay", "--out", "model.arch.json"]);
    let deployed = provider.signs(&["mp", "deploy-verifier", "model.arch.json"]);
    let files = ["--model", "model.assay", "--arch", "model.arch.json"];
    let verifier = ["--verifier", deployed["address"].as_str().unwrap()];
    let registered = provider.signs(&[&["mp", "register"], &files[..], &verifier].concat());
    let model_id = registered["modelId"].as_str().unwrap();

    fs::write(provider.path("parties.json"), "{}").unwrap();
    let serve = [
        "serve",
        "--operator",
        &mp,
        "--parties",
        "parties.json",
        "--listen",
        "127.0.0.1:0",
    ];
    let (_server, serving) = provider.keeps_running("server.log", &serve);
    let exchange = ["--exchange", serving["url"].as_str().unwrap(), "--server-address", &mp];
    let accepts = ["--accept", "--max-target", "100%", "--force", "--at-least", "1"];
    let watch = [&["mp", "watch"], &files[..], &exchange, &accepts, &KEY].concat();
    let (_daemon, started) = provider.keeps_running("daemon.log", &watch);
    assert_eq!(started["event"], "started");

    // A consumer: a set of its own images, and the architecture that the provider publishes.
    let consumer = Somebody::new(&devnet);
    let mc = consumer.has_key();
    let is_drawn = |name: &str| DRAWN.contains(&name);
    copy_images(&seven.join("heldout"), &consumer.path("images"), is_drawn);
    fs::copy(provider.path("model.arch.json"), consumer.path("model.arch.json")).unwrap();
    consumer.does(&[
        "mc", "test-set", "build", "--from", "images", "-n", "4", "--size", "32", "--out", "set",
    ]);
    let how = ["--mode", "simple", "--adjudication", "direct", "--target", "75%"];
    let open = [
        &["mc", "open", model_id, "--set", "set", "--arch", "model.arch.json"],
        &how[..],
    ]
    .concat();
    let tried = consumer.signs(&[&open[..], &["--dry-run"]].concat());
    let [proposed] = tried["proposed"].as_array().unwrap().as_slice() else {
        panic!("{tried}")
    };
    let wei = |value: &Value| value.as_str().unwrap().parse::<u128>().unwrap();
    assert!(wei(&proposed["cost"]["feeWei"]) > 0, "{proposed}");
    let opened = consumer.signs(&open);
    let id = opened["id"].as_str().unwrap();

    // Its provider lets it hand over what it has; nothing but leaf hashes before there is an acceptance.
    fs::write(
        provider.path("parties.json"),
        format!("{{\"{id}\": [\"{mp}\", \"{mc}\"]}}"),
    )
    .unwrap();
    let send = [
        "mc",
        "send",
        id,
        "--to",
        serving["url"].as_str().unwrap(),
        "--server-address",
        &mp,
    ];
    until_served(&consumer, &send);
    consumer.waits_for(id, "Locked", &provider);
    consumer.signs(&send);
    consumer.waits_for(id, "Acked", &provider);
    consumer.signs(&["mc", "reveal", id]);
    consumer.waits_for(id, "Closed", &provider);
    let verdict = consumer.does(&["verdict", "show", id, "--arch", "model.arch.json"]);
    let ended = |verdict: &Value| ["outcome", "assurance"].map(|part| verdict[part].as_str().unwrap().to_owned());
    assert_eq!(ended(&verdict), ["Passed", "PROVEN"], "{verdict}");
    assert!(!consumer.signs(&["withdraw"])["withdrawals"]
        .as_array()
        .unwrap()
        .is_empty());

    // Somebody with a part in neither.
    let reader = Somebody::new(&devnet);
    let read = reader.does(&["read", "verdict", id]);
    assert_eq!(
        (read["outcome"].as_str(), read["verifier"]["grade"].as_str()),
        (Some("Passed"), Some("NOT CHECKED"))
    );
    fs::copy(provider.path("model.arch.json"), reader.path("model.arch.json")).unwrap();
    let known = ["read", "verdict", id, "--arch", "model.arch.json"];
    let read = reader.does(&known);
    assert_eq!(ended(&read), ["Passed", "PROVEN"], "{read}");
    assert_eq!(read["deployment"]["grade"], "REPRODUCED");
    let pages = [
        "serve",
        "--read",
        "--listen",
        "127.0.0.1:0",
        "--arch",
        "model.arch.json",
    ];
    let (_pages, page) = reader.keeps_running("page.log", &pages);
    let url = page["url"].as_str().unwrap();
    assert!(get(url, "/").contains("<html data-node=\"rpc\" lang=\"en\">"));
    let served: Value = serde_json::from_str(&get(url, &format!("/api/verdict/{id}"))).unwrap();
    assert_eq!(ended(&served), ended(&read));
    assert_eq!(served["verifier"], read["verifier"]);
    // Nothing was written beside what each of them named, and their homes.
    for person in [&provider, &consumer, &reader] {
        let mut entries: Vec<_> = fs::read_dir(person.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        entries.sort();
        assert_eq!(entries, ["assay", "home", "path", "work"]);
    }
}

/// A server looks at its list of parties every few seconds.
fn until_served(consumer: &Somebody<'_>, send: &[&str]) {
    let args = [send, &KEY].concat();
    let mut output = consumer.command(&args).output().unwrap();
    for _ in 0..60 {
        if output.status.success() {
            return;
        }
        assert!(said(&output).contains("status 403"), "{}", said(&output));
        std::thread::sleep(Duration::from_millis(500));
        output = consumer.command(&args).output().unwrap();
    }
    panic!("{}", said(&output));
}
