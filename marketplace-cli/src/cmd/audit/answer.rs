//! Posts answers, and withholds documents that match.

use crate::args::documents::DocumentArgs;
use crate::cmd::audit::end::IdArgs;
use crate::context::Context;
use assay_chain::error::usage;
use assay_marketplace::audit::responder::answer;
use assay_marketplace::corpus::attest::statement_of;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay audit withhold 0x3f… --document 17 --document 204 --log privilege.txt --keystore me.json\n\n\
    Posts the answers first, without sealing them; then run assay audit answer, after which nothing changes any more. The chain\n\
    has the SHA-256 of the log, in which you say why each document is kept back: keep it byte for byte."
)]
pub struct WithholdArgs {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    documents: DocumentArgs,
    /// What is said of them
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
}

pub(crate) async fn run(args: IdArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.retrieval, &args.keys).await?;
    let result = answer::answer(&desk, args.id).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn withhold(args: WithholdArgs, ctx: &Context) -> eyre::Result<()> {
    let named = args.documents.named();
    let documents = named.ok_or_else(|| usage("say which documents: --document N"))?;
    let log = statement_of(&args.log)?;
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = answer::withhold(&desk, args.id.id, &documents, log).await?;
    ctx.out.result(&result, &result)
}
