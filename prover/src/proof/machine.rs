//! What keys and proofs are computed on: one pool of threads with its loops, for the whole process.

use assay_durable::progress::Progress;
use assay_engine::{return_large_buffers, Engine, EngineError, Fast, Observer, Path, Threads};
use std::sync::OnceLock;

/// Threads and loops.
#[derive(Debug)]
pub(super) struct Machine {
    threads: Threads,
    loops: Fast,
}

impl Machine {
    /// The process's own: as many threads as it may use cores, in lanes where the processor has them.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub(super) fn shared() -> Result<&'static Self, EngineError> {
        static SHARED: OnceLock<Machine> = OnceLock::new();
        if let Some(machine) = SHARED.get() {
            return Ok(machine);
        }
        // Columns of one size and another come and go; a proof's peak is lower by a fifth.
        return_large_buffers();
        let threads = Threads::of_machine()?;
        let loops = Fast::detect(&threads);
        // Of two that are made at once one is dropped.
        Ok(SHARED.get_or_init(|| Self { threads, loops }))
    }

    /// Whether field elements are computed eight at a time.
    pub(super) fn uses_lanes(&self) -> bool {
        self.loops.path() != Path::Portable
    }

    /// Of the pool.
    pub(super) fn thread_count(&self) -> u64 {
        self.threads.count() as u64
    }

    /// To be told of each step: the reporter's phases.
    pub(super) fn engine<'a>(&'a self, observer: &'a dyn Observer) -> Engine<'a> {
        Engine {
            backend: &self.loops,
            threads: &self.threads,
            observer,
        }
    }
}

/// Whether this process computes field elements eight at a time: the processor has AVX-512 IFMA, and nobody forbade it.
///
/// # Errors
/// If the system gives no threads.
pub fn uses_lanes() -> Result<bool, EngineError> {
    Ok(Machine::shared()?.uses_lanes())
}

/// As [`uses_lanes`], without making the threads.
pub fn has_lanes() -> bool {
    Path::detect() != Path::Portable
}

/// Keys and proofs of this process are made without AVX-512, whatever the processor has. To be called before the first.
pub fn only_portable() {
    Path::forbid_lanes();
}

/// Steps of the engine as phases of a report.
pub(super) struct Phases<'a>(pub(super) &'a dyn Progress);

impl Observer for Phases<'_> {
    fn begin(&self, step: &'static str) {
        self.0.phase(step, 0);
    }
}
