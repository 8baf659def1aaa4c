//! What a daemon remembers about one engagement or round between two turns.

use std::time::{Duration, Instant};

/// Pause after an action that failed; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// How often the same complaint is repeated.
const REMINDER: Duration = Duration::from_secs(1800);

/// How long a state may go without its confirmations before somebody should look at the node.
const UNCONFIRMED: Duration = Duration::from_secs(1800);

/// Actions on one of them that failed in a row, in one state.
#[derive(Debug, Clone, Copy)]
struct Failures<S> {
    state: S,
    count: u32,
    again: Instant,
}

/// Kept in memory only: a daemon that starts again looks at everything anew.
#[derive(Debug)]
pub struct Record<S> {
    /// It was looked at, whatever came out.
    pub is_known: bool,
    /// What is this party's, with its confirmations.
    pub state: Option<S>,
    failures: Option<Failures<S>>,
    complaint: Option<(String, Instant)>,
    unconfirmed: Option<Instant>,
}

impl<S> Default for Record<S> {
    fn default() -> Self {
        Self {
            is_known: false,
            state: None,
            failures: None,
            complaint: None,
            unconfirmed: None,
        }
    }
}

impl<S: Copy + PartialEq> Record<S> {
    /// Whether an action failed so lately that the next one is not yet tried.
    pub fn is_pausing(&self) -> bool {
        self.failures.is_some_and(|failures| Instant::now() < failures.again)
    }

    /// How many tries in a row failed in this state.
    pub fn failures(&self, state: S) -> u32 {
        let here = self.failures.filter(|failures| failures.state == state);
        here.map_or(0, |failures| failures.count)
    }

    /// Notes a failure in this state: the pause after it is twice the one before.
    pub fn failed(&mut self, state: S) {
        let before = self.failures.filter(|failures| failures.state == state);
        let count = before.map_or(0, |failures| failures.count) + 1;
        let pause = FIRST_PAUSE * 2u32.saturating_pow(count - 1).min(64);
        self.failures = Some(Failures {
            state,
            count,
            again: Instant::now() + pause.min(MAX_PAUSE),
        });
    }

    /// Forgets failures and complaints.
    pub fn succeeded(&mut self) {
        self.failures = None;
        self.complaint = None;
    }

    /// Notes the state; whether it is another one than before.
    pub fn is_news(&mut self, state: S) -> bool {
        self.unconfirmed = None;
        let is_news = self.state.replace(state) != Some(state);
        if is_news {
            self.failures = None;
        }
        is_news
    }

    /// Whether this complaint has to be said: another one was the last, or it was long ago.
    pub fn shall_say(&mut self, text: &str) -> bool {
        let is_said = |(last, when): &(String, Instant)| last == text && when.elapsed() < REMINDER;
        if self.complaint.as_ref().is_some_and(is_said) {
            return false;
        }
        self.complaint = Some((text.to_owned(), Instant::now()));
        true
    }

    /// Whether the state has gone without its confirmations for suspiciously long.
    pub fn is_stuck_unconfirmed(&mut self) -> bool {
        self.unconfirmed.get_or_insert_with(Instant::now).elapsed() > UNCONFIRMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_protocol::abi::State;

    #[test]
    fn only_failures_in_a_row_count_and_each_makes_a_longer_pause() {
        let mut record = Record::default();
        assert!(record.is_news(State::Probing) && !record.is_news(State::Probing));
        record.failed(State::Probing);
        assert!(record.is_pausing() && record.failures(State::Probing) == 1);
        let first = record.failures.unwrap().again;
        record.failed(State::Probing);
        assert!(record.failures(State::Probing) == 2 && record.failures.unwrap().again > first + FIRST_PAUSE / 2);
        assert_eq!(record.failures(State::Proving), 0);
        for _ in 0..100 {
            record.failed(State::Probing);
        }
        assert!(record.failures.unwrap().again <= Instant::now() + MAX_PAUSE);
        record.succeeded();
        assert!(!record.is_pausing() && record.failures(State::Probing) == 0);
        record.failed(State::Probing);
        assert!(record.is_news(State::Proving) && !record.is_pausing());
    }

    #[test]
    fn a_complaint_is_said_once_until_another_comes() {
        let mut record = Record::<State>::default();
        assert!(record.shall_say("a") && !record.shall_say("a"));
        assert!(record.shall_say("b") && record.shall_say("a"));
        record.succeeded();
        assert!(record.shall_say("a"));
    }
}
