//! The model's secret file: what it derives, what it counts, and what it refuses.

mod srs_support;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_prover::secret::{advance_counter, reserve_proof, LockedSecret, ModelSecret, SecretError};
use assay_prover::srs::Srs;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand_core::RngCore;
use srs_support::{blinding_rows, prove, verify};

const COLUMNS: u32 = 3;
const SALT_ROWS: u32 = 20;
const BLINDING_ROWS: u32 = 6;
/// Scalars in the deterministic prefix of the RNG.
const PREFIX: usize = (COLUMNS * BLINDING_ROWS) as usize;

fn fresh() -> (tempfile::TempDir, PathBuf, ModelSecret) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("model.secret");
    let secret = ModelSecret::create(&path, COLUMNS, SALT_ROWS, BLINDING_ROWS).expect("a secret");
    (dir, path, secret)
}

fn scalars(mut rng: impl RngCore, count: usize) -> Vec<Fr> {
    (0..count).map(|_| Fr::random(&mut rng)).collect()
}

fn all_distinct(scalars: &[Fr]) -> bool {
    scalars.iter().map(|s| format!("{s:?}")).collect::<HashSet<_>>().len() == scalars.len()
}

#[test]
fn two_rngs_of_one_secret_agree_on_the_weight_columns_and_nowhere_else() {
    let (_dir, path, secret) = fresh();
    let reopened = ModelSecret::open(&path).unwrap();
    let (a, b) = (
        scalars(secret.blinding_rng(), PREFIX + 40),
        scalars(reopened.blinding_rng(), PREFIX + 40),
    );
    assert_eq!(a[..PREFIX], b[..PREFIX]);
    assert!(all_distinct(&[&a[..], &b[PREFIX..]].concat()));
}

#[test]
fn tries_agree_on_the_weight_columns_and_nowhere_else_however_they_draw() {
    let (_dir, _path, secret) = fresh();
    let plain = scalars(secret.blinding_rng(), PREFIX + 40);
    let tries = [[1; 16], [1; 16], [2; 16]].map(|token| scalars(secret.blinding_rng_for(&token), PREFIX + 40));
    assert!(tries.iter().all(|drawn| drawn[..PREFIX] == plain[..PREFIX]));
    let new = tries.iter().flat_map(|drawn| drawn[PREFIX..].to_vec());
    assert!(all_distinct(&new.chain(plain).collect::<Vec<_>>()));
    let mut bytes = [[0u8; 8 * 8 * PREFIX + 64]; 2];
    for bytes in &mut bytes {
        secret.blinding_rng_for(&[3; 16]).fill_bytes(bytes);
    }
    let [a, b] = bytes.map(|bytes| bytes[8 * 8 * PREFIX..].to_vec());
    assert!(a != b && a != [0; 64] && b != [0; 64]);
}

#[test]
fn of_an_uncounted_copy_no_number_can_be_taken() {
    let (dir, _path, secret) = fresh();
    let copy = dir.path().join("copy.secret");
    secret.write_uncounted(&copy).unwrap();
    assert!(matches!(reserve_proof(&copy), Err(SecretError::BudgetExhausted { .. })));
    let read = ModelSecret::open(&copy).unwrap();
    assert_eq!((read.fingerprint(), secret.counter()), (secret.fingerprint(), 0));
    assert!(matches!(secret.write_uncounted(&copy), Err(SecretError::Exists { .. })));
}

#[test]
fn the_prefix_does_not_depend_on_which_methods_draw_it() {
    let (_dir, _path, secret) = fresh();
    let words = PREFIX * 8;
    let mut rng = secret.blinding_rng();
    let expected: Vec<u64> = (0..words).map(|_| rng.next_u64()).collect();
    assert!(rng.prefix_is_over());

    let mut bytes = vec![0u8; 8 * words + 24];
    secret.blinding_rng().fill_bytes(&mut bytes);
    let read: Vec<u64> = bytes
        .chunks_exact(8)
        .map(|c| u64::from_le_bytes(c.try_into().unwrap()))
        .collect();
    assert_eq!(read[..words], expected);

    let mut rng = secret.blinding_rng();
    for (i, word) in expected.iter().enumerate() {
        match i % 3 {
            0 => assert_eq!(rng.next_u32(), *word as u32),
            1 => {
                let mut part = [0u8; 5];
                rng.try_fill_bytes(&mut part).unwrap();
                assert_eq!(part, word.to_le_bytes()[..5]);
            }
            _ => assert_eq!(rng.next_u64(), *word),
        }
    }
    assert!(rng.prefix_is_over());
}

#[test]
fn salts_blinders_columns_and_models_share_no_scalar() {
    let (_dir, path, secret) = fresh();
    let (_other_dir, _other_path, other) = fresh();
    let mut everything = Vec::new();
    for model in [&secret, &other] {
        for column in 0..COLUMNS {
            let salt = model.salt(column);
            assert_eq!(salt.len(), SALT_ROWS as usize);
            everything.extend(salt);
        }
        everything.extend(scalars(model.blinding_rng(), PREFIX));
    }
    assert!(all_distinct(&everything));
    assert_eq!(ModelSecret::open(&path).unwrap().salt(1), secret.salt(1));
}

#[test]
fn proofs_of_one_model_share_their_weight_points_and_no_other_word() {
    let dir = tempfile::tempdir().unwrap();
    let srs = Srs::dev(6, &Cache::at(dir.path()), &Silent).unwrap();
    let rows = blinding_rows(srs.params());
    // The first of the circuit's two columns plays the weights.
    let secret = ModelSecret::create(&dir.path().join("a"), 1, SALT_ROWS, rows).unwrap();
    let other = ModelSecret::create(&dir.path().join("b"), 1, SALT_ROWS, rows).unwrap();
    let words = |proof: &[u8]| -> Vec<[u8; 32]> { proof.chunks_exact(32).map(|w| w.try_into().unwrap()).collect() };
    let proofs = [&secret, &secret, &other].map(|s| {
        let proof = prove(srs.params(), s.blinding_rng());
        verify(srs.params(), &proof);
        words(&proof)
    });
    let weights = proofs[0][0];
    assert_eq!(proofs[1][0], weights);
    assert_ne!(proofs[2][0], weights, "another model's points are others");
    let first: HashSet<[u8; 32]> = proofs[0][1..].iter().copied().collect();
    let shared: Vec<_> = proofs[1][1..].iter().filter(|word| first.contains(*word)).collect();
    assert!(shared.is_empty(), "{shared:02x?}");
}

#[test]
fn the_counter_survives_and_the_budget_is_enforced_with_a_remedy() {
    let (_dir, path, secret) = fresh();
    let budget = u64::from(SALT_ROWS + BLINDING_ROWS) - 1;
    assert_eq!(secret.budget(), budget);
    for number in 1..=budget {
        let reservation = reserve_proof(&path).unwrap();
        assert_eq!((reservation.number, reservation.remaining()), (number, budget - number));
        assert_eq!(ModelSecret::open(&path).unwrap().counter(), number);
    }
    let error = reserve_proof(&path).unwrap_err();
    assert!(matches!(error, SecretError::BudgetExhausted { budget: b } if b == budget));
    assert!(error.to_string().contains("register a new model with a new salt"));
    assert_eq!(ModelSecret::open(&path).unwrap().counter(), budget);
}

#[test]
fn an_advanced_counter_never_goes_back() {
    let (_dir, path, secret) = fresh();
    advance_counter(&path, 10).unwrap();
    advance_counter(&path, 3).unwrap();
    assert_eq!(reserve_proof(&path).unwrap().number, 11);
    advance_counter(&path, u64::MAX).unwrap();
    assert!(matches!(reserve_proof(&path), Err(SecretError::BudgetExhausted { .. })));
    assert_eq!(ModelSecret::open(&path).unwrap().salt(0), secret.salt(0));
}

#[test]
fn a_secret_is_never_overwritten_and_a_missing_one_is_said_so() {
    let (dir, path, secret) = fresh();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        ModelSecret::create(&path, 1, 1, 1),
        Err(SecretError::Exists { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
    drop(secret);
    let none = dir.path().join("none");
    assert!(matches!(ModelSecret::open(&none), Err(SecretError::Missing { .. })));
    assert!(matches!(reserve_proof(&none), Err(SecretError::Missing { .. })));
    assert!(!dir.path().join("none.lock").exists());
    assert!(matches!(
        ModelSecret::create(&none, 0, 1, 1),
        Err(SecretError::Sizes { .. })
    ));
}

#[cfg(unix)]
#[test]
fn a_link_counts_in_the_file_that_it_leads_to() {
    let (dir, path, secret) = fresh();
    let link = dir.path().join("link.secret");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let numbers = [&link, &path, &link].map(|name| reserve_proof(name).unwrap().number);
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(ModelSecret::open(&path).unwrap().counter(), 3);
    assert_eq!(ModelSecret::open(&link).unwrap().fingerprint(), secret.fingerprint());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it_before_and_after_a_reservation() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path, _secret) = fresh();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    reserve_proof(&path).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn debug_output_holds_no_secret() {
    let (_dir, path, secret) = fresh();
    let bytes = std::fs::read(&path).unwrap();
    let text = format!("{secret:?} {:?}", secret.blinding_rng());
    for seed in bytes[30..94].chunks(8) {
        assert!(!text.contains(&hex::encode(seed)));
        assert!(!text.contains(&format!("{seed:?}")[1..20]));
    }
}

#[test]
fn every_damaged_byte_and_every_other_length_is_a_clear_error() {
    let (_dir, path, _secret) = fresh();
    let bytes = std::fs::read(&path).unwrap();
    let refused = |changed: &[u8]| {
        std::fs::write(&path, changed).unwrap();
        let damaged = |error| matches!(error, SecretError::Damaged { .. });
        damaged(ModelSecret::open(&path).unwrap_err()) && damaged(reserve_proof(&path).unwrap_err())
    };
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(refused(&changed), "byte {at}");
        assert!(refused(&bytes[..at]), "{at} bytes");
    }
    assert!(refused(&[&bytes[..], &[0]].concat()));
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(reserve_proof(&path).unwrap().number, 1);
}

#[test]
fn a_crash_between_writing_and_renaming_costs_nothing() {
    let (dir, path, _secret) = fresh();
    reserve_proof(&path).unwrap();
    // What a process leaves that dies before the rename: half a temporary file and a lock nobody holds.
    let half = std::fs::read(&path).unwrap()[..40].to_vec();
    std::fs::write(dir.path().join(".model.secret.999-0000000000000000.tmp"), half).unwrap();
    assert!(dir.path().join("model.secret.lock").exists());
    assert_eq!(reserve_proof(&path).unwrap().number, 2);
}

#[test]
fn threads_never_get_the_same_number() {
    let (_dir, path, secret) = fresh();
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..5).map(|_| scope.spawn(|| reserve_some(&path, 4))).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(sorted(numbers), (1..=20).collect::<Vec<_>>());
    assert!(secret.budget() >= 20);
}

fn reserve_some(path: &Path, count: usize) -> Vec<u64> {
    (0..count)
        .map(|_| reserve_proof(path).expect("a number").number)
        .collect()
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

const CHILD: &str = "ASSAY_TEST_RESERVE_FROM";

/// Run as a child of the next test; alone it does nothing.
#[test]
fn child_process_reserves() {
    if let Some(path) = std::env::var_os(CHILD) {
        let numbers: Vec<String> = reserve_some(Path::new(&path), 5).iter().map(u64::to_string).collect();
        println!("numbers {} end", numbers.join(","));
    }
}

#[test]
fn processes_never_get_the_same_number() {
    let (_dir, path, _secret) = fresh();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "child_process_reserves", "--nocapture"])
                .env(CHILD, &path)
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut numbers = Vec::new();
    for child in children {
        let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let list = output
            .split("numbers ")
            .nth(1)
            .and_then(|rest| rest.split(" end").next())
            .expect("numbers");
        numbers.extend(list.split(',').map(|n| n.parse::<u64>().unwrap()));
    }
    assert_eq!(sorted(numbers), (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_fingerprint_tells_secrets_apart_and_does_not_count() {
    let (_dir, path, secret) = fresh();
    let (_other_dir, _, other) = fresh();
    assert_ne!(secret.fingerprint(), other.fingerprint());
    assert_ne!(secret.fingerprint(), secret.bound_to(&[1; 32]).fingerprint());
    reserve_proof(&path).unwrap();
    let counted = ModelSecret::open(&path).unwrap();
    assert_ne!(counted.counter(), secret.counter());
    assert_eq!(counted.fingerprint(), secret.fingerprint());
}

#[test]
fn who_holds_the_lock_counts_alone() {
    let (_dir, path, secret) = fresh();
    let mut locked = LockedSecret::open(&path).unwrap();
    assert_eq!(locked.remaining(), secret.budget());
    assert_eq!(locked.reserve_proof().unwrap().number, 1);
    let waiting = {
        let path = path.clone();
        std::thread::spawn(move || reserve_proof(&path).unwrap().number)
    };
    assert_eq!(locked.reserve_proof().unwrap().number, 2);
    drop(locked);
    assert_eq!(waiting.join().unwrap(), 3);
}
