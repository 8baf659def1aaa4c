//! A machine of the farm.

use crate::args::queue::QueueArgs;
use crate::args::srs::SrsArgs;
use crate::args::time::seconds;
use crate::context::Context;
use crate::farm::fault::told;
use crate::farm::place::Place;
use crate::farm::worker::{Processes, Proving};
use assay_chain::error::usage;
use assay_farm::supervisor::{Options, Stop, Supervisor};
use assay_farm::{Queue, Role};
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{load_arch, load_model, ModelFiles};
use assay_marketplace::watch::end::told_to_end;
use assay_prover::proof::Memory;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay farm worker --model digits.assay --jobs 2\n  \
    assay farm worker --model digits.assay --model mnist.assay --tasks /mnt/farm \\\n      \
    --queue 'postgres://worker7@db.example/farm?sslmode=verify-full&sslrootcert=ca.pem'\n\n\
    Needs the files of assay farm copy for what it proves, and the directory of tasks; no node, no signing key. Give a machine the secret\n\
    file only if it may have the weights: with it, proofs show them. It counts no opening by itself: each start is granted one by the\n\
    database, with the task; a secret file that others count with is refused. Takes the most urgent task that it has the model, the memory and the time for, and has a process of its own\n\
    prove it; a task that kills its process three times is set aside. While the database is away it goes on proving, then waits.\n\
    On SIGTERM or Ctrl-C it finishes the proofs that are being made, with --now or told twice it gives them back.")]
pub struct Args {
    /// Model file; several times for several models
    #[arg(long = "model", value_name = "FILE", required = true)]
    models: Vec<PathBuf>,
    /// Architecture file of a model, found by what is in it; several times for several [default: planned from the model]
    #[arg(long = "arch", value_name = "FILE")]
    archs: Vec<PathBuf>,
    /// Secret file, as often as --model and in its order [default: the model file's name with .secret]
    #[arg(long = "secret", value_name = "FILE")]
    secrets: Vec<PathBuf>,
    /// Keep what every proof has in common (fast), or compute it each time (small) [default: by the machine's memory]
    #[arg(long, value_name = "small|fast")]
    memory: Option<Memory>,
    #[command(flatten)]
    srs: SrsArgs,
    /// Proofs at a time; the processor's cores are shared out among them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// What the farm's status calls this machine [default: the host's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// End after having had nothing to do for so long, seconds or with a unit
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    idle: Option<u64>,
    /// When told to end, give back what is being proven
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    farm: QueueArgs,
}

impl Args {
    /// The files of each model.
    fn files(&self) -> eyre::Result<Vec<ModelFiles>> {
        if !self.secrets.is_empty() && self.secrets.len() != self.models.len() {
            return Err(usage(format!(
                "{} models and {} secret files: name one for each model, or none",
                self.models.len(),
                self.secrets.len()
            )));
        }
        let mut archs = Vec::with_capacity(self.archs.len());
        for path in &self.archs {
            archs.push((path, load_arch(path)?.architecture));
        }
        let (srs, mut files) = (SrsUse::from(self.srs.clone()), Vec::with_capacity(self.models.len()));
        for (n, path) in self.models.iter().enumerate() {
            let architecture = load_model(path)?.architecture;
            let arch = archs.iter().find(|(_, found)| *found == architecture);
            files.push(ModelFiles {
                model: path.clone(),
                arch: arch.map(|(path, _)| (*path).clone()),
                secret: self.secrets.get(n).cloned(),
                srs: srs.clone(),
                memory: self.memory,
            });
        }
        Ok(files)
    }
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let place = Place::named(&args.farm, ctx)?;
    let files = args.files()?;
    // Before keys are made, which takes a while.
    let queue = Arc::new(Queue::connect(&place.url, Role::Worker).await.map_err(told)?);
    let processes = Processes {
        program: std::env::current_exe()?,
        farm: queue.id().to_owned(),
        jobs: args.jobs.into(),
        options: match ctx.globals.portable {
            true => vec![OsString::from("--portable")],
            false => Vec::new(),
        },
    };
    let proving = Proving::new(&files, place.tasks, processes, &ctx.out).await?;
    let options = Options {
        jobs: args.jobs.into(),
        end_when_idle: args.idle.map(Duration::from_secs),
        ..Options::of(args.name.unwrap_or_else(host))
    };
    let (tell, stop) = watch::channel(Stop::No);
    let out = ctx.out.clone();
    let first = if args.now { Stop::Now } else { Stop::AfterThis };
    tokio::spawn(async move {
        for how in [first, Stop::Now] {
            if told_to_end().await.is_err() || tell.send(how).is_err() {
                return;
            }
            out.note(match how {
                Stop::Now => "told to end: what is being proven is given back",
                _ => "told to end: after the proofs that are being made; once more gives them back",
            });
        }
        // The channel stays open until everything has ended.
        std::future::pending::<()>().await;
    });
    ctx.out.note(format_args!(
        "worker {} waits for tasks, {} proof(s) at a time",
        options.worker, options.jobs
    ));
    let supervisor = Supervisor::new(queue, Arc::new(proving), options);
    supervisor.run(stop).await.map_err(told)
}

/// The host's name, and this process on it.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = if name.trim().is_empty() { "worker" } else { name.trim() };
    format!("{name}-{}", std::process::id())
}
