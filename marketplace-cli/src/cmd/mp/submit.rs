//! Sends proofs until the target is met.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::submit::submit;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp submit 0x3f… --keystore me.json\n\n\
    Lets the market's judge look at every proof that it will send, before anything is sent: one that it would refuse is named,\n\
    and assay mp prove makes it again. Then sends as many as the target still needs, in batches; of a set in clear it first\n\
    sends proceed, if that was not done. The engagement closes with the batch that meets the target. Answers a full demand too,\n\
    and the challenges beside it. Interrupted, it goes on where it stopped.")]
pub struct Args {
    /// Engagement
    id: B256,
    /// Test set that the consumer handed over in clear [default: the one that was proven]
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    /// Send more than the target needs: as many as fit into the batch that meets it
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = submit(&desk, args.id, args.set.as_deref(), args.all).await?;
    ctx.out.result(&result, &result)
}
