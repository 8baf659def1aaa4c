//! How an audit closed, and who got how much.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::course::{require_past, Course, Moment};
use super::demands::in_state;
use crate::audit::package::refusal::{refused, require, require_same};
use alloy::primitives::U256;
use assay_protocol::abi::IRetrievalMarket::{AuditClosed, DemandSettled};
use assay_protocol::abi::{AuditOutcome, AuditState, DemandState};
use assay_protocol::retrieval::amounts::{demand_row, row};

pub(super) fn closed(course: &mut Course, at: &Moment, event: &AuditClosed) -> eyre::Result<()> {
    let (state, outcome) = (course.view.state, event.outcome);
    let over = |course: &Course| require_past("the end", at, course.view.deadline);
    match (state, outcome) {
        (AuditState::Requested, AuditOutcome::Cancelled) if event.by == course.view.rq => {}
        (AuditState::Requested, AuditOutcome::Declined) => {
            require(course.reason.is_some(), || {
                "a request ended as declined, but nobody declined it".to_owned()
            })?;
        }
        (AuditState::Requested, AuditOutcome::Cancelled)
        | (AuditState::Accepted, AuditOutcome::Timeout)
        | (AuditState::Answered, AuditOutcome::Unchecked)
        | (AuditState::Sampled, AuditOutcome::Violation) => over(course)?,
        (AuditState::Delivering, AuditOutcome::Complete) => {
            require_same(
                "the number of open demands at the end",
                course.view.counts.openDemands,
                0,
            )?;
            require_same(
                "the number of proofs at the end",
                course.view.counts.proven,
                course.view.counts.due,
            )?;
            // Before the last second only the requester may.
            if event.by != course.view.rq {
                over(course)?;
            }
        }
        (AuditState::Delivering, AuditOutcome::Violation) => {
            require(has_failed(course, at), || {
                "the audit ended as a violation, but no delivery failed".to_owned()
            })?;
        }
        _ => return Err(refused(format!("an audit that was {state:?} ended as {outcome:?}"))),
    }
    let bounds = &course.view.bounds;
    let paid = row(outcome, bounds.price, bounds.bond);
    let paid = paid.ok_or_else(|| refused(format!("an audit ended as {outcome:?}")))?;
    require_same("what the requester got", event.rqAmount, paid.requester)?;
    require_same("what the responder got", event.rsAmount, paid.responder)?;
    (course.view.state, course.view.outcome) = (AuditState::Closed, outcome);
    (course.view.deadline, course.view.closedAt) = (0, at.time);
    course.closed = Some((event.by, event.rqAmount, event.rsAmount));
    course.note(at, format!("the audit was closed as {outcome:?}"));
    Ok(())
}

/// Whether a delivery was bad, or a demand ran out of time.
fn has_failed(course: &Course, at: &Moment) -> bool {
    let is_late = |state| matches!(state, DemandState::Demanded | DemandState::Delivered);
    let mut demands = course.demands.iter();
    demands.any(|demand| {
        let view = &demand.view;
        demand.fault.is_some() || is_late(view.state) && at.time > view.settleAfter
    })
}

pub(super) fn settled(course: &mut Course, at: &Moment, event: &DemandSettled) -> eyre::Result<()> {
    let is_closed = course.view.state == AuditState::Closed;
    let is_violated = course.view.outcome == AuditOutcome::Violation;
    let stands = usize::try_from(event.m).ok().and_then(|m| course.demands.get(m));
    let state = stands.map_or(DemandState::None, |demand| demand.view.state);
    if !is_closed {
        require(state == DemandState::Acked, || {
            format!("demand {} was settled while it was {state:?}", event.m)
        })?;
    }
    require(state != DemandState::Settled, || {
        format!("demand {} was settled twice", event.m)
    })?;
    let demand = in_state(course, event.m, state)?;
    if !is_closed {
        require_past("a settlement", at, demand.view.settleAfter)?;
    }
    let view = &mut demand.view;
    let paid = demand_row(is_violated, view.published, view.paid, view.spent);
    require_same("what the requester got of a demand", event.rqAmount, paid.requester)?;
    require_same("what the responder got of a demand", event.rsAmount, paid.responder)?;
    (view.state, view.deadline, view.settleAfter) = (DemandState::Settled, 0, 0);
    demand.paid_out = Some((event.rqAmount, event.rsAmount));
    let counts = &mut course.view.counts;
    counts.openDemands = counts.openDemands.saturating_sub(1);
    let (m, none) = (event.m, U256::ZERO);
    match event.rsAmount == none {
        true => course.note(at, format!("demand {m} was settled")),
        false => course.note(
            at,
            format!("demand {m} was settled; half of a publication's gas was the responder's"),
        ),
    }
    Ok(())
}
