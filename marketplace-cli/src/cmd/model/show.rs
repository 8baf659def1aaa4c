//! What the chain says of registered models.

use crate::args::block::BlockArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::model::{list, show};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay model show 0x9a… --arch digits.arch.json\n  assay model show 0x9a… --json --block 19000000\n\n\
    Counts are those of the registry: what is proven, what nobody objected to, and rounds are never added up. With --json one\n\
    versioned document, see marketplace/DOCUMENTS.md."
)]
pub struct ShowArgs {
    /// Model
    id: B256,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay model list\n  assay model list --json | jq -r .models[].id")]
pub struct ListArgs {
    #[command(flatten)]
    block: BlockArgs,
}

pub(crate) async fn show(args: ShowArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let result = show::show(&site, args.id, &args.trust.into(), args.block.into()).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn list(args: ListArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let result = list::list(&site, args.block.into()).await?;
    ctx.out.result(&result, &result)
}
