//! Looks at the documents that the responder handed over.

use crate::audit::facts::RECEIVED;
use crate::audit::posted::owed;
use crate::audit::requester::guard::answers;
use crate::corpus::opening::received;
use crate::delivery::Delivery;
use crate::engagement::paths::fetched_files;
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Site};
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::copy_atomic;
use assay_durable::read::open_regular;
use assay_exchange::blob::{id_of, BlobKind};
use assay_protocol::abi::AuditState;
use assay_protocol::accuracy::decide::Party;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where documents that were handed over are kept, and a file that is being looked at.
const RECEIVED_DIR: &str = "received";
const UNCHECKED_FILE: &str = "unchecked.opening";

/// Bytes of the largest file of documents that is fetched.
const MAX_DOCUMENTS_BYTES: u64 = 8 << 30;

/// Where a requester keeps the documents of an audit.
pub fn received_dir(site: &Site<Audits>, id: B256) -> PathBuf {
    site.files(id).join(RECEIVED_DIR)
}

/// What was found out about the documents that match.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// Of the audit.
    pub id: B256,
    /// Documents that are owed: they match and are not kept back.
    pub owed: usize,
    /// Of those, the ones that are here and open their leaves.
    pub good: BTreeSet<u32>,
    /// Of those, the ones that are not.
    pub missing: BTreeSet<u32>,
    /// What was wrong with what was handed over.
    pub wrong: Vec<String>,
    /// Directory with the files that hold them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<PathBuf>,
}

impl std::fmt::Display for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "owed        {} documents", self.owed)?;
        writeln!(f, "received    {} that open their leaves", self.good.len())?;
        for wrong in &self.wrong {
            writeln!(f, "wrong       {wrong}")?;
        }
        if let Some(documents) = &self.documents {
            writeln!(f, "kept in     {}", documents.display())?;
        }
        match self.missing.len() {
            0 => write!(f, "next        nothing is missing: assay audit confirm {}", self.id),
            n => write!(
                f,
                "next        {n} are missing: ask for them, or assay audit demand {}",
                self.id
            ),
        }
    }
}

/// Receives the documents and compares each with its leaf; what was right before stays right.
///
/// # Errors
/// If nothing that was handed over is an opening of this corpus.
pub async fn receive(desk: &Desk<Audits>, id: B256, from: Option<&Delivery>) -> eyre::Result<Received> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    require_state(id, &audit, &[AuditState::Delivering, AuditState::Closed])?;
    let posted = answers(desk, &desk.journal(id)?, id, &audit).await?;
    let owed = owed(&desk.market, id, &posted).await?;
    let corpus = desk.market.corpora.corpus(audit.corpusId).await?;
    let kept = received_dir(desk, id);
    let fetched = match from {
        Some(from) => {
            let into = fetched_files(desk, id);
            let files = from.get(BlobKind::Documents, &into, MAX_DOCUMENTS_BYTES, &desk.report);
            Some((from, files.await?))
        }
        None => None,
    };
    // Nobody is kept from acting by hand as long as a server takes.
    let mut journal = desk.journal(id)?;
    let (mut good, mut wrong) = (journal.fact(&RECEIVED)?.unwrap_or_default(), Vec::new());
    if let Some((from, files)) = fetched {
        if files.is_empty() {
            wrong.push(format!("there are no documents in {}", from.place()));
        }
        for file in files {
            // What is checked is the copy, which nobody else can write.
            let copy = desk.files(id).join(UNCHECKED_FILE);
            let found = copy_atomic(&file, &copy, true)
                .map_err(eyre::Report::from)
                .and_then(|()| received::received(audit.corpusId, &corpus, &copy, &(&owed - &good), &desk.report));
            match found {
                Ok(found) => {
                    let new = !found.good.is_empty();
                    good.extend(found.good);
                    wrong.extend(found.wrong);
                    if new {
                        // Under its hash: what was right in an earlier file stays where it is.
                        let hash = id_of(open_regular(&copy)?)?;
                        std::fs::create_dir_all(&kept)?;
                        std::fs::rename(&copy, kept.join(format!("{hash}.opening")))?;
                    }
                }
                Err(error) => wrong.push(format!("{error:#}")),
            }
            std::fs::remove_file(&copy).ok();
        }
        journal.set_fact(&RECEIVED, &good)?;
    }
    let missing = owed.difference(&good).copied().collect();
    Ok(Received {
        id,
        owed: owed.len(),
        good,
        missing,
        wrong,
        documents: kept.is_dir().then_some(kept),
    })
}
