//! Programs that are killed: workers, provers, and who started the database.
//!
//! This file's program is all of them: started again with a variable set, it runs one of the last three functions.

mod support;

use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Done, Failure, Settings, Skill, Taken};
use assay_farm::supervisor::child::{Assignment, ChildAttempt};
use assay_farm::supervisor::{Options, Progress, Stop, Supervisor, Work};
use assay_farm::{FarmError, Queue, QueueUrl, Role};
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use support::proving::lives;
use support::{skill, task, tasks, until, Farm, GB};

const QUEUE: &str = "ASSAY_FARM_TEST_QUEUE";
const PLACE: &str = "ASSAY_FARM_TEST_PLACE";

/// This program, to run one of its functions.
fn again(function: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", function, "--nocapture"]);
    command
}

/// A worker, killed when dropped.
struct Worker(Child);

impl Worker {
    fn start(url: &QueueUrl, place: &Path) -> Self {
        let mut command = again("worker_process");
        command.env(QUEUE, url.to_string()).env(PLACE, place);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Self(child.expect("it starts"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

/// Kills of each sort that the run goes through.
const KILLS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_proven_once_whoever_is_killed() {
    let settings = Settings {
        lease: Duration::from_secs(8),
        // Here workers die of chance, not of a task.
        most_starts: 1000,
        ..Settings::default()
    };
    let farm = Farm::with("killed", 2000, &settings).await;
    let place = tempfile::tempdir().expect("a directory");
    farm.owner.submit(&tasks(0..200)).await.unwrap();
    let mut random = rand::rngs::StdRng::seed_from_u64(17);
    let mut workers: Vec<Worker> = (0..4).map(|_| Worker::start(&farm.url, place.path())).collect();
    let done = || async {
        let status = farm.owner.status(None).await.expect("a status");
        (status.engagements[0].done, status.engagements[0].clone())
    };
    for _ in 0..KILLS {
        // Where it is by then is left to chance.
        tokio::time::sleep(Duration::from_millis(random.gen_range(0..300))).await;
        let lost = random.gen_range(0..workers.len());
        workers[lost] = Worker::start(&farm.url, place.path());
    }
    until("all is proven", || async { done().await.0 == 200 }).await;
    let (_, end) = done().await;
    assert_eq!((end.queued, end.running, end.set_aside), (0, 0, 0));
    let mut statements = BTreeSet::new();
    let keep = |done: Done| {
        assert!(is_true(&done.statement, &done.bundle));
        assert!(statements.insert(done.statement));
        Ok::<_, FarmError>(true)
    };
    farm.owner.collect("e1", |_| true, keep).await.unwrap();
    assert_eq!(statements.len(), 200);
    let starts = farm.starts().await;
    let budget = farm.owner.status(None).await.unwrap().budgets[0].budget;
    assert_eq!(starts.len() as u64, budget.used);
    assert_eq!(starts, (1..=starts.len() as i64).collect::<Vec<_>>());
    // Provers kill themselves now and then.
    assert!(starts.len() > 200, "nobody was killed");
    // A killed worker costs the one start that it had, a killed prover its own.
    let failed = std::fs::read_dir(place.path()).expect("a directory").count();
    assert!(
        starts.len() <= 200 + KILLS + failed,
        "{} starts, {failed} provers killed",
        starts.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prover_ends_with_its_worker_and_its_task_is_proven_by_another() {
    let farm = Farm::new("orphan", 10).await;
    let place = tempfile::tempdir().expect("a directory");
    let mut endless = task(0);
    endless.claim = b"endless".to_vec();
    farm.owner.submit(&[endless]).await.unwrap();
    let worker = Worker::start(&farm.url, place.path());
    let file = place.path().join("endless");
    until("the prover begins", || async { file.exists() }).await;
    let prover = std::fs::read_to_string(&file).expect("a number");
    assert!(lives(&prover));
    drop(worker);
    until("the prover ends", || async { !lives(&prover) }).await;
    farm.expire().await;
    farm.sql("UPDATE assay_farm.task SET claim = ''").await;
    let _worker = Worker::start(&farm.url, place.path());
    until("it is proven", || async {
        farm.owner.status(None).await.expect("a status").engagements[0].done == 1
    })
    .await;
    let used = farm.owner.status(None).await.unwrap().budgets[0].budget.used;
    assert!(used >= 2, "{used}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ones_own_ends_with_who_started_it() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("url");
    let mut owner = again("server_process");
    owner.env(PLACE, place.path()).stdout(Stdio::null());
    let mut owner = owner.spawn().expect("it starts");
    until("the server runs", || async { file.exists() }).await;
    let url = QueueUrl::parse(&std::fs::read_to_string(&file).expect("an address")).unwrap();
    Queue::set_up(&url, &Settings::default()).await.unwrap();
    let pid = place.path().join("postgres/data/postmaster.pid");
    let server = std::fs::read_to_string(&pid).expect("a number");
    let server = server.lines().next().expect("a line").to_owned();
    assert!(lives(&server));
    owner.kill().expect("killed");
    owner.wait().expect("ended");
    until("the server ends", || async { !lives(&server) }).await;
    let error = Queue::connect(&url, Role::Worker).await.expect_err("nobody is there");
    assert!(matches!(error, FarmError::Unreachable { .. }), "{error}");
}

/// Whether a bundle says the statement. What the test runner says before is in it, too.
fn is_true(statement: &[u8; 32], bundle: &[u8]) -> bool {
    let wanted: String = statement.iter().map(|byte| format!("{byte:02x}")).collect();
    bundle.ends_with(wanted.as_bytes())
}

struct Provers {
    place: PathBuf,
}

impl Work for Provers {
    type Attempt = ChildAttempt;

    fn skills(&self) -> Vec<Skill> {
        vec![skill()]
    }

    fn free_memory(&self) -> u64 {
        4 * GB
    }

    fn begin(&self, taken: &Taken, progress: &Progress) -> Result<ChildAttempt, Failure> {
        let mut command = again("prover_process");
        command.env(PLACE, &self.place);
        ChildAttempt::begin(command.into(), taken, progress)
    }

    fn check(&self, taken: &Taken, bundle: &[u8]) -> Result<(), String> {
        is_true(&taken.statement, bundle)
            .then_some(())
            .ok_or_else(|| "another statement".into())
    }
}

/// A worker, where this is one.
#[tokio::test(flavor = "multi_thread")]
async fn worker_process() {
    let Ok(url) = std::env::var(QUEUE) else { return };
    let url = QueueUrl::parse(&url).expect("an address");
    let queue = Queue::connect(&url, Role::Worker).await.expect("it connects");
    let place = std::env::var_os(PLACE).expect("a directory").into();
    let options = Options {
        poll: Duration::from_millis(100),
        spread: Duration::ZERO,
        ..Options::of(std::process::id().to_string())
    };
    let (_keep, stop) = tokio::sync::watch::channel(Stop::No);
    let supervisor = Supervisor::new(Arc::new(queue), Arc::new(Provers { place }), options);
    supervisor.run(stop).await.expect("no error");
}

/// A prover, where this is one. One of sixteen kills itself.
#[test]
fn prover_process() {
    let Some(place) = std::env::var_os(PLACE).map(PathBuf::from) else {
        return;
    };
    if std::env::var_os(QUEUE).is_none() {
        return;
    }
    let assignment = Assignment::receive().expect("an assignment");
    if assignment.claim == "656e646c657373" {
        let new = place.join("endless.new");
        std::fs::write(&new, std::process::id().to_string()).expect("written");
        std::fs::rename(&new, place.join("endless")).expect("renamed");
        std::thread::sleep(Duration::from_secs(600));
    }
    eprintln!("weights");
    std::thread::sleep(Duration::from_millis(10));
    if assignment.token.starts_with('0') {
        std::fs::write(place.join(&assignment.token), "").expect("written");
        let me = std::process::id().to_string();
        Command::new("kill").args(["-9", &me]).status().expect("kill runs");
    }
    print!("{}", assignment.statement);
    std::io::Write::flush(&mut std::io::stdout()).expect("written");
    std::process::exit(0);
}

/// Who starts a server, where this is it.
#[tokio::test]
async fn server_process() {
    let Some(place) = std::env::var_os(PLACE).map(PathBuf::from) else {
        return;
    };
    let programs = Local::find(&[]).expect("PostgreSQL");
    // The directory above is for root alone, who hands this one over.
    std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o711)).expect("set");
    let local = Local::start(&programs, &place.join("postgres"), Durable::No)
        .await
        .expect("it starts");
    std::fs::write(place.join("new"), local.url().to_string()).expect("written");
    std::fs::rename(place.join("new"), place.join("url")).expect("renamed");
    std::future::pending::<()>().await;
}
