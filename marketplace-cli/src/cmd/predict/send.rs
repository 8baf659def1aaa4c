//! Hands inputs or outputs over.

use crate::args::keys::KeyArgs;
use crate::args::server::ServerArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::delivery::{Delivery, Place};
use assay_marketplace::prediction::consumer::send::send_inputs;
use assay_marketplace::prediction::provider::publish::send_outputs;
use assay_protocol::abi::RoundState;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay predict send 0x3f… --to /mnt/shared/3f --keystore me.json\n  \
    assay predict send 0x3f… --to https://provider.example:8700 --keystore me.json\n\n\
    Of an offer the consumer hands the inputs over: from then on the provider has them, whether it serves the round or not.\n\
    When the round is served and private, the provider hands the outputs over; they go only when the transaction that\n\
    locked both deposits cannot be taken back any more."
)]
pub struct Args {
    /// Round
    id: B256,
    /// Directory that the other party reads, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    to: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Inputs [default: those that were offered]
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.rounds_desk(&args.keys).await?;
    let id = args.id;
    let round = desk.market.newest(id).await?;
    let is_offer = round.state == RoundState::Offered;
    let other = if is_offer { round.mp } else { round.mc };
    let to = Delivery::open(&args.to, id, &args.server.into(), other, desk.account.key())?;
    let result = match is_offer {
        true => send_inputs(&desk, id, args.inputs.as_deref(), &to).await?,
        false => send_outputs(&desk, id, &to).await?,
    };
    ctx.out.result(&result, &result)
}
