//! `bench farm`: a queue with many workers that sleep instead of proving, some of which are lost; how long its answers take.

pub mod expected;
pub mod real;

use assay_farm::local::{Durable, Local};
use assay_farm::queue::{Budget, Closed, Failure, Hash, NewTask, Settings, Skill, Taken};
use assay_farm::supervisor::{Attempt, Call, Event, Options, Progress, Stop, Supervisor, Work};
use assay_farm::{Queue, Role};
use eyre::{ensure, eyre, WrapErr};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio::task::JoinSet;

const MODEL: Hash = [1; 32];
const LAYOUT: &str = "sleep";
const ENGAGEMENT: &str = "bench";

/// Spread of the durations: standard deviation of their logarithms.
const SIGMA: f64 = 0.5;

/// What is stored of a proof of the paper's smallest network, bytes.
const BUNDLE: usize = 5000;

/// How many workers sleep, and for how long.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Workers, each with one proof at a time [default: 1000, with --real 4]
    #[arg(long)]
    pub workers: Option<usize>,
    /// Tasks of one engagement
    #[arg(long, default_value_t = 15_000)]
    pub tasks: usize,
    /// Mean of the proofs' seconds, which are log-normal
    #[arg(long, default_value_t = 5.0)]
    pub mean: f64,
    /// Share of the starts in whose middle the worker is lost
    #[arg(long, default_value_t = 0.01)]
    pub lost: f64,
    /// Connections to the database, shared by the workers
    #[arg(long, default_value_t = 100)]
    pub connections: usize,
    /// Real proofs of a tiny network by worker processes with a queue and by the same without, in place of workers that sleep: so many
    #[arg(long, value_name = "PROOFS", conflicts_with_all = ["tasks", "mean", "lost", "connections", "plot"])]
    pub real: Option<usize>,
    /// Nothing is run: the time that the paper's sets take with so many workers, as a picture in this directory, and what they cost
    #[arg(long, value_name = "DIR", conflicts_with_all = ["workers", "tasks", "mean", "lost", "connections"])]
    pub plot: Option<PathBuf>,
    /// The last tasks go to one worker, whoever is idle
    #[arg(long, conflicts_with = "plot")]
    pub once: bool,
}

/// What came out; times in seconds of wall clock.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Workers.
    pub workers: usize,
    /// Tasks, all of which have a bundle now.
    pub tasks: usize,
    /// From the first take to the last bundle.
    pub wall_s: f64,
    /// Tasks times their mean over workers.
    pub ideal_s: f64,
    /// Takes and finishes a second on average, from the first take to the last bundle.
    pub calls_per_s: f64,
    /// While there was work for every worker.
    pub busy: Busy,
    /// When 99 of 100 tasks had their bundle.
    pub almost_s: f64,
    /// Half of the takes were answered within this time, and 99 of 100 within the second.
    pub take_s: [f64; 2],
    /// The same of bundles.
    pub finish_s: [f64; 2],
    /// The same of beats.
    pub beat_s: [f64; 2],
    /// Workers lost in the middle of a proof.
    pub lost: usize,
    /// Openings spent.
    pub starts: u64,
    /// Of them, for second workers of a task.
    pub second: usize,
    /// Workers that lived, and whose task was taken from them all the same.
    pub false_deaths: usize,
    /// Seconds that the database's processes ran.
    pub database_cpu_s: f64,
    /// Of the database, bytes.
    pub database_bytes: u64,
}

/// From the first take to the first that found nothing to wait for a worker: nothing at all, or a task of another one.
#[derive(Debug, Serialize)]
pub struct Busy {
    /// How long that was.
    pub wall_s: f64,
    /// Takes and finishes a second in that time, that in which workers come up included.
    pub calls_per_s: f64,
    /// As for the whole run.
    pub take_s: [f64; 2],
}

/// Measures and prints.
///
/// # Errors
/// If PostgreSQL cannot be started, or something was lost.
pub fn run(args: &Args) -> eyre::Result<()> {
    if let Some(directory) = &args.plot {
        let mut random = seeded(b"the paper's sets");
        return expected::run(directory, |mean| log_normal(&mut random, mean).as_secs_f64());
    }
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(proofs) = args.real {
        let report = runtime.block_on(real::measure(args.workers.unwrap_or(4), proofs))?;
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    let report = runtime.block_on(measure(args))?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// What all workers told. Answers are seconds since the run began, and how long they took.
#[derive(Debug, Default)]
struct Told {
    takes: Vec<[f64; 2]>,
    finishes: Vec<[f64; 2]>,
    beats: Vec<[f64; 2]>,
    /// When the first bundle of each task came.
    made: Vec<f64>,
    /// When the first take found nothing to wait for a worker.
    idle: Option<f64>,
    second: usize,
    doubled: usize,
}

/// What all workers share.
#[derive(Debug)]
struct Sleepers {
    mean: f64,
    began: Instant,
    told: Mutex<Told>,
}

impl Sleepers {
    fn told<T>(&self, with: impl FnOnce(&mut Told) -> T) -> T {
        with(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The generator that belongs to some bytes.
fn seeded(bytes: &[u8]) -> StdRng {
    let mut seed = [0; 32];
    for (to, from) in seed.iter_mut().zip(bytes) {
        *to = *from;
    }
    StdRng::from_seed(seed)
}

/// Log-normal around a mean.
fn log_normal(random: &mut StdRng, mean: f64) -> Duration {
    let (u, v): (f64, f64) = (random.gen_range(f64::EPSILON..1.0), random.gen());
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    Duration::from_secs_f64(mean * (SIGMA * normal - SIGMA * SIGMA / 2.0).exp())
}

struct Sleep {
    until: tokio::time::Instant,
    bundle: Vec<u8>,
}

impl Attempt for Sleep {
    async fn done(&mut self) -> Result<Vec<u8>, Failure> {
        tokio::time::sleep_until(self.until).await;
        Ok(std::mem::take(&mut self.bundle))
    }

    async fn kill(self) {}
}

/// One worker; all tell the same.
#[derive(Debug)]
struct Sleeper {
    all: Arc<Sleepers>,
    /// Whether it is lost in its next proof, and whoever is to know when.
    lost: f64,
    dies: watch::Sender<bool>,
}

impl Work for Sleeper {
    type Attempt = Sleep;

    fn skills(&self) -> Vec<Skill> {
        vec![Skill {
            model_id: MODEL,
            layout: LAYOUT.into(),
            seconds: self.all.mean,
        }]
    }

    fn free_memory(&self) -> u64 {
        1
    }

    fn begin(&self, taken: &Taken, _: &Progress) -> Result<Sleep, Failure> {
        let takes = log_normal(&mut seeded(&taken.statement), self.all.mean);
        let mut random = seeded(taken.token.bytes());
        if random.gen_bool(self.lost) {
            let (dies, after) = (self.dies.clone(), takes.mul_f64(random.gen()));
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                dies.send_replace(true);
            });
        }
        let mut bundle = vec![0; BUNDLE];
        random.fill(bundle.as_mut_slice());
        Ok(Sleep {
            until: tokio::time::Instant::now() + takes,
            bundle,
        })
    }

    fn check(&self, _: &Taken, _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn hear(&self, event: Event<'_>) {
        let now = self.all.began.elapsed().as_secs_f64();
        self.all.told(|told| match event {
            Event::Answered(call, took) => {
                let answers = match call {
                    Call::Take => &mut told.takes,
                    Call::Finish => &mut told.finishes,
                    Call::Beat => &mut told.beats,
                };
                answers.push([now, took.as_secs_f64()]);
            }
            Event::Doubled(_) => told.doubled += 1,
            Event::Took(taken) if taken.is_second => {
                told.idle.get_or_insert(now);
                told.second += 1;
            }
            Event::Idle => {
                told.idle.get_or_insert(now);
            }
            Event::Finished(_, Closed::First, _) => told.made.push(now),
            Event::Waiting(error) => eprintln!("waiting: {error}"),
            _ => {}
        });
    }
}

/// Works as one worker until all is done; one that is lost is gone in the middle of a proof, and another comes. How many were lost.
async fn one(
    number: usize,
    queue: Arc<Queue>,
    all: Arc<Sleepers>,
    lost: f64,
    mut done: watch::Receiver<Stop>,
) -> usize {
    for gone in 0.. {
        let (dies, mut died) = watch::channel(false);
        let work = Sleeper {
            all: all.clone(),
            lost,
            dies,
        };
        let options = Options {
            // Starts spread over one lease, as on machines that come up one after the other.
            spread: if gone == 0 { queue.lease() / 6 } else { Duration::ZERO },
            poll: Duration::from_secs(5),
            ..Options::of(format!("sleeper {number}"))
        };
        let supervisor = Supervisor::new(queue.clone(), Arc::new(work), options);
        tokio::select! {
            ended = supervisor.run(done.clone()) => {
                if let Err(error) = ended {
                    eprintln!("worker {number}: {error}");
                }
                return gone;
            }
            // Dropped where it is, as by kill -9.
            _ = died.wait_for(|died| *died) => {}
            _ = done.wait_for(|stop| *stop == Stop::Now) => return gone,
        }
    }
    0
}

/// # Errors
/// If PostgreSQL cannot be started, or something was lost.
pub async fn measure(args: &Args) -> eyre::Result<Report> {
    ensure!((0.0..1.0).contains(&args.lost), "--lost is a share, from 0 to 1");
    let many = args.workers.unwrap_or(1000);
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules");
    let programs = Local::find(&[modules])?;
    let directory = tempfile::tempdir()?;
    let local = Local::start(&programs, directory.path(), Durable::Yes).await?;
    let settings = Settings {
        twice: !args.once,
        ..Settings::default()
    };
    Queue::set_up(&local.url(), &settings).await?;
    let owner = Queue::connect(&local.url(), Role::Owner).await?;
    let total = 2 * args.tasks as u64;
    owner.hand_over(&MODEL, Budget { used: 0, total }).await?;
    owner.submit(&tasks(args.tasks)?).await?;
    let mut connections = Vec::new();
    for _ in 0..args.connections.clamp(1, many) {
        connections.push(Arc::new(Queue::connect(&local.url(), Role::Worker).await?));
    }
    let all = Arc::new(Sleepers {
        mean: args.mean,
        began: Instant::now(),
        told: Mutex::default(),
    });
    let (stop, done) = watch::channel(Stop::No);
    let began = all.began;
    let mut workers = JoinSet::new();
    for (number, queue) in (0..many).zip(connections.iter().cycle()) {
        workers.spawn(one(number, queue.clone(), all.clone(), args.lost, done.clone()));
    }
    loop {
        // Looking costs the database something, too: it is looked closely at the end alone.
        let is_near = all.told(|told| told.made.len() * 100 >= args.tasks * 99);
        tokio::time::sleep(Duration::from_millis(if is_near { 250 } else { 2000 })).await;
        let status = owner.status(Some(ENGAGEMENT)).await?;
        let now = status
            .engagements
            .first()
            .ok_or_else(|| eyre!("the engagement is gone"))?;
        if now.set_aside > 0 {
            eyre::bail!("{} tasks were set aside", now.set_aside);
        }
        eprintln!(
            "{:.0} s: {} done, {} running",
            began.elapsed().as_secs_f64(),
            now.done,
            now.running
        );
        if now.done == args.tasks as u64 {
            break;
        }
    }
    let wall_s = began.elapsed().as_secs_f64();
    let database_cpu_s = processor_time(&directory.path().join("data/postmaster.pid"))?;
    stop.send_replace(Stop::Now);
    let lost = workers.join_all().await.into_iter().sum();
    let status = owner.status(None).await?;
    let starts = status.budgets.first().map_or(0, |budget| budget.budget.used);
    let busy = all.told(|told| Busy::of(told, wall_s));
    Ok(all.told(|told| Report {
        workers: many,
        tasks: args.tasks,
        wall_s,
        ideal_s: args.tasks as f64 * args.mean / many as f64,
        calls_per_s: (told.takes.len() + told.finishes.len()) as f64 / wall_s,
        busy,
        almost_s: told.made.get(args.tasks * 99 / 100).copied().unwrap_or(wall_s),
        take_s: percentiles(&told.takes),
        finish_s: percentiles(&told.finishes),
        beat_s: percentiles(&told.beats),
        lost,
        starts,
        second: told.second,
        false_deaths: told.doubled,
        database_cpu_s,
        database_bytes: status.size,
    }))
}

/// What an engagement of that many examples asks for.
fn tasks(count: usize) -> eyre::Result<Vec<NewTask>> {
    let deadline = SystemTime::UNIX_EPOCH.elapsed()?.as_secs() + 24 * 3600;
    let tasks = (0..count as u64).map(|number| {
        let mut statement = [0; 32];
        statement[..8].copy_from_slice(&number.to_le_bytes());
        NewTask {
            engagement: ENGAGEMENT.into(),
            statement,
            model_id: MODEL,
            layout: LAYOUT.into(),
            memory: 1,
            deadline,
            claim: vec![0; 200],
        }
    });
    Ok(tasks.collect())
}

/// Half and 99 of 100 answers took no longer than these.
fn percentiles(answers: &[[f64; 2]]) -> [f64; 2] {
    let mut times: Vec<f64> = answers.iter().map(|[_, took]| *took).collect();
    times.sort_by(f64::total_cmp);
    [50, 99].map(|percent| times.get(times.len() * percent / 100).copied().unwrap_or_default())
}

impl Busy {
    fn of(told: &Told, wall_s: f64) -> Self {
        let end = told.idle.unwrap_or(wall_s);
        let within =
            |answers: &[[f64; 2]]| -> Vec<[f64; 2]> { answers.iter().copied().filter(|[at, _]| *at <= end).collect() };
        let takes = within(&told.takes);
        Self {
            wall_s: end,
            calls_per_s: (takes.len() + within(&told.finishes).len()) as f64 / end,
            take_s: percentiles(&takes),
        }
    }
}

/// Seconds that a server and all of its processes have run.
fn processor_time(pid_file: &Path) -> eyre::Result<f64> {
    /// Of a second; the same on every Linux.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string(pid_file).wrap_err("the server's number is in its directory")?;
    let server: u32 = text.lines().next().unwrap_or_default().parse()?;
    let mut ticks = 0;
    for entry in std::fs::read_dir("/proc")
        .wrap_err("processor time is read from /proc")?
        .flatten()
    {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((before, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        let fields: Vec<u64> = rest
            .split_whitespace()
            .skip(1)
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        let is_server = before.split(' ').next().is_some_and(|pid| pid == server.to_string());
        // Of each: its own time; of the server: that of those which have ended, too.
        let (from, to) = if is_server { (10, 14) } else { (10, 12) };
        if is_server || fields.first() == Some(&u64::from(server)) {
            ticks += fields.get(from..to).unwrap_or_default().iter().sum::<u64>();
        }
    }
    Ok(ticks as f64 / TICKS)
}
