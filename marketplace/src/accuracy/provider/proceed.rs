//! Commits to proving.

use crate::accuracy::provider::moves::{PROCEED, PROCEED_ANYWAY};
use crate::engagement::play::{require_party, Move};
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::journal::Journal;
use assay_protocol::abi::State;
use assay_protocol::accuracy::decide::Party;
use serde::Serialize;

/// The result of a commitment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proceeded {
    /// Of the engagement.
    pub id: B256,
    /// After it, as the contract names it.
    pub state: String,
    /// Absent if the provider had committed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Proceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engagement {} is {}", self.id, self.state)
    }
}

/// Commits to proving, once; `against_advice` whatever was advised.
pub async fn proceed_anyway(desk: &Desk, id: B256, against_advice: bool) -> eyre::Result<Proceeded> {
    let e = desk.market.engagement(id).await?;
    require_party(&e, &desk.account, Party::Provider)?;
    let row = if against_advice { &PROCEED_ANYWAY } else { &PROCEED };
    let sent = proceed_by(desk, &mut desk.journal(id)?, id, row).await?;
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

/// Sends `proceed`, unless the engagement has left Probing or something speaks against it.
pub async fn proceed(desk: &Desk, journal: &mut Journal, id: B256) -> eyre::Result<Option<Sent>> {
    proceed_by(desk, journal, id, &PROCEED).await
}

/// Sends `proceed` as this row says, unless the engagement has left Probing.
pub(crate) async fn proceed_by(desk: &Desk, journal: &mut Journal, id: B256, row: &Move) -> eyre::Result<Option<Sent>> {
    let e = desk.market.engagement(id).await?;
    if e.state != State::Probing {
        return Ok(None);
    }
    Ok(desk.play_in(journal, id, &e, row).await?.sent())
}
