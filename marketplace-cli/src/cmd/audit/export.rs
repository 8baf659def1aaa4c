//! Puts an audit into one file.

use crate::args::retrieval::RetrievalArgs;
use crate::args::srs::SrsArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_marketplace::audit::package::check::Ask;
use assay_marketplace::audit::package::export::{export, Files};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay audit export 0x3f… --predicate matches.opening --out 0x3f.evidence\n  \
    assay audit export 0x3f… --predicate matches.opening --documents delivered.opening --out 0x3f.evidence\n\n\
    The file holds the blocks in which the audit went on, its transactions and receipts, and the state of the contracts after the\n\
    newest block that no reorganisation undoes, each with what leads to it from a block's hash, and calls that other contracts made,\n\
    if the node traces transactions; besides the predicate's weights and, if you add them, documents that the responder has\n\
    opened. Whoever gets it recomputes everything without a node: assay audit\n\
    check. Only an audit that has ended is exported, and it is checked before it is written. No key and no salt of yours goes in that\n\
    is not on chain; the weights and the documents are then whoever's has the file.")]
pub struct Args {
    /// Audit
    id: B256,
    /// Opening of the predicate's weights, see assay model open
    #[arg(long, value_name = "FILE")]
    predicate: PathBuf,
    /// Documents opened to their originals, see assay corpus open
    #[arg(long, value_name = "FILE")]
    documents: Option<PathBuf>,
    /// Where the evidence goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    srs: SrsArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.audits_site(args.retrieval).await?;
    let files = Files {
        predicate: args.predicate,
        documents: args.documents,
        out: args.out,
    };
    let ask = Ask {
        srs: args.srs.into(),
        delta: "5%".parse().map_err(|why| eyre::eyre!("{why}"))?,
        trusted_deployment: ctx.globals.trust_deployment,
    };
    let result = export(&site, args.id, &files, &ask).await?;
    ctx.out.result(&result, &result)
}
