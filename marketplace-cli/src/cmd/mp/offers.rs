//! Lists what is open on a model.

use crate::args::listing::ListingArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::offers::offers;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp offers 0x9a…\n\n\
    Lists what waits for the provider of a model: offers that have not expired, and engagements that are not closed.")]
pub struct Args {
    /// Model
    model_id: B256,
    #[command(flatten)]
    listing: ListingArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let result = offers(&ctx.market().await?, args.model_id).await?;
    ctx.out.list(&result, &result, args.listing.csv)
}
