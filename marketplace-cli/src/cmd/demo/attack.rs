//! False proofs, sent as real transactions: they must revert.

use crate::cmd::demo::ledger::Attempt;
use alloy::primitives::B256;
use assay_chain::client::Call;
use assay_chain::revert;
use assay_marketplace::engagement::{Desk, Sent};
use assay_protocol::abi::{IProofJudge::ProofRejected, ProofItem};

/// Gas of one attempt: far more than an honest proof takes.
const GAS: u64 = 5_000_000;

/// Sends a call with a proof that must not be accepted, without asking the node first whether it would be.
pub(super) async fn attempt(what: &'static str, desk: &Desk, id: B256, call: &Call) -> eyre::Result<Attempt> {
    let before = desk.market.engagement(id).await?.provenOnChain;
    let simulated = desk.account.try_dry_run(call).await?;
    let receipt = desk.account.send_regardless(call, GAS).await?;
    let after = desk.market.engagement(id).await?.provenOnChain;
    let (rejected, answer) = match &simulated {
        Ok(_) => (false, "the call succeeds".to_owned()),
        Err(data) => (revert::is::<ProofRejected>(data), revert::explain(data).to_string()),
    };
    Ok(Attempt {
        what,
        refused: rejected && !receipt.status() && before == after,
        answer,
        sent: Sent::from(&receipt),
    })
}

/// The item with one bit of its proof flipped, in the middle.
pub(super) fn with_flipped_bit(item: &ProofItem) -> ProofItem {
    let mut proof = item.proof.to_vec();
    let middle = proof.len() / 2;
    if let Some(byte) = proof.get_mut(middle) {
        *byte ^= 1;
    }
    ProofItem {
        proof: proof.into(),
        ..item.clone()
    }
}

/// The item with the proof of another image.
pub(super) fn with_proof_of(item: &ProofItem, other: &ProofItem) -> ProofItem {
    ProofItem {
        proof: other.proof.clone(),
        ..item.clone()
    }
}
