//! Admits that the target cannot be proven.

use crate::accuracy::provider::guard::{accepted_guard, require_provider, require_time};
use crate::engagement::ended::Ended;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{B256, U256};
use assay_chain::market::require_state;
use assay_protocol::abi::IAccuracyMarket::concedeCall;
use assay_protocol::abi::{Amounts, State};
use assay_protocol::units::ether;

pub fn price(amounts: &Amounts) -> String {
    format!(
        "conceding costs the whole deposit of {}: it goes to the consumer",
        ether(U256::from(amounts.deposit))
    )
}

/// Concedes once; does nothing if the engagement is closed.
pub async fn concede(desk: &Desk, id: B256) -> eyre::Result<Ended> {
    let e = desk.market.engagement(id).await?;
    if e.state == State::Closed {
        return Ok(Ended::new(id, e.outcome, None));
    }
    require_state(id, &e, &[State::Proving])?;
    require_provider(&e, &desk.account)?;
    require_time(&desk.market, &e).await?;
    desk.market.require_settled(id, &e).await?;
    let mut journal = desk.journal(id)?;
    let guard = accepted_guard(&journal, &e)?;
    let receipt = desk
        .account
        .send(
            &mut journal,
            "concede",
            &desk.market.call(&concedeCall { id, guard }),
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
    fn the_price_is_the_whole_deposit() {
        let amounts = Amounts {
            deposit: 80_000_000_000_000_000,
            abortPayment: 1,
            successPayment: 2,
            fee: 3,
        };
        let said = "conceding costs the whole deposit of 0.08 ETH: it goes to the consumer";
        assert_eq!(price(&amounts), said);
    }
}
