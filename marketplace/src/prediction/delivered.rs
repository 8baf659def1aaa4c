//! What of a round was handed over.

use crate::delivery::Delivery;
use alloy::primitives::B256;
use assay_chain::venue::View;
use assay_protocol::abi::RoundView;
use serde::Serialize;

/// Something of a round that was handed over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// Of the round.
    pub id: B256,
    /// `inputs` or `outputs`.
    pub what: &'static str,
    /// Directory or URL.
    pub to: String,
    /// K.
    pub predictions: u32,
    #[serde(skip)]
    next: Option<String>,
}

impl Delivered {
    /// What was put there, of a round.
    pub fn new(id: B256, what: &'static str, to: &Delivery, round: &RoundView) -> Self {
        Self {
            id,
            what,
            to: to.place().to_string(),
            predictions: round.predictions,
            next: round.next(id),
        }
    }
}

impl std::fmt::Display for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} of round {} are in {}",
            self.predictions, self.what, self.id, self.to
        )?;
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}
