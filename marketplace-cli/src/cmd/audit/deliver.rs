//! Hands documents over, and delivers what was demanded.

use crate::args::server::ServerArgs;
use crate::cmd::audit::ack::DemandArgs;
use crate::cmd::audit::end::IdArgs;
use crate::context::Context;
use assay_chain::error::usage;
use assay_chain::venue::Venue;
use assay_marketplace::audit::responder::deliver::deliver;
use assay_marketplace::audit::responder::hand_over::hand_over;
use assay_marketplace::audit::responder::publish;
use assay_marketplace::delivery::{Delivery, Place};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit deliver 0x3f… --to /mnt/shared --keystore me.json\n  \
    assay audit deliver 0x3f… --demand 0 --to https://requester.example:8700 --keystore me.json\n\n\
    Without --demand every document that matches and is not kept back is handed over with its original, off chain. A demand is\n\
    encrypted for the requester alone; the chain has the root of the ciphertext, and if the requester does not acknowledge it\n\
    run assay audit publish."
)]
pub struct Args {
    #[command(flatten)]
    id: IdArgs,
    /// Number of the demand that is delivered
    #[arg(long, value_name = "M")]
    demand: Option<u32>,
    /// Directory that the requester reads, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    to: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let id = args.id.id;
    let requester = desk.market.newest(id).await?.rq;
    let server = args.server.into();
    let to = args
        .to
        .map(|place| Delivery::open(&place, id, &server, requester, desk.account.key()))
        .transpose()?;
    match (args.demand, to) {
        (Some(m), to) => {
            let result = deliver(&desk, id, m, to.as_ref()).await?;
            ctx.out.result(&result, &result)
        }
        (None, Some(to)) => {
            let result = hand_over(&desk, id, &to).await?;
            ctx.out.result(&result, &result)
        }
        (None, None) => Err(usage("say where the documents go: --to DIR|URL")),
    }
}

pub(crate) async fn publish(args: DemandArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = publish::publish(&desk, args.id.id, args.demand).await?;
    ctx.out.result(&result, &result)
}
