//! Commits to proving.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::proceed::proceed_anyway;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp proceed 0x3f… --keystore me.json\n\n\
    From here on only enough proofs save the deposit. In FULL the consumer reveals the proven set next. After an encrypted\n\
    transfer the probe set has to be checked first, see assay mp probe; if that advises to abort, only --force proceeds.")]
pub struct Args {
    /// Engagement
    id: B256,
    /// Proceed though too few of the open examples were right
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = proceed_anyway(&desk, args.id, args.force).await?;
    ctx.out.result(&result, &result)
}
