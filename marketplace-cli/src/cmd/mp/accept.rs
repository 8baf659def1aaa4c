//! Judges an offer, promises its proofs, and escrows the provider's money.

use crate::args::queue::QueueArgs;
use crate::args::sending::TryArgs;
use crate::args::server::ServerArgs;
use crate::args::target::MaxTargetArgs;
use crate::context::Context;
use crate::farm::owner::if_named;
use alloy::primitives::{Address, B256};
use assay_marketplace::accuracy::provider::accept::{accept_with, Policy};
use assay_marketplace::delivery::{Delivery, Place};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mp accept 0x3f… --max-target 90% --leaves leaves.json --keystore me.json\n\n\
    Refuses offers above the target you can meet, of models this program did not register, offers that do not hash to what\n\
    the chain says, those whose proofs cannot be made in half of the time beside everything that is promised already, and,\n\
    without --force, those that do not pay by their prices or by what assay model test measured.\n\
    Where a farm's queue is named, its speed is that of the proofs of the last hour that were collected.\n\
    From here on silence costs the deposit and a strike."
)]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    max_target: MaxTargetArgs,
    /// Accept only from these consumers
    #[arg(long = "consumer", value_name = "ADDRESS")]
    consumers: Vec<Address>,
    /// Accept though the numbers speak against it
    #[arg(long)]
    force: bool,
    /// The N leaf hashes from the consumer, checked against the test root; needed unless the set comes in clear
    #[arg(long, value_name = "FILE|URL")]
    leaves: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    farm: QueueArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_desk(&args.keys).await?;
    let policy = Policy {
        max_target_bps: args.max_target.bps(),
        consumers: args.consumers,
        against_advice: args.force,
    };
    let leaves = match &args.leaves {
        Some(place) => {
            let e = desk.market.engagement(args.id).await?;
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
    let farm = if_named(&args.farm, ctx)?;
    let result = accept_with(&desk, args.id, &policy, leaves.as_ref(), farm.as_deref()).await?;
    ctx.out.result(&result, &result)
}
