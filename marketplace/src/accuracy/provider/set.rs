//! The proven set on disk: kept if it came in clear, opened if it came encrypted.

use crate::accuracy::provider::held::{clear_set, not_whole, Held};
use crate::engagement::{Desk, Site};
use crate::testset::StoredSet;
use alloy::primitives::B256;
use assay_chain::error::{hinted, usage};
use assay_chain::venue::require_state;
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::testset::TestSet;
use eyre::WrapErr;
use std::path::Path;

/// Opens an encrypted proven set, once all its keys are out; evidence about bad data is sent at once.
///
/// # Errors
/// If the consumer sent bad data.
pub async fn open_set(desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Held> {
    const OPEN: [State; 4] = [State::Proving, State::Claimed, State::FullDemanded, State::Probing];
    // The probe set of FULL is judged by `assay mp probe`.
    let allowed = if e.mode == Mode::FULL { &OPEN[..3] } else { &OPEN };
    require_state(id, e, allowed)?;
    let mut held = Held::open(desk, id, e, None).await?;
    let Some(accusation) = held.check(&desk.report)? else {
        return Ok(held);
    };
    let sent = accusation.send(desk).await?;
    Err(hinted(
        format!(
            "the consumer sent bad data and has lost its deposit: {}",
            accusation.evidence
        ),
        format!("transaction {}; fetch the money: assay withdraw", sent.tx_hash),
    ))
}

/// Copies a set in clear, if it is the one of the engagement and is not here yet. Images are compared with their commitments
/// when they are read.
pub(crate) fn keep_clear_set(site: &Site, id: B256, e: &EngagementView, given: Option<&Path>) -> eyre::Result<()> {
    let own = clear_set(site, id);
    if StoredSet::open(&own).is_ok_and(|set| set.tree().root() == e.testRoot) {
        return Ok(());
    }
    let given = given.ok_or_else(|| usage("a set in clear is given with --set DIR"))?;
    let set = given_set(id, e.testRoot, given)?;
    if own.exists() {
        std::fs::remove_dir_all(&own).wrap_err_with(|| format!("cannot replace {}", own.display()))?;
    }
    crate::testset::save(&set, &own)
}

/// The set in clear that the consumer handed over. That a file is missing here is no reason to end an engagement.
fn given_set(id: B256, test_root: B256, given: &Path) -> eyre::Result<TestSet> {
    if !given.is_dir() {
        return Err(usage(format!("--set {}: there is no such directory", given.display())));
    }
    let load = || -> eyre::Result<(TestSet, B256)> {
        let set = crate::testset::load(given)?;
        let root = set.root()?;
        Ok((set, root))
    };
    let (set, root) = load().map_err(|error| not_whole(given, &error))?;
    if root != test_root {
        let what = format!("the set leads to root {root}, the consumer committed to {test_root}");
        return Err(hinted(
            what,
            format!("if --set is right and the consumer has no better copy: assay mp abort {id}"),
        ));
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::{hint_of, Kind};

    #[test]
    fn a_set_that_is_not_there_is_no_reason_to_abort() {
        let dir = tempfile::tempdir().unwrap();
        let typo = given_set(B256::ZERO, B256::ZERO, &dir.path().join("typo")).unwrap_err();
        assert!(Kind::Usage.is_of(&typo) && typo.to_string().contains("typo"), "{typo}");
        let empty = given_set(B256::ZERO, B256::ZERO, dir.path()).unwrap_err();
        let hint = &hint_of(&empty).unwrap();
        assert!(hint.contains("check --set") && !hint.contains("abort"), "{hint}");
    }
}
