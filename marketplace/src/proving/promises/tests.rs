//! Proofs and time that are promised.

use super::*;
use assay_chain::error::hint_of;
use assay_prover::secret::{self, ModelSecret};

const SECOND: Speed = Speed::Measured(Duration::from_secs(1));

fn id(n: u8) -> B256 {
    B256::repeat_byte(n)
}

fn promise(proofs: u64, window_seconds: u64) -> Promise {
    Promise {
        proofs,
        window_seconds,
        chain: "31337-aa".into(),
        market: Address::ZERO,
    }
}

/// A secret of 25 proofs.
fn fresh() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.secret");
    ModelSecret::create(&path, 1, 20, 6).unwrap();
    (dir, path)
}

fn refused(result: eyre::Result<()>) -> String {
    let error = result.unwrap_err();
    let hint = &hint_of(&error).unwrap();
    format!("{error}\n{hint}")
}

#[test]
fn two_engagements_that_fit_alone_do_not_fit_together_until_one_is_released() {
    let (_dir, path) = fresh();
    let open = || Promises::open(&path).unwrap();
    open().promise(id(1), promise(8, 20), SECOND).unwrap();
    let said = refused(open().promise(id(2), promise(8, 20), SECOND));
    assert!(
        said.contains("a proof takes 1.0 s on this machine: the 16 proofs")
            && said.contains("within 20 s take 16 s, with a margin of 2 32 s")
            && said.contains("wait until other engagements are closed, or let assay prove measure anew")
            && said.contains("m.secret.promises"),
        "{said}"
    );
    assert_eq!(open().get(id(2)), None, "what is refused is not promised");
    // The same again is the same promise: who died between promise and acceptance repeats it.
    open().promise(id(1), promise(8, 20), SECOND).unwrap();
    open().release(&[id(1)]).unwrap();
    open().promise(id(2), promise(8, 20), SECOND).unwrap();
    assert_eq!(open().engagements("31337-aa", Address::ZERO), [id(2)]);
    assert!(open().engagements("1-aa", Address::ZERO).is_empty());
}

#[test]
fn who_has_promised_nothing_is_not_told_to_wait_for_others() {
    let (_dir, path) = fresh();
    let open = || Promises::open(&path).unwrap();
    let slow = refused(open().promise(id(1), promise(8, 10), SECOND));
    assert!(
        slow.contains("let assay prove measure anew") && !slow.contains("wait until"),
        "{slow}"
    );
    let many = refused(open().promise(id(1), promise(26, 1000), SECOND));
    assert!(
        many.contains("register the model anew") && !many.contains("wait until"),
        "{many}"
    );
    // Nor for its own earlier promise.
    open().promise(id(1), promise(8, 20), SECOND).unwrap();
    let again = refused(open().promise(id(1), promise(26, 1000), SECOND));
    assert!(!again.contains("wait until"), "{again}");
}

#[test]
fn short_windows_are_compared_with_what_is_more_urgent_only() {
    let promise = |proofs, window| promise(proofs, window).load(1000);
    let long = promise(12, 100);
    let admits = |others: &[Load], new| admit(others, new, SECOND);
    assert_eq!(admits(&[long], promise(5, 10)), Ok(()));
    let filled = Refusal::Time {
        speed: SECOND,
        proofs: 6,
        window: 10,
        seconds: 6,
    };
    assert_eq!(admits(&[long], promise(6, 10)), Err(filled));
    // An urgent offer must leave the patient one its time.
    let long = promise(12, 30);
    assert_eq!(admits(&[long], promise(3, 10)), Ok(()));
    let late = admits(&[long], promise(4, 10));
    assert!(
        matches!(
            late,
            Err(Refusal::Time {
                proofs: 16,
                window: 30,
                ..
            })
        ),
        "{late:?}"
    );
    // What cannot be kept any more because proofs became slow does not stand in the way of what can.
    assert_eq!(admits(&[promise(9, 10)], promise(1, 5)).map_err(|_| ()), Err(()));
    assert_eq!(admits(&[promise(9, 10)], promise(1, 20)), Ok(()));
}

#[test]
fn the_secrets_budget_counts_what_all_engagements_are_promised() {
    let (_dir, path) = fresh();
    let open = || Promises::open(&path).unwrap();
    open().promise(id(1), promise(15, 1000), SECOND).unwrap();
    let said = refused(open().promise(id(2), promise(11, 1000), SECOND));
    assert!(
        said.contains("carries 25 more proofs, 15 are promised to other engagements and this offer may ask for 11"),
        "{said}"
    );
    open().promise(id(2), promise(10, 1000), SECOND).unwrap();
    // Proofs made for an engagement are taken from its promise, others from what nobody is promised.
    let never = |error: eyre::Report| panic!("{error}");
    let refused = reserve_proof(&path, None, never).unwrap_err().to_string();
    assert!(refused.contains("all of the 25 proofs"), "{refused}");
    assert_eq!(reserve_proof(&path, Some(id(1)), never).unwrap().number, 1);
    assert_eq!(open().get(id(1)).unwrap().proofs, 14);
    assert_eq!(open().free(), 0);
    assert_eq!(open().secret.remaining(), 24);
    open().release(&[id(2)]).unwrap();
    assert_eq!(open().free(), 10);
    reserve_proof(&path, None, never).unwrap();
    assert_eq!(open().free(), 9);
}

#[test]
fn what_is_promised_with_another_secret_takes_of_the_time_and_not_of_the_proofs() {
    let ((_one, path), (_two, other)) = (fresh(), fresh());
    let open = |path| Promises::open(path).unwrap();
    // Each takes two seconds there.
    let two = Speed::Estimated(Duration::from_secs(2));
    open(&other).promise(id(2), promise(20, 100), two).unwrap();
    let beside = || open(&path).beside(open(&other).loads_but(id(1)));
    let said = refused(beside().promise(id(1), promise(11, 100), SECOND));
    assert!(
        said.contains("the 31 proofs that would be promised within 100 s take 51 s") && said.contains("wait until"),
        "{said}"
    );
    beside().promise(id(1), promise(10, 100), SECOND).unwrap();
    // It is the same promise when it is made again, also where the same is said of the other.
    assert_eq!(open(&other).loads_but(id(2)), []);
    let beside = open(&path).loads_but(id(2));
    open(&other)
        .beside(beside)
        .promise(id(2), promise(20, 100), two)
        .unwrap();
    note_speed(&other, Duration::from_secs(3)).unwrap();
    assert_eq!(open(&other).loads_but(id(1)), [promise(20, 100).load(3000)]);
}

#[test]
fn two_processes_at_once_promise_no_more_than_there_is() {
    let (_dir, path) = fresh();
    let granted = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8u8)
            .map(|n| {
                let path = &path;
                // Each takes the file's lock on its own, as another process would.
                scope.spawn(move || {
                    let mut promises = Promises::open(path).unwrap();
                    promises.promise(id(n), promise(6, 1000), SECOND).is_ok()
                })
            })
            .collect();
        tries.into_iter().map(|t| t.join().unwrap()).filter(|ok| *ok).count()
    });
    assert_eq!(granted, 4);
    assert_eq!(Promises::open(&path).unwrap().free(), 1);
}

#[test]
fn a_damaged_file_is_an_error_that_no_proof_waits_for() {
    let (_dir, path) = fresh();
    let file = promises_path(&path);
    for bytes in ["", "{", "[]", "{\"version\":2,\"promises\":{}}", "{\"version\":1}"] {
        std::fs::write(&file, bytes).unwrap();
        let error = Promises::open(&path).unwrap_err().to_string();
        assert!(error.contains("m.secret.promises"), "{error}");
        assert!(reserve_proof(&path, None, |_| ()).is_err());
        let mut complaint = None;
        reserve_proof(&path, Some(id(1)), |error| complaint = Some(error)).unwrap();
        assert!(complaint.is_some());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), bytes, "it is left alone");
    }
    assert_eq!(ModelSecret::open(&path).unwrap().counter(), 5);
}

#[test]
fn slow_proofs_count_at_once_and_fast_ones_by_a_quarter() {
    let (_dir, path) = fresh();
    let measured = || Promises::open(&path).unwrap().content.proof_millis;
    assert_eq!(measured(), None);
    for (took, known) in [(1000, 1000), (3000, 3000), (1000, 2500), (1000, 2125), (4000, 4000)] {
        note_speed(&path, Duration::from_millis(took)).unwrap();
        assert_eq!(measured(), Some(known));
    }
    secret::advance_counter(&path, 3).unwrap();
    assert_eq!(measured(), Some(4000));
}

fn counted(used: u64, total: u64) -> Counted {
    Counted { used, total }
}

#[test]
fn what_a_farm_is_allotted_is_taken_from_the_secret_and_from_what_was_promised() {
    let (_dir, path) = fresh();
    let open = || Promises::open(&path).unwrap();
    open().promise(id(1), promise(8, 1000), SECOND).unwrap();
    assert!(open().allot(id(1), 1).is_err(), "no farm is named");
    open().name_farm("here", counted(0, 0), false).unwrap();
    assert_eq!(open().allot(id(1), 3).unwrap(), 3);
    assert_eq!(open().allot(id(1), 2).unwrap(), 5);
    assert_eq!(open().remaining(), 20);
    assert_eq!(open().get(id(1)).unwrap().proofs, 3);
    // Nobody else gets what the farm has.
    for number in 6..=25 {
        let reserved = reserve_proof(&path, Some(id(1)), |e| panic!("{e}")).unwrap();
        assert_eq!(reserved.number, number);
    }
    assert_eq!(open().allot(id(1), 1).unwrap(), 5, "there is none");
}

#[test]
fn a_farm_gets_nothing_that_is_promised_to_others() {
    let (_dir, path) = fresh();
    let open = || Promises::open(&path).unwrap();
    open().name_farm("here", counted(0, 0), false).unwrap();
    open().promise(id(1), promise(4, 1000), SECOND).unwrap();
    open().promise(id(2), promise(20, 1000), SECOND).unwrap();
    assert_eq!(
        open().allot(id(1), 9).unwrap(),
        5,
        "its own and the one that nobody is promised"
    );
    assert_eq!(open().remaining(), 20);
    assert_eq!(open().get(id(2)).unwrap().proofs, 20);
}

#[test]
fn a_secret_is_counted_by_one_farm_and_not_by_an_old_copy_of_it() {
    let (_dir, path) = fresh();
    let open = || Promises::open(&path).unwrap();
    open().name_farm("here", counted(0, 0), false).unwrap();
    open().allot(id(1), 6).unwrap();
    assert_eq!(open().name_farm("here", counted(4, 6), false).unwrap(), counted(4, 6));
    // Died before the farm was told, or the farm forgot it: nobody knows.
    assert_eq!(open().allot(id(1), 3).unwrap(), 9);
    assert_eq!(open().name_farm("here", counted(4, 6), false).unwrap(), counted(4, 6));
    let total = open().allot(id(1), 3).unwrap();
    open().note_told(total).unwrap();
    open().name_farm("here", counted(8, 9), false).unwrap();
    // A backup that was made before, and told that all of it is used.
    for backup in [counted(4, 6), counted(6, 6), counted(7, 9)] {
        let said = refused(open().name_farm("here", backup, false).map(drop));
        assert!(
            said.contains("its database is an old copy") && said.contains("--new-farm"),
            "{said}"
        );
    }
    assert_eq!(open().name_farm("here", counted(4, 6), true).unwrap(), counted(6, 6));
    assert_eq!(open().allot(id(1), 2).unwrap(), 8);
    assert_eq!(open().remaining(), 25 - 6 - 3 - 3 - 2);
    let said = refused(open().name_farm("there", counted(0, 0), false).map(drop));
    assert!(
        said.contains("counted by farm here, this is farm there") && said.contains("--new-farm"),
        "{said}"
    );
    assert_eq!(open().name_farm("there", counted(0, 0), true).unwrap(), counted(0, 0));
}

#[test]
fn whatever_happens_to_its_database_a_farm_grants_no_more_than_the_secret_lost() {
    use proptest::prelude::*;
    /// The farm's database: its counter, its total, and every number that it granted, as if none were like another.
    #[derive(Clone, Copy, Default)]
    struct Database(Counted);
    let steps = proptest::collection::vec((0..6u8, 0..4u64), 1..60);
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) }, |(steps in steps)| {
        let (_dir, path) = fresh();
        let open = || Promises::open(&path).unwrap();
        let (mut now, mut backup, mut granted) = (Database::default(), Database::default(), 0);
        for (step, n) in steps {
            let named = open().name_farm("here", now.0, step == 5).ok();
            let tell = |now: &mut Database, to: Counted| {
                now.0 = counted(now.0.used.max(to.used), now.0.total.max(to.total));
            };
            if let Some(to) = named {
                tell(&mut now, to);
            }
            match step {
                0 if named.is_some() => {
                    let total = open().allot(id(1), n).unwrap();
                    // Dies before it tells the farm, now and then.
                    if n != 3 {
                        tell(&mut now, counted(0, total));
                        open().note_told(total).unwrap();
                    }
                }
                1 | 2 => {
                    let taken = n.min(now.0.total - now.0.used);
                    now.0.used += taken;
                    granted += taken;
                }
                3 => backup = now,
                // Told that it was restored: all of it counts as used.
                4 => now.0 = counted(backup.0.total, backup.0.total),
                _ => {}
            }
            prop_assert!(granted <= 25 - open().remaining(), "{granted} granted");
        }
    });
}
