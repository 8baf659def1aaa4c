//! Ends an accepted engagement before proving.

use crate::accuracy::provider::guard::{accepted_guard, require_provider, require_time};
use crate::engagement::ended::Ended;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{B256, U256};
use assay_chain::market::require_state;
use assay_protocol::abi::IAccuracyMarket::abortCall;
use assay_protocol::abi::{Amounts, State};
use assay_protocol::units::ether;

/// What aborting costs, in words.
pub fn price(amounts: &Amounts) -> String {
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
pub async fn abort(desk: &Desk, id: B256) -> eyre::Result<Ended> {
    let e = desk.market.engagement(id).await?;
    if e.state == State::Closed {
        return Ok(Ended::new(id, e.outcome, None));
    }
    require_state(id, &e, &[State::Probing])?;
    require_provider(&e, &desk.account)?;
    require_time(&desk.market, &e).await?;
    desk.market.require_settled(id, &e).await?;
    let mut journal = desk.journal(id)?;
    let guard = accepted_guard(&journal, &e)?;
    let receipt = desk
        .account
        .send(
            &mut journal,
            "abort",
            &desk.market.call(&abortCall { id, guard }),
            &desk.report,
        )
        .await?;
    let outcome = desk.market.engagement(id).await?.outcome;
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
