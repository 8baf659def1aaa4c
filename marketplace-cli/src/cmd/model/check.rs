//! Checks that weights are those of a commitment.

use crate::args::claim::ModelClaimArgs;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use assay_marketplace::openings::model::check;
use assay_marketplace::proving::ModelFiles;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay model check digits.opening --model-id 0x9a… --rpc-url http://127.0.0.1:8545\n  \
    assay model check digits.opening --commitment 0x00ab…                          without a node\n  \
    assay model check digits.assay --arch digits.arch.json --model-id 0x9a…        a model with public salts needs no opening\n\n\
    Recomputes the commitment under the reference string, compares it and the verifying key with the registry, and the\n\
    verifier contract with the one of that key. Exit code 3 if something differs, with what: architecture, reference string,\n\
    weights and salts, or verifier. Weights that give the same folded\n\
    numbers are one network and have one commitment. The development reference string binds nobody: with it whoever knows its\n\
    secret opens a commitment to any weights.")]
pub struct Args {
    /// Opening, see assay model open, or the model file of a model with public salts
    file: PathBuf,
    #[command(flatten)]
    claim: ModelClaimArgs,
    /// Architecture file of a model file [default: planned from the model]
    #[arg(long, value_name = "FILE")]
    arch: Option<PathBuf>,
    #[command(flatten)]
    srs: SrsArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let claim = args.claim.read(ctx).await?;
    let files = ModelFiles {
        model: args.file,
        arch: args.arch,
        secret: None,
        srs: args.srs.into(),
        memory: None,
    };
    let result = check(&files, &claim, async || ctx.named_chain().await, &ctx.out).await?;
    ctx.out.result(&result, &result)
}
