//! Hands the leaf hashes, or the set in clear, over to the provider.

use crate::delivery::{Delivery, LEAVES_FILE};
use crate::engagement::facts::{DELIVERED, LEAVES_DELIVERED, TEST_SET};
use crate::engagement::Site;
use crate::revealed::Revealed;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::write_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{EngagementView, State};
use assay_protocol::testset::TestSet;
use assay_protocol::units::utc;
use eyre::WrapErr;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The result of a hand-over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    /// Of the engagement.
    pub id: B256,
    /// Directory with the set.
    pub to: PathBuf,
    /// N.
    pub examples: usize,
    /// Last second in which the provider may decide.
    pub decide_until: u64,
}

impl std::fmt::Display for HandedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} examples are in {}; the provider decides until {}",
            self.examples,
            self.to.display(),
            utc(self.decide_until)
        )
    }
}

/// The leaf hashes that a provider wants to see before it accepts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeavesSent {
    /// Of the engagement.
    pub id: B256,
    /// Directory or URL.
    pub to: String,
    /// N.
    pub leaves: usize,
}

impl std::fmt::Display for LeavesSent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} leaf hashes are in {}", self.leaves, self.to)?;
        write!(
            f,
            "next: when the provider has accepted, assay mc send {} again",
            self.id
        )
    }
}

/// Hands over the leaf hashes of an offer: they show nothing of the examples.
pub async fn send_leaves(site: &Site, id: B256, set: Option<&Path>, to: &Delivery) -> eyre::Result<LeavesSent> {
    let e = site.market.engagement(id).await?;
    require_state(id, &e, &[State::Offered])?;
    let mut journal = site.journal(id)?;
    let set = offered_set(&journal, id, &e, set)?;
    hand_leaves_over(site, id, &set, to).await?;
    journal.set_fact(&LEAVES_DELIVERED, &to.place().to_string())?;
    Ok(LeavesSent {
        id,
        to: to.place().to_string(),
        leaves: set.examples.len(),
    })
}

pub(crate) async fn hand_leaves_over(site: &Site, id: B256, set: &TestSet, to: &Delivery) -> eyre::Result<()> {
    let file = site.files(id).join(LEAVES_FILE);
    write_atomic(&file, &serde_json::to_vec(&set.leaves())?, true)?;
    to.put(BlobKind::Leaves, &file, &site.report).await
}

/// Copies the set to `to`, once the acceptance is settled.
pub async fn send(site: &Site, id: B256, set: Option<&Path>, to: &Path) -> eyre::Result<HandedOver> {
    let e = site.market.engagement(id).await?;
    require_state(id, &e, &[State::Probing])?;
    site.market.require_settled(id, &e).await?;
    let mut journal = site.journal(id)?;
    let set = offered_set(&journal, id, &e, set)?;
    if to.exists() {
        let there = crate::testset::load(to)
            .wrap_err_with(|| format!("{} exists and is no finished hand-over", to.display()))?;
        eyre::ensure!(there == set, "{} holds another test set", to.display());
    } else {
        // Before the copy: an image that may have been seen counts as seen.
        Revealed::load(&site.home)?.add(set.fingerprints())?;
        crate::testset::hand_over(&set, to)?;
    }
    journal.set_fact(&DELIVERED, &to.display().to_string())?;
    Ok(HandedOver {
        id,
        to: to.canonicalize()?,
        examples: set.examples.len(),
        decide_until: e.deadline,
    })
}

/// The set that was offered, from `given` or where it was when it was offered.
pub(crate) fn offered_set(
    journal: &Journal,
    id: B256,
    e: &EngagementView,
    given: Option<&Path>,
) -> eyre::Result<TestSet> {
    let offered = journal.fact(&TEST_SET)?;
    let dir = given.map(Path::to_owned).or(offered);
    let dir = dir.ok_or_else(|| {
        hinted(
            "this program did not make the offer, so it does not know the set",
            "use --set DIR",
        )
    })?;
    let set = crate::testset::load(&dir)?;
    eyre::ensure!(
        set.root()? == e.testRoot,
        "{} is not the set of engagement {id}: its root differs",
        dir.display()
    );
    Ok(set)
}
