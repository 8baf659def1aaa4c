//! Refuses a request.

use crate::audit::facts::REQUEST_HASH;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Desk, Ended};
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::usage;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::declineCall;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::corpora::MAX_URI;

/// Refuses the request for this reason, which everybody can read; the price returns to the requester.
///
/// # Errors
/// If it was accepted before, or has expired.
pub async fn decline(desk: &Desk<Audits>, id: B256, reason: String) -> eyre::Result<Ended> {
    if reason.len() > MAX_URI {
        return Err(usage(format!(
            "--reason has {} bytes, at most {MAX_URI} go on chain",
            reason.len()
        )));
    }
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let receipt = match desk.account.resume(&mut journal, "decline", &desk.report).await? {
        Some(receipt) => receipt,
        None => {
            require_state(id, &audit, &[AuditState::Requested])?;
            require_time(&desk.market, &audit).await?;
            journal.set_fact(&REQUEST_HASH, &audit.requestHash)?;
            let call = declineCall {
                id,
                guard: audit.requestHash,
                reason,
            };
            let call = desk.market.call(&call);
            desk.account.send(&mut journal, "decline", &call, &desk.report).await?
        }
    };
    let after = desk.market.newest(id).await?;
    Ok(Ended::new(id, &after, Some(&receipt)))
}
