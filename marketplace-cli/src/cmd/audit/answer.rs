//! Posts answers, and withholds documents that match.

use crate::args::documents::DocumentArgs;
use crate::cmd::audit::end::{FirmArgs, IdArgs};
use crate::context::Context;
use assay_chain::error::usage;
use assay_marketplace::audit::responder::answer::{self, Fewer};
use assay_marketplace::corpus::attest::statement_of;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay audit answer 0x3f… --keystore me.json\n\n\
    Posts what was found before the request was accepted, as many pages to a transaction as fit it. After it nothing of the answers changes;\n\
    withhold first what is privileged. If documents were to be withheld when the request was accepted and are not yet, nothing is sealed.")]
pub struct Args {
    #[command(flatten)]
    id: IdArgs,
    /// Seal although fewer documents are withheld than were announced with the acceptance
    #[arg(long)]
    no_more: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay audit withhold 0x3f… --document 17 --document 204 --log privilege.txt --keystore me.json\n\n\
    Posts the answers first, without sealing them; then run assay audit answer, after which nothing changes any more. The chain\n\
    has the SHA-256 of the log, in which you say why each document is kept back: keep it byte for byte."
)]
pub struct WithholdArgs {
    #[command(flatten)]
    id: FirmArgs,
    #[command(flatten)]
    documents: DocumentArgs,
    /// What is said of them
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let fewer = match args.no_more {
        true => Fewer::AreMeant,
        false => Fewer::AreAnError,
    };
    let result = answer::answer(&desk, args.id.id, fewer).await?;
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
