//! How an engagement ended.

use crate::engagement::Sent;
use alloy::primitives::B256;
use assay_protocol::abi::Outcome;
use serde::Serialize;

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
