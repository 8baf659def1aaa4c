//! No opening is granted twice, whatever happens in whichever order.

#[path = "budget/last.rs"]
mod last;
mod support;

use assay_farm::queue::{Budget, Closed, Failure, Left, Settings, Taken};
use assay_farm::{FarmError, Queue, Role};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use support::{idle, offer, tasks, Farm, MODEL};

const TOTAL: u64 = 12;

/// What can happen; numbers choose among what is running.
#[derive(Debug, Clone)]
enum Step {
    Take,
    /// Another worker takes, who may be given what the first one has.
    TakeToo,
    /// Workers are lost: all leases end.
    Lose,
    /// Those are lost who were first.
    LoseFirst,
    Finish(usize),
    Fail(usize),
    GiveBack(usize),
    /// A backup is made.
    BackUp,
    /// It is restored, and the owner states this many fewer than are surely left.
    Restore(u64),
    /// Who submits repeats what it said, or gives more.
    HandOver(u64),
    Retry,
}

fn arb_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Take),
        4 => Just(Step::TakeToo),
        2 => Just(Step::Lose),
        1 => Just(Step::LoseFirst),
        2 => any::<usize>().prop_map(Step::Finish),
        2 => any::<usize>().prop_map(Step::Fail),
        1 => any::<usize>().prop_map(Step::GiveBack),
        1 => Just(Step::BackUp),
        1 => (0..3_u64).prop_map(Step::Restore),
        1 => (0..4_u64).prop_map(Step::HandOver),
        1 => Just(Step::Retry),
    ]
}

const TABLES: [&str; 4] = ["model", "task", "start", "result"];

/// All rows, put aside.
async fn back_up(farm: &Farm) {
    let copies = TABLES.map(|table| {
        let columns = columns(table);
        format!("DROP TABLE IF EXISTS saved_{table}; CREATE TABLE saved_{table} AS SELECT {columns} FROM assay_farm.{table};")
    });
    farm.sql(&copies.concat()).await;
}

/// All rows as they were; the database is another one by then.
async fn restore(farm: &Farm) {
    let empty = "TRUNCATE assay_farm.result, assay_farm.start, assay_farm.task, assay_farm.model;".to_owned();
    let filled = TABLES.map(|table| {
        let columns = columns(table);
        format!("INSERT INTO assay_farm.{table} ({columns}) OVERRIDING SYSTEM VALUE SELECT * FROM saved_{table};")
    });
    let moved = "UPDATE assay_farm.farm SET home = 'elsewhere'".to_owned();
    farm.sql(&[&[empty], filled.as_slice(), &[moved]].concat().concat())
        .await;
}

/// Those that are not computed.
fn columns(table: &str) -> &'static str {
    match table {
        "model" => "model_id, used, total",
        "task" => {
            "id, engagement, statement, model_id, layout, claim, memory, deadline, state, starts, given_back, copies, faulted, token, lease_until, since, worker, step, second, second_until, second_since, second_worker, second_step, error, peak"
        }
        "start" => "token, task, model_id, number, worker, login, at, refused",
        _ => "statement, token, bundle, verified_at, seconds, peak, worker, kept",
    }
}

async fn play(steps: Vec<Step>) {
    static RUN: AtomicU32 = AtomicU32::new(0);
    let name = format!("budget{}", RUN.fetch_add(1, Ordering::Relaxed));
    let farm = Farm::with(&name, TOTAL, &Settings::default()).await;
    farm.owner.submit(&tasks(0..4)).await.unwrap();
    back_up(&farm).await;
    let mut granted = BTreeSet::new();
    // What was handed over in all, and the first numbers up to which everything counts as used since a restore.
    let (mut total, mut spent) = (TOTAL, 0);
    let mut running: Vec<Taken> = Vec::new();
    let mut copies = BTreeMap::<i64, u32>::new();
    for step in steps {
        let chosen =
            |running: &mut Vec<Taken>, n: usize| (!running.is_empty()).then(|| running.swap_remove(n % running.len()));
        match step {
            Step::Take | Step::TakeToo => {
                let offer = if matches!(step, Step::Take) { offer() } else { idle() };
                let queued = farm
                    .number("SELECT count(*) FROM assay_farm.task WHERE state = 'queued'")
                    .await;
                if let Some(taken) = farm.worker.take(&offer).await.unwrap() {
                    assert!(taken.number <= total, "{taken:?}");
                    assert!(granted.insert(taken.number), "granted twice: {taken:?}");
                    if taken.is_second {
                        let copies = copies.entry(taken.id).or_default();
                        *copies += 1;
                        // With the tries before no more than tries there are.
                        assert!(queued == 0 && taken.start + *copies <= 3, "{taken:?}");
                        let open = farm
                            .number("SELECT count(*) FROM assay_farm.task WHERE state = 'running'")
                            .await;
                        assert!(
                            total - taken.number >= open.unsigned_abs(),
                            "too few are left: {taken:?}"
                        );
                    }
                    running.push(taken);
                }
            }
            Step::Lose => farm.expire().await,
            Step::LoseFirst => {
                let lost = "UPDATE assay_farm.task SET lease_until = now() - interval '1 s' WHERE state = 'running'";
                farm.sql(lost).await;
            }
            Step::Finish(n) => {
                if let Some(taken) = chosen(&mut running, n) {
                    let closed = farm.worker.finish(&taken, b"bundle", 1.0, None).await;
                    assert!(
                        matches!(
                            closed,
                            Ok(Closed::First | Closed::Known) | Err(FarmError::NotGiven { .. })
                        ),
                        "{closed:?}"
                    );
                }
            }
            Step::Fail(n) => {
                if let Some(taken) = chosen(&mut running, n) {
                    farm.worker.fail(&taken, &Failure::default()).await.unwrap();
                }
            }
            Step::GiveBack(n) => {
                if let Some(taken) = chosen(&mut running, n) {
                    farm.worker.give_back(&taken).await.unwrap();
                }
            }
            Step::BackUp => back_up(&farm).await,
            Step::Restore(fewer) => {
                restore(&farm).await;
                let refused = farm.worker.take(&offer()).await;
                assert!(matches!(refused, Err(FarmError::OtherDatabase { .. })), "{refused:?}");
                // The backup's total may be an old one: what is surely used may be more than that.
                let old = farm.owner.budget(&MODEL).await.unwrap().total;
                let used = (granted.last().copied().unwrap_or(0).max(spent) + fewer).min(total);
                let left = old.saturating_sub(used);
                Queue::restored(&farm.url, &[Left { model_id: MODEL, left }])
                    .await
                    .unwrap();
                farm.owner.hand_over(&MODEL, Budget { used, total }).await.unwrap();
                spent = used;
                copies.clear();
            }
            Step::HandOver(more) => {
                total += more;
                farm.owner.hand_over(&MODEL, Budget { used: 0, total }).await.unwrap();
            }
            Step::Retry => {
                farm.owner.retry("e1").await.unwrap();
                // What was set aside begins anew.
                copies.clear();
            }
        }
        let budget = farm.owner.budget(&MODEL).await.unwrap();
        assert!(budget.used <= budget.total && budget.total == total);
        assert!(granted.last().is_none_or(|last| *last <= budget.used));
        if spent == 0 {
            assert_eq!(granted.len() as u64, budget.used);
        }
        let most = farm
            .number("SELECT coalesce(max(starts), 0)::bigint FROM assay_farm.task")
            .await;
        assert!(most <= 3, "{most} tries");
    }
}

#[test]
fn no_number_is_granted_twice() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // One for all cases.
    let _server = runtime.block_on(support::server());
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in proptest::collection::vec(arb_step(), 1..40))| {
        runtime.block_on(play(steps));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_take_at_the_same_time_share_the_budget() {
    let farm = Farm::new("crowd", 50).await;
    farm.owner.submit(&tasks(0..80)).await.unwrap();
    let workers: Vec<_> = (0..12)
        .map(|_| {
            let url = farm.url.clone();
            tokio::spawn(async move {
                let queue = Queue::connect(&url, Role::Worker).await.expect("a worker connects");
                let mut taken = Vec::new();
                while let Some(task) = queue.take(&offer()).await.expect("an answer") {
                    taken.push(task);
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.expect("it ends"));
    }
    let tasks: BTreeSet<i64> = taken.iter().map(|taken| taken.id).collect();
    let numbers: Vec<u64> = taken
        .iter()
        .map(|taken| taken.number)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(tasks.len(), taken.len());
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    assert_eq!(farm.starts().await, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_budget_comes_and_goes_with_the_secret_file() {
    let farm = Farm::new("moves", 10).await;
    let other = [8; 32];
    assert!(matches!(
        farm.owner.budget(&other).await,
        Err(FarmError::UnknownModel { .. })
    ));
    let mut stranger = support::task(0);
    stranger.model_id = other;
    let refused = farm.owner.submit(&[stranger]).await;
    assert!(matches!(refused, Err(FarmError::UnknownModel { .. })), "{refused:?}");
    let wrong = farm.owner.hand_over(&other, Budget { used: 3, total: 2 }).await;
    assert!(matches!(wrong, Err(FarmError::Budget { .. })), "{wrong:?}");
    let handed = Budget { used: 3, total: 5 };
    assert_eq!(farm.owner.hand_over(&other, handed).await.unwrap(), handed);
    // Not back to what it was.
    assert_eq!(
        farm.owner
            .hand_over(&other, Budget { used: 1, total: 5 })
            .await
            .unwrap(),
        handed
    );
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let first = farm.worker.take(&offer()).await.unwrap().expect("a task");
    assert_eq!(first.number, 1);
    assert_eq!(
        farm.owner.take_back(&MODEL).await.unwrap(),
        Budget { used: 1, total: 10 }
    );
    assert!(farm.worker.take(&offer()).await.unwrap().is_none());
    farm.owner
        .hand_over(&MODEL, Budget { used: 4, total: 10 })
        .await
        .unwrap();
    assert_eq!(farm.worker.take(&offer()).await.unwrap().expect("a task").number, 5);
}
