//! The threads that the prover's loops run on, apart from those of the program around it.

use crate::error::EngineError;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// A pool of threads, one or more.
#[derive(Debug)]
pub struct Threads(Arc<rayon::ThreadPool>);

impl Threads {
    /// A pool of `count` threads, or of as many as rayon would take by itself: `RAYON_NUM_THREADS`, else the cores that the
    /// process may use.
    ///
    /// # Errors
    /// [`EngineError::Threads`].
    pub fn new(count: Option<NonZeroUsize>) -> Result<Self, EngineError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count.map_or(0, NonZeroUsize::get));
        Ok(Self(Arc::new(pool.build().map_err(EngineError::Threads)?)))
    }

    /// The same pool, as the kernels know it.
    pub(crate) fn kernels(&self) -> assay_kernels::Threads {
        self.0.clone().into()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `work` in the pool: parallel loops inside it use its threads and no others.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.install(work)
    }
}
