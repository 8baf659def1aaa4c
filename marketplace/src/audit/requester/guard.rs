//! What a requester's calls answer: answers that it has read itself, to the request that it made.

use crate::audit::facts::own_request;
use crate::audit::posted::posted;
use crate::engagement::Desk;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::journal::Journal;
use assay_protocol::abi::AuditView;
use assay_protocol::retrieval::posted::Posted;

/// The answers on chain, to this requester's own request.
///
/// # Errors
/// If the chain has another request under this id by now, or the node serves other logs than the market's.
pub async fn answers(desk: &Desk<Audits>, journal: &Journal, id: B256, audit: &AuditView) -> eyre::Result<Posted> {
    own_request(journal, id, audit.requestHash)?;
    posted(&desk.market, id, audit).await
}
