//! Shows the salt, which fixes the sample, and names documents that are to be proven besides.

use crate::audit::facts::{Secrets, NAMED, SALT_SHOWN_FOR};
use crate::audit::requester::guard::answers;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Desk, Sent};
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::venue::{require_state, Venue};
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::revealCall;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::sample::{check_named, due};
use assay_protocol::units::utc;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was drawn and named.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revealed {
    /// Of the audit.
    pub id: B256,
    /// Decides which are drawn.
    pub seed: B256,
    /// Documents without a match that were drawn.
    pub drawn: BTreeSet<u32>,
    /// Documents that were named.
    pub named: Vec<u32>,
    /// Last second in which the responder may prove all of it.
    pub until: u64,
    /// The transaction that showed the salt, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed        {}", self.seed)?;
        writeln!(f, "drawn       {} documents", self.drawn.len())?;
        writeln!(f, "named       {} documents", self.named.len())?;
        write!(f, "next        the responder proves them by {}", utc(self.until))
    }
}

/// Shows the salt once, under finality, for one set of answers and never for another.
///
/// # Errors
/// If the answers may still be taken back, the salt was shown for others before, or a document cannot be named.
pub async fn reveal(desk: &Desk<Audits>, id: B256, named: Vec<u32>) -> eyre::Result<Revealed> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    let mut journal = desk.journal(id)?;
    // Before what was signed is sent again: its salt is out, and these may be answers to it, or come after it.
    let revealed = [
        AuditState::Answered,
        AuditState::Sampled,
        AuditState::Delivering,
        AuditState::Closed,
    ];
    require_state(id, &audit, &revealed)?;
    if audit.state == AuditState::Answered {
        let posted = answers(desk, &journal, id, &audit).await?;
        require_not_shown_for_others(&journal, id, posted.answers_hash)?;
    }
    let resumed = desk.account.resume(&mut journal, "reveal", &desk.report).await?;
    let receipt = match resumed {
        Some(receipt) => receipt,
        None => {
            require_state(id, &audit, &[AuditState::Answered])?;
            require_time(&desk.market, &audit).await?;
            desk.market.require_settled(id, &audit).await?;
            let posted = answers(desk, &journal, id, &audit).await?;
            let named = settle_named(&mut journal, named)?;
            check_named(&posted.answers, &named, audit.bounds.namedMax).map_err(|error| usage(error.to_string()))?;
            let pages = posted.answers.openings(&named);
            let pages = pages.ok_or_else(|| eyre::eyre!("a named document has no page"))?;
            show_once(&mut journal, id, posted.answers_hash)?;
            let call = revealCall {
                id,
                guard: posted.answers_hash,
                salt: B256::from(*Secrets::of_audit(&journal, id)?.salt().expose()),
                named,
                pages,
            };
            let call = desk.market.call(&call);
            desk.account.send(&mut journal, "reveal", &call, &desk.report).await?
        }
    };
    let after = desk.market.newest(id).await?;
    let posted = answers(desk, &journal, id, &after).await?;
    let named = journal.fact(&NAMED)?.unwrap_or_default();
    let due = due(&posted.answers, after.seed, after.bounds.samples, &[]);
    Ok(Revealed {
        id,
        seed: after.seed,
        drawn: due.into_iter().map(|due| due.index).collect(),
        named,
        until: after.deadline,
        sent: Sent::from(&receipt),
    })
}

/// What is named, fixed before the salt is out.
fn settle_named(journal: &mut Journal, mut named: Vec<u32>) -> eyre::Result<Vec<u32>> {
    named.sort_unstable();
    match journal.fact(&NAMED)? {
        // The salt may have been seen: whoever names now knows the sample.
        Some(before) if journal.fact(&SALT_SHOWN_FOR)?.is_some() && before != named => Err(hinted(
            format!("the salt was sent before, with other documents named: {before:?}"),
            "repeat the command with those",
        )),
        _ => {
            journal.set_fact(&NAMED, &named)?;
            Ok(named)
        }
    }
}

/// Notes for which answers the salt is shown, before it is.
fn show_once(journal: &mut Journal, id: B256, answers_hash: B256) -> eyre::Result<()> {
    require_not_shown_for_others(journal, id, answers_hash)?;
    journal.set_fact(&SALT_SHOWN_FOR, &answers_hash)
}

fn require_not_shown_for_others(journal: &Journal, id: B256, answers_hash: B256) -> eyre::Result<()> {
    match journal.fact(&SALT_SHOWN_FOR)? {
        Some(shown) if shown != answers_hash => Err(hinted(
            format!(
                "the salt of audit {id} was shown for answers {shown}; the chain has {answers_hash} now: whoever saw it chose them"
            ),
            "let the audit end as Unchecked, and ask anew: assay audit request",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(dir: &tempfile::TempDir) -> Journal {
        Journal::open(&dir.path().join("journal.json")).unwrap()
    }

    #[test]
    fn a_salt_is_shown_for_one_set_of_answers() {
        let dir = tempfile::tempdir().unwrap();
        let (id, answers, others) = (B256::ZERO, B256::repeat_byte(1), B256::repeat_byte(2));
        show_once(&mut journal(&dir), id, answers).unwrap();
        show_once(&mut journal(&dir), id, answers).unwrap();
        let error = show_once(&mut journal(&dir), id, others).unwrap_err();
        assert!(error.to_string().contains("whoever saw it chose them"), "{error}");
        show_once(&mut journal(&dir), id, answers).unwrap();
    }

    #[test]
    fn what_is_named_changes_until_the_salt_is_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = journal(&dir);
        assert_eq!(settle_named(&mut journal, vec![3, 1]).unwrap(), [1, 3]);
        assert_eq!(settle_named(&mut journal, vec![2]).unwrap(), [2]);
        show_once(&mut journal, B256::ZERO, B256::repeat_byte(1)).unwrap();
        assert_eq!(settle_named(&mut journal, vec![2]).unwrap(), [2]);
        assert!(settle_named(&mut journal, vec![4]).is_err());
        assert!(settle_named(&mut journal, vec![]).is_err());
    }
}
