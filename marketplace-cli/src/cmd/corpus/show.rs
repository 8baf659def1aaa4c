//! What the chain says of corpora.

use crate::args::block::BlockArgs;
use crate::args::listing::ListingArgs;
use crate::context::Context;
use alloy::primitives::{Address, B256};
use assay_marketplace::corpus::{list, show};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay corpus show 0x7c…\n  assay corpus show 0x7c… --json --block 19000000\n\n\
    Who committed to how many documents and when, and what sources said of it: the SHA-256 of each statement. Ask the source for\n\
    the statement itself. What a corpus leaves out nobody can see on a chain: that is what sources are for.\n\n\
    With --json one versioned document, see marketplace/DOCUMENTS.md."
)]
pub struct ShowArgs {
    /// Corpus
    id: B256,
    #[command(flatten)]
    block: BlockArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay corpus list 0xf39F…")]
pub struct ListArgs {
    /// Responder
    #[arg(value_name = "ADDRESS")]
    responder: Address,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    listing: ListingArgs,
}

pub(crate) async fn show(args: ShowArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.corpora_site().await?;
    let result = show::show(&site, args.id, args.block.into()).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn list(args: ListArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.corpora_site().await?;
    let result = list::list(&site, args.responder, args.block.into()).await?;
    ctx.out.list(&result, &*result, args.listing.csv)
}
