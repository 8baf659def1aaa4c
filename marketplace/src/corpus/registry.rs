//! The registry of corpora, and what this machine keeps about it.

use crate::engagement::{Desk, Site};
use crate::home::CORPORA;
use alloy::primitives::B256;
use assay_chain::corpora::Corpora;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::{Fact, Journal};
use assay_chain::release::DeploymentCheck;
use assay_chain::venue::Venue;
use assay_protocol::retrieval::corpora::MAX_URI;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Directory of the corpus. In its journal, written by the responder **before** the root is on chain; without it the directory must
/// be named again.
pub(super) const CORPUS: Fact<PathBuf> = Fact::new("corpus");

/// The journal of a corpus.
///
/// # Errors
/// Those of [`Journal::open`].
pub(super) fn journal(site: &Site<Corpora>, id: B256) -> eyre::Result<Journal> {
    Journal::open(&journal_path(site, id))
}

fn journal_path(site: &Site<Corpora>, id: B256) -> PathBuf {
    site.home.of_id(&site.market.chain, CORPORA, id).join("journal.json")
}

/// Where the corpus is on this machine: as it is named, else as it was committed from here.
///
/// # Errors
/// If neither says so.
pub fn directory(site: &Site<Corpora>, id: B256, named: Option<&Path>) -> eyre::Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let noted = Journal::peek(&journal_path(site, id), &CORPUS)?;
    noted.ok_or_else(|| {
        hinted(
            format!("corpus {id} was not committed from here"),
            "name its directory with --corpus",
        )
    })
}

/// Corpora that were committed from here, and where each is.
///
/// # Errors
/// If a journal of one is damaged.
pub fn directories<V: Venue>(site: &Site<V>) -> eyre::Result<BTreeMap<B256, PathBuf>> {
    let entries = std::fs::read_dir(site.home.ids(site.market.chain(), CORPORA));
    let mut found = BTreeMap::new();
    for entry in entries.into_iter().flatten().flatten() {
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(id) = id else { continue };
        if let Some(directory) = Journal::peek(&entry.path().join("journal.json"), &CORPUS)? {
            found.insert(id, directory);
        }
    }
    Ok(found)
}

/// How far the registry is known.
///
/// # Errors
/// If the node does not say.
pub(super) async fn check(site: &Site<Corpora>) -> eyre::Result<DeploymentCheck> {
    DeploymentCheck::of_corpora(&site.market, site.trusted_deployment).await
}

/// Somebody who signs at a registry that is known.
///
/// # Errors
/// If it is neither this release's nor trusted: what stands in it could be changed.
pub(super) async fn require_known(desk: &Desk<Corpora>) -> eyre::Result<()> {
    check(desk).await?.require_known(
        format_args!("the registry of corpora at {} is not that", desk.market.address),
        "write nothing into it",
    )
}

/// Fails for a uri that the registry refuses.
///
/// # Errors
/// If it is too long.
pub(super) fn require_short(uri: &str) -> eyre::Result<()> {
    if uri.len() <= MAX_URI {
        return Ok(());
    }
    Err(usage(format!(
        "--uri has {} bytes, at most {MAX_URI} are allowed",
        uri.len()
    )))
}
