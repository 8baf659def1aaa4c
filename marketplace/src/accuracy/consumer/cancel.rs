//! Withdraws an offer that nobody accepted.

use crate::engagement::ended::Ended;
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::market::require_state;
use assay_protocol::abi::IAccuracyMarket::cancelCall;
use assay_protocol::abi::State;

/// Cancels once; does nothing if the engagement is closed.
pub async fn cancel(desk: &Desk, id: B256) -> eyre::Result<Ended> {
    let e = desk.market.engagement(id).await?;
    let mut sent = None;
    if e.state != State::Closed {
        require_state(id, &e, &[State::Offered])?;
        let mut journal = desk.journal(id)?;
        let receipt = desk
            .account
            .send(
                &mut journal,
                "cancel",
                &desk.market.call(&cancelCall { id }),
                &desk.report,
            )
            .await?;
        sent = Some(Sent::from(&receipt));
    }
    Ok(Ended::new(id, desk.market.engagement(id).await?.outcome, sent))
}
