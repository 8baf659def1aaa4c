//! Claims a result, and hands its proofs over.

use crate::args::sending::TryArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::post::post;
use assay_marketplace::accuracy::provider::received::encrypted;
use assay_marketplace::delivery::{Delivery, Place};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp post 0x3f… --to /mnt/shared/3f-proofs --keystore me.json\n  \
    assay mp post 0x3f… --to https://consumer.example:8700 --keystore me.json\n\n\
    Claims exactly the examples whose proofs are here; a claim that cannot be proven on demand costs the deposit and the\n\
    stake's strikes. The proofs go to the consumer, who otherwise has to challenge them one by one."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// Directory that the consumer reads, or URL of the server that takes the proofs
    #[arg(long, value_name = "DIR|URL")]
    to: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let to = match &args.to {
        Some(place) => {
            let e = encrypted(&desk, args.id).await?;
            Some(Delivery::open(
                place,
                args.id,
                &args.server.into(),
                e.mc,
                desk.account.key(),
            )?)
        }
        None => None,
    };
    let result = post(&desk, args.id, to.as_ref()).await?;
    ctx.out.result(&result, &result)
}
