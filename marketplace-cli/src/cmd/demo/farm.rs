//! The proofs of the demo made by worker processes on PostgreSQL, one of which is killed in the middle.

use crate::cmd::demo::farmed::{Farmed, Worked};
use crate::cmd::demo::stage::Stage;
use crate::farm::fault::told;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use crate::farm::tasks::Tasks;
use assay_chain::packages::folders;
use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Done, Settings, Status};
use assay_farm::{FarmError, Queue};
use assay_marketplace::accuracy::provider::wanted::Wanted;
use assay_marketplace::proofs::claims::Claims;
use assay_marketplace::proofs::farm::{collect, request};
use assay_marketplace::proving::promises::Promises;
use assay_marketplace::proving::save_arch;
use assay_prover::secret::ModelSecret;
use eyre::WrapErr;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// How long a lost worker's task waits: sixty seconds are usual.
const LEASE: Duration = Duration::from_secs(15);

/// A directory that whoever runs PostgreSQL can enter: where this is root, another user does.
fn outside() -> eyre::Result<tempfile::TempDir> {
    let dir = tempfile::Builder::new().prefix("assay-farm").tempdir()?;
    #[cfg(unix)]
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(dir)
}

/// Has this many workers make every proof that is asked for; the first is killed while it proves.
pub(super) async fn play(s: &Stage, mut wanted: Wanted<'_>, workers: u16) -> eyre::Result<Farmed> {
    let dir = outside()?;
    s.note(format_args!(
        "   a PostgreSQL of its own, and {workers} worker processes"
    ));
    let programs = Local::find(&folders()).map_err(told)?;
    let server = Local::start(&programs, &dir.path().join("pg"), Durable::Yes)
        .await
        .map_err(told)?;
    let settings = Settings {
        lease: LEASE,
        ..Settings::default()
    };
    Queue::set_up(&server.url(), &settings).await.map_err(told)?;
    let tasks = Tasks::new(s.path("farm-tasks"));
    let place = Place {
        url: server.url(),
        tasks: tasks.clone(),
    };
    let farm = Farm::new(place, false, s.mp.report.clone());
    let queue = farm.queue().await?;
    let id = wanted.id();
    let asked = request(&*s.mp, &mut wanted, &s.prover, &farm).await?;
    copy(s, &s.path("farm-model"))?;
    let began = Instant::now();
    let start = |n: u16| start(&s.path("farm-model"), &server, &tasks, &name(n));
    let mut lost = start(1)?;
    until(&queue, |status| {
        status.running.iter().any(|running| running.worker == name(1))
    })
    .await?;
    let mut others = (2..=workers).map(start).collect::<eyre::Result<Vec<Child>>>()?;
    // In the middle of its proof, or of the next.
    tokio::time::sleep(Duration::from_secs(1)).await;
    until(&queue, |status| {
        status.running.iter().any(|running| running.worker == name(1))
    })
    .await?;
    lost.kill().await?;
    s.note(format_args!(
        "   {} was killed -9; its task waits for {} s",
        name(1),
        LEASE.as_secs()
    ));
    until(&queue, |status| {
        status.engagements.iter().all(|one| one.queued + one.running == 0)
    })
    .await?;
    let seconds = began.elapsed().as_secs_f64();
    for worker in &mut others {
        worker.kill().await?;
    }
    let mut by_worker: BTreeMap<String, Worked> = (1..=workers).map(|n| (name(n), Worked::default())).collect();
    let note = |done: Done| {
        let worked = by_worker.entry(done.worker).or_default();
        worked.proofs += 1;
        worked.proving_s += done.seconds;
        Ok::<_, FarmError>(true)
    };
    queue.collect(&id.to_string(), |_| true, note).await.map_err(told)?;
    collect(&mut wanted, &farm, &s.mp.report).await?;
    let model = s.prover.weights_commit()?.to_be_bytes();
    let openings = queue.budget(&model).await.map_err(told)?.used;
    let promises = Promises::open(s.prover.secret_path())?;
    Ok(Farmed {
        workers: by_worker
            .into_iter()
            .map(|(name, worked)| Worked {
                killed: name == self::name(1),
                name,
                ..worked
            })
            .collect(),
        asked,
        openings,
        allotted: promises.allotted().map_or(0, |farm| farm.allotted),
        seconds,
    })
}

fn name(n: u16) -> String {
    format!("worker {n}")
}

/// What another machine would be given.
fn copy(s: &Stage, to: &Path) -> eyre::Result<()> {
    std::fs::create_dir(to)?;
    std::fs::copy(s.path("model.assay"), to.join("model.assay"))?;
    save_arch(&to.join("model.arch.json"), &s.prover.frozen)?;
    Ok(ModelSecret::open(s.prover.secret_path())?.write_uncounted(&to.join("model.secret"))?)
}

fn start(model: &Path, server: &Local, tasks: &Tasks, name: &str) -> eyre::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args([
            "farm",
            "worker",
            "--quiet",
            "--name",
            name,
            "--queue",
            &server.url().to_string(),
        ])
        .arg("--tasks")
        .arg(tasks.dir())
        .arg("--home")
        .arg(model.join("home"))
        .arg("--model")
        .arg(model.join("model.assay"))
        .arg("--arch")
        .arg(model.join("model.arch.json"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .wrap_err("cannot start a worker")
}

async fn until(queue: &Queue, is_so: impl Fn(&Status) -> bool) -> eyre::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(3600);
    let began = Instant::now();
    while !is_so(&queue.status(None).await.map_err(told)?) {
        eyre::ensure!(began.elapsed() < PATIENCE, "the workers do not get on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
