//! Receives documents that match.

use crate::args::server::ServerArgs;
use crate::cmd::audit::end::FirmArgs;
use crate::context::Context;
use assay_chain::venue::Venue;
use assay_marketplace::audit::requester::receive::receive;
use assay_marketplace::delivery::{Delivery, Place};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit receive 0x3f… --from /mnt/shared --keystore me.json\n  \
    assay audit receive 0x3f… --keystore me.json      what is here already, and what is missing\n\n\
    Each document is compared with its leaf under the root on chain, and with its original. What is missing or wrong can be demanded;\n\
    the originals are taken out of the file with assay corpus check --extract."
)]
pub struct Args {
    #[command(flatten)]
    id: FirmArgs,
    /// Where the responder hands them over: a directory, the file, or the URL of a server
    #[arg(long, value_name = "DIR|FILE|URL")]
    from: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let id = args.id.id;
    let responder = desk.market.newest(id).await?.rs;
    let server = args.server.into();
    let from = args
        .from
        .map(|place| Delivery::open(&place, id, &server, responder, desk.account.key()))
        .transpose()?;
    let result = receive(&desk, id, from.as_ref()).await?;
    ctx.out.result(&result, &result)
}
