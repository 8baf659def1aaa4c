//! Hands the predicate's opening over.

use crate::audit::delivered::Delivered;
use crate::audit::facts::{own_request, PREDICATE, PREDICATE_DELIVERED};
use crate::delivery::Delivery;
use crate::engagement::Desk;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::venue::Venue;
use assay_exchange::blob::BlobKind;

/// Hands the opening of the predicate's weights over: they are public from here on.
///
/// # Errors
/// If this program did not make the request.
pub async fn publish(desk: &Desk<Audits>, id: B256, to: &Delivery) -> eyre::Result<Delivered> {
    let audit = desk.market.newest(id).await?;
    let mut journal = desk.journal(id)?;
    own_request(&journal, id, audit.requestHash)?;
    let opening = journal.fact(&PREDICATE)?.ok_or_else(|| {
        hinted(
            format!("the predicate of audit {id} is not here"),
            "repeat the request with the same terms: it finds the audit and keeps a copy",
        )
    })?;
    to.put(BlobKind::Predicate, &opening, &desk.report).await?;
    journal.set_fact(&PREDICATE_DELIVERED, &to.place().to_string())?;
    Ok(Delivered::new(id, "the predicate's opening is".into(), to, &audit))
}
