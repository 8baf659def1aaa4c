//! Ends what is not proven yet.

use crate::args::queue::QueueArgs;
use crate::context::Context;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use alloy::primitives::B256;
use assay_marketplace::proofs::farm::Proofs;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay farm cancel 0x3f…\n  assay farm cancel 0x3f… --forget\n\n\
    Workers stop at their next beat. What is proven stays, and assay farm retry queues the rest again; with --forget tasks, proofs that\n\
    were not collected and what was handed over are gone. Openings that were granted stay spent."
)]
pub struct Args {
    /// Engagement, round or audit
    id: B256,
    /// Remove its tasks, its proofs and what was handed over, too
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    farm: QueueArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    id: B256,
    cancelled: u64,
    forgotten: bool,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let farm = Farm::new(Place::named(&args.farm, ctx)?, false, (*ctx.out).clone());
    let cancelled = farm.cancel(args.id).await?;
    if args.forget {
        farm.give_up(args.id).await?;
    }
    let done = Cancelled {
        id: args.id,
        cancelled,
        forgotten: args.forget,
    };
    ctx.out.result(&done, format!("{cancelled} task(s) cancelled"))
}
