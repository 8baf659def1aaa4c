//! Asks which documents of a corpus match a predicate.

use crate::args::fees::ether;
use crate::args::predicate::PredicateKeyArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::args::sending::TryArgs;
use crate::args::server::ServerArgs;
use crate::args::time::seconds;
use crate::context::Context;
use alloy::primitives::{Address, B256};
use assay_chain::address_book::Deployment;
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_marketplace::audit::published::{require_unregistered, Published};
use assay_marketplace::audit::requester::publish::publish;
use assay_marketplace::audit::requester::request::{request, Ask};
use assay_marketplace::delivery::{Delivery, Place};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    assay audit request 0x7c… --predicate seven.opening --leaves letters.leaves --samples 299 --bond 5 --price 1 --to /mnt/shared --keystore me.json\n  \
    assay audit request 0x7c… --predicate seven.opening --leaves letters.leaves --samples 59 --named-max 10 --withhold-max 5 --authority 0x90… --bond 5 --keystore me.json\n\n\
    The predicate is a network of two classes whose weights you publish: import it with --metric bin, deploy its verifier with\n\
    assay mp deploy-verifier and open its weights with assay model open. It must not be registered as a model.\n\
    The leaves are those that the responder published with the corpus: without all of them no bad delivery can be shown.\n\
    The salt of the sample and the key that deliveries are read with are drawn and kept before the request is sent.\n\
    Repeating the command finds the request instead of making another, as long as it is open. If you stay silent after the\n\
    answers are there, the responder gets the price. What was sampled shows how many documents at most were hidden: assay\n\
    policy size tells how large a sample must be.")]
pub struct Args {
    /// Corpus
    corpus_id: B256,
    /// Opening of the predicate's weights, see assay model open
    #[arg(long, value_name = "FILE")]
    predicate: PathBuf,
    /// The predicate's verifier [default: the address book's, of its architecture]
    #[arg(long, value_name = "ADDRESS")]
    verifier: Option<Address>,
    /// All leaves of the corpus, as the responder published them
    #[arg(long, value_name = "FILE")]
    leaves: PathBuf,
    /// Documents answered with no match that are drawn and proven; as many as there are make the audit exhaustive
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// Documents that you may name besides, once the answers are there
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=128))]
    named_max: u32,
    /// Most documents that may be answered with a match [default: all]
    #[arg(long, value_name = "N")]
    ones_max: Option<u32>,
    /// Most documents that may be withheld, which takes an authority
    #[arg(long, value_name = "N", default_value_t = 0)]
    withhold_max: u32,
    /// Who may approve the request and overrule what is withheld [default: nobody]
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    authority: Address,
    /// What the responder must lock, in ether: assay policy check tells what deters hiding
    #[arg(long, value_name = "ETHER", value_parser = ether)]
    bond: u128,
    /// Price, in ether
    #[arg(long, value_name = "ETHER", value_parser = ether, default_value = "0")]
    price: u128,
    /// Seconds in which the responder may accept [default: as long as the market allows]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    expires_in: Option<u64>,
    /// Where everybody finds the predicate's opening
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    uri: String,
    /// Hand the opening over: directory that the responder reads, or URL of a server
    #[arg(long, value_name = "DIR|URL")]
    to: Option<Place>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    predicate_keys: PredicateKeyArgs,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: TryArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let published = Published::load(&args.predicate)?;
    let desk = ctx.paying_audits_desk(args.retrieval, &args.keys).await?;
    let verifier = match args.verifier {
        Some(verifier) => verifier,
        None => listed_verifier(ctx, &desk.market, &published)?,
    };
    if let Some(marketplace) = ctx.market_if_named(&desk.market.chain).await? {
        require_unregistered(&marketplace, published.weights_commit()).await?;
    }
    let ask = Ask {
        corpus_id: args.corpus_id,
        verifier,
        samples: args.samples,
        named_max: args.named_max,
        ones_max: args.ones_max,
        withhold_max: args.withhold_max,
        authority: args.authority,
        bond: args.bond,
        price: args.price,
        expires_in: args.expires_in,
        uri: args.uri,
    };
    let result = request(&desk, &ask, &published, &args.predicate_keys.into(), &args.leaves).await?;
    if let Some(to) = &args.to {
        desk.account.require_real("the predicate's opening is handed over")?;
        let to = Delivery::open(to, result.id, &args.server.into(), result.responder, desk.account.key())?;
        publish(&desk, result.id, &to).await?;
        ctx.out
            .note(format_args!("the predicate's opening is in {}", to.place()));
    }
    ctx.out.result(&result, &result)
}

fn listed_verifier(ctx: &Context, market: &Audits, published: &Published) -> eyre::Result<Address> {
    let book = Deployment::load(&ctx.deployment_path(&market.chain), &market.chain)?;
    let entry = book.verifiers.get(&published.arch_id());
    entry.map(|entry| entry.address).ok_or_else(|| {
        hinted(
            "the address book has no verifier for the predicate's architecture",
            "deploy one with assay mp deploy-verifier, or name it with --verifier",
        )
    })
}
