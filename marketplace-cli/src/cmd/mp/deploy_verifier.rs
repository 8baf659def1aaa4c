//! Generates, compiles and deploys the verifier of an architecture.

use crate::args::sending::TryArgs;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{load_arch, verifier_key};
use assay_marketplace::verifier::code::require_makeable;
use assay_marketplace::verifier::deploy::deploy_verifier;
use assay_marketplace::verifier::record::metric_of;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay mp deploy-verifier digits.arch.json --srs dev --devnet-account 1\n\n\
    One verifier serves every model of an architecture. Its address goes into the address book. Models that reveal their\n\
    logits have none: no contract reads them."
)]
pub struct Args {
    /// Architecture file, see assay plan
    arch: PathBuf,
    #[command(flatten)]
    srs: SrsArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let chain = ctx.chain().await?;
    let account = ctx.account(&chain, &args.keys).await?;
    account.require_funds(0, 0).await?;
    let frozen = load_arch(&args.arch)?;
    metric_of(frozen.architecture.output)?;
    // What is missing is said before a key is made, which may take minutes.
    require_makeable(&frozen)?;
    let string = SrsUse::from(args.srs).load(&chain, frozen.layout.k, &ctx.out)?;
    let key = verifier_key(&frozen, string, &ctx.out)?;
    let path = ctx.deployment_path(&chain);
    let book = (ctx.globals.deployment.is_some() || path.exists()).then_some(path.as_path());
    let result = deploy_verifier(&ctx.home, &account, &key, book, &ctx.out).await?;
    ctx.out.result(&result, &result)
}
