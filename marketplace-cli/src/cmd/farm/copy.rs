//! The files of a model for a machine of the farm.

use crate::args::model::ModelArgs;
use crate::context::Context;
use assay_durable::file::write_atomic;
use assay_marketplace::proving::{save_arch, ModelFiles};
use assay_prover::secret::ModelSecret;
use eyre::WrapErr;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay farm copy --model digits.assay --to for-the-farm && scp -r for-the-farm gpu7:\n\n\
    Writes model.assay, model.arch.json and model.secret into a new directory, readable by its owner alone. Of the copy of the secret no\n\
    number can be taken: its machine proves with what the farm grants. Whoever has it can work the weights out of the proofs."
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// New directory
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    model: PathBuf,
    arch: PathBuf,
    secret: PathBuf,
}

pub(crate) fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let files = ModelFiles::from(args.model);
    let (model, frozen) = files.network()?;
    let secret = ModelSecret::open(&files.secret_path())?;
    std::fs::create_dir(&args.to).wrap_err_with(|| format!("cannot make {}", args.to.display()))?;
    #[cfg(unix)]
    std::fs::set_permissions(&args.to, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let copied = Copied {
        model: args.to.join("model.assay"),
        arch: args.to.join("model.arch.json"),
        secret: args.to.join("model.secret"),
    };
    write_atomic(&copied.model, &model.to_bytes()?, true)?;
    save_arch(&copied.arch, &frozen)?;
    secret.write_uncounted(&copied.secret)?;
    let (model, arch) = (copied.model.display(), copied.arch.display());
    ctx.out.result(
        &copied,
        format!("next, there: assay farm worker --model {model} --arch {arch}"),
    )
}
