//! Puts the outputs on chain.

use crate::args::sending::SendArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::prediction::provider::publish::publish;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay predict publish 0x3f… --keystore me.json\n\n\
    In a public round this is due in the publish window, or the round is void and costs a strike. In a private round it\n\
    is what remains when the consumer neither confirmed nor contested: it brings the price and part of the consumer's quiet bond, and\n\
    everybody can read the outputs then.")]
pub struct Args {
    /// Round
    id: B256,
    #[command(flatten)]
    keys: SendArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.rounds_desk(&args.keys).await?;
    let result = publish(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
