//! Receives and checks the outputs.

use crate::args::keys::KeyArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::delivery::{Delivery, Place};
use assay_marketplace::prediction::consumer::check::check;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict check 0x3f… --from /mnt/shared/3f --keystore me.json\n  \
    assay predict check 0x3f… --from https://provider.example:8700 --keystore me.json\n  \
    assay predict check 0x3f… --reference mine.assay --keystore me.json      after a publication, against a model of your own\n\n\
    Every output must be there and lead to the root that the provider committed to. If one is missing, neither confirm nor\n\
    contest: then the provider has to publish, or gives up the price."
)]
pub struct Args {
    /// Round
    id: B256,
    /// Where the provider hands the outputs over [default: what was received before, or the chain]
    #[arg(long, value_name = "DIR|FILE|URL")]
    from: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
    /// Model file of your own, whose predictions are compared
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Inputs, for the comparison [default: those that were offered]
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.rounds_desk(&args.keys).await?;
    let id = args.id;
    let round = desk.market.newest(id).await?;
    let server = args.server.into();
    let from = args
        .from
        .map(|place| Delivery::open(&place, id, &server, round.mp, desk.account.key()))
        .transpose()?;
    let result = check(
        &desk,
        id,
        from.as_ref(),
        args.reference.as_deref(),
        args.inputs.as_deref(),
    )
    .await?;
    ctx.out.result(&result, &result)
}
