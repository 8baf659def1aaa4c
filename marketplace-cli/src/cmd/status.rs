//! What is open here: whose move it is, until when, and what follows if nobody makes it.

use crate::args::listing::ListingArgs;
use crate::args::retrieval::RetrievalArgs;
use crate::context::Context;
use alloy::primitives::Address;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use assay_marketplace::home::Journaled;
use assay_marketplace::status::{signers, Status};
use assay_protocol::units::in_words;
use std::time::{SystemTime, UNIX_EPOCH};

/// A node whose newest block is older, in seconds, lags behind.
const LAG: u64 = 300;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay status\n  assay status --json | jq '.open[] | select(.isMine)'\n  \
    assay status --csv > open.csv\n\n\
    Every engagement, round and audit of the market that this state directory has a record of, the first deadline first. Its accounts are\n\
    those that signed anything in it; --account names another one. What happens if nobody moves is brought about by anybody, once the\n\
    time is over: assay timeout run ID."
)]
pub struct Args {
    /// One of my accounts, too
    #[arg(long = "account", value_name = "ADDRESS")]
    accounts: Vec<Address>,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    listing: ListingArgs,
}

pub(crate) async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let site = ctx.site().await?;
    let chain = &site.market.chain;
    let mut mine = signers(&site.home, chain)?;
    mine.extend(args.accounts);
    let mut status = Status::begin(chain).await?;
    status.add(&site, &mine).await?;
    status.count_unfinished(&site.home, chain)?;
    let mut contracts = site.market.creditors().await?;
    match Rounds::if_any(&site.market).await? {
        Some(rounds) => status.add(&site.clone().at(rounds), &mine).await?,
        None => status.pass_over(&site.home, chain, Journaled::Round)?,
    }
    match ctx.retrieval_if_named(chain, args.retrieval).await? {
        Some(audits) => {
            contracts.extend(audits.creditors().await?);
            status.add(&site.clone().at(audits), &mine).await?;
        }
        None => status.pass_over(&site.home, chain, Journaled::Audit)?,
    }
    status.add_credits(chain, &contracts, &mine).await?;
    let here = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let lag = here.saturating_sub(status.now());
    if lag > LAG && !chain.is_devnet() {
        ctx.out.warn(format_args!(
            "the newest block is {} old by this machine's clock: less time is left than the table says",
            in_words(lag)
        ));
    }
    ctx.out.list(&status, &status, args.listing.csv)
}
