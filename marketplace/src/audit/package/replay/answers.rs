//! How the responder answers, what it withholds, and what of that the authority overrules.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::course::{require_deadline, require_in_time, Course, Moment};
use crate::audit::package::refusal::{refused, require, require_same};
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::{AnswersPosted, AnswersSealed, Overruled, Withheld};
use assay_protocol::retrieval::posted::{replay, Posted, Step};

pub(super) fn posted(course: &mut Course, at: &Moment, event: AnswersPosted) -> eyre::Result<()> {
    course.require_state("a page of answers", &[AuditState::Accepted])?;
    course.require_by("a page of answers", event.rs, course.view.rs)?;
    require_in_time("a page of answers", at, course.view.deadline)?;
    let counts = &mut course.view.counts;
    require_same("the number of the next page", event.page, counts.pages)?;
    require_same(
        "the number of matches before the next page",
        event.before,
        counts.positives,
    )?;
    let ones: u32 = event.bits.iter().map(|byte| byte.count_ones()).sum();
    counts.pages = counts.pages.saturating_add(1);
    counts.positives = counts.positives.saturating_add(ones);
    let limit = course.view.bounds.onesMax;
    require(counts.positives <= limit, || {
        format!("more than {limit} documents were answered with a match")
    })?;
    course.steps.push(Step::Page {
        bits: event.bits.to_vec(),
    });
    Ok(())
}

pub(super) fn withheld(course: &mut Course, at: &Moment, event: Withheld) -> eyre::Result<()> {
    course.require_state("a claim of privilege", &[AuditState::Accepted])?;
    course.require_by("a claim of privilege", event.rs, course.view.rs)?;
    require_in_time("a claim of privilege", at, course.view.deadline)?;
    let more = u32::try_from(event.indices.len()).unwrap_or(u32::MAX);
    let counts = &mut course.view.counts;
    counts.withheld = counts.withheld.saturating_add(more);
    let limit = course.view.bounds.withholdMax;
    require(counts.withheld <= limit, || {
        format!("more than {limit} documents were withheld")
    })?;
    course.note(at, format!("the responder withheld documents {:?}", event.indices));
    course.steps.push(Step::Withheld {
        indices: event.indices,
        log: event.log,
    });
    Ok(())
}

pub(super) fn sealed(course: &mut Course, at: &Moment, event: &AnswersSealed) -> eyre::Result<()> {
    course.require_state("a seal", &[AuditState::Accepted])?;
    course.require_by("the seal", event.rs, course.view.rs)?;
    require_in_time("the seal", at, course.view.deadline)?;
    let Posted {
        answers,
        withheld,
        answers_hash,
    } = all_answers(course)?;
    require_same("the hash of the answers", event.answersHash, answers_hash)?;
    require_same(
        "the number of matches at the seal",
        event.positives as usize,
        answers.positives(),
    )?;
    require_same(
        "the number withheld at the seal",
        event.withheld as usize,
        withheld.len(),
    )?;
    let reveal = course.known.params.windows.reveal;
    course.enter("the seal", AuditState::Answered, event.deadline, at.after(reveal))?;
    (course.view.answersHash, course.view.guard) = (answers_hash, answers_hash);
    course.note(
        at,
        format!(
            "the responder had answered for each of {} documents: {} match",
            answers.size(),
            answers.positives()
        ),
    );
    (course.answers, course.withheld) = (Some(answers), withheld);
    Ok(())
}

/// Pages and what is withheld, in the order of the calls, from the hash that the market begins with.
fn all_answers(course: &Course) -> eyre::Result<Posted> {
    let size = course.view.size as usize;
    replay(course.known.id, course.view.requestHash, size, &course.steps)
        .map_err(|why| refused(format!("the answers: {why}")))
}

pub(super) fn overruled(course: &mut Course, at: &Moment, event: Overruled) -> eyre::Result<()> {
    let states = [AuditState::Answered, AuditState::Sampled, AuditState::Delivering];
    course.require_state("a ruling", &states)?;
    course.require_by("the ruling", event.authority, course.view.authority)?;
    let is_delivering = course.view.state == AuditState::Delivering;
    let last = match is_delivering {
        true => course.view.overruleBy,
        false => course.view.deadline,
    };
    require_in_time("the ruling", at, last)?;
    for index in &event.indices {
        require(course.withheld.contains(index), || {
            format!("document {index} was overruled, but not withheld")
        })?;
        require(course.overruled.insert(*index), || {
            format!("document {index} was overruled twice")
        })?;
    }
    course.view.counts.overruled = u32::try_from(course.overruled.len()).unwrap_or(u32::MAX);
    if is_delivering {
        course.view.deadline = at.after(course.known.params.windows.demand);
    }
    require_deadline("the ruling", event.deadline, course.view.deadline)?;
    course.note(
        at,
        format!(
            "the authority overruled the withholding of documents {:?}",
            event.indices
        ),
    );
    course.rulings.push((event.indices, event.ruling));
    Ok(())
}
