//! State directories that are lost and come back.

use super::*;
use crate::engagement::facts::{MODEL, SETTLED, TEST_SET};
use crate::proving::promises::allotted::Counted;
use crate::proving::promises::Promises;
use crate::restored::require_known;
use assay_prover::secret::{reserve_proof, ModelSecret};
use std::fs;
use tempfile::TempDir;

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

/// A provider's machine: a state directory, and a model and a set elsewhere.
struct Machine {
    dir: TempDir,
    home: Home,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in [
            "home/31337-aa/models",
            "home/31337-aa/engagements/0x01",
            "home/keys",
            "models/set",
            "home/devnets",
        ] {
            fs::create_dir_all(path(name)).unwrap();
        }
        for name in [
            "digits.assay",
            "digits.arch.json",
            "digit.assay",
            "other.secret",
            "set/salts",
        ] {
            fs::write(path("models").join(name), name).unwrap();
        }
        let secret = path("models/digits.secret");
        ModelSecret::create(&secret, 1, 20, 6).unwrap();
        // As many as a farm has, and three more.
        let mut promises = Promises::open(&secret).unwrap();
        promises.name_farm("db", Counted::default(), false).unwrap();
        promises.allot(alloy::primitives::B256::ZERO, 5).unwrap();
        drop(promises);
        for _ in 0..3 {
            reserve_proof(&secret).unwrap();
        }
        let mut journal = Journal::open(&path("home/31337-aa/models/0x02.json")).unwrap();
        journal.set_fact(&MODEL, &path("models/digits.assay")).unwrap();
        journal.set_fact(&SECRET, &secret).unwrap();
        let mut journal = Journal::open(&path("home/31337-aa/engagements/0x01/journal.json")).unwrap();
        journal.set_fact(&TEST_SET, &path("models/set")).unwrap();
        journal.set_fact(&SETTLED, &false).unwrap();
        fs::write(path("home/transport.key"), [1; 32]).unwrap();
        fs::write(path("home/keys/me"), b"{}").unwrap();
        fs::write(path("home/devnets/8545.json"), b"{}").unwrap();
        fs::write(path("home/31337-aa/half.tmp"), b"").unwrap();
        let home = Home::new(Some(path("home"))).unwrap();
        Self { dir, home }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn backup(&self, name: &str, what: &What) -> eyre::Result<Made> {
        backup(
            &self.home,
            &self.file(name),
            passphrase("right"),
            what,
            &Reporter::silent(),
        )
    }

    /// Another machine, with what was backed up.
    fn restored(&self, name: &str, stated: &[Used]) -> eyre::Result<(Restored, PathBuf)> {
        let root = self.file(&format!("restored-{}", stated.len()));
        let _ = fs::remove_dir_all(&root);
        let home = Home::new(Some(root.clone())).unwrap();
        let restored = restore(
            &home,
            &self.file(name),
            passphrase("right"),
            stated,
            &Reporter::silent(),
        );
        Ok((restored?, root))
    }
}

fn used(proofs: u64) -> Used {
    Used { of: None, proofs }
}

fn named(of: &str) -> Used {
    Used {
        of: Some(of.into()),
        proofs: 11,
    }
}

#[test]
fn what_journals_name_comes_back_where_they_name_it() {
    let machine = Machine::new();
    let made = machine.backup("backup", &What::default()).unwrap();
    assert_eq!((made.outside.len(), made.missing.len(), made.left_out.len()), (1, 0, 0));
    let (restored, root) = machine.restored("backup", &[used(8)]).unwrap();
    assert_eq!(restored.files, made.files);
    let chain = root.join("31337-aa");
    let model: PathBuf = Journal::peek(&chain.join("models/0x02.json"), &MODEL).unwrap().unwrap();
    assert_eq!(fs::read(&model).unwrap(), b"digits.assay");
    assert!(model.starts_with(&root) && model.with_extension("arch.json").is_file());
    let set: Option<PathBuf> = Journal::peek(&chain.join("engagements/0x01/journal.json"), &TEST_SET).unwrap();
    assert_eq!(fs::read(set.unwrap().join("salts")).unwrap(), b"set/salts");
    assert_eq!(fs::read(root.join("transport.key")).unwrap(), [1; 32]);
    for name in ["digit.assay", "other.secret"] {
        assert!(!model.with_file_name(name).exists(), "{name} is of something else");
    }
    for name in ["keys/me", "devnets/8545.json", "31337-aa/half.tmp"] {
        assert!(!root.join(name).exists(), "{name} was not asked for");
    }
    // What was promised and handed over since is not in it.
    let error = require_known(&Home::new(Some(root.clone())).unwrap(), "it stays").unwrap_err();
    assert!(error.to_string().ends_with("so it stays"), "{error}");
    // A restored directory can be backed up as the first one could.
    let second = Machine {
        home: Home::new(Some(root.clone())).unwrap(),
        ..machine
    };
    let again = second.backup("again", &What::default()).unwrap();
    assert_eq!((again.files, again.outside), (made.files + 1, vec![]), "and the mark");
}

#[test]
fn what_no_journal_names_is_taken_if_it_is_asked_for() {
    let machine = Machine::new();
    let what = What {
        also: vec![machine.file("models/other.secret")],
        keystores: true,
    };
    machine.backup("backup", &what).unwrap();
    let (_, root) = machine.restored("backup", &[]).unwrap();
    assert!(root.join("keys/me").is_file() && root.join("outside/0/other.secret").is_file());
}

/// 25 proofs, of which eight were counted when the backup was made, and eleven when the machine was lost.
#[test]
fn a_number_that_may_have_been_spent_since_is_not_spent_again() {
    let machine = Machine::new();
    machine.backup("backup", &What::default()).unwrap();
    for _ in 0..3 {
        reserve_proof(&machine.file("models/digits.secret")).unwrap();
    }
    let secret = |stated: &[Used]| machine.restored("backup", stated).unwrap().0.secrets.pop().unwrap();
    let nothing_said = secret(&[]);
    assert_eq!(
        (nothing_said.counted, nothing_said.used, nothing_said.remaining),
        (8, 25, 0)
    );
    let refused = reserve_proof(&nothing_said.path).unwrap_err().to_string();
    assert!(refused.contains("used up"), "{refused}");
    let stated = secret(&[used(11)]);
    assert_eq!((stated.used, reserve_proof(&stated.path).unwrap().number), (11, 12));
    // The farm may have granted all that it was told of later.
    assert!(Promises::open(&stated.path).unwrap().allotted().is_none());
    // No statement brings back what the backup had counted.
    assert_eq!(secret(&[used(0)]).used, 8);
    assert_eq!(secret(&[named("digits.secret")]).used, 11);
    let error = machine
        .restored("backup", &[named("igits.secret")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("igits.secret, and no secret of that name"), "{error}");
}

/// A copy, and the same file by another path, count openings of one commitment: one of them proves.
#[test]
fn one_secret_in_several_files_has_one_counter() {
    let machine = Machine::new();
    // Opened once since it was copied.
    let copy = machine.file("home/31337-aa/copy.secret");
    fs::copy(machine.file("models/digits.secret"), &copy).unwrap();
    reserve_proof(&copy).unwrap();
    let what = What {
        also: vec![machine.file("models"), copy],
        keystores: false,
    };
    let made = machine.backup("backup", &what).unwrap();
    let places = made.outside.iter().map(|moved| moved.place.as_str());
    assert_eq!(places.collect::<Vec<_>>(), ["outside/0", "outside/1"]);
    for stated in [vec![used(11)], vec![named("digits.secret")], vec![named("copy.secret")]] {
        let (restored, root) = machine.restored("backup", &stated).unwrap();
        let journal = root.join("31337-aa/models/0x02.json");
        let own: PathBuf = Journal::peek(&journal, &SECRET).unwrap().unwrap();
        let [copy, digits] = restored.secrets.as_slice() else {
            panic!("{:?} are not two", restored.secrets);
        };
        assert_eq!((&digits.path, &digits.copy_of), (&own, &None));
        assert_eq!((digits.counted, digits.used, digits.remaining), (9, 11, 14));
        assert_eq!((copy.copy_of.as_ref(), copy.remaining), (Some(&own), 0));
        assert!(reserve_proof(&copy.path).is_err());
        assert!(
            !root.join("outside/1/models/digits.secret").exists(),
            "it is taken once"
        );
    }
}

/// A number that is true of one secret may be too low for another.
#[test]
fn a_number_is_of_one_secret_and_never_of_two() {
    let machine = Machine::new();
    let letters = machine.file("letters/digits.secret");
    fs::create_dir(machine.file("letters")).unwrap();
    ModelSecret::create(&letters, 1, 20, 6).unwrap();
    let what = What {
        also: vec![letters.clone()],
        keystores: false,
    };
    machine.backup("backup", &what).unwrap();
    for stated in [used(11), named("digits.secret")] {
        let error = machine.restored("backup", &[stated]).unwrap_err().to_string();
        assert!(
            error.contains("NAME=N") && error.contains(letters.to_str().unwrap()),
            "{error}"
        );
    }
    // By as much of where it was as tells it from the others.
    for name in ["letters/digits.secret", letters.to_str().unwrap()] {
        let secrets = machine.restored("backup", &[named(name)]).unwrap().0.secrets;
        let counted: Vec<(u64, u64)> = secrets.iter().map(|secret| (secret.counted, secret.used)).collect();
        assert_eq!(counted, [(8, 25), (0, 11)]);
    }
    let error = machine
        .restored("backup", &[named("other.secret")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("no secret of that name that hides"), "{error}");
}

/// What breaks off leaves files behind: none of them proves.
#[test]
fn a_secret_is_used_up_from_the_moment_that_it_is_on_disk() {
    let machine = Machine::new();
    let secret = fs::read(machine.file("models/digits.secret")).unwrap();
    let (mut counters, place) = (Counters::default(), machine.file("unpacked.secret"));
    counters.put("a", &place, &mut secret.as_slice()).unwrap();
    assert!(reserve_proof(&place).is_err());
    let long = vec![7; 5000];
    counters.put("b", &machine.file("long"), &mut long.as_slice()).unwrap();
    assert_eq!(fs::read(machine.file("long")).unwrap(), long);
}

#[test]
fn what_a_journal_names_is_taken_wherever_it_is_and_what_was_checked_is_not() {
    let machine = Machine::new();
    fs::create_dir_all(machine.file("home/farm")).unwrap();
    fs::create_dir_all(machine.file("home/31337-aa/checked")).unwrap();
    fs::write(machine.file("home/31337-aa/checked/market.json"), b"{}").unwrap();
    fs::write(machine.file("home/farm/task"), b"").unwrap();
    fs::write(machine.file("home/farm/farmed.assay"), b"farmed").unwrap();
    std::os::unix::fs::symlink(machine.file("models"), machine.file("linked")).unwrap();
    let name = |id: &str, model: &str| {
        let mut journal = Journal::open(&machine.file(&format!("home/31337-aa/models/{id}.json"))).unwrap();
        journal.set_fact(&MODEL, &machine.file(model)).unwrap();
    };
    name("0x03", "home/farm/farmed.assay");
    name("0x04", "linked/digits.assay");
    machine.backup("backup", &What::default()).unwrap();
    let (_, root) = machine.restored("backup", &[]).unwrap();
    for (id, content) in [("0x02", "digits.assay"), ("0x03", "farmed"), ("0x04", "digits.assay")] {
        let journal = root.join(format!("31337-aa/models/{id}.json"));
        let model: PathBuf = Journal::peek(&journal, &MODEL).unwrap().unwrap();
        assert!(
            model.starts_with(&root) && fs::read_to_string(&model).unwrap() == content,
            "{id}"
        );
    }
    assert!(!root.join("farm/task").exists() && !root.join("31337-aa/checked").exists());
}

#[test]
fn nothing_is_overwritten_and_nothing_works_meanwhile() {
    let machine = Machine::new();
    let refused = |name: &str| machine.backup(name, &What::default()).unwrap_err().to_string();
    assert!(refused("home/backup").contains("which it is to outlive"));
    for lock in [
        "home/31337-aa/daemons/provider-0x01.lock",
        "models/digits.secret.lock",
        "home/promising",
    ] {
        fs::create_dir_all(parent(&machine.file(lock))).unwrap();
        let held = Lock::take(&machine.file(lock)).unwrap();
        assert!(refused("backup").contains("is in use"), "{lock}");
        assert!(!machine.file("backup").exists());
        drop(held);
    }
    machine.backup("backup", &What::default()).unwrap();
    assert!(refused("backup").contains("no backup is overwritten"));
    let out = Reporter::silent();
    let into = |home: &Home, with: &str| restore(home, &machine.file("backup"), passphrase(with), &[], &out);
    let error = into(&machine.home, "right").unwrap_err().to_string();
    assert!(error.contains("cannot be restored to"), "{error}");
    // With the wrong passphrase nothing is left behind, and one that is empty is filled.
    let fresh = Home::new(Some(machine.file("fresh"))).unwrap();
    assert!(into(&fresh, "wrong").unwrap_err().to_string().contains("passphrase"));
    assert!(!machine.file("fresh").exists());
    fs::create_dir(machine.file("fresh")).unwrap();
    into(&fresh, "right").unwrap();
}

#[test]
fn what_is_not_there_and_what_is_no_file_is_said() {
    let machine = Machine::new();
    fs::remove_dir_all(machine.file("models/set")).unwrap();
    std::os::unix::fs::symlink("/etc", machine.file("home/link")).unwrap();
    let made = machine.backup("backup", &What::default()).unwrap();
    assert_eq!(made.missing, [machine.file("models/set")]);
    assert!(made.left_out[0].ends_with("home/link") && !made.is_whole());
    // Of what is over nobody asks for anything.
    let mut journal = Journal::open(&machine.file("home/31337-aa/engagements/0x01/journal.json")).unwrap();
    journal.set_fact(&SETTLED, &true).unwrap();
    drop(journal);
    fs::remove_file(machine.file("home/link")).unwrap();
    assert!(machine.backup("again", &What::default()).unwrap().is_whole());
}
