//! Keeps the consumer's ciphertext and says so on chain.

use crate::args::sending::SendArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::ack::{ack_from, Source};
use assay_marketplace::accuracy::provider::received::encrypted;
use assay_marketplace::delivery::{Delivery, Place};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp ack 0x3f… --from /mnt/shared/3f --keystore me.json\n  \
    assay mp ack 0x3f… --from https://consumer.example:8700 --keystore me.json\n  \
    assay mp ack 0x3f… --keystore me.json      what the consumer published on chain\n\n\
    Compares every chunk of the ciphertext with the root on chain before it says so: what was acknowledged cannot be asked\n\
    for again. Without an acknowledgement both sides get their deposits back, unless the consumer publishes the chunks."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// Directory with transfer.cipher from the consumer, or URL of the server that has it [default: what the consumer has
    /// published on chain]
    #[arg(long, value_name = "DIR|URL")]
    from: Option<Place>,
    /// Acknowledge published data that cannot be read back, so that silence does not cost the deposit; then abort
    #[arg(long, conflicts_with = "from")]
    unseen: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    keys: SendArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let e = encrypted(&desk, args.id).await?;
    let source = match (args.from, args.unseen) {
        (Some(place), _) => Source::Delivered(Box::new(Delivery::open(
            &place,
            args.id,
            &args.server.into(),
            e.mc,
            desk.account.key(),
        )?)),
        (None, true) => Source::Unseen,
        (None, false) => Source::Chain,
    };
    let result = ack_from(&desk, args.id, &source).await?;
    ctx.out.result(&result, &result)
}
