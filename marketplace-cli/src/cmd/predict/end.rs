//! Calls that end a round.

use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::rounds::Rounds;
use assay_marketplace::engagement::overdue::close;
use assay_marketplace::engagement::play::Move;
use assay_marketplace::engagement::Ended;
use assay_marketplace::prediction::consumer::moves::{CANCEL, CONFIRM};

#[derive(Debug, clap::Args)]
pub struct IdArgs {
    /// Round
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn cancel(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    play(args, ctx, &CANCEL).await
}

pub(crate) async fn confirm(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    play(args, ctx, &CONFIRM).await
}

async fn play(args: IdArgs, ctx: &Context, row: &Move<Rounds>) -> eyre::Result<()> {
    let desk = ctx.rounds_desk(&args.keys).await?;
    let result = Ended::from(desk.play(args.id, row).await?);
    ctx.out.result(&result, &result)
}

pub(crate) async fn finalize(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.rounds_desk(&args.keys).await?;
    let result = close(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
