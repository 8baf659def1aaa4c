//! How an engagement ended.

use crate::engagement::Sent;
use alloy::primitives::{B256, U256};
use alloy::rpc::types::TransactionReceipt;
use assay_chain::venue::View;
use assay_protocol::units::ether;
use serde::Serialize;

/// The result of a command that closes an engagement, or tries to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    #[serde(skip)]
    thing: &'static str,
    /// Of the engagement, the round or the audit.
    pub id: B256,
    /// As the contract names it; `None` while the engagement is open.
    pub outcome: String,
    /// Absent if somebody else closed it, or it was closed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// What that transaction credited; absent where it only gave an offer's money back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credited: Option<Credited>,
}

/// What the end of an engagement or a round credits: the escrow, all of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credited {
    /// To the consumer.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub consumer_wei: U256,
    /// To the provider.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub provider_wei: U256,
}

impl Ended {
    /// `receipt` is of the transaction that closed it, if this command sent one.
    pub fn new<W: View>(id: B256, after: &W, receipt: Option<&TransactionReceipt>) -> Self {
        Self {
            thing: W::THING,
            id,
            outcome: after.outcome(),
            sent: receipt.map(Sent::from),
            credited: receipt.and_then(|receipt| W::credited(receipt, id)).map(Credited::from),
        }
    }
}

impl From<(U256, U256)> for Credited {
    fn from((consumer_wei, provider_wei): (U256, U256)) -> Self {
        Self {
            consumer_wei,
            provider_wei,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.outcome.as_str() {
            "None" => write!(f, "{} {} goes on", self.thing, self.id)?,
            outcome => write!(f, "{} {} is closed: {outcome}", self.thing, self.id)?,
        }
        if let Some(credited) = &self.credited {
            write!(
                f,
                "\ncredited {} to the consumer, {} to the provider; to have it paid out: assay withdraw",
                ether(credited.consumer_wei),
                ether(credited.provider_wei)
            )?;
        }
        Ok(())
    }
}
