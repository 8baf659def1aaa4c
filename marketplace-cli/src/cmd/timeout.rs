//! Closes an engagement, a round or an audit whose window has passed.

use crate::args::retrieval::RetrievalArgs;
use crate::args::sending::TryArgs;
use crate::context::Context;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{Venue, View};
use assay_marketplace::engagement::overdue::{close, Overdue};
use assay_marketplace::engagement::{Desk, Ended};
use serde::Serialize;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Close it
    Run(Args),
}

impl Command {
    pub async fn run(self, ctx: &Context) -> eyre::Result<()> {
        match self {
            Self::Run(args) => run(args, ctx).await,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay timeout run 0x3f… --devnet-account 2\n\n\
    Whoever was to move and did not loses: a silent provider its deposit and a strike, a silent consumer its deposit; an\n\
    unanswered challenge convicts the provider. An offer returns to its consumer, an unchallenged result passes, a transfer\n\
    that was not acknowledged gives both deposits back. Of rounds: an offer returns to its consumer, outputs that never came\n\
    void the round, a contested prediction without its proof convicts the provider, and any other round is finalized. Of audits:\n\
    a request returns to its requester, answers or proofs that never came convict the responder, a salt that never came pays it;\n\
    demands are settled first. An id contains its market, so it is of one of the three; the answer says which.")]
pub struct Args {
    /// Engagement, round or audit
    id: B256,
    #[command(flatten)]
    retrieval: RetrievalArgs,
    #[command(flatten)]
    keys: TryArgs,
}

/// What was closed.
#[derive(Debug, Serialize)]
struct Closed {
    /// `engagement`, `round` or `audit`.
    kind: &'static str,
    #[serde(flatten)]
    ended: Ended,
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.ended.fmt(f)
    }
}

async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (id, site) = (args.id, ctx.site().await?);
    let account = || ctx.account(&site.market.chain, &args.keys);
    let result = if site.market.find(id).await?.is_some() {
        closed(&Desk::new(site.clone(), account().await?), id).await?
    } else {
        let rounds = Rounds::if_any(&site.market).await?;
        let audits = ctx.retrieval_if_named(&site.market.chain, args.retrieval).await?;
        if let Some(rounds) = having(rounds, id).await? {
            closed(&Desk::new(site.clone().at(rounds), account().await?), id).await?
        } else if let Some(audits) = having(audits, id).await? {
            closed(&Desk::new(site.clone().at(audits), account().await?), id).await?
        } else {
            return Err(hinted(
                format!("there is no engagement, no round and no audit {id} here"),
                "check the id, --rpc-url, --market and, for audits, --retrieval",
            ));
        }
    };
    ctx.out.result(&result, &result)
}

/// The market, if it has something with this id.
async fn having<V: Venue>(market: Option<V>, id: B256) -> eyre::Result<Option<V>> {
    let Some(market) = market else { return Ok(None) };
    Ok(market.find(id).await?.is_some().then_some(market))
}

async fn closed<V: Overdue>(desk: &Desk<V>, id: B256) -> eyre::Result<Closed> {
    Ok(Closed {
        kind: V::View::THING,
        ended: close(desk, id).await?,
    })
}
