//! The program by itself: copied into an empty directory, with an empty home, no variable of the environment, no repository in
//! sight, and on its path what a test puts there.

use crate::snapshots;

use assay_chain::artefact::Release;
use assay_chain::packages;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use serde_json::Value;
use std::collections::BTreeMap;
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

/// A program of this machine.
fn on_path(name: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap();
    let mut programs = std::env::split_paths(&folders).map(|folder| folder.join(name));
    programs
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("no {name} on the PATH"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The checks of `assay doctor` by name: how each is, and what was found.
fn checks(document: &Value) -> BTreeMap<&str, (&str, &str)> {
    let checks = document["checks"].as_array().unwrap().iter();
    let parts = checks.map(|check| ["what", "health", "found"].map(|part| check[part].as_str().unwrap()));
    parts.map(|[what, health, found]| (what, (health, found))).collect()
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

    // One that is on record is not compiled.
    let known = FrozenArchitecture::plan(tiny_network(16)).unwrap();
    fs::write(s.path("elsewhere/known.arch.json"), serde_json::to_vec(&known).unwrap()).unwrap();
    let arch = verifier.iter().position(|word| *word == "tiny.arch.json").unwrap();
    let mut deploys = verifier.clone();
    deploys[arch] = "known.arch.json";
    s.does(&deploys);

    // Where npm puts it, here or above, is where it is found.
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules");
    fs::create_dir(s.path("node_modules")).unwrap();
    symlink(packages.join("solc"), s.path("node_modules/solc")).unwrap();
    s.has("node", &on_path("node"));
    s.does(&verifier);
}

#[test]
fn a_devnet_in_the_background_is_seen_and_ended() {
    let s = Somebody::new();
    s.has("anvil", &packages::anvil().unwrap());
    s.has("kill", &on_path("kill"));
    assert_eq!(s.does(&["devnet", "status"])["devnets"], Value::Array(Vec::new()));
    let [one, other] = [(); 2].map(|()| s.does(&["devnet", "up", "--detach"]));
    let _nodes = [&one, &other].map(|up| Ending(up["pid"].as_u64().unwrap()));
    let urls = |devnets: &Value| {
        let devnets = devnets["devnets"].as_array().unwrap().iter();
        devnets.map(|devnet| devnet["rpcUrl"].clone()).collect::<Vec<_>>()
    };
    let status = s.does(&["devnet", "status"]);
    assert_eq!(status["devnets"].as_array().unwrap().len(), 2, "{status}");

    let port = one["rpcUrl"].as_str().unwrap().rsplit(':').next().unwrap();
    let down = s.does(&["devnet", "down", "--port", port]);
    assert_eq!(urls(&down), [one["rpcUrl"].clone()]);
    assert_eq!(urls(&s.does(&["devnet", "status"])), [other["rpcUrl"].clone()]);
    let refused = s.runs(&["devnet", "down", "--port", port]);
    assert!(said(&refused).contains("assay devnet status"), "{}", said(&refused));
    // Something else where a devnet was, and a note that is none, hide nothing.
    let notes = s.path("home/.local/state/assay/devnets");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", nobody.local_addr().unwrap());
    std::thread::spawn(move || nobody.incoming().for_each(drop));
    let note = fs::read_to_string(fs::read_dir(&notes).unwrap().next().unwrap().unwrap().path()).unwrap();
    let note = note.replace(other["rpcUrl"].as_str().unwrap(), &elsewhere);
    fs::write(notes.join("1.json"), note).unwrap();
    fs::write(notes.join("2.json"), "{}").unwrap();
    let status = s.does(&["devnet", "status"]);
    assert_eq!(urls(&status), [other["rpcUrl"].clone()]);
    let unclear: Vec<&str> = status["unclear"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["why"].as_str().unwrap())
        .collect();
    assert!(
        unclear[0].contains(&format!("what listens at {elsewhere} is no devnet")),
        "{status}"
    );
    assert!(unclear[1].contains("2.json is no note of a devnet"), "{status}");
    let status = s.runs(&["devnet", "status"]);
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(text.contains("if no devnet of yours runs there, remove "), "{text}");
    assert_eq!(urls(&s.does(&["devnet", "down"])), [other["rpcUrl"].clone()]);
    fs::remove_file(notes.join("1.json")).unwrap();
    fs::remove_file(notes.join("2.json")).unwrap();
    assert_eq!(s.does(&["devnet", "status"])["devnets"], Value::Array(Vec::new()));
}

#[test]
fn a_doctor_names_what_is_wrong_with_its_cure() {
    let s = Somebody::new();
    s.has("anvil", &packages::anvil().unwrap());
    let nowhere = s.runs(&["doctor", "--json"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&nowhere.stdout).unwrap();
    snapshots::assert_shape(&["doctor"], &found);
    assert_eq!(checks(&found)["node"].0, "wrong", "{found}");
    assert_eq!(checks(&found)["solc"].0, "look", "{found}");
    assert_eq!(found["wrong"], 1);

    let up = s.does(&["devnet", "up", "--detach"]);
    let _node = Ending(up["pid"].as_u64().unwrap());
    let node = ["--rpc-url", up["rpcUrl"].as_str().unwrap()];
    let doctor = ["doctor", "--devnet-account", "0"];
    let found = s.does(&[&doctor[..], &node].concat());
    let fine = [
        "program",
        "state directory",
        "cache",
        "node",
        "clock",
        "address book",
        "contracts",
        "key",
        "balance",
        "anvil",
    ];
    assert_eq!(checks(&found)["Node.js"].0, "look", "it is not on the path: {found}");
    for what in fine {
        // How much room this machine has is not this test's to say.
        let is_fine = checks(&found)[what].0 == "fine" || what == "cache" || what == "state directory";
        assert!(is_fine, "{what}: {found}");
    }

    // A keystore that is none, a string that is none, and a key of another account.
    fs::write(s.path("elsewhere/me.json"), "{}").unwrap();
    let doctor = ["doctor", "--keystore", "me.json", "--srs", "me.json"];
    let output = s.runs(&[&doctor[..], &node, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(checks(&found)["key"], ("wrong", "me.json is no keystore"));
    assert_eq!(checks(&found)["reference string"].0, "wrong");
    // A password alone opens nothing.
    let password = s.runs(&[&["withdraw", "--password-env", "P"], &node[..]].concat());
    assert_eq!(password.status.code(), Some(2), "{}", said(&password));
    for check in found["checks"].as_array().unwrap() {
        assert!(check["health"] == "fine" || check["cure"].is_string(), "{check}");
    }
}

#[test]
fn settings_come_from_options_then_the_environment_then_files() {
    let s = Somebody::new();
    let rows = |document: &Value| {
        let rows = document["settings"].as_array().unwrap().iter();
        let parts =
            rows.map(|row| ["key", "value", "from"].map(|part| row[part].as_str().unwrap_or_default().to_owned()));
        parts
            .map(|[key, value, from]| (key, (value, from)))
            .collect::<BTreeMap<_, _>>()
    };
    let of = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    let nothing = rows(&s.does(&["config", "show"]));
    assert!(nothing.values().all(|(_, from)| from == "default"), "{nothing:?}");

    let here = s.path("elsewhere/assay.toml");
    fs::write(&here, "portable = true\nrpc-url = \"http://127.0.0.1:1/key-of-mine\"\n").unwrap();
    fs::create_dir(s.path("elsewhere/state")).unwrap();
    let there = s.path("elsewhere/state/assay.toml");
    let state = s.path("elsewhere/state");
    let home = ["--home", state.to_str().unwrap()];
    fs::write(
        &there,
        "rpc-url = \"http://127.0.0.1:2\"\nconfirmations = 7\nmax-cost = \"50000gwei\"\n",
    )
    .unwrap();
    // Somebody else may have left the file there: it counts once it was allowed, and not when it has changed.
    let show = [&["config", "show", "--confirmations", "9"], &home[..]].concat();
    let blocked = s.runs(&[&show[..], &["--quiet"]].concat());
    let told = format!("{} is not used: read it, then run assay config allow\n", here.display());
    assert!(said(&blocked).contains(&told), "{}", said(&blocked));
    assert_eq!(
        rows(&s.does(&show))["rpc-url"],
        of("http://127.0.0.1:2", &format!("{}:1", there.display()))
    );
    let allow = [&["config", "allow"], &home[..]].concat();
    assert_eq!(s.does(&allow)["allowed"], here.to_str().unwrap());
    let written = fs::read(&here).unwrap();
    fs::write(&here, [&written[..], b"# more\n"].concat()).unwrap();
    assert!(said(&s.runs(&show)).contains(&told));
    fs::write(&here, &written).unwrap();
    let shown = rows(&s.does(&show));
    assert_eq!(
        shown["rpc-url"],
        of("http://127.0.0.1:1", &format!("{}:2", here.display()))
    );
    assert_eq!(shown["home"].1, "option");
    assert_eq!(shown["portable"].1, format!("{}:1", here.display()));
    assert_eq!(shown["confirmations"], of("9", "option"));
    assert_eq!(shown["max-cost"].1, format!("{}:3", there.display()));

    // The command that needs a node goes to the one of the file, and shows nothing of its key.
    let ask = [&["market", "show"], &home[..]].concat();
    let asked = s.runs(&ask);
    assert_eq!(asked.status.code(), Some(4));
    let sets = format!("{} sets rpc-url, portable\n", here.display());
    assert!(said(&asked).contains(&sets), "{}", said(&asked));
    assert!(
        said(&asked).contains("127.0.0.1:1") && !said(&asked).contains("key-of-mine"),
        "{}",
        said(&asked)
    );

    fs::write(&there, "\nconfirmation = 7\n").unwrap();
    let mistaken = s.runs(&ask);
    assert_eq!(mistaken.status.code(), Some(2));
    let why = format!(
        "{}, line 2 (confirmation): unknown field `confirmation`",
        there.display()
    );
    assert!(said(&mistaken).contains(&why), "{}", said(&mistaken));
    fs::write(&there, "home = \"elsewhere\"\n").unwrap();
    assert_eq!(s.runs(&ask).status.code(), Some(2));
}

#[test]
fn it_says_what_it_is_and_documents_itself() {
    let s = Somebody::new();
    let version = String::from_utf8(s.runs(&["--version"]).stdout).unwrap();
    let first = format!("assay {} (commit ", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&first), "{version}");
    let contracts = format!("contracts  release {}", Release::hash());
    for part in ["target     ", "engine     ", &contracts] {
        assert!(version.contains(part), "{version}");
    }
    assert_eq!(String::from_utf8(s.runs(&["-V"]).stdout).unwrap().lines().count(), 1);

    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = s.runs(&["completions", shell, "--json"]);
        let script: Value = serde_json::from_slice(&script.stdout).unwrap();
        snapshots::assert_shape(&["completions"], &script);
        assert!(
            script["script"].as_str().unwrap().contains("deploy-verifier"),
            "{shell}"
        );
    }
    let pages = s.does(&["man", "--out", "pages"]);
    let pages = pages["pages"].as_array().unwrap();
    for name in ["assay.1", "assay-mp-deploy-verifier.1", "assay-doctor.1"] {
        assert!(pages.contains(&name.into()), "{name}");
        let page = fs::read_to_string(s.path("elsewhere/pages").join(name)).unwrap();
        // The same on every machine.
        assert!(page.contains(".TH") && !page.contains("(commit "), "{page}");
    }
    assert!(!pages.iter().any(|name| name.as_str().unwrap().contains("help")));
    let first = String::from_utf8(s.runs(&["man"]).stdout).unwrap();
    assert!(first.contains("assay\\-doctor(1)"), "{first}");
}

#[test]
fn little_is_said_on_demand_and_more_on_demand() {
    let s = Somebody::new();
    s.has("anvil", &packages::anvil().unwrap());
    s.has("kill", &on_path("kill"));
    let [usual, quiet, verbose] = [&[][..], &["--quiet"], &["-v"]].map(|how| {
        let output = s.runs(&[&["devnet", "up", "--detach"], how].concat());
        assert!(output.status.success(), "{}", said(&output));
        let down = s.runs(&["devnet", "down"]);
        assert!(down.status.success(), "{}", said(&down));
        said(&output)
    });
    assert!(
        usual.contains("PoseidonT4 at 0x") && !usual.contains("state directory"),
        "{usual}"
    );
    assert_eq!(quiet, "");
    assert!(
        verbose.contains("PoseidonT4 at 0x") && verbose.contains("state directory "),
        "{verbose}"
    );
    // Errors are always said.
    assert!(said(&s.runs(&["market", "show", "-q"])).contains("error: no node to talk to"));
    assert_eq!(s.runs(&["market", "show", "-q", "-v"]).status.code(), Some(2));
    // Colour is for terminals, and for whoever forces it; not for whoever wants none.
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = Command::new(s.path("assay"));
        command
            .arg("--help")
            .env_clear()
            .env("CLICOLOR_FORCE", "1")
            .envs(variables.iter().copied());
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(coloured(&[]) && !coloured(&[("NO_COLOR", "1")]));
}

#[test]
fn an_id_is_completed_from_what_is_kept_here() {
    let s = Somebody::new();
    let id = |beginning: &str| format!("0x{beginning:0<64}");
    for (kind, beginning) in [("engagements", "abcdabcd1"), ("rounds", "abcdabcd2")] {
        let folder = s
            .path("home/.local/state/assay/31337-00000000")
            .join(kind)
            .join(id(beginning));
        fs::create_dir_all(folder).unwrap();
    }
    let node = ["--rpc-url", "http://127.0.0.1:1"];
    // What is completed gets as far as the node.
    let asked = s.runs(&[&["verdict", "show", "0xabcdabcd1"], &node[..]].concat());
    assert_eq!(asked.status.code(), Some(4), "{}", said(&asked));
    // A command takes ids of its own kind, and says which one it took.
    for (command, kind, whole) in [
        ("verdict", "engagement", id("abcdabcd1")),
        ("predict", "round", id("abcdabcd2")),
    ] {
        let asked = s.runs(&[&[command, "show", "0xabcdabcd"], &node[..]].concat());
        assert_eq!(asked.status.code(), Some(4), "{}", said(&asked));
        let taken = format!("0xabcdabcd is {kind} {whole}\n");
        assert!(said(&asked).contains(&taken), "{}", said(&asked));
    }
    for (typed, why) in [
        ("0xabcdabcd", "several ids begin so: engagement 0x"),
        ("0x12345678", "of these: engagement, round, audit"),
        ("0xabcd", "8 or more"),
    ] {
        let refused = s.runs(&[&["timeout", "run", typed], &node[..]].concat());
        assert_eq!(refused.status.code(), Some(2));
        assert!(said(&refused).contains(why), "{}", said(&refused));
    }
}
