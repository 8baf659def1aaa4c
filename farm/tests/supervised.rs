//! What a worker does with its proofs, its leases and its memory.

mod support;

use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Closed, Settings};
use assay_farm::supervisor::{Options, Stop};
use assay_farm::{FarmError, Queue};
use std::sync::Arc;
use std::time::Duration;
use support::proving::{lives, options, Scripted, Worker, ENDLESS, HONEST, PATIENT};
use support::{offer, task, tasks, until, Farm, Server, GB};

/// Beats every tenth of a second.
fn brisk() -> Settings {
    Settings {
        lease: Duration::from_millis(400),
        ..Settings::default()
    }
}

/// Long leases that tests end themselves, and beats every half second.
fn patient() -> Settings {
    Settings {
        lease: Duration::from_secs(2),
        ..Settings::default()
    }
}

async fn done(farm: &Farm) -> u64 {
    let status = farm.owner.status(None).await.expect("a status");
    status.engagements.first().map_or(0, |engagement| engagement.done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_there_first_hears_of_tasks_and_proves_them_all() {
    let farm = Farm::new("proves", 30).await;
    let waiting = Options {
        poll: Duration::from_secs(3600),
        jobs: 2,
        ..options()
    };
    let worker = Worker::start(&farm, Scripted::new(HONEST), waiting).await;
    farm.owner.submit(&tasks(0..20)).await.unwrap();
    until("all is proven", || async { done(&farm).await == 20 }).await;
    worker.stop.send_replace(Stop::AfterThis);
    let work = worker.ended().await;
    assert_eq!((work.count("took"), work.count("finished First")), (20, 20));
    assert_eq!(farm.starts().await.len(), 20);
    let mut right = 0;
    let keep = |done: assay_farm::queue::Done| {
        right += u64::from(done.bundle.len() == 64);
        Ok::<_, FarmError>(true)
    };
    farm.owner.collect("e1", |_| true, keep).await.unwrap();
    assert_eq!(right, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_finishes_what_it_proves() {
    let farm = Farm::new("stops", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let worker = Worker::start(&farm, Scripted::new(PATIENT), options()).await;
    worker.tells("took").await;
    worker.stop.send_replace(Stop::AfterThis);
    worker.work.go();
    let work = worker.ended().await;
    assert_eq!((work.count("took"), work.count("finished First")), (1, 1));
    assert_eq!(done(&farm).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_now_it_gives_its_task_back() {
    let farm = Farm::new("stopsnow", 10).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let worker = Worker::start(&farm, Scripted::new(ENDLESS), options()).await;
    let process = worker.process().await;
    assert!(lives(&process));
    worker.stop.send_replace(Stop::Now);
    assert_eq!(worker.ended().await.count("gave back"), 1);
    assert!(!lives(&process));
    let status = farm.owner.status(None).await.unwrap();
    assert_eq!((status.engagements[0].queued, status.engagements[0].running), (2, 0));
    assert_eq!(farm.starts().await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_nobody_needs_any_more_is_stopped() {
    let farm = Farm::with("unneeded", 10, &brisk()).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let worker = Worker::start(&farm, Scripted::new(ENDLESS), options()).await;
    let process = worker.process().await;
    farm.owner.cancel("e1").await.unwrap();
    worker.tells("stopped Cancelled").await;
    assert!(!lives(&process));
    worker.stop.send_replace(Stop::AfterThis);
    worker.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_started_too_the_first_bundle_wins() {
    let farm = Farm::with("doubled", 10, &patient()).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let worker = Worker::start(&farm, Scripted::new(PATIENT), options()).await;
    worker.tells("took").await;
    // Between two beats.
    let mut other = None;
    while other.is_none() {
        farm.expire().await;
        other = farm.worker.take(&offer()).await.unwrap();
    }
    let other = other.expect("taken");
    worker.tells("doubled").await;
    worker.work.go();
    worker.tells("finished First").await;
    assert_eq!(
        farm.worker.finish(&other, b"another", 1.0, None).await.unwrap(),
        Closed::Known
    );
    assert_eq!(farm.starts().await, [1, 2]);
    worker.stop.send_replace(Stop::AfterThis);
    worker.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prover_that_fails_or_lies_is_set_aside_after_three_starts() {
    for (name, script, says) in [
        (
            "fails",
            "read -r line; echo weights >&2; echo out of memory >&2; exit 3",
            "exit status: 3; it said: out of memory",
        ),
        ("dies", "read -r line; echo weights >&2; kill -9 $$", "signal: 9"),
        (
            "lies",
            "read -r line; echo weights >&2; printf lie",
            "the bundle is not true: it says lie",
        ),
        (
            "bytes",
            r"read -r line; printf '\377\033[2J\n' >&2; printf 'weights\n' >&2; exit 1",
            "it said: weights",
        ),
        ("silent", "read -r line; echo weights >&2", "wrote no bundle"),
        ("talks", "head -c 1100000 /dev/zero", "too long a bundle"),
    ] {
        let farm = Farm::new(name, 10).await;
        farm.owner.submit(&[task(0)]).await.unwrap();
        let worker = Worker::start(
            &farm,
            Scripted::new(script),
            Options {
                end_when_idle: Some(Duration::ZERO),
                ..options()
            },
        )
        .await;
        let work = worker.ended().await;
        assert_eq!((work.count("took"), work.count("failed")), (3, 3), "{name}");
        let status = farm.owner.status(None).await.unwrap();
        let error = status.set_aside[0].error.clone().expect("an error");
        assert!(error.contains(says), "{name}: {error}");
        assert_eq!(farm.starts().await, [1, 2, 3]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_on_which_every_proof_fails_ends_before_it_sets_everything_aside() {
    let farm = Farm::new("broken", 100).await;
    farm.owner.submit(&tasks(0..20)).await.unwrap();
    let worker = Worker::start(
        &farm,
        Scripted::new("read -r line; echo no disk >&2; exit 1"),
        Options {
            most_failures: 4,
            ..options()
        },
    )
    .await;
    let error = worker.failed().await;
    assert!(
        matches!(&error, FarmError::Failing { failures: 4, last } if last.contains("no disk")),
        "{error}"
    );
    assert_eq!(farm.starts().await.len(), 4);
    assert_eq!(farm.owner.status(None).await.unwrap().engagements[0].set_aside, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prover_that_hangs_is_killed() {
    let farm = Farm::new("hangs", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let worker = Worker::start(
        &farm,
        Scripted::new(ENDLESS),
        Options {
            // A minute is predicted.
            patience: 1.0 / 60.0,
            end_when_idle: Some(Duration::ZERO),
            ..options()
        },
    )
    .await;
    let process = worker.process().await;
    worker.ended().await;
    assert!(!lives(&process));
    let status = farm.owner.status(None).await.unwrap();
    assert_eq!(status.set_aside[0].error.as_deref(), Some("the prover hung for 1 s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_proof_has_time_for_its_process_to_start() {
    let farm = Farm::new("short", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let hasty = Options {
        patience: 0.000_001,
        least: Options::of("w1").least,
        ..options()
    };
    let worker = Worker::start(&farm, Scripted::new(PATIENT), hasty).await;
    worker.tells("took").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    worker.work.go();
    worker.tells("finished First").await;
    worker.stop.send_replace(Stop::AfterThis);
    worker.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_waits_until_a_restored_queue_is_told() {
    let farm = Farm::new("promoted", 10).await;
    farm.owner.submit(&[task(0)]).await.unwrap();
    let worker = Worker::start(&farm, Scripted::new(PATIENT), options()).await;
    worker.tells("took").await;
    farm.sql("UPDATE assay_farm.farm SET home = 'elsewhere'").await;
    farm.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = 'promoted' AND pid <> pg_backend_pid()",
    )
    .await;
    worker.work.go();
    worker.tells("waiting the queue postgres:///promoted").await;
    let left = [assay_farm::queue::Left {
        model_id: support::MODEL,
        left: 5,
    }];
    assay_farm::Queue::restored(&farm.url, &left).await.unwrap();
    worker.tells("finished First").await;
    worker.stop.send_replace(Stop::AfterThis);
    worker.ended().await;
}

#[tokio::test]
async fn a_server_keeps_to_a_directory_of_its_own() {
    let programs = Local::find(&[]).expect("PostgreSQL");
    let place = tempfile::tempdir().expect("a directory");
    let start = async |directory: &std::path::Path| Local::start(&programs, directory, Durable::No).await;
    std::fs::write(place.path().join("notes"), "mine").unwrap();
    let mode = |path: &std::path::Path| std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(path).unwrap());
    let before = mode(place.path());
    let error = start(place.path()).await.expect_err("it has other things").to_string();
    assert!(error.contains("has other things in it"), "{error}");
    assert_eq!(mode(place.path()), before);
    let long = place.path().join("x".repeat(100));
    let error = start(&long).await.expect_err("too long").to_string();
    assert!(error.contains("too long for the path of a socket"), "{error}");
    let server = support::server().await;
    let error = start(server.directory.path()).await.expect_err("it runs").to_string();
    assert!(error.contains("another program runs the PostgreSQL"), "{error}");
    assay_farm::Queue::connect(&server.local.url(), assay_farm::Role::Worker)
        .await
        .expect_err("no queue, but a server");
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_side_by_side_fit_into_memory() {
    let farm = Farm::new("memory", 10).await;
    farm.owner.submit(&tasks(0..5)).await.unwrap();
    let work = Scripted {
        memory: 5 * GB / 2,
        ..Scripted::new(PATIENT)
    };
    let worker = Worker::start(&farm, work, Options { jobs: 4, ..options() }).await;
    until("two are proven", || async { worker.work.count("took") == 2 }).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    worker.work.go();
    until("all is proven", || async { done(&farm).await == 5 }).await;
    worker.stop.send_replace(Stop::AfterThis);
    let work = worker.ended().await;
    let (mut now, mut most) = (0_i32, 0);
    for line in work.told.lock().unwrap().iter() {
        now += i32::from(line == "took") - i32::from(line.starts_with("finished"));
        most = most.max(now);
    }
    assert_eq!((now, most), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_goes_away_costs_no_proof() {
    let server = Arc::new(Server::start().await);
    let farm = Farm::on(server.clone(), server.local.url(), 10, &brisk()).await;
    farm.owner.submit(&tasks(0..2)).await.unwrap();
    let worker = Worker::start(&farm, Scripted::new(PATIENT), options()).await;
    worker.tells("took").await;
    let Farm {
        owner,
        worker: client,
        server: held,
        ..
    } = farm;
    drop((client, held));
    let Server { local, directory } = Arc::into_inner(server).expect("nobody else has it");
    drop(local);
    worker.tells("waiting").await;
    worker.work.go();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let programs = Local::find(&[]).expect("PostgreSQL");
    let _local = Local::start(&programs, directory.path(), Durable::No)
        .await
        .expect("it starts again");
    let proven = || async {
        owner
            .status(None)
            .await
            .is_ok_and(|status| status.engagements[0].done == 2)
    };
    until("both are proven", proven).await;
    worker.stop.send_replace(Stop::AfterThis);
    assert_eq!(worker.ended().await.count("took"), 2);
    assert_eq!(owner.status(None).await.unwrap().budgets[0].budget.used, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_can_write_nothing_is_waited_for_and_nothing_is_lost() {
    // What PostgreSQL says of a full disk, and of a database that became read-only.
    for (code, says) in [("53100", "is full (no more)"), ("25006", "is read-only")] {
        let farm = Farm::with(&format!("nothing{code}"), 10, &brisk()).await;
        farm.owner.submit(&tasks(0..2)).await.unwrap();
        let worker = Worker::start(&farm, Scripted::new(PATIENT), options()).await;
        worker.tells("took").await;
        let refuse = format!(
            "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '{code}'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON assay_farm.task FOR EACH ROW EXECUTE FUNCTION public.refuse();
             CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON assay_farm.result FOR EACH ROW EXECUTE FUNCTION public.refuse();"
        );
        farm.sql(&refuse).await;
        worker.tells("waiting").await;
        // Made while nothing can be written, and kept until it can.
        worker.work.go();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(worker.work.count("finished"), 0);
        let told = worker.work.told.lock().expect("no panic").join("; ");
        assert!(told.contains(says), "{told}");
        let refused = farm.owner.submit(&[task(9)]).await.expect_err("it cannot be written");
        assert!(refused.passes() && refused.to_string().contains(says), "{refused}");
        farm.sql("DROP FUNCTION public.refuse() CASCADE").await;
        until("both are proven", || async { done(&farm).await == 2 }).await;
        worker.stop.send_replace(Stop::AfterThis);
        assert_eq!(worker.ended().await.count("took"), 2);
        assert_eq!(farm.starts().await, [1, 2]);
    }
}

#[tokio::test]
async fn the_server_that_npm_brings_runs_where_there_is_no_other() {
    let modules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules");
    let nowhere = std::path::Path::new("/nowhere");
    let Ok(programs) = Local::find_among("".as_ref(), nowhere, std::slice::from_ref(&modules)) else {
        // scripts/install brings it wherever there is one for the machine.
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            panic!("run scripts/install: {} has no PostgreSQL", modules.display());
        }
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let local = Local::start(&programs, directory.path(), Durable::No)
        .await
        .expect("it starts");
    Queue::set_up(&local.url(), &Settings::default())
        .await
        .expect("a queue");
    let version = support::client(&local.url())
        .await
        .query_one("SHOW server_version", &[])
        .await;
    let version: String = version.expect("a row").get(0);
    assert!(version.starts_with("18."), "{version}");
}
