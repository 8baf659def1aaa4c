use super::{engagement_journal, Sent};
use crate::chain::bindings::{IAccuracyMarket::timeoutCall, Outcome, State};
use crate::chain::client::Account;
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::context::Context;
use crate::exit::hinted;
use crate::output::utc;
use alloy::primitives::B256;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay timeout 0x3f… --devnet-account 2\n\n\
    An offer returns to its consumer; a silent provider loses its deposit and one strike.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result of a command that closes an engagement, or tries to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    pub id: B256,
    pub outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl Ended {
    pub fn new(id: B256, outcome: Outcome, sent: Option<Sent>) -> Self {
        Self {
            id,
            outcome: format!("{outcome:?}"),
            sent,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engagement {} is closed: {}", self.id, self.outcome)
    }
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (market, account) = ctx.market_and_account(&args.keys).await?;
    let result = timeout(ctx, &market, &account, args.id).await?;
    ctx.out.result(&result, &result)
}

/// Closes an engagement whose window has passed; does nothing if it is closed.
pub async fn timeout(ctx: &Context, market: &Market, account: &Account, id: B256) -> eyre::Result<Ended> {
    let e = market.engagement(id).await?;
    if e.state == State::Closed {
        return Ok(Ended::new(id, e.outcome, None));
    }
    require_state(id, &e, &[State::Offered, State::Probing, State::Proving])?;
    let now = market.chain.now().await?;
    if now < e.deadline {
        return Err(hinted(
            format!("the window of engagement {id} runs until {}", utc(e.deadline)),
            format!("try again in {} s", e.deadline - now + 1),
        ));
    }
    let mut journal = engagement_journal(ctx, &market.chain, id)?;
    let receipt = account
        .send(&mut journal, "timeout", &market.call(&timeoutCall { id }), &ctx.out)
        .await?;
    let outcome = market.engagement(id).await?.outcome;
    Ok(Ended::new(id, outcome, Some(Sent::from(&receipt))))
}
