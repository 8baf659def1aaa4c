//! The answers of an audit as they are on chain, compared with what the market fixed.

use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::market::all_answers;
use assay_protocol::abi::AuditView;
use assay_protocol::retrieval::posted::{replay, Posted};
use std::collections::BTreeSet;

/// Answers and withheld documents, sealed.
///
/// # Errors
/// If the node serves other logs than the market's.
pub async fn posted(market: &Audits, id: B256, audit: &AuditView) -> eyre::Result<Posted> {
    let steps = market.answer_steps(id).await?;
    let posted = replay(id, audit.requestHash, audit.size as usize, &steps)?;
    if posted.answers_hash == audit.answersHash {
        return Ok(posted);
    }
    Err(hinted(
        format!(
            "the node's events of audit {id} lead to answers {}, the market has {}",
            posted.answers_hash, audit.answersHash
        ),
        "use a node that serves the logs of the whole chain",
    ))
}

/// Documents that must be handed over: those that match, without those that are withheld and not overruled.
///
/// # Errors
/// If the node does not answer.
pub async fn owed(market: &Audits, id: B256, posted: &Posted) -> eyre::Result<BTreeSet<u32>> {
    let asked = posted.withheld.iter().map(|index| async move {
        let overruled = market.document(id, *index).await?.overruled;
        Ok((!overruled).then_some(*index))
    });
    let kept_back: BTreeSet<u32> = all_answers(asked).await?.into_iter().flatten().collect();
    Ok(posted
        .answers
        .ones()
        .filter(|index| !kept_back.contains(index))
        .collect())
}
