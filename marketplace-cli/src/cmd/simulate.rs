//! Plays the markets' incentives in memory.

use crate::context::Context;
use assay_chain::artefact::creation_code;
use assay_durable::file::write_atomic;
use assay_simulation::bytecode::Bytecode;
use assay_simulation::grid::Size;
use assay_simulation::report::{draw, page, Report};
use assay_simulation::{case_count, simulate, Options};
use eyre::WrapErr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay simulate --smoke\n  \
    assay simulate --out docs\n  \
    assay simulate --seed 100 --seeds 20 --json > simulation.json\n\n\
    Agents with a policy each, honest and not, play the contracts in an EVM in memory, around the threshold of each\n\
    condition that `assay policy check` prints. A verifier that knows the truth stands in for proofs, with their gas. Every run\n\
    must close, and every wei must be where the books say.\n\n\
    With --out the page goes to DIR/economics.md and its plots to DIR/economics/. The same seeds give the same page on every\n\
    machine. The whole grid takes some minutes, the small one some seconds.\n\n\
    A prediction that is refuted is a result, not a failure: the exit code is 0.")]
pub struct Args {
    /// First seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Seeds of each case, from the first one on
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// A small grid with few games
    #[arg(long)]
    smoke: bool,
    /// Folder of the page and its plots
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Args {
    /// What makes the same page again.
    fn command(&self) -> String {
        let smoke = if self.smoke { " --smoke" } else { "" };
        let (seed, seeds) = (self.seed, self.seeds);
        format!("assay simulate --seed {seed} --seeds {seeds}{smoke} --out docs")
    }
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let code = Bytecode::load(|contract, libraries| creation_code(contract, libraries, &[]))?;
    let size = if args.smoke { Size::Smoke } else { Size::Full };
    let options = Options {
        seed: args.seed,
        seeds: args.seeds,
        size,
    };
    let (bar, done) = (ctx.out.bar("cases", case_count(size)), AtomicU64::new(0));
    let report = simulate(&code, options, |cases| {
        bar.set(done.fetch_add(cases, Ordering::Relaxed) + cases);
    })?;
    drop(bar);
    if let Some(folder) = &args.out {
        write(folder, &report, &args.command())?;
        ctx.out
            .note(format_args!("written: {}", folder.join("economics.md").display()));
    }
    ctx.out.result(&report, Summary(&report))
}

fn write(folder: &Path, report: &Report, command: &str) -> eyre::Result<()> {
    let plots = folder.join("economics");
    std::fs::create_dir_all(&plots).wrap_err_with(|| format!("cannot make {}", plots.display()))?;
    for (name, svg) in draw(report).map_err(|error| eyre::eyre!(error))? {
        write_atomic(&plots.join(format!("{name}.svg")), svg.as_bytes(), false)?;
    }
    write_atomic(&folder.join("economics.md"), page(report, command).as_bytes(), false)?;
    Ok(())
}

struct Summary<'a>(&'a Report);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        writeln!(
            f,
            "{} runs of {} cases, {:.1} billion gas: all closed, every wei accounted for",
            report.runs,
            report.lines.len(),
            report.gas as f64 / 1e9
        )?;
        for claim in report.claims.iter().chain(&report.audits) {
            let holds = match claim.holds {
                Some(true) => "holds   ",
                Some(false) => "fails   ",
                None => "no line ",
            };
            writeln!(f, "{holds} {}; {}", claim.claim, claim.assumption)?;
        }
        for line in report.refuted() {
            writeln!(f, "refuted  {}: {} at {}", line.condition, line.strategy, line.point)?;
        }
        if report.refuted().next().is_none() {
            writeln!(f, "no prediction is refuted")?;
        }
        Ok(())
    }
}
