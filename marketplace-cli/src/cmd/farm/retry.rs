//! Queues again what was set aside or cancelled.

use crate::args::queue::QueueArgs;
use crate::context::Context;
use crate::farm::fault::told;
use crate::farm::owner::Farm;
use crate::farm::place::Place;
use alloy::primitives::B256;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay farm retry 0x3f…\n\n\
    Gives each task that was set aside or cancelled all its starts anew; assay farm status says why it was. Every start takes an opening.")]
pub struct Args {
    /// Engagement, round or audit
    id: B256,
    #[command(flatten)]
    farm: QueueArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Retried {
    id: B256,
    queued: u64,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let farm = Farm::new(Place::named(&args.farm, ctx)?, false, (*ctx.out).clone());
    let queue = farm.queue().await?;
    let queued = queue.retry(&args.id.to_string()).await.map_err(told)?;
    let done = Retried { id: args.id, queued };
    ctx.out.result(&done, format!("{queued} task(s) queued again"))
}
