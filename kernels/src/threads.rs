//! The pool that work is done in: handed in by whoever owns the machine's cores, never a global one.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// Set to a number above 0, this environment variable makes [`Threads::of_machine`] start that many threads, as it does for rayon's own
/// pool.
pub const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

/// Why there is no pool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadsError {
    /// The operating system gave no threads.
    #[error("a pool of {count} threads could not be started")]
    Start {
        /// The threads asked for.
        count: usize,
        /// What the pool says.
        #[source]
        source: ThreadPoolBuildError,
    },
}

/// A pool of threads; clones share it.
#[derive(Debug, Clone)]
pub struct Threads(Arc<ThreadPool>);

impl Threads {
    /// A pool of `count` threads.
    ///
    /// # Errors
    /// If the operating system refuses them.
    pub fn new(count: NonZeroUsize) -> Result<Self, ThreadsError> {
        let count = count.get();
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .build()
            .map_err(|source| ThreadsError::Start { count, source })?;
        Ok(Self(Arc::new(pool)))
    }

    /// As many threads as [`THREADS_VARIABLE`] says; without it, or if it says no number above 0, as many as the process may use cores
    /// (its control group counts).
    ///
    /// # Errors
    /// If the operating system refuses them.
    pub fn of_machine() -> Result<Self, ThreadsError> {
        let wished = std::env::var(THREADS_VARIABLE)
            .ok()
            .and_then(|value| value.parse().ok());
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::new(wished.unwrap_or_else(cores))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `work` in the pool; parallel iterators inside use it.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }
}

impl From<Arc<ThreadPool>> for Threads {
    fn from(pool: Arc<ThreadPool>) -> Self {
        Self(pool)
    }
}
