//! Withdraws an offer that nobody accepted.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::consumer::moves::CANCEL;
use assay_marketplace::engagement::Ended;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mc cancel 0x3f… --keystore me.json\n\nDeposit and fee become credit; fetch them with assay withdraw."
)]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = Ended::from(desk.play(args.id, &CANCEL).await?);
    ctx.out.result(&result, &result)
}
