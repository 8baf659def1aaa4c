//! Ends an accepted engagement before proving.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::moves::{price_of_abort, ABORT};
use assay_marketplace::engagement::Ended;
use assay_protocol::abi::State;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp abort 0x3f… --keystore me.json\n\n\
    Returns both deposits but for the abort payment, which pays for the inferences. It counts in the model's history.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let e = desk.market.engagement(args.id).await?;
    if e.state == State::Probing {
        args.keys
            .state(&ctx.out, price_of_abort(&desk.market.amounts(e.mode)))
            .await?;
    }
    let result = Ended::from(desk.play(args.id, &ABORT).await?);
    ctx.out.result(&result, &result)
}
