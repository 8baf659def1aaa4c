//! How an engagement ended.

use crate::engagement::Sent;
use alloy::primitives::B256;
use assay_chain::venue::View;
use serde::Serialize;

/// The result of a command that closes an engagement, or tries to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    #[serde(skip)]
    thing: &'static str,
    /// Of the engagement or the round.
    pub id: B256,
    /// As the contract names it; `None` while the engagement is open.
    pub outcome: String,
    /// Absent if somebody else closed it, or it was closed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl Ended {
    /// `sent` is the transaction that closed it, if this command sent one.
    pub fn new<W: View>(id: B256, after: &W, sent: Option<Sent>) -> Self {
        Self {
            thing: W::THING,
            id,
            outcome: after.outcome(),
            sent,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} is closed: {}", self.thing, self.id, self.outcome)
    }
}
