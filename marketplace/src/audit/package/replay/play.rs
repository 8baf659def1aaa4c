//! All events of an audit in their order.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::course::{Course, Known, Moment};
use super::{answers, demands, ending, request, sample};
use assay_protocol::abi::IRetrievalMarket::IRetrievalMarketEvents as Event;

/// Takes the events of an audit in their order, from its request on.
///
/// # Errors
/// Of kind rejected: the first that the market would not have made.
pub fn play(known: Known, events: Vec<(Moment, Event)>) -> eyre::Result<Course> {
    let mut course = Course::new(known);
    for (at, event) in events {
        take(&mut course, &at, event)?;
    }
    Ok(course)
}

fn take(course: &mut Course, at: &Moment, event: Event) -> eyre::Result<()> {
    match event {
        Event::AuditRequested(event) => request::requested(course, at, event),
        Event::AuditApproved(event) => request::approved(course, at, &event),
        Event::AuditDeclined(event) => request::declined(course, at, event),
        Event::AuditAccepted(event) => request::accepted(course, at, &event),
        Event::AnswersPosted(event) => answers::posted(course, at, event),
        Event::Withheld(event) => answers::withheld(course, at, event),
        Event::AnswersSealed(event) => answers::sealed(course, at, &event),
        Event::Overruled(event) => answers::overruled(course, at, event),
        Event::SaltRevealed(event) => sample::revealed(course, at, event),
        Event::AuditProven(event) => sample::proven(course, at, &event),
        Event::Demanded(event) => demands::demanded(course, at, event),
        Event::Delivered(event) => demands::delivered(course, at, event),
        Event::DemandAcked(event) => demands::acked(course, at, &event),
        Event::DemandPublished(event) => demands::published(course, at, &event),
        Event::AuditBadData(event) => demands::bad_data(course, at, &event),
        Event::DemandSettled(event) => ending::settled(course, at, &event),
        Event::AuditClosed(event) => ending::closed(course, at, &event),
    }
}
