//! `bench paper`: the paper's networks and what lies between them, measured in one go, and the page that says so.
//!
//! | module | content |
//! |---|---|
//! | [`measured`] | what was measured, as it is kept |
//! | [`published`] | what the paper says |
//! | [`page`] | `docs/benchmarks.md` |
//! | [`charts`] | its pictures |

pub mod charts;
pub mod measured;
pub mod page;
pub mod published;

use crate::peers;
use crate::prove::{self, Report};
use assay_durable::cache::Cache;
use assay_durable::file::write_atomic;
use assay_durable::report::Reporter;
use assay_marketplace::plan::search::Profile;
use assay_marketplace::plan::{calibrate, plan};
use assay_prover::proof::Memory;
use eyre::{ensure, eyre, WrapErr};
use measured::{commit, Machine, Measured, Network, Predicted, Run};
use std::path::{Path, PathBuf};

/// Below the folder of the page.
const KEPT: &str = "benchmarks/measured.json";
/// With `--portable` and `--stock`, and for layouts that are not the default, the median of so many proofs is enough.
const FEW: u32 = 2;

/// Where the page goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of benchmarks.md, and of benchmarks/ with its pictures and figures
    #[arg(long, value_name = "DIR", default_value = "docs")]
    pub out: PathBuf,
    /// Proofs of each of the paper's networks: of the first one the caches are cold, of the others the median counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..))]
    pub repeat: u32,
    /// Write the page again from the figures that are kept, without measuring
    #[arg(long, conflicts_with = "resume")]
    pub page_only: bool,
    /// Go on after a run of the same program on this machine that was interrupted
    #[arg(long)]
    pub resume: bool,
}

/// A process that proves.
struct Wanted {
    name: &'static str,
    profile: Profile,
    engine: &'static str,
    repeat: u32,
}

impl Wanted {
    /// What a plan says, and what it takes.
    fn run(&self) -> eyre::Result<Run> {
        let architecture = prove::named(self.name)?;
        let network = Network {
            name: self.name.into(),
            parameters: architecture.parameter_count(),
            activations: architecture.activation_count(),
        };
        let planned = plan(architecture, self.profile, &Cache::user()?, &Reporter::silent())?;
        let predicted = (self.engine == "lanes").then(|| Predicted {
            keygen_s: planned.times.keys.as_secs_f64(),
            first_s: planned.times.first.as_secs_f64(),
            later_s: planned.times.later.as_secs_f64(),
            memory_bytes: match planned.mode {
                Some(Memory::Fast) => planned.memory.fast,
                _ => planned.memory.small,
            },
            proof_bytes: planned.cost.proof_bytes,
            gas: planned.verification.map_or(0, |verification| verification.gas.total()),
        });
        Ok(Run {
            profile: self.profile.to_string(),
            engine: self.engine.into(),
            network,
            predicted,
            report: self.measure()?,
        })
    }

    fn measure(&self) -> eyre::Result<Report> {
        let (profile, repeat) = (self.profile.to_string(), self.repeat.to_string());
        let mut arguments = vec![self.name, "--profile", &profile, "--repeat", &repeat];
        match self.engine {
            "portable" => arguments.push("--portable"),
            "stock" => arguments.push("--stock"),
            _ => {}
        }
        prove::in_a_process(&arguments)
    }
}

/// The paper's three, how they are made otherwise, sizes between them, and smaller ones: an exponent wants more than one order of sizes.
fn wanted(repeat: u32) -> Vec<Wanted> {
    let ours = |name, profile, repeat| Wanted {
        name,
        profile,
        engine: "lanes",
        repeat,
    };
    let mut all: Vec<Wanted> = published::TABLE_1
        .iter()
        .map(|row| ours(row.name, Profile::Fast, repeat))
        .collect();
    for engine in ["portable", "stock"] {
        all.push(Wanted {
            name: published::TABLE_1[0].name,
            profile: Profile::Fast,
            engine,
            repeat: FEW,
        });
    }
    // Of the larger two it takes many minutes for each proof.
    all.push(ours(published::TABLE_1[0].name, Profile::CheapGas, FEW));
    for row in &published::TABLE_1 {
        all.push(ours(row.name, Profile::Fastest, FEW));
    }
    for other in [
        "mobilenet_v2_035_32_10",
        "mobilenet_v2_035_96_10",
        "mobilenet_v2_035_64",
        "mobilenet_v2_035_160",
        "mobilenet_v2_05_160",
        "mobilenet_v2_075_160",
    ] {
        all.push(ours(other, Profile::Fastest, FEW));
    }
    all
}

/// Measures, keeps the figures, and writes the page.
///
/// # Errors
/// If something cannot be measured or written.
pub fn run(args: &Args) -> eyre::Result<()> {
    let kept = args.out.join(KEPT);
    let measured = if args.page_only {
        load(&kept)?
    } else {
        measure(args, &kept)?
    };
    for (name, svg) in charts::draw(&measured)? {
        write(&args.out.join("benchmarks").join(name), &svg)?;
    }
    let page = page::of(&measured, peers::kept(&args.out)?.as_ref())?;
    write(&args.out.join("benchmarks.md"), &page)
}

/// Creates the folders, and leaves the file whole or as it was.
pub(crate) fn write(path: &Path, text: &str) -> eyre::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).wrap_err_with(|| format!("cannot make {}", folder.display()))?;
    }
    write_atomic(path, text.as_bytes(), false).wrap_err_with(|| format!("cannot write {}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn load(kept: &Path) -> eyre::Result<Measured> {
    let text = std::fs::read_to_string(kept).wrap_err_with(|| format!("cannot read {}", kept.display()))?;
    serde_json::from_str(&text).wrap_err_with(|| format!("{} is not what this program keeps", kept.display()))
}

/// Keeps the figures after each process.
fn measure(args: &Args, kept: &Path) -> eyre::Result<Measured> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let mut measured = Measured {
        machine: Machine::this()?,
        commit: commit(root.ok_or_else(|| eyre!("no repository root"))?)?,
        runs: Vec::new(),
    };
    if args.resume {
        let before = load(kept)?;
        ensure!(
            (&before.machine, &before.commit) == (&measured.machine, &measured.commit),
            "{} is from another machine or program: measure all of it again, without --resume",
            kept.display()
        );
        measured.runs = before.runs;
    } else {
        eprintln!("… calibrating the planner");
        calibrate(&Cache::user()?, &Reporter::silent())?;
    }
    for wanted in wanted(args.repeat).iter().skip(measured.runs.len()) {
        eprintln!("… {} {} by {}", wanted.name, wanted.profile, wanted.engine);
        measured.runs.push(wanted.run()?);
        write(kept, &(serde_json::to_string_pretty(&measured)? + "\n"))?;
    }
    Ok(measured)
}
