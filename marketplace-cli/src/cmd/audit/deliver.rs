//! Hands documents over, and delivers what was demanded.

use crate::args::corpus_place::CorpusPlaceArgs;
use crate::args::server::ServerArgs;
use crate::cmd::audit::end::{FirmArgs, IdArgs};
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::usage;
use assay_chain::venue::Venue;
use assay_marketplace::audit::responder::deliver::deliver;
use assay_marketplace::audit::responder::hand_over::hand_over;
use assay_marketplace::audit::responder::publish;
use assay_marketplace::delivery::{Delivery, Place};
use assay_protocol::abi::DemandState;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit deliver 0x3f… --to /mnt/shared --keystore me.json\n  \
    assay audit deliver 0x3f… --demand 0 --to https://requester.example:8700 --keystore me.json\n  \
    assay audit deliver 0x3f… --all-demands --to /mnt/shared --keystore me.json\n\n\
    Without --demand and --all-demands every document that matches and is not kept back is handed over with its original, off chain. A demand is\n\
    encrypted for the requester alone; the chain has the root of the ciphertext, and if the requester does not acknowledge it\n\
    run assay audit publish."
)]
pub struct Args {
    #[command(flatten)]
    id: FirmArgs,
    /// Number of the demand that is delivered
    #[arg(long, value_name = "M")]
    demand: Option<u32>,
    /// Deliver every demand that waits for it, all of them at once
    #[arg(long, conflicts_with = "demand")]
    all_demands: bool,
    /// Directory that the requester reads, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    to: Option<Place>,
    #[command(flatten)]
    place: CorpusPlaceArgs,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let id = args.id.id;
    args.place.note(&desk, id).await?;
    let requester = desk.market.newest(id).await?.rq;
    let server = args.server.into();
    let to = args
        .to
        .map(|place| Delivery::open(&place, id, &server, requester, desk.account.key()))
        .transpose()?;
    match (args.demand, to) {
        (Some(m), to) => {
            let result = deliver(&desk, id, &[m], to.as_ref(), None).await?.only()?;
            ctx.out.result(&result, &result)
        }
        (None, to) if args.all_demands => {
            let demands = open(&desk.market, id, &[DemandState::Demanded, DemandState::Delivered]).await?;
            let result = deliver(&desk, id, &demands, to.as_ref(), None).await?;
            ctx.out.result(&result, &result)?;
            result.require_all()
        }
        (None, Some(to)) => {
            let result = hand_over(&desk, id, &to).await?;
            ctx.out.result(&result, &result)
        }
        (None, None) => Err(usage("say where the documents go: --to DIR|URL")),
    }
}

/// Demands in one of these states.
async fn open(market: &Audits, id: B256, states: &[DemandState]) -> eyre::Result<Vec<u32>> {
    let demands = market.demands(id, &market.newest(id).await?).await?;
    let open = (0..).zip(demands).filter(|(_, demand)| states.contains(&demand.state));
    Ok(open.map(|(m, _)| m).collect())
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit publish 0x3f… --demand 0 --keystore me.json\n  \
    assay audit publish 0x3f… --all-demands --keystore me.json\n\n\
    Only after the time for the acknowledgement, and before that for publication is over: else the audit ends as a Violation. Half of what\n\
    the calls use up of the demand's fee comes back."
)]
pub struct PublishArgs {
    #[command(flatten)]
    id: IdArgs,
    /// Number of the demand that is published
    #[arg(long, value_name = "M", required_unless_present = "all_demands")]
    demand: Option<u32>,
    /// Publish every delivery that was not acknowledged, all of them at once
    #[arg(long, conflicts_with = "demand")]
    all_demands: bool,
    #[command(flatten)]
    place: CorpusPlaceArgs,
}

pub(crate) async fn publish(args: PublishArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let id = args.id.id;
    args.place.note(&desk, id).await?;
    match args.demand {
        Some(m) => {
            let result = publish::publish(&desk, id, &[m]).await?.only()?;
            ctx.out.result(&result, &result)
        }
        None => {
            let demands = open(&desk.market, id, &[DemandState::Delivered]).await?;
            let result = publish::publish(&desk, id, &demands).await?;
            ctx.out.result(&result, &result)?;
            result.require_all()
        }
    }
}
