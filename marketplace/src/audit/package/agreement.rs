//! What the events lead to against what the state has: an event that was left out, or a state of another audit, shows here.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::require;
use super::replay::course::Course;
use super::standing::Standing;
use assay_protocol::abi::AuditView;
use std::fmt::Debug;

/// Refuses events that lead to something else than the state has.
///
/// # Errors
/// Of kind rejected, with the first thing that differs.
pub fn require_agreement(course: &Course, standing: &Standing) -> eyre::Result<()> {
    let (told, has) = (&course.view, &standing.audit);
    same("requester", &told.rq, &has.rq)?;
    same("responder", &told.rs, &has.rs)?;
    same("authority", &told.authority, &has.authority)?;
    same("corpus", &told.corpusId, &has.corpusId)?;
    same("size of the corpus", &told.size, &has.size)?;
    same("words of a document", &told.inputWords, &has.inputWords)?;
    same("time of the corpus", &told.corpusCommittedAt, &has.corpusCommittedAt)?;
    same("hash of the predicate", &told.predicateHash, &has.predicateHash)?;
    same("hash of the request", &told.requestHash, &has.requestHash)?;
    same("key of the requester", &told.requesterKey, &has.requesterKey)?;
    same("bounds of the request", &told.bounds, &has.bounds)?;
    same("approval", &told.approved, &has.approved)?;
    same("commitment to the salt", &told.saltHash, &has.saltHash)?;
    same("seed", &told.seed, &has.seed)?;
    answers(course, has)?;
    let (t, h) = (&told.counts, &has.counts);
    same("number of pages", &t.pages, &h.pages)?;
    same("number of matches", &t.positives, &h.positives)?;
    same("number withheld", &t.withheld, &h.withheld)?;
    same("number overruled", &t.overruled, &h.overruled)?;
    same("number named", &t.named, &h.named)?;
    same("number of proofs due", &t.due, &h.due)?;
    same("number of proofs accepted", &t.proven, &h.proven)?;
    same("number of demands", &t.demands, &h.demands)?;
    same("number of open demands", &t.openDemands, &h.openDemands)?;
    same("number of publications", &t.published, &h.published)?;
    same("number of documents demanded", &t.demanded, &h.demanded)?;
    same("state", &told.state, &has.state)?;
    same("outcome", &told.outcome, &has.outcome)?;
    same("last second of the authority", &told.overruleBy, &has.overruleBy)?;
    same("time of the end", &told.closedAt, &has.closedAt)?;
    let closed_by = course.closed.map(|(by, ..)| by);
    require(!has.confirmed || closed_by == Some(has.rq), || {
        "the state says that the requester confirmed, the events that somebody else closed the audit"
    })?;
    for (m, (demand, has)) in course.demands.iter().zip(&standing.demands).enumerate() {
        same(&format!("demand {m}"), &demand.view, has)?;
    }
    Ok(())
}

/// Answers that were never sealed have a hash that no reader needs: nothing is said of them.
fn answers(course: &Course, has: &AuditView) -> eyre::Result<()> {
    match course.answers {
        Some(_) => same("hash of the answers", &course.view.answersHash, &has.answersHash),
        None => Ok(()),
    }
}

fn same<T: PartialEq + Debug>(what: &str, told: &T, has: &T) -> eyre::Result<()> {
    require(told == has, || {
        format!(
            "{what}: the events lead to {told:?}, the market's state has {has:?}; something was left out or altered"
        )
    })
}
