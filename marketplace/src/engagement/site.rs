//! A market, and what this machine keeps about it.

use crate::home::Home;
use alloy::primitives::B256;
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::release::{CheckedMarket, DeploymentCheck, Surveyed};
use assay_chain::venue::Venue;
use assay_durable::report::Reporter;
use eyre::WrapErr;
use std::io::ErrorKind;
use std::path::PathBuf;

/// A market, the state directory that knows about it, and whoever hears what goes on.
#[derive(Debug, Clone)]
pub struct Site<V = Market> {
    /// With the node that it is read from.
    pub market: V,
    /// May know about other markets and chains too.
    pub home: Home,
    /// Notes, warnings, progress.
    pub report: Reporter,
    /// Digest of contracts that are not this release's and are trusted all the same.
    pub trusted_deployment: Option<B256>,
}

impl<V> Site<V> {
    /// What is kept here about another market.
    pub fn at<W>(self, market: W) -> Site<W> {
        Site {
            market,
            home: self.home,
            report: self.report,
            trusted_deployment: self.trusted_deployment,
        }
    }
}

impl<V: Venue> Site<V> {
    /// The directory where this program keeps the files of an engagement, a round or an audit.
    pub fn files(&self, id: B256) -> PathBuf {
        self.home.of_id(self.market.chain(), V::FOLDER, id)
    }

    /// The ids of which files are kept here.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn ids(&self) -> eyre::Result<Vec<B256>> {
        let dir = self.home.ids(self.market.chain(), V::FOLDER);
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.wrap_err_with(|| format!("cannot read {}", dir.display()))?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_str().and_then(|name| name.parse().ok())));
        Ok(names.collect::<eyre::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Where the journal of an id is.
    pub fn journal_path(&self, id: B256) -> PathBuf {
        self.files(id).join("journal.json")
    }

    /// The journal of an id.
    ///
    /// # Errors
    /// Those of [`Journal::open`].
    pub fn journal(&self, id: B256) -> eyre::Result<Journal> {
        Journal::open(&self.journal_path(id))
    }
}

impl<V: Surveyed> Site<V> {
    /// How far the contracts behind the market are known.
    ///
    /// # Errors
    /// If the node does not say.
    pub async fn deployment_check(&self) -> eyre::Result<DeploymentCheck> {
        DeploymentCheck::of(&self.market, &self.kept_check(), self.trusted_deployment).await
    }

    /// The market, if it is known well enough to send money to.
    ///
    /// # Errors
    /// If its contracts are neither this release's nor trusted.
    pub async fn checked_market(&self) -> eyre::Result<CheckedMarket<V>> {
        CheckedMarket::new(self.market.clone(), &self.kept_check(), self.trusted_deployment).await
    }

    fn kept_check(&self) -> PathBuf {
        self.home.checked_market(self.market.chain(), self.market.keystone())
    }
}
