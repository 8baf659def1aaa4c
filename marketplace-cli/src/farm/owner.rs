//! The farm of a provider: tasks handed over and collected, and proofs of the model's allotted to it.
//!
//! The secret file's counter stays the one that everybody counts from. What a farm may use is taken from it before, and noted beside the
//! secret ([`assay_marketplace::proving::promises`]); the database's counter never goes beyond that. So whatever becomes of the
//! database, no number is used twice: what it was allotted is lost with it.

use crate::args::queue::QueueArgs;
use crate::context::Context;
use crate::farm::fault::told;
use crate::farm::place::Place;
use crate::farm::tasks::Tasks;
use alloy::primitives::B256;
use assay_durable::report::Reporter;
use assay_farm::queue::{Budget, Hash, NewTask};
use assay_farm::{FarmError, Queue, QueueUrl, Role};
use assay_marketplace::proofs::claims::SENDING;
use assay_marketplace::proofs::farm::{Answer, Asked, Gauges, Keep, Look, Proofs};
use assay_marketplace::proofs::task::layout;
use assay_marketplace::proving::promises::allotted::Counted;
use assay_marketplace::proving::promises::Promises;
use assay_marketplace::proving::Prover;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;

/// Proofs that a farm has beside those that it was asked for: for starts that are lost, and for second workers of the last tasks. What of
/// them is not used counts for the next that asks.
const SPARE: u64 = 2;

/// The same where so many tasks wait.
fn spare(open: u64) -> u64 {
    SPARE + open / 50
}

/// What has no deadline of its own is due then.
const LATEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// A queue that is connected to when it is first needed, and the directory with what is to be proven.
#[derive(Debug)]
pub struct Farm {
    url: QueueUrl,
    tasks: Tasks,
    /// Whether another farm, with what it was allotted, is given up.
    is_new: bool,
    queue: Mutex<Option<Arc<Queue>>>,
    out: Reporter,
}

impl Farm {
    /// Connects to nothing yet.
    pub fn new(place: Place, is_new: bool, out: Reporter) -> Self {
        Self {
            url: place.url,
            tasks: place.tasks,
            is_new,
            queue: Mutex::default(),
            out,
        }
    }

    /// The queue, as its owner.
    ///
    /// # Errors
    /// If it cannot be had.
    pub async fn queue(&self) -> eyre::Result<Arc<Queue>> {
        let mut held = self.queue.lock().await;
        if let Some(queue) = &*held {
            return Ok(queue.clone());
        }
        let queue = Arc::new(Queue::connect(&self.url, Role::Owner).await.map_err(told)?);
        *held = Some(queue.clone());
        Ok(queue)
    }

    /// Sees that the secret names this farm, and the farm knows the model: what is free of what it was allotted.
    async fn introduce(&self, queue: &Queue, prover: &Prover) -> eyre::Result<u64> {
        let model = model_id(prover)?;
        let mut was_refused = false;
        loop {
            let says = match queue.budget(&model).await {
                Ok(budget) => Counted {
                    used: budget.used,
                    total: budget.total,
                },
                Err(FarmError::UnknownModel { .. }) => Counted::default(),
                Err(error) => return Err(told(error)),
            };
            let named = Promises::open(prover.secret_path())?.name_farm(queue.id(), says, self.is_new && was_refused);
            match named {
                Ok(counts) => return self.hand_over(queue, prover, counts).await,
                // Another process may have heard of a newer count meanwhile.
                Err(_) if !was_refused => was_refused = true,
                Err(error) => return Err(error),
            }
        }
    }

    /// Allots so many more proofs, or as many as there are for this id: what is free then.
    async fn allot(&self, queue: &Queue, prover: &Prover, id: B256, proofs: u64) -> eyre::Result<u64> {
        let (before, total) = {
            let mut promises = Promises::open(prover.secret_path())?;
            let before = promises.allotted().map_or(0, |farm| farm.allotted);
            (before, promises.allot(id, proofs)?)
        };
        if total < before + proofs {
            self.out.warn(format_args!(
                "the farm was to have {proofs} more of the model's proofs, {} are left for it",
                total - before
            ));
        }
        self.hand_over(queue, prover, Counted { used: 0, total }).await
    }

    async fn hand_over(&self, queue: &Queue, prover: &Prover, counts: Counted) -> eyre::Result<u64> {
        let budget = Budget {
            used: counts.used,
            total: counts.total,
        };
        // Neither counter falls by it.
        let budget = queue.hand_over(&model_id(prover)?, budget).await.map_err(told)?;
        Promises::open(prover.secret_path())?.note_told(counts.total)?;
        Ok(budget.total - budget.used)
    }

    async fn submit(&self, prover: &Prover, id: B256, asked: Vec<Asked>) -> eyre::Result<usize> {
        let queue = self.queue().await?;
        let free = self.introduce(&queue, prover).await?;
        let (model_id, layout) = (model_id(prover)?, layout(prover.vk_digest()));
        let memory = prover.footprint().memory.small;
        let latest = (SystemTime::now() + LATEST).duration_since(UNIX_EPOCH)?.as_secs();
        let mut rows = Vec::with_capacity(asked.len());
        for asked in asked {
            // Before its row: who takes it finds it.
            if let Some(task) = &asked.task {
                self.tasks.write(task)?;
            }
            rows.push(NewTask {
                engagement: id.to_string(),
                statement: asked.statement.0,
                model_id,
                layout: layout.clone(),
                memory,
                deadline: asked.by.saturating_sub(SENDING).min(latest),
                claim: self.tasks.claim(id, asked.statement)?,
            });
        }
        let added = queue.submit(&rows).await.map_err(told)?.added;
        if added > 0 {
            // Of all models: more than there are of this one, if at all.
            let status = queue.status(None).await.map_err(told)?;
            let open: u64 = status.engagements.iter().map(|counts| counts.queued).sum();
            let more = (open + spare(open)).saturating_sub(free).min(added + spare(open));
            if more > 0 {
                self.allot(&queue, prover, id, more).await?;
            }
        }
        Ok(added as usize)
    }

    async fn status(&self, prover: &Prover, id: B256) -> eyre::Result<Look> {
        let queue = self.queue().await?;
        let status = queue.status(Some(&id.to_string())).await.map_err(told)?;
        let mut look = Look {
            set_aside: status
                .set_aside
                .into_iter()
                .map(|aside| (aside.statement.into(), aside.error.unwrap_or_default()))
                .collect(),
            ..Look::default()
        };
        for counts in &status.engagements {
            look.queued += counts.queued;
            look.running += counts.running;
            look.done += counts.done;
        }
        // Starts that were lost took numbers of others.
        if look.queued > 0 && self.introduce(&queue, prover).await? == 0 {
            self.allot(&queue, prover, id, look.queued.min(SPARE + look.queued / 10))
                .await?;
        }
        Ok(look)
    }

    async fn collect(&self, id: B256, wanted: &BTreeSet<B256>, keep: Keep<'_>) -> eyre::Result<()> {
        let queue = self.queue().await?;
        let (keep, engagement) = (RefCell::new(keep), id.to_string());
        let lacks = |statement: &Hash| wanted.contains(&B256::from(*statement));
        let collected = queue.collect(&engagement, lacks, |done| {
            let statement = B256::from(done.statement);
            let counts = keep.borrow_mut()(statement, &done.bundle).map_err(Failed::Kept)?;
            if counts {
                self.tasks.remove(id, statement);
            }
            Ok(counts)
        });
        match collected.await {
            Ok(collected) => {
                for (_, worker) in collected.refused {
                    self.out
                        .warn(format_args!("worker {worker} made a proof that does not count"));
                }
                Ok(())
            }
            Err(Failed::Farm(error)) => Err(told(error)),
            Err(Failed::Kept(error)) => Err(error),
        }
    }

    /// Ends what is not done of an id: how many tasks those are.
    ///
    /// # Errors
    /// If the queue cannot be asked.
    pub async fn cancel(&self, id: B256) -> eyre::Result<u64> {
        let queue = self.queue().await?;
        queue.cancel(&id.to_string()).await.map_err(told)
    }
}

/// The farm that a daemon has its proofs made by, if options, environment or settings name one; nothing is asked of it yet.
///
/// # Errors
/// If what they name is no address.
pub fn if_named(args: &QueueArgs, ctx: &Context) -> eyre::Result<Option<Arc<dyn Proofs>>> {
    let place = Place::if_named(args, ctx)?;
    Ok(place.map(|place| Arc::new(Farm::new(place, false, (*ctx.out).clone())) as Arc<dyn Proofs>))
}

/// Why collecting ended.
enum Failed {
    Farm(FarmError),
    Kept(eyre::Report),
}

impl From<FarmError> for Failed {
    fn from(error: FarmError) -> Self {
        Self::Farm(error)
    }
}

/// Names the model in the database: whoever has its secret file counts for this commitment.
fn model_id(prover: &Prover) -> eyre::Result<Hash> {
    Ok(prover.weights_commit()?.to_be_bytes())
}

impl Proofs for Farm {
    fn has_task(&self, id: B256, statement: B256) -> bool {
        self.tasks.has(id, statement)
    }

    fn ask<'a>(&'a self, prover: &'a Prover, id: B256, asked: Vec<Asked>) -> Answer<'a, usize> {
        Box::pin(self.submit(prover, id, asked))
    }

    fn look<'a>(&'a self, prover: &'a Prover, id: B256) -> Answer<'a, Look> {
        Box::pin(self.status(prover, id))
    }

    fn take<'a>(&'a self, id: B256, statements: &'a BTreeSet<B256>, keep: Keep<'a>) -> Answer<'a, ()> {
        Box::pin(self.collect(id, statements, keep))
    }

    fn made_last_hour(&self, weights_commit: B256) -> Answer<'_, u64> {
        Box::pin(async move {
            let queue = self.queue().await?;
            queue.made_last_hour(&weights_commit.0).await.map_err(told)
        })
    }

    fn gauges(&self) -> Answer<'_, Gauges> {
        Box::pin(async move {
            let status = self.queue().await?.status(None).await.map_err(told)?;
            let mut gauges = Gauges::default();
            for counts in &status.engagements {
                gauges.queued += counts.queued;
                gauges.running += counts.running;
                gauges.done += counts.done;
                gauges.set_aside += counts.set_aside;
                gauges.made_last_hour += counts.last_hour;
            }
            for model in &status.budgets {
                gauges.openings_left += model.budget.total - model.budget.used;
            }
            Ok(gauges)
        })
    }

    fn give_up(&self, id: B256) -> Answer<'_, ()> {
        Box::pin(async move {
            self.cancel(id).await?;
            let queue = self.queue().await?;
            queue.forget(&id.to_string()).await.map_err(told)?;
            self.tasks.remove_all(id)
        })
    }
}
