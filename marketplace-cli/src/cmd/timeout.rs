//! Closes an engagement or a round whose window has passed.

use crate::args::keys::KeyArgs;
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
    void the round, a contested prediction without its proof convicts the provider, and any other round is finalized. An id\n\
    contains its market, so it is of one of the two; the answer says which.")]
pub struct Args {
    /// Engagement or round
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

/// What was closed.
#[derive(Debug, Serialize)]
struct Closed {
    /// `engagement` or `round`.
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
        closed(&Desk::new(site.clone(), account()?), id).await?
    } else {
        let rounds = Rounds::if_any(&site.market).await?;
        let Some(rounds) = having(rounds, id).await? else {
            return Err(hinted(
                format!("this marketplace has no engagement and no round {id}"),
                "check the id, --rpc-url and --market",
            ));
        };
        closed(&Desk::new(site.clone().at(rounds), account()?), id).await?
    };
    ctx.out.result(&result, &result)
}

/// The market, if it has something with this id.
async fn having(rounds: Option<Rounds>, id: B256) -> eyre::Result<Option<Rounds>> {
    let Some(rounds) = rounds else { return Ok(None) };
    Ok(rounds.find(id).await?.is_some().then_some(rounds))
}

async fn closed<V: Overdue>(desk: &Desk<V>, id: B256) -> eyre::Result<Closed> {
    Ok(Closed {
        kind: V::View::THING,
        ended: close(desk, id).await?,
    })
}
