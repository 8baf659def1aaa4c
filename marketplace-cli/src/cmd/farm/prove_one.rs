//! The process of one proof: reads what it is to prove, writes the bundle, and says on the way where it is.

use crate::args::model::ModelArgs;
use crate::context::Context;
use crate::farm::tasks::Tasks;
use alloy::primitives::B256;
use assay_durable::progress::Progress;
use assay_durable::report::{Estimate, Report, Reporter};
use assay_farm::supervisor::child::Assignment;
use assay_marketplace::proving::promises::note_speed;
use assay_marketplace::proving::ModelFiles;
use eyre::WrapErr;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Started by assay farm worker, which grants the opening that a proof takes: run by hand it has none."
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Directory that the farm's machines mount
    #[arg(long, value_name = "DIR")]
    tasks: PathBuf,
}

/// Tells where it is, a line each.
#[derive(Debug, Clone, Copy)]
struct Steps;

impl Report for Steps {
    fn note(&self, line: &str) {
        eprintln!("{line}");
    }

    fn phases(&self, _: Option<Estimate>) -> Box<dyn Progress> {
        Box::new(Self)
    }
}

impl Progress for Steps {
    fn phase(&self, name: &str, _: u64) {
        eprintln!("{name}");
    }
}

pub(crate) async fn run(args: Args, _: &Context) -> eyre::Result<()> {
    // One line, which the supervisor keeps.
    prove(args).await.map_err(|error| eyre::eyre!("{error:#}"))
}

async fn prove(args: Args) -> eyre::Result<()> {
    // Ends with the supervisor from here on.
    let assignment = Assignment::receive().wrap_err("standard input names no task: this is for assay farm worker")?;
    let mut token = [0; 16];
    hex::decode_to_slice(&assignment.token, &mut token).wrap_err("the token is none")?;
    let statement: B256 = assignment.statement.parse().wrap_err("the statement is none")?;
    let claim = hex::decode(&assignment.claim).wrap_err("the claim is none")?;
    let task = Tasks::new(args.tasks).read(&claim, statement)?;
    let out = Reporter::new(Steps);
    let prover = ModelFiles::from(args.model).prover_for_others(&out).await?;
    let began = Instant::now();
    let bundle = prover.prove_task(&task, &token, &out)?;
    let took = began.elapsed();
    std::io::stdout().write_all(&bundle.to_bytes())?;
    std::io::stdout().flush()?;
    // It decides what this machine takes; the proof does not depend on it.
    note_speed(prover.secret_path(), took).ok();
    Ok(())
}
