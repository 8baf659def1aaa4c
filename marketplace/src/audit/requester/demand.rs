//! Demands documents that were not handed over.

use crate::audit::facts::RECEIVED;
use crate::audit::posted::owed;
use crate::audit::requester::guard::answers;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Moved, PayingDesk, Sent};
use alloy::primitives::{keccak256, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::{usage, Error, Kind};
use assay_chain::market::all_answers;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::IRetrievalMarket::demandCall;
use assay_protocol::abi::{AuditState, AuditView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::amounts::{affordable, demand_fee};
use assay_protocol::retrieval::delivery::MAX_DEMANDED;
use assay_protocol::units::about_ether;
use std::collections::BTreeSet;

/// Gas that is kept for what may follow a demand: showing that its delivery is bad, confirming, fetching the money.
const KEPT_GAS: u128 = 2_000_000;
/// Likewise for each demand that is open: acknowledging and settling.
const KEPT_GAS_EACH: u128 = 250_000;

/// Whether a step of a journal is a demand.
pub fn is_demand(step: &str) -> bool {
    step.starts_with("demand-")
}

/// Sends demands again that no block has taken, and waits for them: what they bring is spent by then, and their documents are in a
/// demand.
///
/// # Errors
/// If still no block takes one.
pub async fn finish_sent(desk: &PayingDesk<Audits>, id: B256) -> eyre::Result<()> {
    let mut journal = desk.journal(id)?;
    desk.account.finish_sent(&mut journal, is_demand, &desk.report).await
}

/// Demands these documents, or all that are owed and not here; what is in a demand already is not demanded again. `most_wei` is what
/// this may bring at most: then it is one demand of as many of them as that pays for, and only if gas is left for what may follow.
///
/// # Errors
/// If a document does not match or is kept back, or the time for demands is over; [`Kind::TooDear`] if `most_wei` does not pay for
/// one document.
pub async fn demand(
    desk: &PayingDesk<Audits>,
    id: B256,
    which: Option<BTreeSet<u32>>,
    most_wei: Option<u128>,
) -> eyre::Result<Moved> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    require_state(id, &audit, &[AuditState::Delivering])?;
    require_time(&desk.market, &audit).await?;
    finish_sent(desk, id).await?;
    let mut journal = desk.journal(id)?;
    let posted = answers(desk, &journal, id, &audit).await?;
    let owed = owed(&desk.market, id, &posted).await?;
    let wanted = match which {
        Some(named) => match named.iter().find(|index| !owed.contains(index)) {
            None => named,
            Some(index) => {
                return Err(usage(format!(
                    "document {index} is not owed: it was answered with no match, or is kept back"
                )))
            }
        },
        None => &owed - &journal.fact(&RECEIVED)?.unwrap_or_default(),
    };
    let asked = wanted.iter().map(|index| async move {
        let demanded = desk.market.document(id, *index).await?.demanded;
        Ok((!demanded).then_some(*index))
    });
    let wanted: Vec<u32> = all_answers(asked).await?.into_iter().flatten().collect();
    let (mut demanded, mut sent, mut paid) = (Vec::new(), Vec::new(), 0);
    let most = most_wei.map_or(usize::MAX, |_| 1);
    for indices in wanted.chunks(MAX_DEMANDED).take(most) {
        let base_fee = desk.market.chain.base_fee_ahead().await?;
        let indices = match most_wei {
            Some(most_wei) => payable(desk, &audit, indices, most_wei, base_fee).await?,
            None => indices,
        };
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
        demanded.extend(indices);
        paid += fee;
    }
    Moved::read(&desk.market, id, paid, demanded, sent).await
}

/// As many of these documents as `most_wei` pays for, one at least, with gas left for what may follow.
async fn payable<'d>(
    desk: &PayingDesk<Audits>,
    audit: &AuditView,
    documents: &'d [u32],
    most_wei: u128,
    base_fee: u128,
) -> eyre::Result<&'d [u32]> {
    let delivery = &desk.market.params.delivery;
    let fee = |documents| demand_fee(delivery, documents, audit.inputWords, base_fee);
    let affordable = affordable(delivery, audit.inputWords, base_fee, most_wei);
    let payable = &documents[..documents.len().min(affordable as usize)];
    if payable.is_empty() {
        let (one, left) = (about_ether(fee(1)), about_ether(U256::from(most_wei)));
        let why = format!("a demand for one document brings {one}, --max-demand leaves {left}");
        let hint = "raise --max-demand, or wait until fees fall: what is not demanded in time is not handed over";
        return Err(Error::new(Kind::TooDear, why).hint(hint).into());
    }
    let open = u128::from(audit.counts.openDemands) + 1;
    let kept = (KEPT_GAS + open * KEPT_GAS_EACH).saturating_mul(base_fee);
    let value = fee(u32::try_from(payable.len())?).saturating_to();
    desk.account.require_funds(value, kept).await?;
    Ok(payable)
}
