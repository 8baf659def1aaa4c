use super::{accepted_guard, require_provider, require_time};
use crate::chain::account::Account;
use crate::chain::bindings::{Amounts, IAccuracyMarket::abortCall, State};
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::cmd::timeout::Ended;
use crate::cmd::{engagement_journal, Sent};
use crate::consent::ConsentArgs;
use crate::context::Context;
use crate::output::ether;
use alloy::primitives::{B256, U256};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  assay mp abort 0x3f… --keystore me.json\n\n\
    Returns both deposits but for the abort payment, which pays for the inferences. It counts in the model's history.")]
pub struct Args {
    /// Engagement
    id: B256,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let (market, account) = ctx.market_and_account(&args.keys).await?;
    let e = market.engagement(args.id).await?;
    if e.state == State::Probing {
        args.consent.state(&ctx.out, price(&market.amounts(e.mode)))?;
    }
    let result = abort(ctx, &market, &account, args.id).await?;
    ctx.out.result(&result, &result)
}

/// What aborting costs, in words.
pub(super) fn price(amounts: &Amounts) -> String {
    format!(
        "aborting gives up the success payment of {}: the deposit of {} comes back with {} for the inferences, the fee of {} \
         does not, and the model's history counts it",
        ether(U256::from(amounts.successPayment)),
        ether(U256::from(amounts.deposit)),
        ether(U256::from(amounts.abortPayment)),
        ether(U256::from(amounts.fee))
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_what_a_success_would_have_paid() {
        let amounts = Amounts {
            deposit: 80_000_000_000_000_000,
            abortPayment: 20_000_000_000_000_000,
            successPayment: 160_000_000_000_000_000,
            fee: 1_000_000_000_000_000,
        };
        assert_eq!(
            price(&amounts),
            "aborting gives up the success payment of 0.16 ETH: the deposit of 0.08 ETH comes back with 0.02 ETH for the \
             inferences, the fee of 0.001 ETH does not, and the model's history counts it"
        );
    }
}
