//! What of an audit was handed over.

use crate::delivery::Delivery;
use alloy::primitives::B256;
use assay_chain::venue::View;
use assay_protocol::abi::AuditView;
use serde::Serialize;

/// Something of an audit that was handed over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// Of the audit.
    pub id: B256,
    /// In words, with the verb.
    pub what: String,
    /// Directory or URL.
    pub to: String,
    #[serde(skip)]
    next: Option<String>,
}

impl Delivered {
    /// What was put there, of an audit.
    pub fn new(id: B256, what: String, to: &Delivery, audit: &AuditView) -> Self {
        Self {
            id,
            what,
            to: to.place().to_string(),
            next: audit.next(id),
        }
    }
}

impl std::fmt::Display for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.what, self.to)?;
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}
