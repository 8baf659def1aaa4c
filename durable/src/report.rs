//! What work says to whoever runs it: lines, bars and phases. The library itself never prints.

use crate::progress::{Progress, Silent};
use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

/// How long work will take, as far as one can tell.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// What is done.
    pub what: &'static str,
    /// How long all of it takes.
    pub time: Duration,
    /// What the time was estimated from.
    pub basis: &'static str,
}

/// Counts steps until it is dropped.
pub trait Bar: Send + Sync + Debug {
    /// So many of the steps are done.
    fn set(&self, done: u64);
}

impl Bar for Silent {
    fn set(&self, _: u64) {}
}

/// Whoever shows what is going on.
pub trait Report: Send + Sync + Debug {
    /// One line about what is going on.
    fn note(&self, line: &str);

    /// A line that is said however little is asked for: a warning, a question, an error.
    fn insist(&self, line: &str) {
        self.note(line);
    }

    /// The text without what is not shown, such as the address of a node, which may hold a key.
    fn redacted(&self, text: String) -> String {
        text
    }

    /// Whether bars are seen by anybody.
    fn draws_bars(&self) -> bool {
        false
    }

    /// A bar that is gone when dropped; counts `steps`, or spins if that is 0.
    fn bar(&self, name: &str, steps: u64) -> Box<dyn Bar> {
        let _ = (name, steps);
        Box::new(Silent)
    }

    /// The phases of long work that begins now and may be expected to take some time in all.
    fn phases(&self, whole: Option<Estimate>) -> Box<dyn Progress> {
        let _ = whole;
        Box::new(Silent)
    }
}

impl Report for Silent {
    fn note(&self, _: &str) {}
}

/// A [`Report`] that is handed on.
#[derive(Debug, Clone)]
pub struct Reporter(Arc<dyn Report>);

impl Reporter {
    /// Hands on to `to`.
    pub fn new(to: impl Report + 'static) -> Self {
        Self(Arc::new(to))
    }

    /// Says nothing to nobody.
    pub fn silent() -> Self {
        Self::new(Silent)
    }

    /// One line about what is going on.
    pub fn note(&self, line: impl Display) {
        self.0.note(&line.to_string());
    }

    /// See [`Report::insist`].
    pub fn insist(&self, line: impl Display) {
        self.0.insist(&line.to_string());
    }

    /// One line about what may go wrong.
    pub fn warn(&self, line: impl Display) {
        self.insist(format_args!("warning: {line}"));
    }

    /// See [`Report::redacted`].
    pub fn redacted(&self, text: String) -> String {
        self.0.redacted(text)
    }

    /// See [`Report::draws_bars`].
    pub fn draws_bars(&self) -> bool {
        self.0.draws_bars()
    }

    /// See [`Report::bar`].
    pub fn bar(&self, name: impl Display, steps: u64) -> Box<dyn Bar> {
        self.0.bar(&name.to_string(), steps)
    }

    /// Shows the phases of long work; each finished phase leaves one line with its time.
    pub fn phases(&self) -> Box<dyn Progress> {
        self.0.phases(None)
    }

    /// As [`Reporter::phases`], of work that begins now and is expected to take some time in all.
    pub fn phases_of(&self, estimate: Estimate) -> Box<dyn Progress> {
        self.0.phases(Some(estimate))
    }
}
