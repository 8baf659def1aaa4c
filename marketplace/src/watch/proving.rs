//! Proofs take long: one at a time is made beside everything else, so that no other deadline waits for it. Those of several engagements
//! at a time where a farm makes them.
//!
//! Nobody asks here whether the time suffices, as `assay mp prove` does: an estimate may be wrong, silence costs the deposit,
//! and [`decide`](assay_protocol::accuracy::decide) gives up what is hopeless when the window is nearly over.

use crate::proofs::farm::Proofs;
use alloy::primitives::B256;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How the work on one engagement or round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// Every proof that is asked for is there, or the model can make no more.
    All,
    /// The model gets too few right.
    BelowTarget,
    /// Told to end.
    Stopped,
}

/// Whose proofs are being made.
#[derive(Debug)]
pub struct Job {
    /// Of the engagement or the round.
    id: B256,
    /// Until when the proofs are needed, Unix seconds.
    by: u64,
    stop: Arc<AtomicBool>,
    task: JoinHandle<eyre::Result<JobEnd>>,
}

impl Job {
    /// Begins `work`, which looks between two proofs whether it was told to end.
    pub fn start(
        id: B256,
        by: u64,
        work: impl AsyncFnOnce(&AtomicBool) -> eyre::Result<JobEnd> + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let task = tokio::task::spawn_blocking(move || Handle::current().block_on(work(&told)));
        Self { id, by, stop, task }
    }

    /// Ends the work after the proof that is being made.
    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// [`Job::wait`] will not wait.
    fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// # Errors
    /// Those of the preparation and of the proofs, or if the work panicked.
    async fn wait(self) -> eyre::Result<JobEnd> {
        self.task.await?
    }
}

/// Engagements whose proofs a farm is asked for at one time.
const AT_A_FARM: usize = 16;

/// Who waits for proofs, and what is known about those that were made.
#[derive(Debug)]
pub struct Queue {
    inner: Mutex<Inner>,
    /// Whose proofs are made at one time.
    places: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self::here()
    }
}

#[derive(Debug, Default)]
struct Inner {
    /// Until when work on each must have begun or be done, Unix seconds.
    wanted: BTreeMap<B256, u64>,
    jobs: Vec<Job>,
    complete: BTreeSet<B256>,
    hopeless: BTreeSet<B256>,
}

impl Queue {
    /// For proofs that are made on this machine.
    pub fn here() -> Self {
        Self {
            inner: Mutex::default(),
            places: 1,
        }
    }

    /// For proofs that are made by a farm, if there is one.
    pub fn of(farm: Option<&Arc<dyn Proofs>>) -> Self {
        Self {
            places: farm.map_or(1, |_| AT_A_FARM),
            ..Self::here()
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that proofs are needed by then; whether that was not known before.
    pub fn want(&self, id: B256, by: u64) -> bool {
        let mut inner = self.inner();
        match inner.jobs.iter_mut().find(|job| job.id == id) {
            Some(job) => {
                job.by = by;
                false
            }
            None => inner.wanted.insert(id, by).is_none(),
        }
    }

    /// Nothing waits for them any more; what is being made is ended by [`Queue::stop`].
    pub fn forget(&self, id: B256) {
        self.inner().wanted.remove(&id);
    }

    /// Ends the work on proofs that are not needed any more.
    pub fn stop(&self, id: B256) {
        let mut inner = self.inner();
        inner.wanted.remove(&id);
        if let Some(job) = inner.jobs.iter().find(|job| job.id == id) {
            job.stop();
        }
    }

    /// Whether they are being made.
    pub fn is_making(&self, id: B256) -> bool {
        self.inner().jobs.iter().any(|job| job.id == id)
    }

    /// Whether every proof that was asked for when they were made last is there, or cannot be made.
    pub fn is_complete(&self, id: B256) -> bool {
        self.inner().complete.contains(&id)
    }

    /// Whether too few are right.
    pub fn is_hopeless(&self, id: B256) -> bool {
        self.inner().hopeless.contains(&id)
    }

    /// Begins with the most urgent proofs, if there is a place; the least urgent of those under way make room for more urgent ones after
    /// the proof that is being made. Whose are begun.
    ///
    /// # Errors
    /// Those of `start`, which gets the id and its time.
    pub fn schedule(&self, start: impl FnOnce(B256, u64) -> eyre::Result<Job>) -> eyre::Result<Option<B256>> {
        let (id, by) = {
            let inner = self.inner();
            let urgent = inner.wanted.iter().min_by_key(|(id, by)| (**by, **id));
            let Some((id, by)) = urgent else {
                return Ok(None);
            };
            // What is told to end is begun with anew once it has.
            if inner.jobs.iter().any(|job| job.id == *id) {
                return Ok(None);
            }
            if inner.jobs.len() >= self.places {
                if let Some(job) = inner.jobs.iter().max_by_key(|job| job.by).filter(|job| *by < job.by) {
                    job.stop();
                }
                return Ok(None);
            }
            (*id, *by)
        };
        let job = start(id, by)?;
        let mut inner = self.inner();
        inner.wanted.remove(&id);
        inner.jobs.push(job);
        Ok(Some(id))
    }

    /// Whether something is being made.
    pub fn is_busy(&self) -> bool {
        !self.inner().jobs.is_empty()
    }

    /// Whether nothing is being made and nothing waits to be.
    pub fn is_idle(&self) -> bool {
        let inner = self.inner();
        inner.jobs.is_empty() && inner.wanted.is_empty()
    }

    /// Returns when something is not being made any more, or nothing is.
    pub async fn job_ended(&self) {
        let goes_on = || {
            let inner = self.inner();
            !inner.jobs.is_empty() && inner.jobs.iter().all(|job| !job.has_ended())
        };
        while goes_on() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whose proofs are made, or cannot be, since this was last asked.
    pub async fn reap(&self) -> Option<(B256, eyre::Result<JobEnd>)> {
        let job = {
            let mut inner = self.inner();
            let ended = inner.jobs.iter().position(Job::has_ended)?;
            inner.jobs.remove(ended)
        };
        let id = job.id;
        let ended = job.wait().await;
        let mut inner = self.inner();
        inner.wanted.remove(&id);
        match ended {
            Ok(JobEnd::All) => {
                inner.complete.insert(id);
            }
            Ok(JobEnd::BelowTarget) => {
                inner.hopeless.insert(id);
            }
            _ => {}
        }
        drop(inner);
        Some((id, ended))
    }

    /// Ends the work after the proof that is being made.
    pub async fn end(&self) {
        let jobs = std::mem::take(&mut self.inner().jobs);
        jobs.iter().for_each(Job::stop);
        for job in jobs {
            // What it says now is said again by the next run.
            let _ = job.wait().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_queue_is_idle_when_nothing_is_made_and_nothing_waits() {
        let (queue, id) = (Queue::default(), B256::ZERO);
        assert!(queue.is_idle());
        assert!(queue.want(id, 5) && !queue.is_idle());
        let (goes_on, waits) = tokio::sync::oneshot::channel();
        let work = async move |_: &AtomicBool| {
            waits.await?;
            Ok(JobEnd::All)
        };
        let begun = queue.schedule(|id, by| Ok(Job::start(id, by, work))).unwrap();
        assert!(begun == Some(id) && !queue.is_idle(), "it is made");
        goes_on.send(()).unwrap();
        queue.job_ended().await;
        queue.reap().await.unwrap().1.unwrap();
        assert!(queue.is_idle());
    }

    #[tokio::test]
    async fn only_a_farm_makes_proofs_of_several_at_a_time() {
        let start = |id: B256, by: u64| {
            let work = async move |told: &AtomicBool| {
                while !told.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Ok(JobEnd::Stopped)
            };
            Ok(Job::start(id, by, work))
        };
        let [early, late] = [1, 2].map(B256::repeat_byte);
        for (places, begun) in [(1, None), (2, Some(late))] {
            let queue = Queue {
                places,
                ..Queue::here()
            };
            queue.want(early, 5);
            queue.want(late, 9);
            assert_eq!(queue.schedule(start).unwrap(), Some(early));
            assert_eq!(queue.schedule(start).unwrap(), begun);
            queue.end().await;
            assert!(!queue.is_busy());
        }
        // Where there is no place the least urgent makes one.
        let queue = Queue::here();
        queue.want(late, 9);
        queue.schedule(start).unwrap();
        queue.want(early, 5);
        assert_eq!(queue.schedule(start).unwrap(), None);
        queue.job_ended().await;
        assert!(matches!(queue.reap().await, Some((id, Ok(JobEnd::Stopped))) if id == late));
        assert_eq!(queue.schedule(start).unwrap(), Some(early));
        queue.end().await;
    }
}
