//! The last tasks, which a second worker is given when it has nothing else to do.

use crate::support::proving::{lives, options, Scripted, Worker, ENDLESS, HONEST};
use crate::support::{self, idle, offer, skill, task, tasks, until, Farm, GB};
use assay_farm::queue::{Beat, Closed, Failure, Offer, Settings, Skill, Taken};
use assay_farm::supervisor::Options;
use assay_farm::{FarmError, Queue, Role};
use std::collections::BTreeSet;
use std::time::Duration;

async fn taken(farm: &Farm, offer: &Offer) -> Taken {
    farm.worker.take(offer).await.expect("an answer").expect("a task")
}

async fn gets_nothing(farm: &Farm, offer: &Offer) -> bool {
    farm.worker.take(offer).await.expect("an answer").is_none()
}

/// A third one.
fn third() -> Offer {
    Offer {
        worker: "w3".into(),
        ..idle()
    }
}

#[tokio::test]
async fn the_last_task_goes_to_a_second_worker_and_no_third() {
    let farm = Farm::new("last", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let first = taken(&farm, &offer()).await;
    let waiting = taken(&farm, &idle()).await;
    assert!(!first.is_second && !waiting.is_second, "something was queued");
    let second = taken(&farm, &idle()).await;
    assert!(second.is_second && second.id == first.id);
    // The same is proven, with an opening and randomness of its own.
    assert_eq!((second.statement, &second.claim), (first.statement, &first.claim));
    assert_ne!((second.number, second.token), (first.number, first.token));
    let other = taken(&farm, &third()).await;
    assert_eq!((other.id, other.is_second), (waiting.id, true));
    assert!(gets_nothing(&farm, &third()).await, "each goes to two at most");
    assert_eq!(farm.starts().await, [1, 2, 3, 4]);
    assert_eq!(farm.owner.status(None).await.unwrap().budgets[0].leased, 4);
    for one in [&first, &second] {
        assert_eq!(farm.worker.beat(one, "weights").await.unwrap(), Beat::Mine);
    }
    assert_eq!(
        farm.worker.finish(&second, b"two", 1.0, None).await.unwrap(),
        Closed::First
    );
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::Finished);
    assert_eq!(
        farm.worker.finish(&first, b"one", 1.0, None).await.unwrap(),
        Closed::Known
    );
}

#[tokio::test]
async fn nobody_is_second_before_its_time_or_beside_itself() {
    let farm = Farm::new("second", 20).await;
    let mut here = task(0);
    here.deadline = support::now() + 600;
    farm.owner.submit(&[here]).await.unwrap();
    taken(&farm, &offer()).await;
    let with = |change: fn(&mut Offer)| {
        let mut offer = idle();
        change(&mut offer);
        offer
    };
    for unfit in [
        with(|offer| offer.worker = "w1".into()),
        // The first one is not late yet.
        with(|offer| offer.skills = vec![skill()]),
        with(|offer| offer.memory = GB - 1),
        with(|offer| offer.skills[0].model_id = [8; 32]),
        with(|offer| offer.skills[0].layout = "v2/aa".into()),
    ] {
        assert!(gets_nothing(&farm, &unfit).await, "{unfit:?}");
    }
    // It would be late itself.
    farm.sql("UPDATE assay_farm.task SET since = now() - interval '1 hour'")
        .await;
    let slow = with(|offer| {
        offer.skills = vec![Skill {
            seconds: 900.0,
            ..skill()
        }];
    });
    assert!(gets_nothing(&farm, &slow).await);
    farm.owner.set_twice(false).await.unwrap();
    assert!(gets_nothing(&farm, &idle()).await, "it is switched off");
    assert_eq!(farm.starts().await, [1]);
    farm.owner.set_twice(true).await.unwrap();
    assert!(taken(&farm, &idle()).await.is_second);
}

#[tokio::test]
async fn nobody_is_second_while_anything_waits() {
    let farm = Farm::new("waits", 20).await;
    let mut large = task(1);
    large.memory = 100 * GB;
    farm.owner.submit(&[task(0), large]).await.unwrap();
    taken(&farm, &offer()).await;
    assert!(
        gets_nothing(&farm, &idle()).await,
        "another machine has the memory for what waits"
    );
    farm.sql("UPDATE assay_farm.task SET deadline = now() WHERE state = 'queued'")
        .await;
    assert!(taken(&farm, &idle()).await.is_second, "nobody starts that any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn openings_are_kept_for_every_task_that_is_not_proven() {
    let farm = Farm::new("kept", 9).await;
    farm.owner.submit(&tasks(0..4)).await.unwrap();
    let mut running = Vec::new();
    for _ in 0..4 {
        running.push(taken(&farm, &offer()).await);
    }
    // Nine openings, four used, four kept: one is to spare, however many ask at once.
    let asking: Vec<_> = (0..6)
        .map(|n| {
            let url = farm.url.clone();
            tokio::spawn(async move {
                let queue = Queue::connect(&url, Role::Worker).await.expect("a worker connects");
                let worker = format!("idle {n}");
                let offer = Offer { worker, ..idle() };
                queue.take(&offer).await.expect("an answer")
            })
        })
        .collect();
    let mut second = Vec::new();
    for asked in asking {
        second.extend(asked.await.expect("no panic"));
    }
    assert!(second.len() == 1 && second[0].is_second, "{second:?}");
    // All are lost, and all start once more.
    farm.expire().await;
    let again: BTreeSet<i64> = [
        taken(&farm, &offer()).await,
        taken(&farm, &offer()).await,
        taken(&farm, &offer()).await,
        taken(&farm, &offer()).await,
    ]
    .map(|taken| taken.id)
    .into();
    assert_eq!(again.len(), 4);
    assert_eq!(farm.starts().await, (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_start_that_fails_leaves_the_task_to_the_other_and_poison_ends_after_three() {
    let farm = Farm::new("twofail", 20).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let failure = Failure {
        error: "out of memory".into(),
        ..Failure::default()
    };
    let first = taken(&farm, &offer()).await;
    let second = taken(&farm, &idle()).await;
    assert_eq!((first.start, second.start), (1, 1), "one try");
    assert!(farm.worker.fail(&first, &failure).await.unwrap());
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::TakenByAnother);
    assert_eq!(farm.worker.beat(&second, "").await.unwrap(), Beat::Mine);
    let running = farm.owner.status(None).await.unwrap().running;
    assert_eq!((running.len(), running[0].worker.as_str()), (1, "w2"));
    assert!(running[0].second.is_none());
    // The first one's failure counts, whatever becomes of the other.
    assert!(farm.worker.give_back(&second).await.unwrap());
    for start in 2..=3 {
        let taken = taken(&farm, &third()).await;
        assert_eq!((taken.start, taken.is_second), (start, false));
        assert!(
            gets_nothing(&farm, &idle()).await,
            "one start and one copy before, and this one"
        );
        assert!(farm.worker.fail(&taken, &failure).await.unwrap());
    }
    assert_eq!(farm.owner.status(None).await.unwrap().set_aside.len(), 1);
    assert_eq!(farm.starts().await, [1, 2, 3, 4], "each start is an opening");
    // With all its starts it may have two workers again, but not in its last start.
    farm.owner.retry("e1").await.unwrap();
    for _ in 0..2 {
        let taken = taken(&farm, &offer()).await;
        assert!(farm.worker.fail(&taken, &failure).await.unwrap());
    }
    taken(&farm, &offer()).await;
    assert!(gets_nothing(&farm, &idle()).await);
}

#[tokio::test]
async fn two_that_are_slow_or_lost_together_are_one_try_of_three() {
    let farm = Farm::new("pairs", 20).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let mut copies = 0;
    for start in 1..=3 {
        let first = taken(&farm, &offer()).await;
        assert_eq!(
            (first.start, first.is_second),
            (start, false),
            "a healthy task was set aside"
        );
        copies += usize::from(farm.worker.take(&idle()).await.unwrap().is_some());
        farm.expire().await;
    }
    assert_eq!(copies, 1);
    assert!(gets_nothing(&farm, &offer()).await);
    let aside = farm.owner.status(None).await.unwrap().set_aside;
    assert_eq!(aside[0].error.as_deref(), Some("w1 was not heard of for 00:01:00"));
    assert_eq!(farm.starts().await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn told_to_stop_both_give_it_back_and_no_try_is_counted() {
    let farm = Farm::new("bothback", 20).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm, &offer()).await;
    let second = taken(&farm, &idle()).await;
    for one in [&first, &second] {
        assert!(farm.worker.give_back(one).await.unwrap());
    }
    let again = taken(&farm, &third()).await;
    assert_eq!((again.start, again.is_second), (1, false));
}

#[tokio::test]
async fn either_of_two_workers_keeps_their_task_and_status_shows_both() {
    let farm = Farm::new("either", 20).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm, &offer()).await;
    farm.sql("UPDATE assay_farm.task SET since = now() - interval '100 s'")
        .await;
    let second = taken(&farm, &idle()).await;
    farm.worker.beat(&first, "weights").await.unwrap();
    farm.worker.beat(&second, "keys").await.unwrap();
    let status = farm.owner.status(None).await.unwrap();
    let [running] = status.running.as_slice() else {
        panic!("{status:?}")
    };
    let other = running.second.as_ref().expect("a second worker");
    assert_eq!(
        (running.worker.as_str(), running.step.as_deref()),
        ("w1", Some("weights"))
    );
    assert_eq!((other.worker.as_str(), other.step.as_deref()), ("w2", Some("keys")));
    assert!(
        status.now - running.since >= 100.0 && status.now - other.since < 100.0,
        "{running:?}"
    );
    for one in [&second, &first] {
        farm.expire().await;
        assert_eq!(farm.worker.beat(one, "").await.unwrap(), Beat::Mine);
    }
    // The first one is lost: the second has it alone by now, and finishes it.
    let lost =
        "UPDATE assay_farm.task SET lease_until = now() - interval '1 s', second_until = now() + interval '1 minute'";
    farm.sql(lost).await;
    assert!(
        gets_nothing(
            &farm,
            &Offer {
                skills: vec![],
                ..third()
            }
        )
        .await
    );
    let running = farm.owner.status(None).await.unwrap().running;
    assert_eq!((running[0].worker.as_str(), running[0].second.as_ref()), ("w2", None));
    assert_eq!(farm.worker.beat(&first, "").await.unwrap(), Beat::TakenByAnother);
    assert!(!farm.worker.fail(&first, &Failure::default()).await.unwrap());
    assert_eq!(farm.worker.beat(&second, "").await.unwrap(), Beat::Mine);
    // Nobody is left: another try, after which both may still finish.
    farm.expire().await;
    let again = taken(&farm, &third()).await;
    assert_eq!((again.start, again.is_second), (2, false));
    for one in [&first, &second] {
        assert_eq!(farm.worker.beat(one, "").await.unwrap(), Beat::TakenByAnother);
        assert!(!farm.worker.fail(one, &Failure::default()).await.unwrap());
    }
    let finished = farm.worker.finish(&second, b"late", 1.0, None).await;
    assert_eq!(finished.unwrap(), Closed::First);
}

#[tokio::test]
async fn a_worker_that_missed_two_beats_or_a_second_one_that_did_is_not_waited_for() {
    let farm = Farm::new("quiet", 20).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    taken(&farm, &offer()).await;
    // As slow as the first one: not before its time, but its beats have stopped.
    let slow = Offer {
        skills: vec![skill()],
        ..idle()
    };
    let beat = |seconds: u32| format!("now() + interval '60 s' - interval '{seconds} s'");
    farm.sql(&format!("UPDATE assay_farm.task SET lease_until = {}", beat(25)))
        .await;
    assert!(gets_nothing(&farm, &slow).await);
    farm.sql(&format!("UPDATE assay_farm.task SET lease_until = {}", beat(35)))
        .await;
    let second = taken(&farm, &slow).await;
    assert!(second.is_second);
    assert!(gets_nothing(&farm, &third()).await, "the second one proves it");
    farm.sql(&format!("UPDATE assay_farm.task SET second_until = {}", beat(35)))
        .await;
    let other = taken(&farm, &third()).await;
    assert!(other.is_second && other.id == second.id);
    // With its try that is three in all.
    farm.sql(&format!("UPDATE assay_farm.task SET second_until = {}", beat(35)))
        .await;
    let fourth = Offer {
        worker: "w4".into(),
        ..idle()
    };
    assert!(gets_nothing(&farm, &fourth).await);
    assert_eq!(farm.starts().await, [1, 2, 3]);
    // Whose place was given away is as good as before, should it be there all the same.
    assert_eq!(farm.worker.beat(&second, "").await.unwrap(), Beat::TakenByAnother);
    assert_eq!(
        farm.worker.finish(&second, b"two", 1.0, None).await.unwrap(),
        Closed::First
    );
}

#[tokio::test]
async fn a_false_bundle_of_the_second_does_not_end_the_task() {
    let farm = Farm::new("liar", 20).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let first = taken(&farm, &offer()).await;
    let liar = taken(&farm, &idle()).await;
    farm.worker.finish(&liar, b"lies", 1.0, None).await.unwrap();
    let judged = |done: assay_farm::queue::Done| Ok::<_, FarmError>(done.bundle == b"true");
    let collected = farm.owner.collect("e1", |_| true, judged).await.unwrap();
    assert_eq!(collected.refused.len(), 1);
    // Whoever was honest, and not stopped yet, is heard.
    assert!(farm.worker.finish(&liar, b"lies", 1.0, None).await.is_err());
    assert_eq!(
        farm.worker.finish(&first, b"true", 1.0, None).await.unwrap(),
        Closed::First
    );
    assert_eq!(farm.owner.collect("e1", |_| true, judged).await.unwrap().kept, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_proves_what_another_hangs_on_and_that_one_is_stopped() {
    let settings = Settings {
        lease: Duration::from_millis(800),
        ..Default::default()
    };
    let farm = Farm::with("hangs", 10, &settings).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let slow = Worker::start(&farm, Scripted::new(ENDLESS), options()).await;
    let process = slow.process().await;
    farm.sql("UPDATE assay_farm.task SET since = since - interval '1 hour'")
        .await;
    let idle = Options {
        worker: "w2".into(),
        ..options()
    };
    let idle = Worker::start(&farm, Scripted::new(HONEST), idle).await;
    idle.tells("finished First").await;
    slow.tells("stopped Finished").await;
    until("the prover ends", || async { !lives(&process) }).await;
    assert_eq!(farm.starts().await, [1, 2]);
}
