//! Both parties' vote for an agreed split.

use crate::args::fees::ether;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::{B256, U256};
use assay_marketplace::accuracy::anybody::agree_close::agree_close;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay agree-close 0x3f… --mc-ether 0.08 --keystore me.json\n\n\
    Votes to end the engagement with this split of both deposits: the rest of 2D is the provider's. It ends when both sides\n\
    have voted for the same. A vote is an offer: the other side may take it while the state lasts. It counts as settled,\n\
    never as a verdict."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// What the consumer gets of 2D
    #[arg(long, value_name = "ETHER", value_parser = ether, allow_negative_numbers = true)]
    mc_ether: u128,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = agree_close(&desk, args.id, U256::from(args.mc_ether)).await?;
    ctx.out.result(&result, &result)
}
