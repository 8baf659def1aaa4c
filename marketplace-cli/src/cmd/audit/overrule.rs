//! Overrules what is withheld.

use crate::args::documents::DocumentArgs;
use crate::cmd::audit::end::IdArgs;
use crate::context::Context;
use assay_chain::error::usage;
use assay_marketplace::audit::authority::overrule::overrule;
use assay_marketplace::corpus::attest::statement_of;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit overrule 0x3f… --document 17 --ruling order.pdf --keystore court.json\n  \
    assay audit overrule 0x3f… --all --ruling order.pdf --keystore court.json\n\n\
    From then on the requester may demand them. The chain has the SHA-256 of the ruling."
)]
pub struct Args {
    #[command(flatten)]
    id: IdArgs,
    #[command(flatten)]
    documents: DocumentArgs,
    /// All that are withheld
    #[arg(long, conflicts_with = "documents")]
    all: bool,
    /// What is said of them
    #[arg(long, value_name = "FILE")]
    ruling: PathBuf,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let documents = args.documents.named();
    if documents.is_none() && !args.all {
        return Err(usage("say which documents: --document N, or --all"));
    }
    let ruling = statement_of(&args.ruling)?;
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = overrule(&desk, args.id.id, documents, ruling).await?;
    ctx.out.result(&result, &result)
}
