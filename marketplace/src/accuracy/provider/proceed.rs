//! Commits to proving.

use crate::accuracy::provider::advice;
use crate::accuracy::provider::guard::{probed_guard, require_provider, require_time};
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::journal::Journal;
use assay_protocol::abi::IAccuracyMarket::proceedCall;
use assay_protocol::abi::State;
use serde::Serialize;

/// The result of a commitment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proceeded {
    pub id: B256,
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Proceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engagement {} is {}", self.id, self.state)
    }
}

/// Commits to proving, once; `against_advice` forgets what was advised.
pub async fn proceed_anyway(desk: &Desk, id: B256, against_advice: bool) -> eyre::Result<Proceeded> {
    let e = desk.market.engagement(id).await?;
    require_provider(&e, &desk.account)?;
    if against_advice {
        advice::note(&mut desk.journal(id)?, e.guard, None)?;
    }
    let sent = proceed_now(desk, id).await?;
    let after = desk.market.engagement(id).await?;
    Ok(Proceeded {
        id,
        state: format!("{:?}", after.state),
        sent,
    })
}

/// Commits to proving, once; the provider has everything it needs.
pub async fn proceed_now(desk: &Desk, id: B256) -> eyre::Result<Option<Sent>> {
    let mut journal = desk.journal(id)?;
    proceed(desk, &mut journal, id).await
}

/// Sends `proceed` if the engagement is still Probing and nothing is known that speaks against it. Whoever saw the decision before the keys it answers are settled could
/// play the engagement again, with the knowledge.
pub async fn proceed(desk: &Desk, journal: &mut Journal, id: B256) -> eyre::Result<Option<Sent>> {
    let e = desk.market.engagement(id).await?;
    if e.state != State::Probing {
        return Ok(None);
    }
    require_time(&desk.market, &e).await?;
    desk.market.require_settled(id, &e).await?;
    let guard = probed_guard(journal, id, &e)?;
    advice::require_no_advice_to_end(journal, id, guard)?;
    let receipt = desk
        .account
        .send(
            journal,
            "proceed",
            &desk.market.call(&proceedCall { id, guard }),
            &desk.report,
        )
        .await?;
    Ok(Some(Sent::from(&receipt)))
}
