//! Keystores: made, imported and listed, in the format that foundry reads, and never with the key in sight.

use crate::snapshots;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const PASSWORD: &str = "a password of some length";
/// Of anvil's account 3, whose key is public.
const KEY: &str = "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";
const ADDRESS: &str = "0x90f79bf6eb2c4f870365e785982e1f101e93b906";

/// Somebody with a state directory and a file with a password.
struct Somebody(TempDir);

impl Somebody {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn runs(&self, args: &[&str], key: Option<&str>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(["--json", "key"]).args(args).current_dir(self.0.path());
        command
            .env("ASSAY_HOME", self.path("home"))
            .env_remove("ASSAY_PRIVATE_KEY");
        command.env("EMPTY", "").envs(key.map(|key| ("ASSAY_PRIVATE_KEY", key)));
        command.stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        for said in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(said);
            assert!(!said.contains(PASSWORD) && !said.contains(KEY), "{said}");
        }
        output
    }

    fn does(&self, args: &[&str], key: Option<&str>) -> Value {
        let output = self.runs(args, key);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let document = serde_json::from_slice(&output.stdout).unwrap();
        snapshots::assert_shape(&["key", args[0]], &document);
        document
    }

    fn fails(&self, args: &[&str], key: Option<&str>, expected: &str) {
        let output = self.runs(args, key);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{args:?}: {said}");
    }
}

/// The address that foundry finds in a keystore.
fn opened_by_cast(keystore: &Path, password: &str) -> Option<String> {
    let cast = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/.bin/cast");
    let mut command = Command::new(cast);
    command.args(["wallet", "address", "--keystore"]).arg(keystore);
    let output = command.args(["--password", password]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap().trim().to_ascii_lowercase();
    Some(said).filter(|said| said.starts_with("0x"))
}

#[test]
fn keystores_are_what_foundry_reads() {
    let somebody = Somebody::new();
    let by_file = ["--password-file", "password"];
    let made = somebody.does(&[&["new", "consumer"], &by_file[..]].concat(), None);
    let imported = somebody.does(&[&["import", "provider"], &by_file[..]].concat(), Some(KEY));
    assert_eq!(imported["address"], ADDRESS);
    for keystore in [&made, &imported] {
        let path = Path::new(keystore["path"].as_str().unwrap());
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        let address = keystore["address"].as_str().unwrap();
        assert_eq!(opened_by_cast(path, PASSWORD).as_deref(), Some(address));
        assert_eq!(opened_by_cast(path, "another"), None);
        let content: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        // As geth has it.
        assert_eq!(content["address"], address[2..]);
        assert_eq!(
            (&content["version"], &content["crypto"]["kdf"]),
            (&3.into(), &"scrypt".into())
        );
    }
    let again = somebody.does(&[&["new", "another"], &by_file[..]].concat(), None);
    assert_ne!(again["address"], made["address"]);

    // What is no keystore is not one, and one need not have its address.
    let keys = somebody.path("home/keys");
    fs::write(keys.join("notes.json"), "{}").unwrap();
    let mut bare: Value = serde_json::from_slice(&fs::read(keys.join("another")).unwrap()).unwrap();
    bare.as_object_mut().unwrap().remove("address");
    fs::write(keys.join("another"), bare.to_string()).unwrap();
    let listed = somebody.does(&["list"], None);
    let addresses: Vec<_> = listed["keystores"].as_array().unwrap().iter().collect();
    let found = addresses.iter().map(|k| (&k["name"], &k["address"]));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (&"another".into(), &Value::Null),
            (&"consumer".into(), &made["address"]),
            (&"provider".into(), &imported["address"])
        ]
    );
    // Nothing half written stays behind.
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 4);
}

#[test]
fn what_would_lose_or_show_a_key_is_refused() {
    let somebody = Somebody::new();
    let by_file = ["--password-file", "password"];
    let new = |name| [&["new", name], &by_file[..]].concat();
    somebody.does(&new("mine"), None);
    let before = fs::read(somebody.path("home/keys/mine")).unwrap();
    somebody.fails(&new("mine"), None, "exists, and is left as it is");
    assert_eq!(fs::read(somebody.path("home/keys/mine")).unwrap(), before);
    for name in ["", ".hidden", "a/b", "..", "--x", "ключ"] {
        let args = [&["new"], &by_file[..], &["--", name]].concat();
        somebody.fails(&args, None, "a name has 1 to 64");
    }
    somebody.fails(
        &["new", "open", "--password-env", "EMPTY"],
        None,
        "fewer than 10 characters",
    );
    somebody.fails(
        &["new", "open", "--password-env", "ABSENT"],
        None,
        "no password in the variable ABSENT",
    );
    somebody.fails(
        &["new", "open", "--password-file", "absent"],
        None,
        "cannot read absent",
    );
    let import = [&["import", "open"], &by_file[..]].concat();
    somebody.fails(&import, Some(&KEY[1..]), "does not hold a private key");
    somebody.fails(&import, Some(&"0".repeat(64)), "does not hold a private key");
    // Nobody sits at a terminal.
    somebody.fails(&import, None, "ASSAY_PRIVATE_KEY");
    assert_eq!(fs::read_dir(somebody.path("home/keys")).unwrap().count(), 1);
    let nothing = somebody.does(&["list", "--dir", "nowhere"], None);
    assert_eq!(nothing["keystores"].as_array().unwrap().len(), 0);
}

/// It waits for a password, which somebody else hands over, and everything that it holds is in memory.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_holds_a_password_writes_no_core() {
    let somebody = Somebody::new();
    let fifo = somebody.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut program = Command::new(env!("CARGO_BIN_EXE_assay"));
    program.args(["key", "new", "me", "--password-file"]).arg(&fifo);
    program.env("ASSAY_HOME", somebody.path("home"));
    program
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut program = program.spawn().unwrap();
    // Opened once the program reads from it.
    let password = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    drop(password);
    program.wait().unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).collect::<Vec<_>>(),
        ["0", "0", "bytes"],
        "{core}"
    );
}
