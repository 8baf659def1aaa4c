use super::{accepted_guard, require_provider, require_time};
use crate::chain::account::Account;
use crate::chain::bindings::{IAccuracyMarket::abortCall, State};
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::cmd::timeout::Ended;
use crate::cmd::{engagement_journal, Sent};
use crate::context::Context;
use alloy::primitives::B256;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp abort 0x3f… --keystore me.json\n\n\
    Returns both deposits but for the abort payment, which pays for the inferences. It counts in the model's history.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    keys: KeyArgs,
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (market, account) = ctx.market_and_account(&args.keys).await?;
    let result = abort(ctx, &market, &account, args.id).await?;
    ctx.out.result(&result, &result)
}

/// Aborts once; does nothing if the engagement is closed.
pub async fn abort(ctx: &Context, market: &Market, account: &Account, id: B256) -> eyre::Result<Ended> {
    let e = market.engagement(id).await?;
    if e.state == State::Closed {
        return Ok(Ended::new(id, e.outcome, None));
    }
    require_state(id, &e, &[State::Probing])?;
    require_provider(&e, account)?;
    require_time(market, &e).await?;
    market.require_settled(id, &e).await?;
    let mut journal = engagement_journal(ctx, &market.chain, id)?;
    let guard = accepted_guard(&journal, &e)?;
    let receipt = account
        .send(&mut journal, "abort", &market.call(&abortCall { id, guard }), &ctx.out)
        .await?;
    let outcome = market.engagement(id).await?.outcome;
    Ok(Ended::new(id, outcome, Some(Sent::from(&receipt))))
}
