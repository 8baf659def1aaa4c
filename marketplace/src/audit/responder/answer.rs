//! Posts the answers page by page, withholds documents that match, and seals.

use crate::audit::facts::{TO_WITHHOLD, WITHHELD};
use crate::audit::matches::Matches;
use crate::audit::responder::taken::matches;
use crate::engagement::batch::largest_batch;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Desk, Sent};
use alloy::primitives::{keccak256, B256};
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::venue::{require_state, Venue, View};
use assay_protocol::abi::IRetrievalMarket::{postAnswersCall, withholdCall};
use assay_protocol::abi::{AuditState, AuditView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::answers::{page_count, Answers};
use assay_protocol::retrieval::posted::Step;
use assay_protocol::retrieval::statement::{list_hash, with_page, with_withheld};
use serde::Serialize;
use std::collections::BTreeSet;

/// Pages of one transaction: what nodes take as 128 KiB.
const MAX_PAGES: usize = 190;
/// Documents withheld in one transaction, with their pages.
const MAX_WITHHELD: usize = 128;

/// The result of answering.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// Of the audit.
    pub id: B256,
    /// Pages on chain.
    pub pages: u32,
    /// Documents answered with a match, so far.
    pub positives: u32,
    /// Of those, withheld.
    pub withheld: u32,
    /// As the contract names it: the answers are sealed once it is `Answered`.
    pub state: String,
    /// Of this call alone.
    pub sent: Vec<Sent>,
    #[serde(skip)]
    next: Option<String>,
}

impl std::fmt::Display for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} pages on chain, {} documents match, {} of them withheld; audit {} is {}",
            self.pages, self.positives, self.withheld, self.id, self.state
        )?;
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}

/// What it means that fewer documents are withheld than were announced when the request was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fewer {
    /// Somebody has yet to withhold the others.
    AreAnError,
    /// No more are going to be.
    AreMeant,
}

/// Posts what is missing of the answers and seals them: from here on nothing of them changes.
///
/// # Errors
/// If something else was posted than what was found before the request was accepted, or documents are yet to be withheld.
pub async fn answer(desk: &Desk<Audits>, id: B256, fewer: Fewer) -> eyre::Result<Answered> {
    let (audit, mut journal) = taken(desk, id).await?;
    let mut sent = Vec::new();
    if audit.state == AuditState::Accepted {
        require_time(&desk.market, &audit).await?;
        let found = matches(desk, &journal, id, &audit)?;
        require_withheld(&journal, id, audit.counts.withheld, fewer)?;
        sent = post(desk, &mut journal, id, &found, true).await?;
    }
    result(desk, id, sent).await
}

/// Withholds documents that match, once each: they are on posted pages first. `log` is the hash of what is said of them.
///
/// # Errors
/// If one does not match, or more are withheld than the request allows.
pub async fn withhold(desk: &Desk<Audits>, id: B256, documents: &BTreeSet<u32>, log: B256) -> eyre::Result<Answered> {
    let (audit, mut journal) = taken(desk, id).await?;
    require_state(id, &audit, &[AuditState::Accepted])?;
    require_time(&desk.market, &audit).await?;
    let found = matches(desk, &journal, id, &audit)?;
    require_matching(&found, documents)?;
    let answers = found.answers()?;
    let mut withheld = journal.fact(&WITHHELD)?.unwrap_or_default();
    withheld.extend(documents);
    let most = audit.bounds.withholdMax;
    if withheld.len() > most as usize {
        return Err(usage(format!(
            "{} documents would be withheld, the request allows {most}",
            withheld.len()
        )));
    }
    journal.set_fact(&WITHHELD, &withheld)?;
    let mut sent = post(desk, &mut journal, id, &found, false).await?;
    loop {
        let so_far = read(desk, id, &found, &answers).await?;
        let left: Vec<u32> = documents.difference(&so_far.withheld).copied().collect();
        if left.is_empty() {
            break;
        }
        let indices = left.get(..left.len().min(MAX_WITHHELD)).unwrap_or_default();
        let pages = answers.openings(indices);
        let call = desk.market.call(&withholdCall {
            id,
            guard: so_far.guard,
            indices: indices.to_vec(),
            pages: pages.ok_or_else(|| eyre::eyre!("a withheld document has no page"))?,
            log,
            seal: false,
        });
        let step = format!("withhold-{}", hex::encode(&keccak256(&call.data)[..8]));
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
    }
    result(desk, id, sent).await
}

/// Fails while documents are to be withheld that are not: the answers that are sealed allow none.
fn require_withheld(journal: &Journal, id: B256, withheld: u32, fewer: Fewer) -> eyre::Result<()> {
    let withheld = withheld as usize;
    // A call that names documents notes them before it sends anything.
    let named = journal.fact(&WITHHELD)?.unwrap_or_default().len();
    if withheld < named {
        return Err(hinted(
            format!("{named} documents were named to be withheld, {withheld} of them are"),
            format!("repeat assay audit withhold {id} with all of them: once the answers are sealed nothing can be withheld"),
        ));
    }
    let announced = journal.fact(&TO_WITHHOLD)?.unwrap_or(0) as usize;
    if withheld < announced && fewer == Fewer::AreAnError {
        return Err(hinted(
            format!("{announced} documents were to be withheld when the request was accepted, {withheld} are"),
            format!("withhold them first: assay audit withhold {id} --document N --log FILE; or say that these are all: --no-more"),
        ));
    }
    Ok(())
}

async fn taken(desk: &Desk<Audits>, id: B256) -> eyre::Result<(AuditView, Journal)> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    Ok((audit, desk.journal(id)?))
}

fn require_matching(found: &Matches, documents: &BTreeSet<u32>) -> eyre::Result<()> {
    let ones = found.ones();
    match documents.iter().find(|index| !ones.contains(index)) {
        None if documents.is_empty() => Err(usage("no documents are named")),
        None => Ok(()),
        Some(index) => Err(usage(format!(
            "document {index} does not match: only those that match can be withheld"
        ))),
    }
}

/// What of the answers is on chain.
struct SoFar {
    guard: B256,
    pages: usize,
    withheld: BTreeSet<u32>,
}

/// Follows what was posted from the request on; it must be what was found.
async fn read(desk: &Desk<Audits>, id: B256, found: &Matches, answers: &Answers) -> eyre::Result<SoFar> {
    let audit = desk.market.newest(id).await?;
    let mut so_far = SoFar {
        guard: found.request_hash,
        pages: 0,
        withheld: BTreeSet::new(),
    };
    for step in desk.market.answer_steps(id).await? {
        match step {
            Step::Page { bits } => {
                let page = answers.page(so_far.pages).filter(|page| *page.bits == bits[..]);
                let hash = page.and_then(|_| answers.page_hash(id, so_far.pages));
                let hash = hash.ok_or_else(|| other_answers(id))?;
                so_far.guard = with_page(so_far.guard, hash);
                so_far.pages += 1;
            }
            Step::Withheld { indices, log } => {
                so_far.guard = with_withheld(so_far.guard, list_hash(&indices), log);
                so_far.withheld.extend(indices);
            }
        }
    }
    if so_far.guard == audit.guard {
        return Ok(so_far);
    }
    Err(other_answers(id))
}

fn other_answers(id: B256) -> eyre::Report {
    hinted(
        format!("other answers to audit {id} are on chain than those that were found before it was accepted"),
        "use the --home with which it was accepted, and a node that serves the logs of the whole chain",
    )
}

/// Posts the pages that are missing, as many as fit each transaction; the last one seals, if it shall.
async fn post(
    desk: &Desk<Audits>,
    journal: &mut Journal,
    id: B256,
    found: &Matches,
    seals: bool,
) -> eyre::Result<Vec<Sent>> {
    let answers = &found.answers()?;
    let pages = page_count(answers.size());
    let bar = desk.report.bar("posting answers", pages as u64);
    let mut sent = Vec::new();
    loop {
        let so_far = read(desk, id, found, answers).await?;
        bar.set(so_far.pages as u64);
        let left = pages - so_far.pages;
        let is_sealed = desk.market.newest(id).await?.state != AuditState::Accepted;
        if is_sealed || (left == 0 && !seals) {
            return Ok(sent);
        }
        let call_of = |count: usize| {
            let posted = (so_far.pages..so_far.pages + count).filter_map(|q| answers.page(q));
            desk.market.call(&postAnswersCall {
                id,
                guard: so_far.guard,
                pages: posted.map(|page| page.bits).collect(),
                seal: seals && count == left,
            })
        };
        let count = match left {
            0 => 0,
            left => largest_batch(desk, left.min(MAX_PAGES), call_of).await,
        };
        let call = call_of(count);
        let step = format!("answer-{}", hex::encode(&keccak256(&call.data)[..8]));
        let receipt = desk.account.send(journal, &step, &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
    }
}

async fn result(desk: &Desk<Audits>, id: B256, sent: Vec<Sent>) -> eyre::Result<Answered> {
    let after = desk.market.newest(id).await?;
    Ok(Answered {
        id,
        pages: after.counts.pages,
        positives: after.counts.positives,
        withheld: after.counts.withheld,
        state: format!("{:?}", after.state),
        sent,
        next: after.next(id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_not_sealed_while_documents_are_to_be_withheld() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&dir.path().join("journal.json")).unwrap();
        let says = |journal: &Journal, withheld, fewer| {
            let result = require_withheld(journal, B256::ZERO, withheld, fewer);
            result.err().map(|error| error.to_string())
        };
        assert_eq!(says(&journal, 0, Fewer::AreAnError), None);
        journal.set_fact(&TO_WITHHOLD, &2).unwrap();
        let said = says(&journal, 1, Fewer::AreAnError).unwrap();
        assert!(said.contains("2 documents were to be withheld when"), "{said}");
        assert_eq!(says(&journal, 1, Fewer::AreMeant), None);
        assert_eq!(says(&journal, 2, Fewer::AreAnError), None);
        // Named, and never sent.
        journal.set_fact(&WITHHELD, &BTreeSet::from([4, 5, 6])).unwrap();
        let said = says(&journal, 2, Fewer::AreMeant).unwrap();
        assert!(
            said.contains("3 documents were named to be withheld, 2 of them are"),
            "{said}"
        );
        assert_eq!(says(&journal, 3, Fewer::AreMeant), None);
    }
}
