//! What a worker can do, and what it tells.

use crate::error::FarmError;
use crate::queue::{Beat, Closed, Failure, Skill, Taken};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How proofs are made and checked.
pub trait Work: Send + Sync + 'static {
    /// One proof in the making.
    type Attempt: Attempt;

    /// What can be proven here.
    fn skills(&self) -> Vec<Skill>;

    /// Free memory, bytes: what is left of the machine or of the limit of its control group.
    fn free_memory(&self) -> u64;

    /// Begins a proof. The opening is spent by now.
    ///
    /// # Errors
    /// If it cannot begin: a start that counts.
    fn begin(&self, taken: &Taken, progress: &Progress) -> Result<Self::Attempt, Failure>;

    /// Verifies a bundle for what was taken.
    ///
    /// # Errors
    /// Why it is not true.
    fn check(&self, taken: &Taken, bundle: &[u8]) -> Result<(), String>;

    /// Hears what happens, to print or to count it.
    fn hear(&self, event: Event<'_>) {
        let _ = event;
    }
}

/// One proof in the making; dropping it ends it.
pub trait Attempt: Send {
    /// Waits for the bundle. Dropping the future does not stop the proof.
    fn done(&mut self) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;

    /// Ends the proof and waits until it has ended.
    fn kill(self) -> impl Future<Output = ()> + Send;
}

/// What a worker asks the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// For a task.
    Take,
    /// Whether to go on.
    Beat,
    /// To store a bundle.
    Finish,
}

/// What a worker tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The queue answered, after so long.
    Answered(Call, Duration),
    /// A proof begins.
    Took(&'a Taken),
    /// There is nothing to do here for now.
    Idle,
    /// A bundle was stored, or was not needed any more, after so many seconds.
    Finished(&'a Taken, Closed, f64),
    /// A start failed.
    Failed(&'a Taken, &'a Failure),
    /// A proof was stopped because it is not needed.
    Stopped(&'a Taken, Beat),
    /// Another worker started, too; this one goes on.
    Doubled(&'a Taken),
    /// A proof was given up, and its task given back.
    GaveBack(&'a Taken),
    /// The queue is not to be had for now; the worker waits.
    Waiting(&'a FarmError),
}

/// Where a proof is and how much memory it took, told by whoever makes it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    step: Arc<Mutex<String>>,
    peak: Arc<AtomicU64>,
}

impl Progress {
    /// Notes the step.
    pub fn at(&self, step: &str) {
        let mut held = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        step.clone_into(&mut held);
    }

    /// Notes a peak of memory, bytes; the highest counts.
    pub fn peaked(&self, bytes: u64) {
        self.peak.fetch_max(bytes, Ordering::Relaxed);
    }

    /// The step it is at.
    pub fn step(&self) -> String {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The highest peak of memory, if one is known.
    pub fn peak(&self) -> Option<u64> {
        Some(self.peak.load(Ordering::Relaxed)).filter(|peak| *peak > 0)
    }
}
