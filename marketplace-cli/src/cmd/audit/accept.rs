//! Takes a request on, or refuses it.

use crate::args::accepting::AcceptingArgs;
use crate::args::predicate::PredicateKeyArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::sending::SendArgs;
use crate::args::server::ServerArgs;
use crate::cmd::audit::end::IdArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_marketplace::audit::responder::accept::{accept, Documents};
use assay_marketplace::audit::responder::decline;
use assay_marketplace::corpus::registry::directory;
use assay_marketplace::delivery::{Delivery, Place};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(mut_arg("max_bond", |bond| bond.required(true)))]
#[command(after_help = "Examples:\n  \
    assay audit accept 0x3f… --predicate /mnt/shared --max-bond 5 --max-matches 40 --keystore me.json\n  \
    assay audit accept 0x3f… --predicate seven.opening --max-bond 5 --max-matches 40 --authority 0x90… --withhold 5 --keystore me.json\n\n\
    Makes key, commitment and verifier of the published predicate anew and compares them with the request, runs the predicate\n\
    on every document of the corpus, proves one and times it, and locks the bond only if everything that may be asked for\n\
    can be proven within half of its time, and no more documents match than you allow. If anything speaks against it nothing is locked: decline the request, or let it\n\
    expire. A document of which nothing can be proven is answered with a match.")]
pub struct Args {
    /// Audit
    id: B256,
    /// Where the requester hands the predicate's opening over: a directory, the file, or the URL of a server
    #[arg(long, value_name = "DIR|FILE|URL")]
    predicate: Place,
    #[command(flatten)]
    server: ServerArgs,
    /// Directory of the corpus [default: where it was committed from]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Folder of the originals [default: where they were committed from]
    #[arg(long, value_name = "DIR")]
    originals: Option<PathBuf>,
    #[command(flatten)]
    accepting: AcceptingArgs,
    #[command(flatten)]
    predicate_keys: PredicateKeyArgs,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: SendArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  assay audit decline 0x3f… --reason 'the predicate is registered as a model' --keystore me.json\n\n\
    The price returns to the requester. A refusal weighs something only if an authority has approved the request."
)]
pub struct DeclineArgs {
    #[command(flatten)]
    id: IdArgs,
    /// Goes on chain for everybody to read
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.paying_audits_desk(args.retrieval, &args.keys).await?;
    let id = args.id;
    let audit = desk.market.newest(id).await?;
    let corpora = ctx.site_of(desk.market.corpora.clone());
    let documents = Documents {
        corpus: directory(&corpora, audit.corpusId, args.corpus.as_deref())?,
        originals: args.originals,
    };
    let predicate = Delivery::open(&args.predicate, id, &args.server.into(), audit.rq, desk.account.key())?;
    let marketplace = ctx.market_if_named(&desk.market.chain).await?;
    let result = accept(
        &desk,
        id,
        &documents,
        &predicate,
        &args.predicate_keys.into(),
        &args.accepting.into(),
        marketplace.as_ref(),
    )
    .await?;
    ctx.out.result(&result, &result)
}

pub(crate) async fn decline(args: DeclineArgs, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.audits_desk(args.id.retrieval, &args.id.keys).await?;
    let result = decline::decline(&desk, args.id.id, args.reason).await?;
    ctx.out.result(&result, &result)
}
