//! What the chain says of rounds.

use crate::args::block::BlockArgs;
use crate::args::listing::ListingArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::prediction::anybody::{list, show};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict show 0x3f… --arch digits.arch.json\n  assay predict show 0x3f… --json --block 19000000\n\n\
    What is proven shows something only if the model's verifier is known: see assay verdict show.\n\n\
    With --json one versioned document, see marketplace/DOCUMENTS.md."
)]
pub struct ShowArgs {
    /// Round
    id: B256,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict list 0x9a… --arch digits.arch.json\n  assay predict list 0x9a… --offers      open offers, which cost nothing to make"
)]
pub struct ListArgs {
    /// Model
    model_id: B256,
    /// Open offers instead of rounds that were served
    #[arg(long)]
    offers: bool,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    listing: ListingArgs,
}

pub(crate) async fn show(args: ShowArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.rounds_site().await?;
    let result = show::show(&site, args.id, &args.trust.into(), args.block.into()).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn list(args: ListArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.rounds_site().await?;
    let result = list::list(&site, args.model_id, args.offers, &args.trust.into(), args.block.into()).await?;
    ctx.out.list(&result, &*result, args.listing.csv)
}
