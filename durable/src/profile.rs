//! What long work spent its time on: the phases that it reports, as a trace that a browser's trace viewer opens.
//!
//! Format: the JSON of "Trace Event Format", complete events (`ph` of `X`) with times in microseconds since the profile
//! began; `about:tracing` and Perfetto read it.

use crate::file::{write_atomic, FileError};
use crate::progress::Progress;
use crate::report::{Bar, Estimate, Report, Reporter};
use serde::Serialize;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One phase that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The phase's.
    pub name: String,
    /// Since the profile began.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
}

/// Phases of everything that reports through it, in the order in which they ended. Clones write to the same one.
#[derive(Debug, Clone)]
pub struct Profile {
    began: Instant,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Profile {
    /// Time counts from here.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            spans: Arc::default(),
        }
    }

    /// Shows what `shown` shows, and records its phases.
    pub fn of(&self, shown: Reporter) -> Reporter {
        Reporter::new(Profiled {
            profile: self.clone(),
            shown,
        })
    }

    /// Shows what `shown` shows, and records it. Its last phase ends when it is dropped.
    pub fn phases(&self, shown: Box<dyn Progress>) -> Phases {
        Phases {
            profile: self.clone(),
            shown,
            running: Mutex::default(),
        }
    }

    fn spans(&self) -> MutexGuard<'_, Vec<Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was recorded since this was called last.
    pub fn take(&self) -> Vec<Span> {
        std::mem::take(&mut self.spans())
    }

    /// Writes what was recorded, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let bytes = serde_json::to_vec(&Trace::of(&self.spans()));
        let bytes = bytes.map_err(|error| FileError::new("write", path, error.into()))?;
        write_atomic(path, &bytes, false)
    }
}

/// Phases of one piece of work.
pub struct Phases {
    profile: Profile,
    shown: Box<dyn Progress>,
    running: Mutex<Option<(String, Instant)>>,
}

impl std::fmt::Debug for Phases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phases")
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

impl Phases {
    /// Ends the phase that runs, and begins `next`.
    fn turn_to(&self, next: Option<(String, Instant)>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, began)) = std::mem::replace(&mut *running, next) {
            let span = Span {
                name,
                began: began.duration_since(self.profile.began),
                took: began.elapsed(),
            };
            self.profile.spans().push(span);
        }
    }
}

impl Progress for Phases {
    fn phase(&self, name: &str, steps: u64) {
        self.turn_to(Some((name.to_owned(), Instant::now())));
        self.shown.phase(name, steps);
    }

    fn step(&self, done: u64) {
        self.shown.step(done);
    }
}

impl Drop for Phases {
    fn drop(&mut self) {
        self.turn_to(None);
    }
}

/// [`Profile::of`].
#[derive(Debug)]
struct Profiled {
    profile: Profile,
    shown: Reporter,
}

impl Report for Profiled {
    fn note(&self, line: &str) {
        self.shown.note(line);
    }

    fn insist(&self, line: &str) {
        self.shown.insist(line);
    }

    fn redacted(&self, text: String) -> String {
        self.shown.redacted(text)
    }

    fn draws_bars(&self) -> bool {
        self.shown.draws_bars()
    }

    fn bar(&self, name: &str, steps: u64) -> Box<dyn Bar> {
        self.shown.bar(name, steps)
    }

    fn phases(&self, whole: Option<Estimate>) -> Box<dyn Progress> {
        let shown = match whole {
            Some(estimate) => self.shown.phases_of(estimate),
            None => self.shown.phases(),
        };
        Box::new(self.profile.phases(shown))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace<'a> {
    trace_events: Vec<Event<'a>>,
    display_time_unit: &'static str,
}

#[derive(Serialize)]
struct Event<'a> {
    name: &'a str,
    ph: &'static str,
    ts: u64,
    dur: u64,
    pid: u32,
    tid: u32,
}

impl<'a> Trace<'a> {
    fn of(spans: &'a [Span]) -> Self {
        let event = |span: &'a Span| Event {
            name: &span.name,
            ph: "X",
            ts: micros(span.began),
            dur: micros(span.took),
            pid: 1,
            tid: 1,
        };
        Self {
            trace_events: spans.iter().map(event).collect(),
            display_time_unit: "ms",
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn phases_of_all_work_become_events_one_after_the_other() {
        let profile = Profile::begin();
        let reporter = profile.of(Reporter::silent());
        let keys = reporter.phases();
        keys.phase("keys", 0);
        drop(keys);
        let proof = reporter.phases();
        proof.phase("commit", 3);
        proof.step(1);
        proof.phase("open", 0);
        drop(proof);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("trace.json");
        profile.save(&path).unwrap();
        let trace: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let names: Vec<&str> = events.iter().map(|event| event["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["keys", "commit", "open"]);
        let mut end = 0;
        for event in events {
            assert_eq!(event["ph"], "X");
            let began = event["ts"].as_u64().unwrap();
            // Both are rounded down.
            assert!(began + 1 >= end, "{trace}");
            end = began + event["dur"].as_u64().unwrap();
        }
    }

    #[test]
    fn a_phase_is_recorded_when_it_is_over() {
        let profile = Profile::begin();
        let phases = profile.phases(Box::new(Silent));
        phases.phase("first", 0);
        assert_eq!(profile.take(), []);
        phases.phase("second", 0);
        let spans = profile.take();
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].name, "first");
        drop(phases);
        assert_eq!(profile.take()[0].name, "second");
    }
}
