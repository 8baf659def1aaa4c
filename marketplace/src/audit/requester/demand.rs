//! Demands documents that were not handed over.

use crate::audit::requester::guard::answers;
use crate::audit::requester::receive::receive;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Moved, PayingDesk, Sent};
use alloy::primitives::{keccak256, B256};
use assay_chain::audits::Audits;
use assay_chain::error::usage;
use assay_chain::market::all_answers;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::demandCall;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::amounts::demand_fee;
use assay_protocol::retrieval::delivery::MAX_DEMANDED;
use std::collections::BTreeSet;

/// Demands these documents, or all that are owed and not here; what is in a demand already is not demanded again.
///
/// # Errors
/// If a document does not match or is kept back, or the time for demands is over.
pub async fn demand(desk: &PayingDesk<Audits>, id: B256, which: Option<BTreeSet<u32>>) -> eyre::Result<Moved> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    require_state(id, &audit, &[AuditState::Delivering])?;
    require_time(&desk.market, &audit).await?;
    let received = receive(desk, id, None).await?;
    let owed: BTreeSet<u32> = received.good.union(&received.missing).copied().collect();
    let wanted = match which {
        Some(named) => match named.iter().find(|index| !owed.contains(index)) {
            None => named,
            Some(index) => {
                return Err(usage(format!(
                    "document {index} is not owed: it was answered with no match, or is kept back"
                )))
            }
        },
        None => received.missing,
    };
    let asked = wanted.iter().map(|index| async move {
        let demanded = desk.market.document(id, *index).await?.demanded;
        Ok((!demanded).then_some(*index))
    });
    let wanted: Vec<u32> = all_answers(asked).await?.into_iter().flatten().collect();
    let mut journal = desk.journal(id)?;
    let posted = answers(desk, &journal, id, &audit).await?;
    let (mut sent, mut paid) = (Vec::new(), 0);
    for indices in wanted.chunks(MAX_DEMANDED) {
        let base_fee = desk.market.chain.base_fee_ahead().await?;
        let documents = u32::try_from(indices.len())?;
        let fee = demand_fee(&desk.market.params.delivery, documents, audit.inputWords, base_fee).saturating_to();
        let pages = posted.answers.openings(indices);
        let call = demandCall {
            id,
            guard: posted.answers_hash,
            indices: indices.to_vec(),
            pages: pages.ok_or_else(|| eyre::eyre!("a demanded document has no page"))?,
        };
        let words: Vec<u8> = indices.iter().flat_map(|index| index.to_be_bytes()).collect();
        let step = format!("demand-{}", hex::encode(&keccak256(words)[..8]));
        let call = desk.paying(&call, fee);
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
        paid += fee;
    }
    Moved::read(&desk.market, id, paid, wanted, sent).await
}
