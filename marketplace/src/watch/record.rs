//! What a daemon remembers about one engagement or round between two turns.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Pause after an action that failed; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// How often the same complaint is repeated.
const REMINDER: Duration = Duration::from_secs(1800);

/// How long a state may go without its confirmations before somebody should look at the node.
const UNCONFIRMED: Duration = Duration::from_secs(1800);

/// A part of an engagement that stands for itself, by its kind and number: what fails there keeps nothing else waiting.
pub type Part = (&'static str, u64);

/// What failed lately.
#[derive(Debug, Clone, Default)]
pub struct Failed {
    /// More tries than are allowed, in this state and not in a part of its own.
    pub often: bool,
    /// In these parts, and it is not time for another try.
    pub resting: BTreeSet<Part>,
}

/// Actions that failed in a row, in one state.
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
    /// Those in no part first.
    failures: BTreeMap<Option<Part>, Failures<S>>,
    complaints: BTreeMap<Option<Part>, (String, Instant)>,
    unconfirmed: Option<Instant>,
}

impl<S> Default for Record<S> {
    fn default() -> Self {
        Self {
            is_known: false,
            state: None,
            failures: BTreeMap::new(),
            complaints: BTreeMap::new(),
            unconfirmed: None,
        }
    }
}

impl<S: Copy + PartialEq> Record<S> {
    /// Whether an action in no part failed so lately that the next one is not yet tried.
    pub fn is_pausing(&self) -> bool {
        self.failures
            .get(&None)
            .is_some_and(|failures| Instant::now() < failures.again)
    }

    /// Parts in which an action failed so lately that the next one is not yet tried.
    pub fn resting(&self) -> BTreeSet<Part> {
        let now = Instant::now();
        let resting = self.failures.iter().filter(|(_, failures)| now < failures.again);
        resting.filter_map(|(part, _)| *part).collect()
    }

    /// How many tries in a row failed in this state, in no part.
    pub fn failures(&self, state: S) -> u32 {
        self.failures_in(state, None)
    }

    fn failures_in(&self, state: S, part: Option<Part>) -> u32 {
        let here = self.failures.get(&part).filter(|failures| failures.state == state);
        here.map_or(0, |failures| failures.count)
    }

    /// Notes a failure in this state: the pause after it is twice the one before.
    pub fn failed(&mut self, state: S, part: Option<Part>) {
        let count = self.failures_in(state, part) + 1;
        let pause = FIRST_PAUSE * 2u32.saturating_pow(count - 1).min(64);
        let again = Instant::now() + pause.min(MAX_PAUSE);
        self.failures.insert(part, Failures { state, count, again });
    }

    /// Forgets failures and complaints, in a part those of that part.
    pub fn succeeded(&mut self, part: Option<Part>) {
        self.failures.remove(&part);
        self.complaints.remove(&part);
    }

    /// Notes the state; whether it is another one than before.
    pub fn is_news(&mut self, state: S) -> bool {
        self.unconfirmed = None;
        let is_news = self.state.replace(state) != Some(state);
        if is_news {
            self.failures.clear();
        }
        is_news
    }

    /// Whether this complaint has to be said: another one was the last about the same part, or it was long ago.
    pub fn shall_say(&mut self, part: Option<Part>, text: &str) -> bool {
        let is_said = |(last, when): &(String, Instant)| last == text && when.elapsed() < REMINDER;
        if self.complaints.get(&part).is_some_and(is_said) {
            return false;
        }
        self.complaints.insert(part, (text.to_owned(), Instant::now()));
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
        record.failed(State::Probing, None);
        assert!(record.is_pausing() && record.failures(State::Probing) == 1);
        let first = record.failures[&None].again;
        record.failed(State::Probing, None);
        assert!(record.failures(State::Probing) == 2 && record.failures[&None].again > first + FIRST_PAUSE / 2);
        assert_eq!(record.failures(State::Proving), 0);
        for _ in 0..100 {
            record.failed(State::Probing, None);
        }
        assert!(record.failures[&None].again <= Instant::now() + MAX_PAUSE);
        record.succeeded(None);
        assert!(!record.is_pausing() && record.failures(State::Probing) == 0);
        record.failed(State::Probing, None);
        assert!(record.is_news(State::Proving) && !record.is_pausing());
    }

    #[test]
    fn a_part_that_failed_rests_alone() {
        let mut record = Record::default();
        record.is_news(State::Probing);
        let (one, other) = (("demand", 1), ("demand", 2));
        record.failed(State::Probing, Some(one));
        record.failed(State::Probing, Some(other));
        assert!(!record.is_pausing() && record.failures(State::Probing) == 0);
        assert_eq!(record.resting(), [one, other].into());
        // What goes well elsewhere does not bring it back.
        record.succeeded(None);
        record.succeeded(Some(other));
        assert_eq!(record.resting(), [one].into());
        let first = record.failures[&Some(one)].again;
        record.failed(State::Probing, Some(one));
        assert!(record.failures[&Some(one)].again > first + FIRST_PAUSE / 2);
        record.is_news(State::Proving);
        assert!(record.resting().is_empty());
    }

    #[test]
    fn a_complaint_is_said_once_until_another_comes() {
        let mut record = Record::<State>::default();
        let mut says = |part, text| record.shall_say(part, text);
        assert!(says(None, "a") && !says(None, "a"));
        assert!(says(None, "b") && says(None, "a"));
        // Two that fail by turns are not news each time.
        let part = Some(("demand", 1));
        assert!(says(part, "b") && !says(None, "a") && !says(part, "b"));
        record.succeeded(None);
        assert!(record.shall_say(None, "a") && !record.shall_say(part, "b"));
    }
}
