//! Checks the test set and proves what the engagement asks for.

use crate::args::model::ModelArgs;
use crate::args::sending::SendArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::accuracy::provider::prove::{prove, Manner};
use assay_marketplace::proving::{MissingSecret, ModelFiles};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp prove 0x3f… --set /mnt/shared/3f --model digits.assay --keystore me.json --proceed\n  \
    assay mp prove 0x3f… --model digits.assay --keystore me.json      after an encrypted transfer\n\n\
    Checks the whole set first: commitments, root, and that the model is right often enough. Where the proofs go on chain it\n\
    makes as many as the target still needs there; of a result that is claimed, or will be, every correct one. Interrupted, it\n\
    goes on where it stopped: proofs that are there and verify are kept. It does not begin if the proofs that the target needs\n\
    take longer than the window is open, nor beside another process that proves for this engagement or with this model."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// Test set that the consumer handed over in clear
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// Commit to proving (assay mp submit does it otherwise) as soon as the set is checked, for proofs that take longer
    /// than the time to decide
    #[arg(long)]
    proceed: bool,
    /// Prove every example that the model gets right, not only as many as the target needs
    #[arg(long)]
    all: bool,
    /// Begin even if the time seems too short
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keys: SendArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let prover = ModelFiles::from(args.model).prover(&desk.market.chain, MissingSecret::Missed, &ctx.out)?;
    let manner = Manner {
        proceed: args.proceed,
        all: args.all,
        force: args.force,
    };
    let result = prove(&desk, args.id, args.set.as_deref(), &prover, manner).await?;
    ctx.out.result(&result, &result)
}
