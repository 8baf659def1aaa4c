//! Opens the examples whose keys are out, and judges them.

use crate::args::model::ModelArgs;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::probe::{probe, AfterProbe};
use assay_marketplace::proving::{MissingSecret, ModelFiles};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp probe 0x3f… --model digits.assay --keystore me.json\n  \
    assay mp probe 0x3f… --model digits.assay --keystore me.json --decide\n\n\
    Decrypts the examples whose keys are out, checks every one against its commitment and runs the model. Bad data are\n\
    proven to the contract at once: the consumer loses its deposit. --decide then proceeds or aborts by the probe."
)]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    model: ModelArgs,
    /// Proceed if enough probes are right, else abort
    #[arg(long)]
    decide: bool,
    /// Proceed from this many right probes on [default: the fewest after which proceeding pays, and which leave a consumer
    /// nothing to win by choosing the set]
    #[arg(long, value_name = "N")]
    at_least: Option<u32>,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let prover = ModelFiles::from(args.model).prover(&desk.market.chain, MissingSecret::Missed, &ctx.out)?;
    let decision = AfterProbe {
        act: args.decide,
        at_least: args.at_least,
    };
    let result = probe(&desk, args.id, &prover, decision).await?;
    ctx.out.result(&result, &result)
}
