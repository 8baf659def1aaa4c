//! Proofs take long: one at a time is made beside everything else, so that no other deadline waits for it.
//!
//! Nobody asks here whether the time suffices, as `assay mp prove` does: an estimate may be wrong, silence costs the deposit,
//! and [`decide`](assay_protocol::accuracy::decide) gives up what is hopeless when the window is nearly over.

use crate::accuracy::provider::prepared::prepare;
use crate::proving::Prover;
use crate::watch::station::Station;
use alloy::primitives::B256;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How the work on one engagement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// Every proof that is asked for is there, or the model can make no more.
    All,
    /// The model gets too few right.
    BelowTarget,
    /// Told to end.
    Stopped,
}

/// The engagement whose proofs are being made.
#[derive(Debug)]
pub struct Job {
    /// Of the engagement.
    pub id: B256,
    /// Until when the proofs are needed, Unix seconds.
    pub by: u64,
    stop: Arc<AtomicBool>,
    task: JoinHandle<eyre::Result<JobEnd>>,
}

impl Job {
    /// Checks the set, runs the model, and proves what is asked for; a set in clear is committed to first.
    pub fn start(desk: Station, id: B256, by: u64, set: Option<PathBuf>, prover: Arc<Prover>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let work = async move {
            let mut prepared = prepare(&desk, id, set.as_deref(), &prover).await?;
            if !prepared.meets_target() {
                return Ok(JobEnd::BelowTarget);
            }
            let plan = prepared.plan(&desk, &prover, false).await?;
            let proving = plan.begin(&prover)?;
            prepared.begin(&desk, &prover, &plan, true).await?;
            if let Some(proving) = &proving {
                for (made, position) in plan.to_make.iter().copied().enumerate() {
                    if told.load(Ordering::Relaxed) {
                        return Ok(JobEnd::Stopped);
                    }
                    if plan.is_used_up(made, &prover)? {
                        break;
                    }
                    prepared.prove(&desk, proving, position)?;
                }
            }
            Ok(JobEnd::All)
        };
        let task = tokio::task::spawn_blocking(move || Handle::current().block_on(work));
        Self { id, by, stop, task }
    }

    /// Ends the work after the proof that is being made.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// [`Job::wait`] will not wait.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// # Errors
    /// Those of the preparation and of the proofs, or if the work panicked.
    pub async fn wait(self) -> eyre::Result<JobEnd> {
        self.task.await?
    }
}
