//! The network that decides whether a document matches, as the chain names it: in the request, never in storage.

use crate::proving::WORDS_PER_HASH;
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_protocol::abi::IRetrievalMarket::AuditRequested;
use assay_protocol::abi::{AuditView, Metric, ModelRecord, Predicate};
use assay_protocol::retrieval::statement::{predicate_hash, request_hash};

/// Outputs of a predicate: it matches or not.
const CLASSES: u32 = 2;

/// The request of an audit as it was made, with its predicate: its terms hash to the request hash, so they are what a guard names,
/// and everything that the market's view repeats of them is compared.
///
/// # Errors
/// If the node does not serve the logs, or says other things in them than in the view.
pub async fn requested(market: &Audits, id: B256, audit: &AuditView) -> eyre::Result<AuditRequested> {
    let event = market.events::<AuditRequested>(id).await?.into_iter().next();
    let event = event.ok_or_else(|| eyre::eyre!("the node has no event of the request of audit {id}"))?;
    let terms = &event.terms;
    let own = request_hash(id, audit.rq, terms, market.params_hash);
    eyre::ensure!(
        own == audit.requestHash,
        "the request on chain does not hash to its own terms: {} instead of {own}",
        audit.requestHash
    );
    let given = predicate_hash(&event.predicate);
    let bounds = &audit.bounds;
    let named = (
        (terms.predicateHash, terms.corpusId, terms.authority),
        (terms.samples, terms.namedMax, terms.onesMax, terms.withholdMax),
        (terms.bond, terms.price, &terms.requesterKey),
    );
    let shown = (
        (audit.predicateHash, audit.corpusId, audit.authority),
        (bounds.samples, bounds.namedMax, bounds.onesMax, bounds.withholdMax),
        (bounds.bond, bounds.price, &audit.requesterKey),
    );
    eyre::ensure!(
        named == shown && given == terms.predicateHash,
        "the node says other terms of audit {id} than those that were requested; use another node"
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
