//! A requester's moves as rows.

use crate::audit::facts::{own_request, RECEIVED, SALT_SHOWN_FOR};
use crate::audit::posted::owed;
use crate::audit::requester::guard::answers;
use crate::engagement::play::{By, Confirmed, Move, Time};
use crate::engagement::{Desk, Ended};
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::venue::Venue;
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::{cancelRequestCall, confirmCall};
use assay_protocol::accuracy::decide::Party;

/// Takes a request back that nobody accepted.
pub const CANCEL: Move<Audits> = Move {
    step: "cancel",
    from: &[AuditState::Requested],
    by: By::PartyThenAnybody(Party::Consumer),
    time: Time::AnyTime("a request that has expired can be taken back too"),
    confirmed: Confirmed::No("it answers nothing: nobody has moved yet"),
    guard: |_, _, audit| Ok(audit.guard),
    call: |market, id, _| market.call(&cancelRequestCall { id }),
};

/// Agrees to the documents that were handed over, which closes the audit.
const CONFIRM: Move<Audits> = Move {
    step: "confirm",
    from: &[AuditState::Delivering],
    by: By::Party(Party::Consumer),
    time: Time::AnyTime("a confirmation harms nobody but its sender"),
    confirmed: Confirmed::Deep,
    guard: |journal, id, audit| {
        own_request(journal, id, audit.requestHash)?;
        let shown = journal.fact(&SALT_SHOWN_FOR)?;
        shown.ok_or_else(|| {
            hinted(
                "the salt was not shown from here",
                "use the --home with which it was revealed",
            )
        })
    },
    call: |market, id, guard| market.call(&confirmCall { id, guard }),
};

/// Confirms, if every document that is owed was received here; `regardless` of what is missing if the requester says so.
///
/// # Errors
/// If documents are missing, or a demand is open.
pub async fn confirm(desk: &Desk<Audits>, id: B256, regardless: bool) -> eyre::Result<Ended> {
    let audit = desk.market.newest(id).await?;
    if audit.state == AuditState::Delivering {
        let journal = desk.journal(id)?;
        let posted = answers(desk, &journal, id, &audit).await?;
        eyre::ensure!(
            journal.fact(&SALT_SHOWN_FOR)? == Some(posted.answers_hash),
            "the node shows other answers of audit {id} than those that the salt was shown for"
        );
        let good = journal.fact(&RECEIVED)?.unwrap_or_default();
        let owed = owed(&desk.market, id, &posted).await?;
        let mut missing = owed.difference(&good);
        if let (Some(first), false) = (missing.next(), regardless) {
            return Err(hinted(
                format!(
                    "{} documents that match were not received here, document {first} first",
                    missing.count() + 1
                ),
                format!(
                    "receive them with assay audit receive {id} --from DIR|URL, or demand them; --force confirms without them, and \
                     nothing can be demanded after"
                ),
            ));
        }
    }
    Ok(Ended::from(desk.play(id, &CONFIRM).await?))
}
