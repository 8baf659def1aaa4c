//! Answers the open challenges.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::answer::answer;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp answer 0x3f… --keystore me.json\n\n\
    Sends the proof of every position with an open challenge, the most urgent first. Each answer earns the challenger's\n\
    bond. A full demand is met by assay mp submit, which answers open challenges too.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = answer(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
