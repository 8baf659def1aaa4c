//! The consumer's side of the encrypted transfer: seal, commit, hand over, publish, reveal.

use crate::args::sending::{SendArgs, TryArgs};
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::consumer::transfer::{publish_chunks, reveal};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc publish 0x3f… --keystore me.json\n\n\
    For a provider that does not acknowledge: the ciphertext goes on chain, 16 to 40 gas a byte, and the provider must\n\
    acknowledge or loses its deposit. Interrupted, it goes on where the chain is.")]
pub struct PublishArgs {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn publish(args: PublishArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = publish_chunks(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mc reveal 0x3f… --keystore me.json\n\n\
    Tells the keys that are due: of the probe set after the acknowledgement, of the proven set after the provider has\n\
    proceeded; in SIMPLE all at once. Not telling them in time costs the deposit. Waits for nothing: run it when due.")]
pub struct RevealArgs {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: SendArgs,
}

pub(crate) async fn reveal_keys(args: RevealArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let result = reveal(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
