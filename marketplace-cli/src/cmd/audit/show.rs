//! What the chain says of audits.

use crate::args::block::BlockArgs;
use crate::args::listing::ListingArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::trust::TrustArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_economics::share::Share;
use assay_marketplace::audit::anybody::{list, show};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay audit show 0x3f… --arch digits.arch.json\n  assay audit show 0x3f… --json --block 19000000\n\n\
    A verdict is about the documents that were answered with no match: how many of them at most match all the same, by the sample\n\
    that was proven. It says nothing about documents that are not in the corpus, and nothing at all if requester and responder\n\
    are one. What is proven shows something only if the predicate's verifier is known: name its architecture.\n\n\
    With --json one versioned document, see marketplace/DOCUMENTS.md."
)]
pub struct ShowArgs {
    /// Audit
    id: B256,
    /// How often a sample may miss more than the bound that is printed
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    delta: Share,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  assay audit list 0x7c… --arch digits.arch.json\n  \
    assay audit list 0x7c… --requests      open requests, which cost nothing to make\n\n\
    All of them count: whoever repeats an audit until a sample misses what it hides leaves the others behind. Each with the bounds of\n\
    its verdict, which rest on its predicate's verifier: name its architecture, or nothing is known of it.")]
pub struct ListArgs {
    /// Corpus
    corpus_id: B256,
    /// Open requests instead of audits that were accepted
    #[arg(long)]
    requests: bool,
    /// How often a sample may miss more than the bound of a verdict
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    delta: Share,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    block: BlockArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    listing: ListingArgs,
}

pub(crate) async fn show(args: ShowArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.audits_site(args.retrieval).await?;
    let result = show::show(&site, args.id, &args.trust.into(), &args.delta, args.block.into()).await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn list(args: ListArgs, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.audits_site(args.retrieval).await?;
    let (trust, which) = (args.trust.into(), args.block.into());
    let result = list::list(&site, args.corpus_id, args.requests, &trust, &args.delta, which).await?;
    ctx.out.list(&result, &*result, args.listing.csv)
}
