//! What the queue promises to one worker after the other.

mod support;

use assay_farm::queue::{Beat, Closed, Failure, Offer, Skill, Submitted, Taken};
use assay_farm::FarmError;
use support::{offer, skill, statement, task, tasks, Farm, GB, MODEL};

async fn taken(farm: &Farm) -> Taken {
    farm.worker.take(&offer()).await.expect("an answer").expect("a task")
}

async fn nothing(farm: &Farm) -> bool {
    farm.worker.take(&offer()).await.expect("an answer").is_none()
}

fn failure(error: &str) -> Failure {
    Failure {
        error: error.into(),
        step: "quotient".into(),
        peak: Some(3 * GB),
    }
}

#[tokio::test]
async fn a_second_submission_adds_nothing() {
    let farm = Farm::new("twice", 10).await;
    let added = |added, known| Submitted { added, known };
    assert_eq!(farm.owner.submit(&tasks(0..3)).await.unwrap(), added(3, 0));
    assert_eq!(farm.owner.submit(&tasks(1..5)).await.unwrap(), added(2, 2));
    let first = taken(&farm).await;
    farm.worker.finish(&first, b"bundle", 1.0, None).await.unwrap();
    assert_eq!(farm.owner.submit(&tasks(0..5)).await.unwrap(), added(0, 5));
    assert_eq!(farm.owner.submit(&[task(9), task(9)]).await.unwrap(), added(1, 1));
}

#[tokio::test]
async fn more_tasks_than_one_statement_takes_are_all_queued() {
    let farm = Farm::new("many", 10).await;
    let mut many = tasks(0..2500);
    many[700].claim = vec![1; 40 << 20];
    assert_eq!(farm.owner.submit(&many).await.unwrap().added, 2500);
    assert_eq!(farm.owner.status(None).await.unwrap().engagements[0].queued, 2500);
}

#[tokio::test]
async fn what_is_taken_is_what_was_submitted() {
    let farm = Farm::new("same", 10).await;
    let submitted = task(5);
    farm.owner.submit(std::slice::from_ref(&submitted)).await.unwrap();
    let taken = taken(&farm).await;
    assert_eq!(taken.statement, submitted.statement);
    assert_eq!(taken.claim, submitted.claim);
    assert_eq!((taken.model_id, taken.layout.as_str()), (MODEL, support::LAYOUT));
    assert_eq!((taken.memory, taken.deadline), (submitted.memory, submitted.deadline));
    assert_eq!((taken.number, taken.start), (1, 1));
}

#[tokio::test]
async fn the_most_urgent_task_is_first() {
    let farm = Farm::new("urgent", 10).await;
    let mut late = tasks(0..3);
    for (task, hours) in late.iter_mut().zip([3, 1, 2]) {
        task.deadline = support::now() + hours * 3600;
    }
    farm.owner.submit(&late).await.unwrap();
    let order = [taken(&farm).await, taken(&farm).await, taken(&farm).await].map(|taken| taken.statement);
    assert_eq!(order, [1, 2, 0].map(statement));
}

#[tokio::test]
async fn a_proof_that_would_be_late_is_not_started() {
    let farm = Farm::new("late", 10).await;
    let mut soon = task(0);
    soon.deadline = support::now() + 600;
    let mut past = task(1);
    past.deadline = support::now() - 1;
    farm.owner.submit(&[soon, past]).await.unwrap();
    let slow = Offer {
        skills: vec![Skill {
            seconds: 900.0,
            ..skill()
        }],
        ..offer()
    };
    assert!(farm.worker.take(&slow).await.unwrap().is_none());
    assert_eq!(taken(&farm).await.statement, statement(0));
    assert!(nothing(&farm).await);
    assert_eq!(farm.owner.status(None).await.unwrap().engagements[0].late, 1);
}

#[tokio::test]
async fn a_worker_takes_only_what_it_has_keys_weights_and_memory_for() {
    let farm = Farm::new("fits", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let other_model = vec![Skill {
        model_id: [8; 32],
        ..skill()
    }];
    let other_layout = vec![Skill {
        layout: "v2/aa".into(),
        ..skill()
    }];
    // Each has one half of what is needed.
    let crossed = [other_model.clone(), other_layout.clone()].concat();
    for skills in [vec![], other_model, other_layout, crossed] {
        let offer = Offer { skills, ..offer() };
        assert!(farm.worker.take(&offer).await.unwrap().is_none(), "{offer:?}");
    }
    let small = Offer {
        memory: GB - 1,
        ..offer()
    };
    assert!(farm.worker.take(&small).await.unwrap().is_none());
    assert_eq!(farm.owner.budget(&MODEL).await.unwrap().used, 0);
    let exact = Offer { memory: GB, ..offer() };
    assert!(farm.worker.take(&exact).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_worker_costs_one_start_and_one_opening() {
    let farm = Farm::new("lost", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm).await;
    assert!(nothing(&farm).await);
    farm.expire().await;
    let second = taken(&farm).await;
    assert_eq!((second.number, second.start), (2, 2));
    assert_ne!(first.token, second.token);
    assert!(nothing(&farm).await);
    assert_eq!(farm.starts().await, [1, 2]);
}

#[tokio::test]
async fn beats_keep_a_task_as_long_as_nobody_else_took_it() {
    let farm = Farm::new("beats", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm).await;
    assert_eq!(farm.worker.beat(&first, "weights").await.unwrap(), Beat::Mine);
    assert_eq!(
        farm.owner.status(None).await.unwrap().running[0].step.as_deref(),
        Some("weights")
    );
    // It slept over the end of its lease, and even through a sweep that found nobody for the task.
    farm.expire().await;
    let stranger = Offer {
        skills: vec![],
        ..offer()
    };
    assert!(farm.worker.take(&stranger).await.unwrap().is_none());
    assert_eq!(farm.owner.status(None).await.unwrap().engagements[0].queued, 1);
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::Mine);
    assert!(nothing(&farm).await);
    farm.expire().await;
    let second = taken(&farm).await;
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::TakenByAnother);
    assert_eq!(farm.worker.beat(&second, "").await.unwrap(), Beat::Mine);
    farm.worker.finish(&second, b"bundle", 1.0, None).await.unwrap();
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::Finished);
}

#[tokio::test]
async fn a_late_bundle_is_as_good_as_an_early_one_and_the_first_stays() {
    let farm = Farm::new("first", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm).await;
    farm.expire().await;
    let second = taken(&farm).await;
    assert_eq!(
        farm.worker.finish(&first, b"one", 1.0, Some(5)).await.unwrap(),
        Closed::First
    );
    assert_eq!(
        farm.worker.finish(&second, b"two", 1.0, None).await.unwrap(),
        Closed::Known
    );
    assert_eq!(
        farm.worker.finish(&first, b"one", 1.0, Some(5)).await.unwrap(),
        Closed::Known
    );
    let mut bundles = Vec::new();
    let keep = |done: assay_farm::queue::Done| {
        bundles.push((done.bundle, done.peak));
        Ok::<_, FarmError>(true)
    };
    farm.owner.collect("e1", |_| true, keep).await.unwrap();
    assert_eq!(bundles, [(b"one".to_vec(), Some(5))]);
    assert!(!farm.worker.fail(&second, &failure("late")).await.unwrap());
    assert!(nothing(&farm).await);
}

#[tokio::test]
async fn a_bundle_without_a_start_is_refused() {
    let farm = Farm::new("unstarted", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let first = taken(&farm).await;
    let other = Taken {
        id: first.id + 1,
        ..first
    };
    let refused = farm.worker.finish(&other, b"bundle", 1.0, None).await;
    assert!(matches!(refused, Err(FarmError::NotGiven { .. })), "{refused:?}");
}

#[tokio::test]
async fn poison_ends_after_three_starts_and_the_rest_goes_on() {
    let farm = Farm::new("poison", 20).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    // One way or the other: it fails, or takes its worker along.
    for start in 1..=3 {
        let poison = taken(&farm).await;
        assert_eq!((poison.statement, poison.start), (statement(0), start));
        assert!(farm
            .worker
            .fail(&poison, &failure(&format!("out of memory {start}")))
            .await
            .unwrap());
    }
    for start in 1..=3 {
        assert_eq!((taken(&farm).await.start), start);
        farm.expire().await;
    }
    assert!(nothing(&farm).await);
    let status = farm.owner.status(Some("e1")).await.unwrap();
    assert_eq!(status.engagements[0].set_aside, 2);
    let failed = &status.set_aside[0];
    assert_eq!(failed.error.as_deref(), Some("out of memory 3"));
    assert_eq!((failed.step.as_deref(), failed.peak), (Some("quotient"), Some(3 * GB)));
    let lost = status.set_aside[1].error.as_deref().expect("an error");
    assert_eq!(lost, "w1 was not heard of for 00:01:00");
    assert_eq!(farm.starts().await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(farm.owner.retry("e1").await.unwrap(), 2);
    assert_eq!(taken(&farm).await.start, 1);
}

#[tokio::test]
async fn what_is_given_back_is_not_at_fault_but_its_opening_is_spent() {
    let farm = Farm::new("given", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    for number in 1..=5 {
        let taken = taken(&farm).await;
        assert_eq!((taken.number, taken.start), (number, 1));
        assert!(farm.worker.give_back(&taken).await.unwrap());
        assert!(!farm.worker.give_back(&taken).await.unwrap());
    }
    assert_eq!(farm.owner.budget(&MODEL).await.unwrap().used, 5);
}

#[tokio::test]
async fn who_takes_and_gives_back_for_ever_ends_too() {
    let farm = Farm::new("forever", 50).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let mut starts = 0;
    while let Some(taken) = farm.worker.take(&offer()).await.unwrap() {
        farm.worker.give_back(&taken).await.unwrap();
        starts += 1;
    }
    assert_eq!(starts, 13);
    assert_eq!(farm.owner.status(None).await.unwrap().engagements[0].set_aside, 1);
}

#[tokio::test]
async fn past_the_deadline_a_proof_is_stopped() {
    let farm = Farm::new("passed", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm).await;
    farm.sql("UPDATE assay_farm.task SET deadline = now()").await;
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::Cancelled);
}

#[tokio::test]
async fn a_deadline_moves_with_a_later_submission() {
    let farm = Farm::new("moved", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let mut sooner = task(1);
    sooner.deadline -= 3600;
    assert_eq!(farm.owner.submit(&[sooner.clone()]).await.unwrap().known, 1);
    let first = taken(&farm).await;
    assert_eq!((first.statement, first.deadline), (statement(1), sooner.deadline));
}

#[tokio::test]
async fn what_is_granted_is_on_the_disk_whatever_the_server_does_otherwise() {
    let farm = Farm::new("synced", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let client = support::client(&farm.url).await;
    let setting = |row: tokio_postgres::Row| row.get::<_, String>(0);
    let before = client.query_one("SHOW synchronous_commit", &[]).await.unwrap();
    assert_eq!(setting(before), "off");
    client.batch_execute("BEGIN").await.unwrap();
    let kinds = format!("{}/{}", "07".repeat(32), support::LAYOUT);
    let take = "SELECT id FROM assay_farm.take('w1', 1 << 30, ARRAY[$1], ARRAY[1.0::float8])";
    assert_eq!(client.query(take, &[&kinds]).await.unwrap().len(), 1);
    let during = client.query_one("SHOW synchronous_commit", &[]).await.unwrap();
    assert_eq!(setting(during), "on");
    client.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn a_take_reads_a_few_tasks_however_many_there_are() {
    let farm = Farm::new("few", 10).await;
    farm.owner.submit(&tasks(0..3000)).await.unwrap();
    let client = support::client(&farm.url).await;
    let kinds = format!("{}/{}", "07".repeat(32), support::LAYOUT);
    let take = "SELECT id FROM assay_farm.take('w1', 1 << 30, ARRAY[$1], ARRAY[1.0::float8])";
    client.batch_execute("BEGIN").await.unwrap();
    assert_eq!(client.query(take, &[&kinds]).await.unwrap().len(), 1);
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'task'";
    let read: i64 = client.query_one(read, &[]).await.unwrap().get(0);
    client.batch_execute("COMMIT").await.unwrap();
    assert!(read < 10, "{read} tasks were read");
}

#[tokio::test]
async fn a_cancelled_task_stops_its_worker_and_takes_no_bundle() {
    let farm = Farm::new("cancelled", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let first = taken(&farm).await;
    assert_eq!(farm.owner.cancel("e1").await.unwrap(), 2);
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::Cancelled);
    assert_eq!(
        farm.worker.finish(&first, b"late", 1.0, None).await.unwrap(),
        Closed::Cancelled
    );
    assert!(nothing(&farm).await);
    assert_eq!(farm.owner.retry("e1").await.unwrap(), 2);
    assert_eq!(taken(&farm).await.statement, statement(0));
}

#[tokio::test]
async fn a_false_bundle_is_proven_again_and_a_true_one_collected_once() {
    let farm = Farm::new("collected", 10).await;
    farm.owner.submit(&tasks(0..3)).await.unwrap();
    let mut liar = None;
    for bundle in [b"true", b"lies"] {
        let taken = taken(&farm).await;
        farm.worker.finish(&taken, bundle, 2.0, None).await.unwrap();
        liar = Some(taken);
    }
    let judged = |done: assay_farm::queue::Done| Ok::<_, FarmError>(done.bundle == b"true");
    let collected = farm.owner.collect("e1", |_| true, judged).await.unwrap();
    assert_eq!((collected.kept, collected.open), (1, 1));
    assert_eq!(collected.refused, [(statement(1), "w1".to_owned())]);
    // Who lied has no second try with that start.
    let lie = farm
        .worker
        .finish(&liar.expect("it took two"), b"more lies", 2.0, None)
        .await;
    assert!(matches!(lie, Err(FarmError::NotGiven { .. })), "{lie:?}");
    let again = farm.owner.collect("e1", |s| *s != statement(0), judged).await.unwrap();
    assert_eq!((again.kept, again.refused.len(), again.open), (0, 0, 2));
    let repeated = taken(&farm).await;
    assert_eq!((repeated.statement, repeated.start), (statement(1), 2));
    assert_eq!(farm.owner.forget("e1").await.unwrap(), 1);
    assert_eq!(farm.number("SELECT count(*) FROM assay_farm.result").await, 0);
    assert_eq!(farm.starts().await, [1, 2, 3]);
    assert_eq!(farm.worker.beat(&repeated, "").await.unwrap(), Beat::Mine);
}

#[tokio::test]
async fn status_says_who_does_what_and_until_when() {
    let farm = Farm::new("status", 10).await;
    farm.owner.submit(&tasks(0..5)).await.unwrap();
    for _ in 0..2 {
        let taken = taken(&farm).await;
        farm.worker.finish(&taken, b"bundle", 10.0, None).await.unwrap();
    }
    let running = taken(&farm).await;
    let status = farm.owner.status(None).await.unwrap();
    let [one] = status.engagements.as_slice() else {
        panic!("{status:?}")
    };
    assert_eq!((one.queued, one.running, one.done, one.last_hour), (2, 1, 2, 2));
    assert_eq!((one.mean_seconds, one.all_seconds), (Some(10.0), 20.0));
    assert_eq!(one.expected_end(status.now), Some(status.now + 30.0));
    assert_eq!(status.running[0].statement, running.statement);
    assert_eq!((status.running[0].worker.as_str(), status.running[0].start), ("w1", 1));
    let [budget] = status.budgets.as_slice() else {
        panic!("{status:?}")
    };
    assert_eq!((budget.budget.used, budget.budget.total, budget.leased), (3, 10, 1));
    assert!(farm.owner.status(Some("e2")).await.unwrap().engagements.is_empty());
}

#[tokio::test]
async fn the_speed_that_is_counted_with_is_of_what_the_owner_found_true() {
    let farm = Farm::new("speed", 10).await;
    farm.owner.submit(&tasks(0..4)).await.unwrap();
    for bundle in [b"true", b"lies", b"true"] {
        let taken = taken(&farm).await;
        farm.worker.finish(&taken, bundle, 2.0, None).await.unwrap();
    }
    // So far workers say so, and one of them lies.
    assert_eq!(farm.owner.made_last_hour(&MODEL).await.unwrap(), 0);
    let judged = |done: assay_farm::queue::Done| Ok::<_, FarmError>(done.bundle == b"true");
    assert_eq!(farm.owner.collect("e1", |_| true, judged).await.unwrap().kept, 2);
    assert_eq!(farm.owner.made_last_hour(&MODEL).await.unwrap(), 2);
    assert_eq!(farm.owner.made_last_hour(&[8; 32]).await.unwrap(), 0);
}

#[tokio::test]
async fn workers_that_wait_hear_of_tasks_that_lost_workers_leave() {
    let farm = Farm::new("heard", 10).await;
    farm.owner.submit(&tasks(0..3)).await.unwrap();
    for _ in 0..3 {
        taken(&farm).await;
    }
    farm.expire().await;
    let waits = assay_farm::Queue::connect(&farm.url, assay_farm::Role::Worker)
        .await
        .unwrap();
    let news = waits.news();
    // Whoever asks next ends three leases, and takes one of the tasks.
    taken(&farm).await;
    tokio::time::timeout(std::time::Duration::from_secs(60), news)
        .await
        .expect("two are left for others");
}

#[tokio::test]
async fn workers_hear_of_new_tasks() {
    let farm = Farm::new("news", 10).await;
    // One that heard nothing of the budget before.
    let worker = assay_farm::Queue::connect(&farm.url, assay_farm::Role::Worker)
        .await
        .unwrap();
    let news = worker.news();
    farm.owner.submit(&[task(0)]).await.unwrap();
    news.await;
}
