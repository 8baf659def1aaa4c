//! `bench farm --real`: proofs of a tiny network by worker processes that a queue tells what to do, and the same tasks by the same
//! processes without one.

use alloy::primitives::B256;
use assay_cli::context::{Context, Globals};
use assay_cli::farm::tasks::Tasks;
use assay_cli::farm::worker::{Processes, Proving};
use assay_durable::report::Reporter;
use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Budget, Failure, NewTask, Settings, Skill, Taken};
use assay_farm::supervisor::child::ChildAttempt;
use assay_farm::supervisor::{Attempt, Event, Options, Progress, Stop, Supervisor, Work};
use assay_farm::{Queue, QueueUrl, Role};
use assay_marketplace::home::Journaled;
use assay_marketplace::proofs::task::{layout, About, Place, Shown, Task};
use assay_marketplace::proving::promises::allotted::Counted;
use assay_marketplace::proving::promises::Promises;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{ModelFiles, Prover};
use assay_protocol::testset::input_commit;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::{Architecture, Conv, ConvKind, Layer, Model, Op, OutputMode, Padding, Shape, TensorId};
use assay_statement::input::InputSalt;
use eyre::{ensure, eyre};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Turns that either way has: what else this machine does meanwhile disturbs both.
const TURNS: usize = 4;

/// What came out; times in seconds of wall clock, from the first start to the last bundle that was checked, all turns together.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Side by side.
    pub workers: usize,
    /// Made either way.
    pub proofs: usize,
    /// By workers with a queue.
    pub with_queue_s: f64,
    /// By the same number of processes at a time, without one.
    pub without_queue_s: f64,
    /// Throughput with a queue over that without.
    pub ratio: f64,
}

/// # Errors
/// If there is no PostgreSQL, or a proof fails.
pub async fn measure(workers: usize, proofs: usize) -> eyre::Result<Report> {
    let directory = tempfile::tempdir()?;
    let place = directory.path();
    let ctx = Context::new(Globals::default())?;
    let (files, prover) = tiny(place, &ctx.out).await?;
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules");
    let database = tempfile::tempdir()?;
    let local = Local::start(&Local::find(&[modules])?, database.path(), Durable::Yes).await?;
    Queue::set_up(&local.url(), &Settings::default()).await?;
    let owner = Queue::connect(&local.url(), Role::Owner).await?;
    // Workers refuse a secret that counts by itself.
    Promises::open(prover.secret_path())?.name_farm(owner.id(), Counted::default(), false)?;
    let model_id = prover.weights_commit()?.to_be_bytes();
    let total = 3 * proofs as u64;
    owner.hand_over(&model_id, Budget { used: 0, total }).await?;
    let tasks = Tasks::new(place.join("tasks"));
    let all = written(&prover, &tasks, proofs)?;
    let program = std::env::current_exe()?.with_file_name("assay");
    ensure!(program.is_file(), "{} is not built", program.display());
    let processes = Processes {
        program,
        farm: owner.id().to_owned(),
        jobs: workers,
        options: Vec::new(),
    };
    let proving = Arc::new(Proving::new(&[files], tasks, processes, &Reporter::silent()).await?);
    let (mut with, mut without) = (Duration::ZERO, Duration::ZERO);
    for (turn, tasks) in all.chunks(proofs.div_ceil(TURNS).max(1)).enumerate() {
        owner.submit(tasks).await?;
        let (queued, taken) = with_queue(&local.url(), &proving, workers, tasks.len()).await?;
        let alone = without_queue(&proving, workers, taken).await?;
        eprintln!(
            "turn {}: {:.1} s with, {:.1} s without",
            turn + 1,
            queued.as_secs_f64(),
            alone.as_secs_f64()
        );
        with += queued;
        without += alone;
    }
    Ok(Report {
        workers,
        proofs,
        with_queue_s: with.as_secs_f64(),
        without_queue_s: without.as_secs_f64(),
        ratio: without.as_secs_f64() / with.as_secs_f64(),
    })
}

/// A network whose proof takes less than a second, with its secret and its keys.
async fn tiny(place: &Path, out: &Reporter) -> eyre::Result<(ModelFiles, Prover)> {
    let conv = |input, kind, out_channels, stride, pad| {
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels,
            kind,
            stride,
            pad,
            input_zero: 0,
        })
    };
    let layers = [
        (conv(0, ConvKind::DENSE_3X3, 6, 2, Padding::ONE), Shape::new(6, 4, 4)),
        (
            conv(1, ConvKind::DEPTHWISE_3X3, 6, 1, Padding::ONE),
            Shape::new(6, 4, 4),
        ),
        (conv(2, ConvKind::Pointwise, 4, 1, Padding::NONE), Shape::new(4, 4, 4)),
        (Op::GlobalAvgPool { input: TensorId(3) }, Shape::new(4, 1, 1)),
        (conv(4, ConvKind::Pointwise, 10, 1, Padding::NONE), Shape::new(10, 1, 1)),
    ];
    let network = Architecture {
        input: Shape::new(3, 8, 8),
        shift: 10,
        layers: layers.into_iter().map(|(op, output)| Layer { op, output }).collect(),
        output: OutputMode::Top1,
    };
    let (model, arch): (PathBuf, PathBuf) = (place.join("tiny.assay"), place.join("tiny.arch.json"));
    Model::random(network.clone(), 17)?.save(&model)?;
    std::fs::write(
        &arch,
        serde_json::to_vec(&FrozenArchitecture::plan_with(network, 3, 64)?)?,
    )?;
    let files = ModelFiles {
        model,
        arch: Some(arch),
        secret: None,
        srs: SrsUse::dev(),
        memory: None,
    };
    let prover = files.prover_off_chain(async || Ok(None), out).await?;
    Ok((files, prover))
}

/// So many tasks with random images, in the directory.
fn written(prover: &Prover, tasks: &Tasks, count: usize) -> eyre::Result<Vec<NewTask>> {
    let (id, mut random) = (B256::repeat_byte(1), StdRng::seed_from_u64(17));
    let deadline = SystemTime::UNIX_EPOCH.elapsed()?.as_secs() + 24 * 3600;
    let weights_commit = prover.weights_commit()?;
    let made = (0..count).map(|position| {
        let (mut image, mut salt) = (vec![0; 3 * 8 * 8], InputSalt([0; 31]));
        random.fill(image.as_mut_slice());
        random.fill(&mut salt.0);
        let about = About {
            vk_digest: prover.vk_digest(),
            weights_commit: weights_commit.into(),
            ctx: B256::left_padding_from(&(position as u64 + 1).to_be_bytes()),
            input_commit: input_commit(&image, &salt).into(),
        };
        let place = Place {
            kind: Journaled::Engagement,
            id,
            position,
        };
        let shown = Shown {
            image: &image,
            salt: &salt,
        };
        tasks.write(&Task::new(prover.arch_id(), place, about, shown))?;
        Ok(NewTask {
            engagement: id.to_string(),
            statement: about.statement().0,
            model_id: weights_commit.to_be_bytes(),
            layout: layout(prover.vk_digest()),
            memory: 1,
            deadline,
            claim: tasks.claim(id, about.statement())?,
        })
    });
    made.collect()
}

/// Proves as workers do, and notes what was taken and when.
#[derive(Debug)]
struct Noted {
    proving: Arc<Proving>,
    seen: Mutex<Seen>,
    finished: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Seen {
    taken: Vec<Taken>,
    first: Option<Instant>,
    last: Option<Instant>,
    failed: Option<String>,
}

impl Noted {
    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Work for Noted {
    type Attempt = ChildAttempt;

    fn skills(&self) -> Vec<Skill> {
        self.proving.skills()
    }

    fn free_memory(&self) -> u64 {
        self.proving.free_memory()
    }

    fn begin(&self, taken: &Taken, progress: &Progress) -> Result<ChildAttempt, Failure> {
        self.proving.begin(taken, progress)
    }

    fn check(&self, taken: &Taken, bundle: &[u8]) -> Result<(), String> {
        self.proving.check(taken, bundle)
    }

    fn hear(&self, event: Event<'_>) {
        match event {
            Event::Took(taken) => self.seen(|seen| {
                seen.first.get_or_insert_with(Instant::now);
                if !taken.is_second {
                    seen.taken.push(taken.clone());
                }
            }),
            Event::Finished(_, assay_farm::queue::Closed::First, _) => {
                self.seen(|seen| seen.last = Some(Instant::now()));
                self.finished.send_modify(|finished| *finished += 1);
            }
            Event::Failed(_, failure) => {
                self.seen(|seen| seen.failed = Some(failure.error.clone()));
                self.finished.send_modify(|_| ());
            }
            _ => {}
        }
    }
}

/// How long workers take for so many tasks that are queued, and what they took.
async fn with_queue(
    url: &QueueUrl,
    proving: &Arc<Proving>,
    workers: usize,
    tasks: usize,
) -> eyre::Result<(Duration, Vec<Taken>)> {
    let (finished, mut all) = watch::channel(0);
    let noted = Arc::new(Noted {
        proving: proving.clone(),
        seen: Mutex::default(),
        finished,
    });
    let (stop, stopped) = watch::channel(Stop::No);
    let mut running = JoinSet::new();
    for number in 0..workers {
        let queue = Arc::new(Queue::connect(url, Role::Worker).await?);
        // All begin at once, as the processes without a queue do.
        let options = Options {
            spread: Duration::ZERO,
            ..Options::of(format!("worker {number}"))
        };
        let supervisor = Supervisor::new(queue, noted.clone(), options);
        let stopped = stopped.clone();
        running.spawn(async move { supervisor.run(stopped).await });
    }
    loop {
        all.changed().await?;
        if let Some(why) = noted.seen(|seen| seen.failed.take()) {
            return Err(eyre!("a proof failed: {why}"));
        }
        if *all.borrow_and_update() == tasks {
            break;
        }
    }
    stop.send_replace(Stop::Now);
    running.join_all().await;
    noted.seen(|seen| {
        let took = seen.first.zip(seen.last).map(|(first, last)| last - first);
        let taken = std::mem::take(&mut seen.taken);
        ensure!(taken.len() == tasks, "{} of {tasks} tasks were taken", taken.len());
        Ok((took.unwrap_or_default(), taken))
    })
}

/// How long the same number of processes at a time take for the same tasks, one after the other.
async fn without_queue(proving: &Arc<Proving>, workers: usize, taken: Vec<Taken>) -> eyre::Result<Duration> {
    let (taken, next) = (Arc::new(taken), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..workers {
        let (proving, taken, next) = (proving.clone(), taken.clone(), next.clone());
        running.spawn(async move {
            while let Some(task) = taken.get(next.fetch_add(1, Ordering::Relaxed)) {
                let progress = Progress::default();
                let failed = |failure: Failure| eyre!("a proof failed: {}", failure.error);
                let bundle = proving
                    .begin(task, &progress)
                    .map_err(failed)?
                    .done()
                    .await
                    .map_err(failed)?;
                let (proving, task) = (proving.clone(), task.clone());
                tokio::task::spawn_blocking(move || proving.check(&task, &bundle))
                    .await?
                    .map_err(|why| eyre!("a proof is not true: {why}"))?;
            }
            eyre::Ok(())
        });
    }
    for ended in running.join_all().await {
        ended?;
    }
    Ok(began.elapsed())
}
