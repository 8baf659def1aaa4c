//! Runs the model on a round's inputs and locks with a root of the outputs.

use crate::args::model::ModelArgs;
use crate::args::sending::TryArgs;
use crate::args::server::ServerArgs;
use crate::args::serving::ServingArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::delivery::{Delivery, Place};
use assay_marketplace::prediction::provider::serve::serve;
use assay_marketplace::proving::{MissingSecret, ModelFiles};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay predict serve 0x3f… --model digits.assay --inputs /mnt/shared/3f --keystore me.json\n  \
    assay predict serve 0x3f… --model digits.assay --inputs https://consumer.example:8700 --keystore me.json\n\n\
    Checks every input against the offer and runs the integer network on it, which also shows that each prediction can be\n\
    proven; promises the proofs that may be contested, beside everything else that this model's proofs are promised to;\n\
    then locks deposit and fee with a root of salted outputs. Nobody has read an output before both deposits are locked.\n\
    If anything is missing it does nothing, and the offer lapses.")]
pub struct Args {
    /// Round
    id: B256,
    /// Where the consumer hands the inputs over: a directory, the file, or the URL of a server
    #[arg(long, value_name = "DIR|FILE|URL")]
    inputs: Place,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    serving: ServingArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_rounds_desk(&args.keys).await?;
    let model = ModelFiles::from(args.model);
    model.require_files()?;
    let prover = model.prover(&desk.market.chain, MissingSecret::Missed, &ctx.out)?;
    let id = args.id;
    let round = desk.market.newest(id).await?;
    let inputs = Delivery::open(&args.inputs, id, &args.server.into(), round.mc, desk.account.key())?;
    let result = serve(&desk, id, &prover, &args.serving.into(), &inputs).await?;
    ctx.out.result(&result, &result)
}
