//! Makes withheld documents ones that may be demanded.

use crate::audit::authority::approve::require_authority;
use crate::audit::facts::REQUEST_HASH;
use crate::audit::posted::posted;
use crate::engagement::play::{require_time, require_time_of};
use crate::engagement::{Desk, Moved, Sent};
use alloy::primitives::{keccak256, B256};
use assay_chain::audits::Audits;
use assay_chain::error::usage;
use assay_chain::journal::Journal;
use assay_chain::market::all_answers;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::overruleCall;
use std::collections::BTreeSet;

/// Documents of one call.
const MAX_OVERRULED: usize = 256;

/// Overrules that these documents, or all that are withheld, are kept back; `ruling` is the hash of what is said of them.
///
/// # Errors
/// If one is not withheld, this account is not the authority, or its time is over.
pub async fn overrule(
    desk: &Desk<Audits>,
    id: B256,
    which: Option<BTreeSet<u32>>,
    ruling: B256,
) -> eyre::Result<Moved> {
    let audit = desk.market.newest(id).await?;
    require_authority(&audit, desk.address())?;
    // What it approved, if it did: another request may have its id after a reorganisation.
    let journal_path = desk.journal_path(id);
    if Journal::peek(&journal_path, &REQUEST_HASH)?.is_some_and(|own| own != audit.requestHash) {
        return Err(usage(format!(
            "audit {id} is not the request that was approved from here"
        )));
    }
    let states = [AuditState::Answered, AuditState::Sampled, AuditState::Delivering];
    require_state(id, &audit, &states)?;
    match audit.state {
        AuditState::Delivering => require_time_of(&desk.market, audit.overruleBy).await?,
        _ => require_time(&desk.market, &audit).await?,
    }
    desk.market.require_settled(id, &audit).await?;
    let posted = posted(&desk.market, id, &audit).await?;
    let wanted = which.unwrap_or_else(|| posted.withheld.clone());
    if let Some(index) = wanted.iter().find(|index| !posted.withheld.contains(index)) {
        return Err(usage(format!("document {index} is not withheld")));
    }
    let asked = wanted.iter().map(|index| async move {
        let overruled = desk.market.document(id, *index).await?.overruled;
        Ok((!overruled).then_some(*index))
    });
    let wanted: Vec<u32> = all_answers(asked).await?.into_iter().flatten().collect();
    let mut journal = desk.journal(id)?;
    let mut sent = Vec::new();
    for indices in wanted.chunks(MAX_OVERRULED) {
        let call = desk.market.call(&overruleCall {
            id,
            guard: posted.answers_hash,
            indices: indices.to_vec(),
            ruling,
        });
        let step = format!("overrule-{}", hex::encode(&keccak256(&call.data)[..8]));
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
    }
    Moved::read(&desk.market, id, 0, wanted, sent).await
}
