//! How an engagement ended.

use crate::engagement::Sent;
use alloy::primitives::B256;
use assay_protocol::abi::Outcome;
use serde::Serialize;

/// The result of a command that closes an engagement, or tries to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Of the engagement.
    pub id: B256,
    /// As the contract names it; `None` while the engagement is open.
    pub outcome: String,
    /// Absent if somebody else closed it, or it was closed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl Ended {
    /// `sent` is the transaction that closed it, if this command sent one.
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
