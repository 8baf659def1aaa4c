//! Signed transactions of a journal, read.

use crate::client::Call;
use crate::fees::Fees;
use crate::journal::Step;
use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::Decodable2718;
use alloy::primitives::{Address, Bytes};
use eyre::WrapErr;

/// What a journaled transaction carries.
///
/// # Errors
/// If it is none.
pub(crate) fn decoded(step: &Step) -> eyre::Result<TxEnvelope> {
    read(&step.raw)
}

impl Step {
    /// Who signed it.
    ///
    /// # Errors
    /// If it is no transaction.
    pub fn signer(&self) -> eyre::Result<Address> {
        signer(&decoded(self)?)
    }
}

/// Who signed a transaction.
pub(crate) fn signer(signed: &TxEnvelope) -> eyre::Result<Address> {
    Ok(signed
        .signature()
        .recover_address_from_prehash(&signed.signature_hash())?)
}

/// The transaction of these bytes.
///
/// # Errors
/// If they are none.
pub(crate) fn read(raw: &Bytes) -> eyre::Result<TxEnvelope> {
    TxEnvelope::decode_2718(&mut raw.as_ref()).wrap_err("the journal holds no transaction")
}

/// Least fees of a transaction that takes the place of this one: nodes ask for a tenth more.
pub(crate) fn outbidding(old: &TxEnvelope) -> Fees {
    let raised = |fee: u128| fee + fee / 8 + 1;
    Fees {
        max_fee: raised(old.max_fee_per_gas()),
        tip: raised(old.max_priority_fee_per_gas().unwrap_or_default()),
    }
}

/// What a transaction calls.
pub(crate) fn called(signed: &TxEnvelope) -> Call {
    Call {
        to: signed.to(),
        data: signed.input().clone(),
        value_wei: signed.value().saturating_to(),
    }
}
