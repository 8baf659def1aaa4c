//! Commands that are killed at random moments: run again, they finish, nothing is lost and nothing is paid twice. Nor is it where both
//! machines are lost after the offer was accepted, and state directories are made of backups.

use e2e::{assay, text, Party, Setting, CONSUMER, PROVIDER};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Kills of each command before it may finish.
const KILLS: usize = 5;
/// Engagements played with kills.
const PLAYS: usize = 2;

/// Both parties' transactions and what the market paid them.
#[derive(Debug, PartialEq, Eq)]
struct Account {
    transactions: [u64; 2],
    withdrawn: [String; 2],
}

/// The command before which the machines are lost: the offer has been accepted.
const LOST_BEFORE: &[&str] = &["mc", "send"];

/// Restores with a limit for the length of files: the operating system kills what writes a longer one. What is left then.
fn is_killed_while_restoring(home: &Path, backup: &Path, passphrase: &Path) -> PathBuf {
    let left = home.with_file_name(format!(".{}.unfinished", home.file_name().unwrap().to_str().unwrap()));
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 1; exec \"$@\"", "sh"]).arg(assay());
    command.arg("restore").arg(backup).arg("--home").arg(home);
    let killed = command.arg("--passphrase-file").arg(passphrase).output().unwrap();
    assert_eq!(
        killed.status.code(),
        None,
        "{}",
        String::from_utf8_lossy(&killed.stderr)
    );
    assert!(left.read_dir().unwrap().next().is_some() && !home.exists());
    left
}

/// Backs up a party's state directory, removes it with all that its journals name elsewhere, and restores it. What was elsewhere is put
/// back by links.
fn lose(party: Party<'_>, is_provider: bool, backup: &Path) {
    let passphrase = backup.with_extension("passphrase");
    fs::write(&passphrase, "five words of a list\n").unwrap();
    let with = ["--passphrase-file", text(&passphrase)];
    let made = party.reads(&[&["backup", text(backup)], &with[..]].concat());
    let home = Path::new(made["home"].as_str().unwrap());
    assert!(made["missing"].as_array().unwrap().is_empty() && !home.join("keys").exists());
    fs::remove_dir_all(home).unwrap();
    let refused = party.fails_to_read(&["restore", text(&passphrase), with[0], with[1]]);
    assert!(refused.1.contains("is no backup") && !home.exists(), "{refused:?}");
    let left = is_killed_while_restoring(home, backup, &passphrase);
    // None was begun, and a consumer has no model whose proofs are counted.
    let stated: &[&str] = if is_provider { &["--proofs-used", "0"] } else { &[] };
    let restored = party.reads(&[&["restore", text(backup)], stated, &with].concat());
    assert_eq!(restored["files"], made["files"]);
    assert!(home.is_dir() && !left.exists());
    for moved in restored["outside"].as_array().unwrap() {
        let [was, is] = ["was", "is"].map(|key| Path::new(moved[key].as_str().unwrap()));
        for entry in fs::read_dir(is).unwrap() {
            let entry = entry.unwrap();
            let old = was.join(entry.file_name());
            match old.is_dir() {
                true => fs::remove_dir_all(&old).unwrap(),
                false => fs::remove_file(&old).unwrap(),
            }
            symlink(entry.path(), &old).unwrap();
        }
    }
}

/// Plays a full engagement with a challenge. Before each command `disturb` hears its number and what it is; `ended` hears
/// how long it then took.
fn play(mut disturb: impl FnMut(usize, Party<'_>, &[&str]), mut ended: impl FnMut(Duration)) -> Account {
    let setting = Setting::new();
    let (mp, mc) = (
        setting.devnet.party("provider", PROVIDER),
        setting.devnet.party("consumer", CONSUMER),
    );
    let begun = [mp.nonce(), mc.nonce()];
    // Building the set draws salts; it is done before there is anything to lose.
    let images = setting.build("set", 4);
    let mut step = 0;
    let mut act = |party: Party<'_>, args: &[&str]| {
        disturb(step, party, args);
        step += 1;
        let began = Instant::now();
        let result = party.does(args);
        ended(began.elapsed());
        result
    };
    let (set, arch, model) = (text(&images).to_owned(), text(&setting.arch), text(&setting.model));
    let opened = act(
        mc,
        &[
            "mc",
            "open",
            &setting.model_id,
            "--set",
            &set,
            "--target-bps",
            "6000",
            "--arch",
            arch,
            "--mode",
            "full",
        ],
    );
    let id = opened["id"].as_str().unwrap();
    let (leaves, cipher, proofs) = (
        images.join("leaves.json"),
        setting.shared("cipher"),
        setting.shared("proofs"),
    );
    act(mp, &["mp", "accept", id, "--leaves", text(&leaves), "--force"]);
    act(mc, &["mc", "send", id, "--to", text(&cipher)]);
    act(mp, &["mp", "ack", id, "--from", text(&cipher)]);
    act(mc, &["mc", "reveal", id]);
    act(
        mp,
        &["mp", "probe", id, "--at-least", "1", "--model", model, "--arch", arch],
    );
    act(mp, &["mp", "proceed", id]);
    act(mc, &["mc", "reveal", id]);
    act(mp, &["mp", "prove", id, "--model", model, "--arch", arch]);
    act(mp, &["mp", "post", id, "--to", text(&proofs)]);
    act(mc, &["mc", "challenge", id, "--position", "1"]);
    act(mp, &["mp", "answer", id]);
    act(mc, &["mc", "accept", id, "--unverified"]);
    let withdrawn = [mp, mc].map(|party| {
        let before = setting.balance_in_market(party);
        act(party, &["withdraw"]);
        before
    });
    Account {
        transactions: [mp.nonce() - begun[0], mc.nonce() - begun[1]],
        withdrawn,
    }
}

#[test]
fn killed_commands_finish_when_run_again_and_pay_nothing_twice() {
    let mut durations = Vec::new();
    let undisturbed = play(|_, _, _| (), |took| durations.push(took));
    // D + R and the bond; D − R without it, see accuracy_full.
    assert_eq!(undisturbed.withdrawn, ["94020000000000000", "67980000000000000"]);
    let seed: u64 = rand::thread_rng().gen();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    for play_number in 0..PLAYS {
        let mut kills = 0;
        let dir = tempfile::tempdir().unwrap();
        let disturb = |step: usize, party: Party<'_>, args: &[&str]| {
            // Later the other one's journal is older than the chain, which is no matter: it has done nothing.
            let is_lost = play_number == 0 && (args.starts_with(LOST_BEFORE) || args.starts_with(&["mp", "ack"]));
            if is_lost {
                lose(party, args[0] == "mp", &dir.path().join(args[0]));
            }
            for _ in 0..KILLS {
                let after = rng.gen_range(Duration::ZERO..durations[step]);
                // One that has finished by then is simply repeated.
                kills += usize::from(party.is_killed(args, after));
            }
        };
        let disturbed = play(disturb, |_| ());
        println!("{kills} commands were killed while they ran");
        assert!(kills > durations.len(), "only {kills}, seed {seed}");
        assert_eq!(disturbed, undisturbed, "seed {seed}");
    }
}
