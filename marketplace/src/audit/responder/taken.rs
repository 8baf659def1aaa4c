//! What a responder keeps of an audit that it took on.

use crate::audit::facts::{own_request, CORPUS, ORIGINALS, PREDICATE};
use crate::audit::matches::{Matches, MATCHES_FILE};
use crate::audit::published::{KeyUse, Published};
use crate::corpus::opening::open::require_same;
use crate::corpus::stored::StoredCorpus;
use crate::engagement::{Desk, Site};
use crate::proving::Prover;
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::venue::Venue;
use assay_protocol::abi::AuditView;
use eyre::WrapErr;
use std::path::{Path, PathBuf};

/// The answers that were found before the request was taken on.
///
/// # Errors
/// If this program did not take it on.
pub fn matches(desk: &Desk<Audits>, journal: &Journal, id: B256, audit: &AuditView) -> eyre::Result<Matches> {
    let request = own_request(journal, id, audit.requestHash)?;
    Matches::load(&desk.files(id).join(MATCHES_FILE), request)
}

/// Finds them again, if they were lost: the same ones, since the predicate says the same of every document.
///
/// # Errors
/// If this program did not take it on, or its predicate or the corpus is not here any more.
pub fn find_again(desk: &Desk<Audits>, id: B256, audit: &AuditView, keys: &KeyUse) -> eyre::Result<Matches> {
    let journal = desk.journal(id)?;
    let request = own_request(&journal, id, audit.requestHash)?;
    let (corpus, prover) = (corpus(&journal, id)?, prover(desk, id, keys)?);
    let found = Matches::find(request, &corpus, &prover, &desk.report)?;
    found.save(&desk.files(id).join(MATCHES_FILE))?;
    Ok(found)
}

/// The corpus, with its originals.
///
/// # Errors
/// If it is not where it was.
pub fn corpus(journal: &Journal, id: B256) -> eyre::Result<StoredCorpus> {
    let lost = || {
        hinted(
            format!("this program did not take audit {id} on, so it does not know the corpus"),
            "use the --home with which it was accepted",
        )
    };
    let dir = journal.fact(&CORPUS)?.ok_or_else(lost)?;
    let originals = journal.fact(&ORIGINALS)?.flatten();
    Ok(StoredCorpus::open(&dir)?.with_originals(originals))
}

/// Notes that the corpus of an audit, or its originals, are somewhere else now; nothing if neither is named.
///
/// # Errors
/// If another corpus is there, or this program did not take the audit on.
pub async fn moved(desk: &Desk<Audits>, id: B256, to: Option<&Path>, originals: Option<&Path>) -> eyre::Result<()> {
    if to.is_none() && originals.is_none() {
        return Ok(());
    }
    let audit = desk.market.newest(id).await?;
    let mut journal = desk.journal(id)?;
    own_request(&journal, id, audit.requestHash)?;
    let place = |path: &Path| {
        let whole = path.canonicalize();
        whole.wrap_err_with(|| format!("cannot find {}", path.display()))
    };
    if let Some(to) = to {
        let to = place(to)?;
        let committed = desk.market.corpora.corpus(audit.corpusId).await?;
        require_same(audit.corpusId, &committed, &StoredCorpus::open(&to)?)?;
        if journal.fact(&CORPUS)?.as_ref() != Some(&to) {
            journal.set_fact(&CORPUS, &to)?;
        }
    }
    if let Some(originals) = originals {
        let originals = Some(place(originals)?);
        if journal.fact(&ORIGINALS)?.as_ref() != Some(&originals) {
            journal.set_fact(&ORIGINALS, &originals)?;
        }
    }
    Ok(())
}

/// A prover for the predicate of an audit that was taken on.
///
/// # Errors
/// If the opening is not here any more.
pub fn prover(site: &Site<Audits>, id: B256, keys: &KeyUse) -> eyre::Result<Prover> {
    let opening = Journal::peek(&site.journal_path(id), &PREDICATE)?.ok_or_else(|| {
        hinted(
            format!("the predicate of audit {id} is not here"),
            "use the --home with which it was accepted",
        )
    })?;
    let published = Published::load(&opening)?;
    let dir = predicate_dir(site, published.weights_commit());
    published.prover(&dir, keys, &site.market.chain, &site.report)
}

/// Locked while a request is judged: its cost is measured on a machine that does nothing else.
pub fn accepting_lock(site: &Site<Audits>) -> PathBuf {
    site.home.predicates(&site.market.chain).join("accepting.lock")
}

/// Where the files of a predicate are: one directory for all audits with the same weights.
pub fn predicate_dir(site: &Site<Audits>, weights_commit: U256) -> PathBuf {
    site.home
        .predicates(&site.market.chain)
        .join(B256::from(weights_commit).to_string())
}
