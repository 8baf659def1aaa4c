//! Measures how often a model is right, and says what target that carries.

use crate::context::Context;
use assay_marketplace::model::measure::test;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay mc test-set build --from models/digits/heldout -n 48 --size 96 --out own-set\n  \
    assay model test digits.assay --set own-set\n  \
    assay model test digits.assay --set own-set --rpc-url http://127.0.0.1:8545     with a market's largest targets\n\n\
    Runs the quantised model that is proven, not the float one. The examples must be none that the model was trained or\n\
    calibrated on, and drawn as consumers draw theirs. The result is kept beside the model file: assay mp accept and\n\
    assay mp watch --accept refuse offers that it speaks against.")]
pub struct Args {
    /// Model file, see assay model import
    model: PathBuf,
    /// Labelled examples, see assay mc test-set build
    #[arg(long, value_name = "DIR")]
    set: PathBuf,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let market = match ctx.globals.rpc_url {
        Some(_) => Some(ctx.market().await?),
        None => None,
    };
    let result = test(&args.model, &args.set, market.as_ref(), &ctx.out)?;
    ctx.out.result(&result, &result)
}
