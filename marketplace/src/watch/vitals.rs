//! What a daemon knows of itself: for metrics, and for whoever asks whether it is well.
//!
//! Written by the passes and turns of a patrol, read by whoever shows it. Nothing in it is a secret; what is open is named by its id, and
//! there are as many of these as are open.

use crate::proving::promises::allotted::Counted;
use alloy::primitives::B256;
use assay_prover::secret::ModelSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// More than one turn takes, with transactions that wait for their blocks and files that are handed over.
pub(crate) const LONG_TURN: Duration = Duration::from_secs(3600);

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
    /// That was when its window began, as far as anybody looked.
    pub saw_begin: bool,
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
    /// How long no pass has had all of its answers from the node; `None` if the last one had.
    pub lost: Option<Duration>,
    /// Since the last pass that was completed.
    pub turned: Option<Duration>,
    /// Since the daemon began.
    pub up: Duration,
    /// Time of the newest block, and how old it is by this machine's running clock and the chain's.
    pub block: Option<(u64, Duration)>,
    /// How old the node's newest block is, seconds; `None` while it is not suspiciously old.
    pub behind: Option<u64>,
    /// How long turns run that are not over.
    pub turns: BTreeMap<Key, Duration>,
    /// What is open.
    pub items: BTreeMap<Key, Item>,
    /// By what went wrong.
    pub errors: BTreeMap<String, u64>,
    /// Requests that were answered, by the first digit of the status; none where nothing is served.
    pub requests: BTreeMap<u16, u64>,
    /// For gas, by all journals, wei.
    pub paid_wei: u128,
    /// Journals with something that no block takes for what it may cost, and why of the first.
    pub stuck: (usize, Option<String>),
    /// Of every secret that the daemon proves with.
    pub budgets: Vec<Budget>,
    /// `None` if there is no farm; its tasks, or since when it does not answer.
    pub queue: Option<Result<QueueGauges, Duration>>,
    /// Stake of each model that was registered from here, wei: now, and what it is to be.
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
    behind: Option<u64>,
    turns: BTreeMap<Key, Instant>,
    items: BTreeMap<Key, Item>,
    errors: BTreeMap<String, u64>,
    requests: BTreeMap<u16, u64>,
    paid_wei: u128,
    /// By journal, and what was done with it.
    stuck: BTreeMap<(PathBuf, &'static str), String>,
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
        // It is as old as it was while no other one comes.
        if inner.block.is_none_or(|(before, _)| before != time) {
            inner.block = Some((time, Instant::now()));
        }
    }

    /// How old the node's newest block is, if that is suspicious.
    pub fn node_behind(&self, seconds: Option<u64>) {
        self.inner().behind = seconds;
    }

    /// The node answered all that a pass asked, whatever came of it.
    pub fn found_node(&self) {
        self.inner().lost = None;
    }

    /// The node did not answer; that it says what its newest block is does not end that.
    pub fn lost_node(&self) {
        self.inner().lost.get_or_insert_with(Instant::now);
    }

    /// A pass over everything was completed.
    pub fn turned(&self) {
        let mut inner = self.inner();
        (inner.lost, inner.turned) = (None, Some(Instant::now()));
    }

    /// Something has its turn.
    pub fn turn_began(&self, key: Key) {
        self.inner().turns.insert(key, Instant::now());
    }

    /// Its turn is over.
    pub fn turn_ended(&self, key: Key) {
        self.inner().turns.remove(&key);
    }

    /// Something went wrong while this was done.
    pub fn failed(&self, during: &str) {
        *self.inner().errors.entry(during.to_owned()).or_default() += 1;
    }

    /// A request was answered with this status.
    pub fn answered(&self, status: u16) {
        *self.inner().requests.entry(status / 100).or_default() += 1;
    }

    /// What was paid for gas, and the journals besides those of turns in which something is stuck, with why.
    pub fn swept(&self, paid_wei: u128, stuck: BTreeMap<PathBuf, String>) {
        const SWEPT: &str = "sweep";
        let mut inner = self.inner();
        inner.paid_wei = paid_wei;
        inner.stuck.retain(|(_, during), _| *during != SWEPT);
        let stuck = stuck.into_iter().map(|(path, why)| ((path, SWEPT), why));
        inner.stuck.extend(stuck);
    }

    /// Why no block takes what something with a turn sends, or that nothing keeps it.
    pub fn note_stuck(&self, journal: PathBuf, during: &'static str, why: Option<String>) {
        let mut inner = self.inner();
        match why {
            Some(why) => inner.stuck.insert((journal, during), why),
            None => inner.stuck.remove(&(journal, during)),
        };
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

    /// The stake of a model, wei, and what the registry demands of it; it is to be no less than it was either.
    pub fn saw_stake(&self, model: B256, wei: u128, required: u128) {
        let mut inner = self.inner();
        let (now, wanted) = inner.stakes.entry(model).or_default();
        (*now, *wanted) = (wei, wei.max(*wanted).max(required));
    }

    /// The stake of a model is its owner's again, or on its way there.
    pub fn forget_stake(&self, model: B256) {
        self.inner().stakes.remove(&model);
    }

    /// Something is open, and stands so; `saw_begin` if it stood otherwise when it was looked at before.
    pub fn saw(&self, (thing, id): Key, state: String, deadline: u64, saw_begin: bool) {
        let mut inner = self.inner();
        let now = inner.block.map_or(0, |(time, seen)| time + seen.elapsed().as_secs());
        let item = inner.items.entry((thing, id)).or_insert_with(|| Item {
            state: String::new(),
            deadline: 0,
            since: now,
            saw_begin,
            is_own_move: false,
        });
        if (&item.state, item.deadline) != (&state, deadline) {
            (item.state, item.deadline, item.since, item.saw_begin) = (state, deadline, now, saw_begin);
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
        let journals: BTreeSet<&PathBuf> = inner.stuck.keys().map(|(journal, _)| journal).collect();
        let stuck = (journals.len(), inner.stuck.values().next().cloned());
        Snapshot {
            is_connected: inner.is_connected,
            lost: inner.lost.map(|since| since.elapsed()),
            turned: inner.turned.map(|at| at.elapsed()),
            up: self.began.elapsed(),
            block: inner.block.map(|(time, seen)| (time, seen.elapsed())),
            behind: inner.behind,
            turns: inner.turns.iter().map(|(key, began)| (*key, began.elapsed())).collect(),
            items: inner.items.clone(),
            errors: inner.errors.clone(),
            requests: inner.requests.clone(),
            paid_wei: inner.paid_wei,
            stuck,
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
        if let Some(behind) = self.behind {
            return Some(format!("the node's newest block is {behind} s old"));
        }
        let turned = self.turned.unwrap_or(self.up);
        if turned > patience {
            return Some(format!("no pass was completed for {} s", seconds(turned)));
        }
        let longest = self.turns.iter().max_by_key(|(_, time)| **time);
        let (thing, id, time) = longest.map(|((thing, id), time)| (*thing, *id, *time))?;
        (time > LONG_TURN).then(|| format!("the turn of {thing} {id} has taken {} s", seconds(time)))
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
            saw_begin: false,
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
        assert_eq!(s.complaint(patience).unwrap(), "no pass was completed for 61 s");
        (s.turned, s.up) = (None, Duration::from_secs(59));
        assert_eq!(s.complaint(patience), None);
        s.is_connected = false;
        assert!(s.complaint(patience).unwrap().contains("has not been reached for 59 s"));
        s.lost = Some(Duration::from_secs(5));
        assert!(s.complaint(patience).unwrap().contains("not answered for 5 s"));
        let mut s = snapshot();
        s.turns = [(ONE, LONG_TURN)].into();
        assert_eq!(s.complaint(patience), None);
        s.turns = [(ONE, LONG_TURN + Duration::from_secs(1))].into();
        assert!(s
            .complaint(patience)
            .unwrap()
            .starts_with("the turn of engagement 0x00"));
        s.behind = Some(301);
        assert_eq!(s.complaint(patience).unwrap(), "the node's newest block is 301 s old");
    }

    /// A node that knows its newest block and refuses everything else is as good as none.
    #[test]
    fn a_node_is_lost_until_a_pass_has_all_its_answers() {
        let vitals = Vitals::default();
        let is_lost = || vitals.snapshot().lost.is_some();
        vitals.lost_node();
        vitals.saw_block(1_000);
        assert!(is_lost());
        vitals.turned();
        assert!(!is_lost());
        vitals.lost_node();
        vitals.found_node();
        assert!(!is_lost());
    }

    #[test]
    fn a_journal_is_stuck_once_whoever_found_it() {
        let vitals = Vitals::default();
        let stuck = || vitals.snapshot().stuck.0;
        let (own, other) = (|| PathBuf::from("own"), || PathBuf::from("other"));
        vitals.note_stuck(own(), "resend", Some("too dear".into()));
        vitals.note_stuck(own(), "act", Some("too dear".into()));
        vitals.swept(7, [(other(), "too dear".to_owned())].into());
        assert_eq!(stuck(), 2);
        vitals.swept(7, BTreeMap::new());
        vitals.note_stuck(own(), "resend", None);
        assert_eq!(stuck(), 1);
        vitals.note_stuck(own(), "act", None);
        assert_eq!(stuck(), 0);
    }

    /// What was taken while nobody looked is missing all the same.
    #[test]
    fn a_stake_is_to_be_what_the_registry_demands() {
        let vitals = Vitals::default();
        let stake = || vitals.snapshot().stakes.get(&B256::ZERO).copied();
        vitals.saw_stake(B256::ZERO, 6, 7);
        assert_eq!(stake(), Some((6, 7)));
        vitals.saw_stake(B256::ZERO, 9, 7);
        vitals.saw_stake(B256::ZERO, 8, 7);
        assert_eq!(stake(), Some((8, 9)));
        vitals.forget_stake(B256::ZERO);
        assert_eq!(stake(), None);
    }

    #[test]
    fn a_window_begins_when_its_state_is_seen_first() {
        let vitals = Vitals::default();
        let subject = ONE;
        vitals.saw_block(1_000);
        vitals.saw(subject, "Proving".into(), 1_400, false);
        vitals.is_own_move(subject, true);
        vitals.saw_block(1_200);
        vitals.saw(subject, "Proving".into(), 1_400, false);
        assert_eq!(
            vitals.snapshot().items[&ONE],
            Item {
                is_own_move: true,
                ..item(1_400, 1_000)
            }
        );
        vitals.saw(subject, "Claimed".into(), 1_800, true);
        let item = vitals.snapshot().items[&ONE].clone();
        assert!(item.since >= 1_200 && item.saw_begin);
        vitals.forget(subject);
        assert!(vitals.snapshot().items.is_empty());
    }
}
