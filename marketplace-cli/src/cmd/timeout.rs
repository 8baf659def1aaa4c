//! Closes an engagement whose window has passed.

use crate::args::keys::KeyArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::anybody::timeout::timeout;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Close it
    Run(Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Run(args) => run(args, ctx).await,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay timeout run 0x3f… --devnet-account 2\n\n\
    Whoever was to move and did not loses: a silent provider its deposit and a strike, a silent consumer its deposit; an\n\
    unanswered challenge convicts the provider. An offer returns to its consumer, an unchallenged result passes, a transfer\n\
    that was not acknowledged gives both deposits back.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = timeout(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
