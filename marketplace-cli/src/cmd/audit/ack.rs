//! What a requester does with a delivery that it demanded.

use crate::args::server::ServerArgs;
use crate::cmd::audit::end::{FirmArgs, IdArgs};
use crate::context::Context;
use assay_chain::venue::Venue;
use assay_marketplace::audit::requester::dispute;
use assay_marketplace::audit::requester::parcel::ack;
use assay_marketplace::delivery::{Delivery, Place};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit ack 0x3f… --demand 0 --from /mnt/shared --keystore me.json\n  \
    assay audit ack 0x3f… --demand 0 --keystore me.json      a delivery that was published\n\n\
    Acknowledges only a ciphertext of which every chunk is here and that has the root on chain: without them nothing bad could\n\
    be shown. Then opens it and compares every document with its leaf."
)]
pub struct Args {
    #[command(flatten)]
    demand: DemandArgs,
    /// Where the responder hands it over: a directory, the file, or the URL of a server
    #[arg(long, value_name = "DIR|FILE|URL")]
    from: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct DemandArgs {
    #[command(flatten)]
    id: IdArgs,
    /// Number of the demand, counted from 0
    #[arg(long, value_name = "M")]
    demand: u32,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let DemandArgs { id, demand } = args.demand;
    let desk = ctx.audits_desk(id.retrieval, &id.keys).await?;
    let responder = desk.market.newest(id.id).await?.rs;
    let server = args.server.into();
    let from = args
        .from
        .map(|place| Delivery::open(&place, id.id, &server, responder, desk.account.key()))
        .transpose()?;
    let result = ack(&desk, id.id, demand, from.as_ref()).await?;
    ctx.out.result(&result, &result)
}

/// Evidence opens what was encrypted, and estimating its gas shows it to the node: no dry run.
#[derive(Debug, clap::Args)]
pub struct DisputeArgs {
    #[command(flatten)]
    id: FirmArgs,
    /// Number of the demand, counted from 0
    #[arg(long, value_name = "M")]
    demand: u32,
}

pub(crate) async fn dispute(args: DisputeArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = dispute::dispute(&desk, args.id.id, args.demand).await?;
    ctx.out.result(&result, &result)
}
