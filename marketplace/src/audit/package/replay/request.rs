//! How an audit is asked for, approved, taken on or refused.

use super::course::{require_in_time, Course, Moment};
use crate::audit::package::refusal::{require, require_same};
use assay_protocol::abi::IRetrievalMarket::{AuditAccepted, AuditApproved, AuditDeclined, AuditRequested};
use assay_protocol::abi::{AuditBounds, AuditState};
use assay_protocol::retrieval::statement::{audit_params_hash, predicate_hash, request_hash};
use assay_protocol::retrieval::windows::answer_window;

pub(super) fn requested(course: &mut Course, at: &Moment, event: AuditRequested) -> eyre::Result<()> {
    course.require_state("a request", &[AuditState::None])?;
    let (known, terms) = (&course.known, &event.terms);
    require_same("the corpus of the request", terms.corpusId, known.corpus_id)?;
    let predicate = predicate_hash(&event.predicate);
    require_same("the hash of the request's predicate", terms.predicateHash, predicate)?;
    let hash = request_hash(known.id, event.rq, terms, audit_params_hash(&known.params));
    require_same("the hash of the request", event.requestHash, hash)?;
    require_in_time("the request", at, terms.expiry)?;
    require((1..=known.corpus.size).contains(&terms.samples), || {
        format!("a sample of {} from {} documents", terms.samples, known.corpus.size)
    })?;
    let view = &mut course.view;
    (view.predicateHash, view.requestHash, view.guard) = (predicate, hash, hash);
    view.saltHash = terms.saltHash;
    view.requesterKey = terms.requesterKey.clone();
    (view.rq, view.authority) = (event.rq, terms.authority);
    view.bounds = AuditBounds {
        samples: terms.samples,
        namedMax: terms.namedMax,
        onesMax: terms.onesMax,
        withholdMax: terms.withholdMax,
        bond: terms.bond,
        price: terms.price,
    };
    (view.state, view.deadline) = (AuditState::Requested, terms.expiry);
    course.note(at, format!("{} asked for the audit", event.rq));
    course.request = Some(event);
    Ok(())
}

pub(super) fn approved(course: &mut Course, at: &Moment, event: &AuditApproved) -> eyre::Result<()> {
    course.require_state("an approval", &[AuditState::Requested])?;
    course.require_by("the approval", event.authority, course.view.authority)?;
    require_in_time("the approval", at, course.view.deadline)?;
    course.view.approved = true;
    course.note(at, "the authority approved the request");
    Ok(())
}

pub(super) fn declined(course: &mut Course, at: &Moment, event: AuditDeclined) -> eyre::Result<()> {
    course.require_state("a refusal", &[AuditState::Requested])?;
    course.require_by("the refusal", event.rs, course.view.rs)?;
    require_in_time("the refusal", at, course.view.deadline)?;
    course.note(at, "the responder refused the request");
    course.reason = Some(event.reason);
    Ok(())
}

pub(super) fn accepted(course: &mut Course, at: &Moment, event: &AuditAccepted) -> eyre::Result<()> {
    course.require_state("an acceptance", &[AuditState::Requested])?;
    course.require_by("the acceptance", event.rs, course.view.rs)?;
    require_in_time("the acceptance", at, course.view.deadline)?;
    let window = answer_window(&course.known.params.windows, course.view.size);
    course.enter("the acceptance", AuditState::Accepted, event.deadline, at.after(window))?;
    course.note(at, "the responder took the request on");
    Ok(())
}
