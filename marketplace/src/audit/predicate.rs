//! The network that decides whether a document matches, as the chain names it: in the request, never in storage.

use crate::proving::WORDS_PER_HASH;
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_protocol::abi::IRetrievalMarket::AuditRequested;
use assay_protocol::abi::{AuditView, Metric, ModelRecord, Predicate};
use assay_protocol::retrieval::statement::predicate_hash;

/// Outputs of a predicate: it matches or not.
const CLASSES: u32 = 2;

/// The request of an audit as it was made, with its predicate.
///
/// # Errors
/// If the node does not serve the logs, or serves others than the market's.
pub async fn requested(market: &Audits, id: B256, audit: &AuditView) -> eyre::Result<AuditRequested> {
    let event = market.events::<AuditRequested>(id).await?.into_iter().next();
    let event = event.ok_or_else(|| eyre::eyre!("the node has no event of the request of audit {id}"))?;
    let given = predicate_hash(&event.predicate);
    eyre::ensure!(
        given == audit.predicateHash,
        "the node's event of audit {id} has another predicate: {given} instead of {}",
        audit.predicateHash
    );
    Ok(event)
}

/// The predicate as if it were a registered model, so that its verifier is judged in the same way.
pub fn as_record(predicate: &Predicate, input_words: u32) -> ModelRecord {
    ModelRecord {
        mp: Address::ZERO,
        verifier: predicate.verifier,
        verifierCodehash: predicate.verifierCodehash,
        vkDigest: predicate.vkDigest,
        weightsCommit: predicate.weightsCommit,
        metric: Metric::BIN,
        classes: CLASSES,
        inputWords: input_words,
        wordsPerHash: WORDS_PER_HASH,
        uri: String::new(),
    }
}
