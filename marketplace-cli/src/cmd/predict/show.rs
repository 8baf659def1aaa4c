//! What the chain says of rounds.

use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::prediction::anybody::{list, show};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict show 0x3f…\n  assay predict show 0x3f… --json --block 19000000\n\n\
    With --json one versioned document: fields are added, none is changed or taken away within a version."
)]
pub struct ShowArgs {
    /// Round
    id: B256,
    /// Read it as it was at this block [default: the newest]
    #[arg(long, value_name = "N")]
    block: Option<u64>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict list 0x9a…\n  assay predict list 0x9a… --offers      open offers, which cost nothing to make"
)]
pub struct ListArgs {
    /// Model
    model_id: B256,
    /// Open offers instead of rounds that were served
    #[arg(long)]
    offers: bool,
}

pub(crate) async fn show(args: ShowArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.rounds_site().await?;
    let result = show::show(&site, args.id, args.block).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn list(args: ListArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.rounds_site().await?;
    let result = list::list(&site.market, args.model_id, args.offers).await?;
    ctx.out.result(&result, &result)
}
