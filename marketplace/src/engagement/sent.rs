//! What a transaction cost.

use alloy::primitives::B256;
use alloy::rpc::types::TransactionReceipt;
use serde::Serialize;

/// What a confirmed transaction cost.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Of the transaction that counted, which may have replaced another.
    pub tx_hash: B256,
    /// Number.
    pub block: u64,
    /// Of the receipt.
    pub gas_used: u64,
    /// Paid for gas, wei.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub gas_wei: u128,
}

impl From<&TransactionReceipt> for Sent {
    fn from(receipt: &TransactionReceipt) -> Self {
        Self {
            tx_hash: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
            gas_used: receipt.gas_used,
            gas_wei: u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price),
        }
    }
}
