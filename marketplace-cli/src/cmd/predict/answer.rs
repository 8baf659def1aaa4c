//! Proves contested outputs and sends the proofs.

use crate::args::model::ModelArgs;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::prediction::provider::answer::answer;
use assay_marketplace::prediction::provider::prove::prove;
use assay_marketplace::proving::{MissingSecret, ModelFiles};
use assay_protocol::abi::RoundState;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay predict answer 0x3f… --model digits.assay --keystore me.json\n\n\
    Makes the proofs that are not there yet, one at a time, and sends them in as few transactions as they fit. What one run made, the\n\
    next one finds."
)]
pub struct Args {
    /// Round
    id: B256,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.rounds_desk(&args.keys).await?;
    let round = desk.market.newest(args.id).await?;
    if round.state == RoundState::Served && round.contested > round.proven {
        let prover = ModelFiles::from(args.model).prover(&desk.market.chain, MissingSecret::Missed, &ctx.out)?;
        let made = prove(&desk, args.id, &prover, None, || false).await?;
        ctx.out.note(format_args!("{} proof(s) made", made.made.len()));
    }
    let result = answer(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}
