//! Stands behind a request.

use crate::audit::facts::REQUEST_HASH;
use crate::audit::predicate::requested;
use crate::engagement::play::require_time;
use crate::engagement::{Desk, Moved, Sent};
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_chain::error::usage;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::IRetrievalMarket::approveCall;
use assay_protocol::abi::{AuditState, AuditView};

/// Fails unless this account is the authority of the audit.
///
/// # Errors
/// With both addresses.
pub fn require_authority(audit: &AuditView, account: Address) -> eyre::Result<()> {
    if audit.authority == account && !account.is_zero() {
        return Ok(());
    }
    let theirs = match audit.authority.is_zero() {
        true => "has no authority".into(),
        false => format!("has authority {}", audit.authority),
    };
    Err(usage(format!("this audit {theirs}, the key is of {account}")))
}

/// Approves a request, once: as it is on chain, under finality.
///
/// # Errors
/// If this account is not its authority, or the request was accepted before or has expired.
pub async fn approve(desk: &Desk<Audits>, id: B256) -> eyre::Result<Moved> {
    let audit = desk.market.newest(id).await?;
    require_authority(&audit, desk.address())?;
    let mut journal = desk.journal(id)?;
    let mut sent = Vec::new();
    match desk.account.resume(&mut journal, "approve", &desk.report).await? {
        Some(receipt) => sent.push(Sent::from(&receipt)),
        None if audit.approved => {}
        None => {
            require_state(id, &audit, &[AuditState::Requested])?;
            require_time(&desk.market, &audit).await?;
            desk.market.require_settled(id, &audit).await?;
            requested(&desk.market, id, &audit).await?;
            let own = audit.requestHash;
            journal.set_fact(&REQUEST_HASH, &own)?;
            let call = desk.market.call(&approveCall { id, guard: own });
            let receipt = desk.account.send(&mut journal, "approve", &call, &desk.report).await?;
            sent.push(Sent::from(&receipt));
        }
    }
    Moved::read(&desk.market, id, 0, Vec::new(), sent).await
}
