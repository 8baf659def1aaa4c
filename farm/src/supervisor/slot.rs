//! One task after the other: take, prove, keep the lease, check, store.

use crate::error::FarmError;
use crate::queue::{Beat, Failure, Offer, Queue, Taken};
use crate::supervisor::pauses::{about, within, Pauses};
use crate::supervisor::work::{Attempt, Call, Event, Progress, Work};
use futures_util::future::join_all;
use std::future::Future;
use std::pin::{pin, Pin};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{watch, Mutex};

/// How a worker behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What people call it: a host name and a number, say.
    pub worker: String,
    /// How many proofs at a time.
    pub jobs: usize,
    /// How long to wait for news at the longest before asking anyway.
    pub poll: Duration,
    /// Workers that begin, or hear of news, at the same time wait for anything up to this: not all take in one moment.
    pub spread: Duration,
    /// The first and the longest pause while the queue is not to be had.
    pub pauses: (Duration, Duration),
    /// Ends after having had nothing to do for so long; never, if `None`.
    pub end_when_idle: Option<Duration>,
    /// Ends after so many failures without a proof in between: the machine is at fault, and would set everything aside.
    pub most_failures: u32,
    /// Kills a prover that takes so many times what was predicted,
    pub patience: f64,
    /// but none before so long: its process starts and reads keys, too, which nobody predicts.
    pub least: Duration,
}

impl Options {
    /// What suits a machine of a farm.
    pub fn of(worker: impl Into<String>) -> Self {
        Self {
            worker: worker.into(),
            jobs: 1,
            poll: Duration::from_secs(30),
            spread: Duration::from_secs(1),
            pauses: (Duration::from_secs(1), Duration::from_secs(60)),
            end_when_idle: None,
            most_failures: 10,
            patience: 10.0,
            least: Duration::from_secs(60),
        }
    }
}

/// Whether a worker goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// It does.
    No,
    /// It ends after the proofs that are being made.
    AfterThis,
    /// It ends at once and gives its tasks back.
    Now,
}

/// A worker.
#[derive(Debug)]
pub struct Supervisor<W> {
    queue: Arc<Queue>,
    work: Arc<W>,
    options: Options,
    /// Memory when it began, and what its proofs may need of it.
    memory: u64,
    promised: AtomicU64,
    /// In a row.
    failures: AtomicU32,
    /// One take at a time: two would count on the same memory.
    taking: Mutex<()>,
}

/// How a proof ended.
enum Ended {
    Made(Result<Vec<u8>, Failure>),
    NotNeeded(Beat),
    Told,
}

type Beating<'a> = Pin<Box<dyn Future<Output = Result<Beat, FarmError>> + Send + 'a>>;

impl<W: Work> Supervisor<W> {
    /// A worker on a queue that was connected to as [`Role::Worker`](crate::Role::Worker).
    pub fn new(queue: Arc<Queue>, work: Arc<W>, options: Options) -> Self {
        Self {
            memory: work.free_memory(),
            queue,
            work,
            options,
            promised: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            taking: Mutex::new(()),
        }
    }

    /// Works until told to stop, or idle for as long as the options say.
    ///
    /// # Errors
    /// If the queue is of no use any more, by what no waiting helps against. Proofs that are being made are finished before.
    pub async fn run(&self, stop: watch::Receiver<Stop>) -> Result<(), FarmError> {
        let slots = (0..self.options.jobs.max(1)).map(|_| self.slot(stop.clone()));
        join_all(slots).await.into_iter().collect()
    }

    async fn slot(&self, mut stop: watch::Receiver<Stop>) -> Result<(), FarmError> {
        let new_pauses = || Pauses::new(self.options.pauses.0, self.options.pauses.1);
        let (mut pauses, mut after_failures) = (new_pauses(), new_pauses());
        let mut idle_since = Instant::now();
        let mut wait = within(self.options.spread);
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = told(&mut stop, Stop::AfterThis) => return Ok(()),
            }
            if *stop.borrow() != Stop::No {
                return Ok(());
            }
            // Before asking, so that nothing is missed between the answer and the wait for news.
            let news = self.queue.news();
            match self.take().await {
                Ok(Some(taken)) => {
                    pauses.over();
                    let failed = self.prove(&taken, &mut stop).await;
                    self.promised.fetch_sub(taken.memory, Ordering::Relaxed);
                    idle_since = Instant::now();
                    wait = match failed {
                        Some(failure) => {
                            self.counted(failure)?;
                            after_failures.pause()
                        }
                        None => {
                            after_failures.over();
                            Duration::ZERO
                        }
                    };
                }
                Ok(None) => {
                    pauses.over();
                    self.work.hear(Event::Idle);
                    if self
                        .options
                        .end_when_idle
                        .is_some_and(|most| idle_since.elapsed() >= most)
                    {
                        return Ok(());
                    }
                    let poll = about(self.options.poll).min(self.options.end_when_idle.unwrap_or(Duration::MAX));
                    tokio::select! {
                        () = news => {}
                        () = tokio::time::sleep(poll) => {}
                        () = told(&mut stop, Stop::AfterThis) => return Ok(()),
                    }
                    wait = within(self.options.spread);
                }
                Err(error) if error.passes() => {
                    self.work.hear(Event::Waiting(&error));
                    wait = pauses.pause();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes a task whose memory is there, and keeps that memory for it.
    async fn take(&self) -> Result<Option<Taken>, FarmError> {
        let _one = self.taking.lock().await;
        let left = self.memory.saturating_sub(self.promised.load(Ordering::Relaxed));
        let offer = Offer {
            worker: self.options.worker.clone(),
            skills: self.work.skills(),
            memory: left.min(self.work.free_memory()),
        };
        let taken = self.timed(Call::Take, self.queue.take(&offer)).await?;
        if let Some(taken) = &taken {
            self.promised.fetch_add(taken.memory, Ordering::Relaxed);
        }
        Ok(taken)
    }

    /// Counts a failure.
    fn counted(&self, failure: Failure) -> Result<(), FarmError> {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures < self.options.most_failures {
            return Ok(());
        }
        Err(FarmError::Failing {
            failures,
            last: failure.error,
        })
    }

    /// Makes one proof; the failure, if it failed.
    async fn prove(&self, taken: &Taken, stop: &mut watch::Receiver<Stop>) -> Option<Failure> {
        self.work.hear(Event::Took(taken));
        let began = Instant::now();
        let progress = Progress::default();
        let attempt = match self.work.begin(taken, &progress) {
            Ok(attempt) => attempt,
            Err(failure) => return self.failed(taken, failure, stop).await,
        };
        match self.watched(taken, attempt, &progress, stop).await {
            Ended::Made(Ok(bundle)) => return self.store(taken, bundle, began, &progress, stop).await,
            Ended::Made(Err(mut failure)) => {
                failure.step = progress.step();
                failure.peak = progress.peak();
                return self.failed(taken, failure, stop).await;
            }
            Ended::NotNeeded(why) => self.work.hear(Event::Stopped(taken, why)),
            Ended::Told => {
                // Where the queue does not answer, the lease will end.
                if self.queue.give_back(taken).await.is_ok() {
                    self.work.hear(Event::GaveBack(taken));
                }
            }
        }
        None
    }

    /// How long a proof may take.
    fn longest(&self, taken: &Taken) -> Duration {
        let skills = self.work.skills();
        let skill = skills
            .iter()
            .find(|skill| skill.model_id == taken.model_id && skill.layout == taken.layout);
        let predicted = skill.map(|skill| skill.seconds * self.options.patience);
        let longest = predicted.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // A year, where nothing else is known: timers take no more.
        longest
            .unwrap_or(Duration::MAX)
            .max(self.options.least)
            .min(Duration::from_secs(365 * 24 * 3600))
    }

    /// Keeps the lease until the proof ends, or ends it where it is not needed.
    async fn watched(
        &self,
        taken: &Taken,
        mut attempt: W::Attempt,
        progress: &Progress,
        stop: &mut watch::Receiver<Stop>,
    ) -> Ended {
        let mut beating = self.beat(taken, progress);
        let mut doubled = false;
        let longest = self.longest(taken);
        let mut too_long = pin!(tokio::time::sleep(longest));
        let ended = loop {
            tokio::select! {
                biased;
                made = attempt.done() => return Ended::Made(made),
                () = told(stop, Stop::Now) => break Ended::Told,
                () = &mut too_long => break Ended::Made(Err(Failure {
                    error: format!("the prover hung for {} s", longest.as_secs()),
                    ..Failure::default()
                })),
                beat = &mut beating => {
                    match beat {
                        Ok(Beat::Mine) => {}
                        Ok(Beat::TakenByAnother) => {
                            if !std::mem::replace(&mut doubled, true) {
                                self.work.hear(Event::Doubled(taken));
                            }
                        }
                        Ok(why) => break Ended::NotNeeded(why),
                        // The proof goes on without a queue.
                        Err(error) => self.work.hear(Event::Waiting(&error)),
                    }
                    beating = self.beat(taken, progress);
                }
            }
        };
        attempt.kill().await;
        ended
    }

    /// The next beat, a quarter of a lease from now.
    fn beat<'a>(&'a self, taken: &'a Taken, progress: &'a Progress) -> Beating<'a> {
        Box::pin(async move {
            tokio::time::sleep(about(self.queue.lease() / 4)).await;
            let step = progress.step();
            self.timed(Call::Beat, self.queue.beat(taken, &step)).await
        })
    }

    /// Checks a bundle and stores it.
    async fn store(
        &self,
        taken: &Taken,
        bundle: Vec<u8>,
        began: Instant,
        progress: &Progress,
        stop: &mut watch::Receiver<Stop>,
    ) -> Option<Failure> {
        let (work, given) = (self.work.clone(), taken.clone());
        let checked = tokio::task::spawn_blocking(move || work.check(&given, &bundle).map(|()| bundle)).await;
        let checked = checked.unwrap_or_else(|_| Err("the check itself failed".into()));
        let bundle = match checked {
            Ok(bundle) => bundle,
            Err(why) => {
                let failure = Failure {
                    error: format!("the bundle is not true: {why}"),
                    step: progress.step(),
                    peak: progress.peak(),
                };
                return self.failed(taken, failure, stop).await;
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        let peak = progress.peak();
        let finish = || self.timed(Call::Finish, self.queue.finish(taken, &bundle, seconds, peak));
        self.failures.store(0, Ordering::Relaxed);
        // A standby that was promoted, a password that was changed: whatever it is, somebody may set it right, and the proof is made.
        let hopeless = |error: &FarmError| matches!(error, FarmError::NotGiven { .. } | FarmError::Refused { .. });
        match self.insisting(finish, hopeless, stop).await {
            Some(Ok(closed)) => self.work.hear(Event::Finished(taken, closed, seconds)),
            Some(Err(error)) => self.work.hear(Event::Waiting(&error)),
            None => {}
        }
        None
    }

    async fn failed(&self, taken: &Taken, failure: Failure, stop: &mut watch::Receiver<Stop>) -> Option<Failure> {
        self.work.hear(Event::Failed(taken, &failure));
        let hopeless = |error: &FarmError| !error.passes();
        let told = self
            .insisting(|| self.queue.fail(taken, &failure), hopeless, stop)
            .await;
        match told {
            // Another's bundle was first, or nobody wants it any more: what is gone meanwhile says nothing of this machine.
            Some(Ok(false)) => return None,
            Some(Err(error)) => self.work.hear(Event::Waiting(&error)),
            _ => {}
        }
        Some(failure)
    }

    /// Tells how long the queue took to answer.
    async fn timed<T>(&self, call: Call, answer: impl Future<Output = Result<T, FarmError>>) -> Result<T, FarmError> {
        let asked = Instant::now();
        let answer = answer.await;
        if answer.is_ok() {
            self.work.hear(Event::Answered(call, asked.elapsed()));
        }
        answer
    }

    /// Repeats a call until it works or is `hopeless`; `None` where the worker is to end now.
    async fn insisting<T, F: Future<Output = Result<T, FarmError>>>(
        &self,
        call: impl Fn() -> F,
        hopeless: impl Fn(&FarmError) -> bool,
        stop: &mut watch::Receiver<Stop>,
    ) -> Option<Result<T, FarmError>> {
        let mut pauses = Pauses::new(self.options.pauses.0, self.options.pauses.1);
        loop {
            match call().await {
                Err(error) if !hopeless(&error) => self.work.hear(Event::Waiting(&error)),
                answer => return Some(answer),
            }
            tokio::select! {
                () = tokio::time::sleep(pauses.pause()) => {}
                () = told(stop, Stop::Now) => return None,
            }
        }
    }
}

/// Waits until the worker is told to stop in this way, or in a more urgent one. For ever if nobody can tell it any more.
async fn told(stop: &mut watch::Receiver<Stop>, how: Stop) {
    if stop.wait_for(|told| *told >= how).await.is_err() {
        std::future::pending().await
    }
}
