//! What a daemon knows of itself: for metrics, and for whoever asks whether it is well.
//!
//! Written by the passes and turns of a patrol, read by whoever shows it. Nothing in it is a secret; what is open is named by its id, and
//! there are as many of these as are open.

use crate::proving::promises::allotted::Counted;
use alloy::primitives::B256;
use assay_prover::secret::ModelSecret;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What an item is called, and its id.
pub type Key = (&'static str, B256);

/// Something open that this party has a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// As events name it.
    pub state: String,
    /// Last second of its window, by the chain's clock; 0 if none runs.
    pub deadline: u64,
    /// When it was first seen so, by the same clock.
    pub since: u64,
    /// This party is to do something, or is about it.
    pub is_own_move: bool,
}

/// Tasks of a farm's queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct QueueGauges {
    pub queued: u64,
    pub running: u64,
    pub done: u64,
    pub set_aside: u64,
}

/// Proofs of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The secret file's name without its ending.
    pub model: String,
    /// Begun, and what it carries.
    pub proofs: Counted,
}

/// Says how many bytes are free where the state directory is.
pub type FreeBytes = Box<dyn Fn() -> Option<u64> + Send + Sync>;

/// What is told about at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Whether the market was reached.
    pub is_connected: bool,
    /// How long the node has not answered; `None` if it did when it was asked last.
    pub lost: Option<Duration>,
    /// Since the last pass that was completed.
    pub turned: Option<Duration>,
    /// Since the daemon began.
    pub up: Duration,
    /// Time of the newest block, and how old it is by this machine's running clock and the chain's.
    pub block: Option<(u64, Duration)>,
    /// What is open.
    pub items: BTreeMap<Key, Item>,
    /// By what went wrong.
    pub errors: BTreeMap<String, u64>,
    /// Requests that were answered, by the first digit of the status; none where nothing is served.
    pub requests: BTreeMap<u16, u64>,
    /// For gas, by all journals, wei.
    pub paid_wei: u128,
    /// Journals with something that no block takes and that cannot be helped, and why of the first.
    pub stuck: (usize, Option<String>),
    /// Of every secret that the daemon proves with.
    pub budgets: Vec<Budget>,
    /// `None` if there is no farm; its tasks, or since when it does not answer.
    pub queue: Option<Result<QueueGauges, Duration>>,
    /// Stake of each model that was registered from here, wei: now, and the most that was seen.
    pub stakes: BTreeMap<B256, (u128, u128)>,
    /// Where the state directory is.
    pub free_bytes: Option<u64>,
}

#[derive(Default)]
struct Inner {
    is_connected: bool,
    lost: Option<Instant>,
    turned: Option<Instant>,
    block: Option<(u64, Instant)>,
    items: BTreeMap<Key, Item>,
    errors: BTreeMap<String, u64>,
    requests: BTreeMap<u16, u64>,
    paid_wei: u128,
    stuck: (usize, Option<String>),
    queue: Option<Result<QueueGauges, Instant>>,
    stakes: BTreeMap<B256, (u128, u128)>,
}

/// Shared by everything that a daemon does.
pub struct Vitals {
    began: Instant,
    secrets: Vec<PathBuf>,
    free_bytes: Option<FreeBytes>,
    inner: Mutex<Inner>,
}

impl fmt::Debug for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vitals").finish_non_exhaustive()
    }
}

impl Default for Vitals {
    fn default() -> Self {
        Self::of(Vec::new(), None)
    }
}

impl Vitals {
    /// Of a daemon that proves with these secrets.
    pub fn of(secrets: Vec<PathBuf>, free_bytes: Option<FreeBytes>) -> Self {
        Self {
            began: Instant::now(),
            secrets,
            free_bytes,
            inner: Mutex::default(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The market was reached, or what is served is.
    pub fn connected(&self) {
        self.inner().is_connected = true;
    }

    /// The node said the time of its newest block.
    pub fn saw_block(&self, time: u64) {
        let mut inner = self.inner();
        inner.lost = None;
        // It is as old as it was while no other one comes.
        if inner.block.is_none_or(|(before, _)| before != time) {
            inner.block = Some((time, Instant::now()));
        }
    }

    /// The node did not answer.
    pub fn lost_node(&self) {
        self.inner().lost.get_or_insert_with(Instant::now);
    }

    /// A pass over everything was completed.
    pub fn turned(&self) {
        self.inner().turned = Some(Instant::now());
    }

    /// Something went wrong while this was done.
    pub fn failed(&self, during: &str) {
        *self.inner().errors.entry(during.to_owned()).or_default() += 1;
    }

    /// A request was answered with this status.
    pub fn answered(&self, status: u16) {
        *self.inner().requests.entry(status / 100).or_default() += 1;
    }

    /// What was paid for gas, and what no block takes.
    pub fn swept(&self, paid_wei: u128, stuck: usize, why: Option<String>) {
        let mut inner = self.inner();
        (inner.paid_wei, inner.stuck) = (paid_wei, (stuck, why));
    }

    /// What a farm said, or that it said nothing.
    pub fn looked_at_queue(&self, said: Option<QueueGauges>) {
        let mut inner = self.inner();
        inner.queue = Some(match (said, inner.queue) {
            (Some(gauges), _) => Ok(gauges),
            (None, Some(Err(since))) => Err(since),
            (None, _) => Err(Instant::now()),
        });
    }

    /// The stake of a model, wei.
    pub fn saw_stake(&self, model: B256, wei: u128) {
        let mut inner = self.inner();
        let (now, most) = inner.stakes.entry(model).or_default();
        (*now, *most) = (wei, wei.max(*most));
    }

    /// Something is open, and stands so.
    pub fn saw(&self, (thing, id): Key, state: String, deadline: u64) {
        let mut inner = self.inner();
        let now = inner.block.map_or(0, |(time, seen)| time + seen.elapsed().as_secs());
        let item = inner.items.entry((thing, id)).or_insert_with(|| Item {
            state: String::new(),
            deadline: 0,
            since: now,
            is_own_move: false,
        });
        if (&item.state, item.deadline) != (&state, deadline) {
            (item.state, item.deadline, item.since) = (state, deadline, now);
        }
    }

    /// Whether something that is open waits for this party.
    pub fn is_own_move(&self, (thing, id): Key, is_own: bool) {
        if let Some(item) = self.inner().items.get_mut(&(thing, id)) {
            item.is_own_move = is_own;
        }
    }

    /// Nothing can happen to it any more, or it is somebody else's.
    pub fn forget(&self, (thing, id): Key) {
        self.inner().items.remove(&(thing, id));
    }

    /// All of it now.
    pub fn snapshot(&self) -> Snapshot {
        let budgets = self.secrets.iter().filter_map(|path| {
            let secret = ModelSecret::open(path).ok()?;
            let proofs = Counted {
                used: secret.counter(),
                total: secret.budget(),
            };
            let model = path.file_stem()?.to_str()?.to_owned();
            Some(Budget { model, proofs })
        });
        let budgets = budgets.collect();
        let free_bytes = self.free_bytes.as_ref().and_then(|free| free());
        let inner = self.inner();
        Snapshot {
            is_connected: inner.is_connected,
            lost: inner.lost.map(|since| since.elapsed()),
            turned: inner.turned.map(|at| at.elapsed()),
            up: self.began.elapsed(),
            block: inner.block.map(|(time, seen)| (time, seen.elapsed())),
            items: inner.items.clone(),
            errors: inner.errors.clone(),
            requests: inner.requests.clone(),
            paid_wei: inner.paid_wei,
            stuck: inner.stuck.clone(),
            budgets,
            queue: inner.queue.map(|said| said.map_err(|since| since.elapsed())),
            stakes: inner.stakes.clone(),
            free_bytes,
        }
    }
}

impl Snapshot {
    /// Seconds by the chain's clock, as far as it was read.
    pub fn chain_time(&self) -> Option<u64> {
        self.block.map(|(time, seen)| time + seen.as_secs())
    }

    /// Seconds until an item's deadline; negative once it is over, `None` if there is none.
    pub fn left(&self, item: &Item) -> Option<i64> {
        let now = self.chain_time().filter(|_| item.deadline > 0)?;
        Some(item.deadline as i64 - now as i64)
    }

    /// Why the daemon is not well, in one sentence; `None` if it is. The loop may take so long for a turn.
    pub fn complaint(&self, patience: Duration) -> Option<String> {
        let seconds = |time: Duration| time.as_secs();
        if let Some(away) = self.lost {
            return Some(format!("the node has not answered for {} s", seconds(away)));
        }
        if !self.is_connected {
            return Some(format!("the market has not been reached for {} s", seconds(self.up)));
        }
        let turned = self.turned.unwrap_or(self.up);
        (turned > patience).then(|| format!("no turn was completed for {} s", seconds(turned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Key = ("engagement", B256::ZERO);

    fn item(deadline: u64, since: u64) -> Item {
        Item {
            state: "Proving".into(),
            deadline,
            since,
            is_own_move: true,
        }
    }

    /// At 1,000 by the chain, ten seconds after its newest block was seen.
    fn snapshot() -> Snapshot {
        Snapshot {
            is_connected: true,
            block: Some((990, Duration::from_secs(10))),
            turned: Some(Duration::ZERO),
            ..Snapshot::default()
        }
    }

    #[test]
    fn what_is_not_well_is_one_sentence() {
        let patience = Duration::from_secs(60);
        let mut s = snapshot();
        s.turned = Some(Duration::from_secs(61));
        assert_eq!(s.complaint(patience).unwrap(), "no turn was completed for 61 s");
        (s.turned, s.up) = (None, Duration::from_secs(59));
        assert_eq!(s.complaint(patience), None);
        s.is_connected = false;
        assert!(s.complaint(patience).unwrap().contains("has not been reached for 59 s"));
        s.lost = Some(Duration::from_secs(5));
        assert!(s.complaint(patience).unwrap().contains("not answered for 5 s"));
    }

    #[test]
    fn a_window_begins_when_its_state_is_seen_first() {
        let vitals = Vitals::default();
        let subject = ONE;
        vitals.saw_block(1_000);
        vitals.saw(subject, "Proving".into(), 1_400);
        vitals.is_own_move(subject, true);
        vitals.saw_block(1_200);
        vitals.saw(subject, "Proving".into(), 1_400);
        assert_eq!(
            vitals.snapshot().items[&ONE],
            Item {
                is_own_move: true,
                ..item(1_400, 1_000)
            }
        );
        vitals.saw(subject, "Claimed".into(), 1_800);
        assert!(vitals.snapshot().items[&ONE].since >= 1_200);
        vitals.forget(subject);
        assert!(vitals.snapshot().items.is_empty());
    }
}
