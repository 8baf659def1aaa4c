//! Hands the documents that match over, off chain, with their originals.

use crate::audit::delivered::Delivered;
use crate::audit::facts::{DOCUMENTS_DELIVERED, OVERRULED_DELIVERED, WITHHELD};
use crate::audit::posted::{owed, posted};
use crate::audit::responder::taken::{corpus, matches};
use crate::corpus::opening::open::open;
use crate::delivery::{Delivery, DOCUMENTS_FILE};
use crate::engagement::play::require_party;
use crate::engagement::Desk;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, usage};
use assay_chain::venue::{require_state, Venue};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::AuditState;
use assay_protocol::accuracy::decide::Party;

/// Hands over every document that matches and is not kept back: from here on the requester has them.
///
/// # Errors
/// Before everything that is due is proven, or if what was proven may still be taken back.
pub async fn hand_over(desk: &Desk<Audits>, id: B256, to: &Delivery) -> eyre::Result<Delivered> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    require_state(id, &audit, &[AuditState::Delivering])?;
    desk.market.require_settled(id, &audit).await?;
    let mut journal = desk.journal(id)?;
    let found = matches(desk, &journal, id, &audit)?;
    let posted = posted(&desk.market, id, &audit).await?;
    let withheld = journal.fact(&WITHHELD)?.unwrap_or_default();
    if posted.answers != found.answers()? || posted.withheld != withheld {
        return Err(hinted(
            format!("the node shows other answers of audit {id} than were posted from here: nothing is handed over"),
            "use another node, and the --home with which it was answered",
        ));
    }
    // A ruling that a reorganisation takes back would leave documents out that are privileged.
    let settled = desk.market.settled().await?;
    let owed = owed(&settled, id, &posted).await?;
    let overruled = settled.newest(id).await?.counts.overruled;
    if owed.is_empty() {
        return Err(usage(format!(
            "no document of audit {id} is to be handed over: none matches, or all are kept back"
        )));
    }
    let stored = corpus(&journal, id)?;
    // What was overruled since is added: the file is made anew.
    let file = desk.files(id).join(DOCUMENTS_FILE);
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    let count = owed.len();
    open(audit.corpusId, &stored, owed, &file, &desk.report)?;
    to.put(BlobKind::Documents, &file, &desk.report).await?;
    // Before the place: without it all of them are handed over again.
    journal.set_fact(&OVERRULED_DELIVERED, &overruled)?;
    journal.set_fact(&DOCUMENTS_DELIVERED, &to.place().to_string())?;
    Ok(Delivered::new(
        id,
        format!("{count} documents of audit {id} are"),
        to,
        &audit,
    ))
}
