//! Opens the commitment to a model's weights.

use crate::args::claim::OpenedArgs;
use crate::args::consent::ConsentArgs;
use crate::args::model::ModelArgs;
use crate::context::Context;
use assay_marketplace::openings::model::prepare;
use assay_marketplace::proving::ModelFiles;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay model open --model digits.assay --model-id 0x9a… --out digits.opening\n  \
    assay model open --model digits.assay --commitment 0x00ab… --out digits.opening --yes\n  \
    assay model open --model seven.assay --predicate --out seven.opening --yes\n\n\
    The file holds the weights, and the salts and blinders of this model's commitment: whoever has it recomputes the commitment\n\
    (assay model check) and has the model, for good, also where the same weights are registered again. It holds nothing else:\n\
    the seeds of the secret file do not follow from it, so other models of the file stay hidden, and so do images and\n\
    activations in all proofs, made before or after, from all who do not try candidates on the network. Nothing is sent; whoever you give the file to can pass it on.")]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    claim: OpenedArgs,
    /// Where the opening goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    consent: ConsentArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let claim = args.claim.read(ctx).await?;
    let files = ModelFiles::from(args.model);
    let prepared = prepare(&files, &claim, async || ctx.named_chain().await, &ctx.out).await?;
    args.consent
        .require(
            &ctx.out,
            format_args!(
                "opening commitment {} gives all weights of {} away to whoever gets {}, for good",
                prepared.weights_commit(),
                files.model.display(),
                args.out.display()
            ),
        )
        .await?;
    let result = prepared.write(&args.out)?;
    ctx.out.result(&result, &result)
}
