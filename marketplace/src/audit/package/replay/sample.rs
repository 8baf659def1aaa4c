//! The salt, what is due by it, and what was shown of that.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::course::{require_deadline, require_in_time, Course, Moment, Shown};
use crate::audit::package::refusal::{refused, require, require_same};
use alloy::primitives::B256;
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::{submitProofsCall, AuditProven, SaltRevealed};
use assay_protocol::retrieval::sample::{check_named, due, Due, NAMED};
use assay_protocol::retrieval::statement::{audit_seed, predicate_hash};
use assay_protocol::retrieval::windows::prove_window;
use assay_protocol::transfer::keys::mc_salt_hash;
use assay_protocol::transfer::secret::McSalt;
use std::collections::BTreeSet;

pub(super) fn revealed(course: &mut Course, at: &Moment, event: SaltRevealed) -> eyre::Result<()> {
    course.require_state("a salt", &[AuditState::Answered])?;
    course.require_by("the salt", event.rq, course.view.rq)?;
    require_in_time("the salt", at, course.view.deadline)?;
    let salt_hash = mc_salt_hash(&McSalt::new(event.salt.0));
    require_same("the hash of the salt", salt_hash, course.view.saltHash)?;
    let seed = audit_seed(course.known.id, course.view.answersHash, event.salt);
    require_same("the seed of the sample", event.seed, seed)?;
    let answers = course.sealed()?;
    check_named(answers, &event.named, course.view.bounds.namedMax)
        .map_err(|why| refused(format!("documents named by the requester: {why}")))?;
    let all = due(answers, seed, course.view.bounds.samples, &event.named);
    require_same("the number of proofs that are due", event.due as usize, all.len())?;
    (course.view.seed, course.view.saltHash) = (seed, B256::ZERO);
    course.view.counts.due = event.due;
    course.view.counts.named = u32::try_from(event.named.len()).unwrap_or(u32::MAX);
    let drawn = all.len().saturating_sub(event.named.len());
    course.note(
        at,
        format!(
            "the requester's salt drew {drawn} documents answered with no match; it named {}",
            event.named.len()
        ),
    );
    course.due = all.into_iter().collect();
    match event.due {
        0 => deliver(course, at, event.deadline),
        items => {
            let window = prove_window(&course.known.params.windows, items.into());
            course.enter("the salt", AuditState::Sampled, event.deadline, at.after(window))
        }
    }
}

pub(super) fn proven(course: &mut Course, at: &Moment, event: &AuditProven) -> eyre::Result<()> {
    course.require_state("proofs", &[AuditState::Sampled])?;
    require_in_time("proofs", at, course.view.deadline)?;
    let before = course.view.counts.proven;
    require(
        event.accepted > 0 && before.checked_add(event.accepted) == Some(event.proven),
        || {
            format!(
                "{} proofs were accepted after {before}, and {} were in all",
                event.accepted, event.proven
            )
        },
    )?;
    require(event.proven <= course.view.counts.due, || {
        "more was proven than was due".to_owned()
    })?;
    course.view.counts.proven = event.proven;
    match at.called::<submitProofsCall>() {
        Some(call) => take(course, event.accepted, call)?,
        None => course.unread = course.unread.saturating_add(event.accepted),
    }
    if event.proven == course.view.counts.due {
        course.note(
            at,
            format!("all {} proofs that were due had been accepted", event.proven),
        );
        return deliver(course, at, event.deadline);
    }
    require_deadline("proofs", event.deadline, course.view.deadline)
}

/// What of a call was new, in its order. After calls that nobody can read it may be less than seems to be: such a call says nothing.
fn take(course: &mut Course, accepted: u32, call: submitProofsCall) -> eyre::Result<()> {
    require_same("the audit of submitted proofs", call.id, course.known.id)?;
    let predicate = predicate_hash(&call.predicate);
    require_same(
        "the predicate of submitted proofs",
        predicate,
        course.view.predicateHash,
    )?;
    let (mut new, mut fresh) = (BTreeSet::new(), Vec::new());
    for group in &call.groups {
        let indices = &group.group.indices;
        require(group.ranks.len() == indices.len(), || {
            "submitted proofs name other documents than ranks".to_owned()
        })?;
        for (rank, index) in group.ranks.iter().zip(indices) {
            let due = place(course, *rank, *index);
            // What is proven already is skipped, whatever it contains.
            if !course.proven.contains(&due) && new.insert(due) {
                fresh.push((due, &group.group));
            }
        }
    }
    let count = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
    let surplus = count.saturating_sub(accepted);
    if surplus > 0 && surplus <= course.unread {
        course.unread = course.unread.saturating_add(accepted);
        return Ok(());
    }
    for (due, group) in &fresh {
        require(course.due.contains(due), || {
            format!("a proof about document {} was accepted, which was not due", due.index)
        })?;
        // Each keeps what was sent for it: of a group for many there would be as many copies.
        require(group.indices.len() == 1, || {
            "submitted proofs are about several documents at once".to_owned()
        })?;
    }
    require_same("the number of new proofs in a call", accepted, count)?;
    let shown = fresh.into_iter().map(|(due, group)| Shown {
        due,
        group: group.clone(),
    });
    course.shown.extend(shown);
    course.proven.extend(new);
    Ok(())
}

/// A sample is known by its number alone: a group that is skipped may name any document.
fn place(course: &Course, rank: u32, index: u32) -> Due {
    let of_rank = |index| Due { rank, index };
    let mut drawn = course.due.range(of_rank(0)..=of_rank(u32::MAX));
    match drawn.next().filter(|due| rank != NAMED && course.proven.contains(*due)) {
        Some(due) => *due,
        None => of_rank(index),
    }
}

/// Everything due is proven: what matches may be demanded.
fn deliver(course: &mut Course, at: &Moment, deadline: u64) -> eyre::Result<()> {
    let expected = at.after(course.known.params.windows.demand);
    course.enter("the end of proving", AuditState::Delivering, deadline, expected)?;
    course.view.overruleBy = deadline;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::known;
    use super::*;

    /// Looking at each for each would not end within the time of any test.
    #[test]
    fn places_of_a_large_sample_are_found_at_once() {
        let all = || (0..1 << 20).map(|rank| Due { rank, index: rank });
        let mut course = Course::new(known());
        (course.due, course.proven) = (all().collect(), all().collect());
        assert!(all().all(|due| place(&course, due.rank, 0) == due));
        let named = Due { rank: NAMED, index: 7 };
        course.due.insert(named);
        assert_eq!(place(&course, NAMED, 7), named);
        assert_eq!(place(&course, NAMED, 8), Due { rank: NAMED, index: 8 });
    }
}
