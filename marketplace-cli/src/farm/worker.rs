//! What a machine of the farm can prove: a process of this program for each proof, and the check of what it says.

use crate::farm::memory;
use crate::farm::tasks::Tasks;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_durable::report::Reporter;
use assay_farm::queue::{Closed, Failure, Hash, Skill, Taken};
use assay_farm::supervisor::child::ChildAttempt;
use assay_farm::supervisor::{Event, Progress, Work};
use assay_marketplace::proofs::task::{layout, About};
use assay_marketplace::proving::reference_string::SrsChoice;
use assay_marketplace::proving::{ModelFiles, Prover};
use assay_prover::proof::{self, Memory, ProofBundle, VerifierKey};
use std::ffi::OsString;
use std::path::PathBuf;
use tokio::process::Command;

/// A model that this machine has with its secret.
#[derive(Debug)]
struct Own {
    id: Hash,
    layout: String,
    seconds: f64,
    key: VerifierKey,
    /// Bytes that its processes take beside what tasks say.
    beside: u64,
    /// Options that name its files.
    options: Vec<OsString>,
}

/// What is proven here.
#[derive(Debug)]
pub struct Proving {
    program: PathBuf,
    models: Vec<Own>,
    tasks: Tasks,
    /// Options of every process.
    options: Vec<OsString>,
    /// At one time.
    jobs: usize,
    /// Of one process.
    threads: usize,
    out: Reporter,
}

/// How the processes are started.
#[derive(Debug)]
pub struct Processes {
    /// This one, `assay`.
    pub program: PathBuf,
    /// Names the farm that grants them their openings.
    pub farm: String,
    /// At one time: the processor's cores are shared out.
    pub jobs: usize,
    /// Options of every process.
    pub options: Vec<OsString>,
}

impl Proving {
    /// Makes the keys of each model once, so that processes find them in the cache.
    ///
    /// # Errors
    /// If the files of a model cannot be read or its secret is counted elsewhere, if there is no directory of tasks, or this program is not
    /// to be found.
    pub async fn new(models: &[ModelFiles], tasks: Tasks, processes: Processes, out: &Reporter) -> eyre::Result<Self> {
        if !tasks.dir().is_dir() {
            return Err(hinted(
                format!("the directory of tasks {} is not here", tasks.dir().display()),
                "mount the one that assay farm submit writes to, and name it with --tasks",
            ));
        }
        let mut own = Vec::with_capacity(models.len());
        for files in models {
            let prover = files.prover_for_others(out).await?;
            prover.require_counted_by(&processes.farm)?;
            own.push(Own::of(files, &prover)?);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            program: processes.program,
            models: own,
            tasks,
            options: processes.options,
            jobs: processes.jobs,
            threads: (cores / processes.jobs.max(1)).max(1),
            out: out.clone(),
        })
    }

    fn model_of(&self, taken: &Taken) -> Result<&Own, String> {
        let is_it = |own: &&Own| own.id == taken.model_id && own.layout == taken.layout;
        let found = self.models.iter().find(is_it);
        found.ok_or_else(|| "this machine does not have the model of the task".into())
    }
}

impl Own {
    fn of(files: &ModelFiles, prover: &Prover) -> eyre::Result<Self> {
        let mut options: Vec<OsString> = vec!["--model".into(), files.model.clone().into()];
        let mut option = |name: &str, value: OsString| options.extend([OsString::from(name), value]);
        if let Some(arch) = &files.arch {
            option("--arch", arch.into());
        }
        option("--secret", prover.secret_path().into());
        if let SrsChoice::Ptau(path) = &files.srs.choice {
            option("--srs", path.into());
        }
        // Tasks say what the small mode takes.
        let memory = files.memory.unwrap_or(Memory::Small);
        option("--memory", memory.to_string().into());
        let needs = prover.footprint().memory;
        Ok(Self {
            id: prover.weights_commit()?.to_be_bytes(),
            layout: layout(prover.vk_digest()),
            seconds: prover.speed().of_one().as_secs_f64(),
            beside: memory.of(&needs).saturating_sub(needs.small),
            key: prover.verifier_key().clone(),
            options,
        })
    }
}

/// What a task is called where people read it: no input can be told from it.
fn named(taken: &Taken) -> String {
    format!("task {} ({})", taken.id, &B256::from(taken.statement).to_string()[..10])
}

impl Work for Proving {
    type Attempt = ChildAttempt;

    fn skills(&self) -> Vec<Skill> {
        let skills = self.models.iter().map(|own| Skill {
            model_id: own.id,
            layout: own.layout.clone(),
            seconds: own.seconds,
        });
        skills.collect()
    }

    fn free_memory(&self) -> u64 {
        let beside = self.models.iter().map(|own| own.beside).max().unwrap_or(0);
        let free = memory::free().unwrap_or(u64::MAX);
        free.saturating_sub(beside.saturating_mul(self.jobs as u64))
    }

    fn begin(&self, taken: &Taken, progress: &Progress) -> Result<ChildAttempt, Failure> {
        let own = self.model_of(taken).map_err(|error| Failure {
            error,
            ..Failure::default()
        })?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.options)
            .args(["farm", "prove-one", "--tasks"])
            .arg(self.tasks.dir())
            .args(&own.options)
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            // It asks no database.
            .env_remove("PGPASSWORD")
            .env_remove("PGPASSFILE");
        ChildAttempt::begin(command, taken, progress)
    }

    fn check(&self, taken: &Taken, bundle: &[u8]) -> Result<(), String> {
        let own = self.model_of(taken)?;
        let bundle = ProofBundle::from_bytes(bundle).map_err(|error| error.to_string())?;
        let says = About::by(&bundle).map(|about| about.statement());
        if says != Some(taken.statement.into()) {
            return Err("it says something else than was asked for".into());
        }
        proof::verify(&own.key, &bundle).map_err(|error| error.to_string())
    }

    fn hear(&self, event: Event<'_>) {
        let out = &self.out;
        match event {
            Event::Took(taken) => out.note(format_args!(
                "{}: start {}, opening {}{}",
                named(taken),
                taken.start,
                taken.number,
                if taken.is_second { ", beside another worker" } else { "" }
            )),
            Event::Finished(taken, closed, seconds) => {
                let what = match closed {
                    Closed::First => "proven",
                    Closed::Known => "proven, as it was already",
                    Closed::Cancelled => "proven, but nobody needs it any more",
                };
                out.note(format_args!("{}: {what} in {seconds:.1} s", named(taken)));
            }
            Event::Failed(taken, failure) => out.warn(format_args!("{}: {}", named(taken), failure.error)),
            Event::Stopped(taken, _) => out.note(format_args!("{}: not needed any more", named(taken))),
            Event::Doubled(taken) => out.note(format_args!("{}: another worker began it, too", named(taken))),
            Event::GaveBack(taken) => out.note(format_args!("{}: given back", named(taken))),
            Event::Waiting(error) => out.warn(format_args!("{error}; waiting")),
            _ => {}
        }
    }
}
