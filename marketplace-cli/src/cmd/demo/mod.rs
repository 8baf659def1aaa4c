//! The whole path once, on real input: register, open, accept, send, prove, submit, settle, withdraw, read the verdict.

mod attack;
mod ledger;
mod story;

use crate::context::Context;
use eyre::WrapErr;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay demo --keep /tmp/assay-demo\n\n\
    Needs the repository: the digits model and images in models/digits, the compiled contracts, anvil. Ends with code 1\n\
    unless the verdict is PROVEN, false proofs were refused on chain, and every balance is right to the wei.")]
pub struct Args {
    /// Examples to verify, from models/digits/heldout
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(4..=300))]
    examples: u32,
    /// Chooses the examples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// New directory for everything the demo makes [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let temp;
    let work = match &args.keep {
        Some(dir) => {
            std::fs::create_dir(dir).wrap_err_with(|| format!("cannot create {}", dir.display()))?;
            dir.clone()
        }
        None => {
            temp = tempfile::tempdir().wrap_err("no temporary directory")?;
            temp.path().to_owned()
        }
    };
    let summary = story::run(ctx, &work, args.examples, args.seed).await?;
    ctx.out.result(&summary, &summary)?;
    summary.check()
}
