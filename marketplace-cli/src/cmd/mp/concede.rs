//! Admits that the target cannot be proven.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::moves::{price_of_concession, CONCEDE};
use assay_marketplace::engagement::Ended;
use assay_protocol::abi::State;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp concede 0x3f… --keystore me.json\n\n\
    The whole deposit goes to the consumer. Silence would cost a strike besides.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let e = desk.market.engagement(args.id).await?;
    if e.state == State::Proving {
        args.keys
            .state(&ctx.out, price_of_concession(&desk.market.amounts(e.mode)))
            .await?;
    }
    let result = Ended::from(desk.play(args.id, &CONCEDE).await?);
    ctx.out.result(&result, &result)
}
