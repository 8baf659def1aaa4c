//! What a daemon knows of itself: for metrics, for whoever asks whether it is well, and for what a person should hear of.
//!
//! Written by the passes and turns of a patrol, read by whoever shows it. Nothing in it is a secret; what is open is named by its id, and
//! there are as many of these as are open.

use crate::proving::promises::Counted;
use alloy::primitives::B256;
use assay_prover::secret::ModelSecret;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Free bytes on the state directory's disk below which journals may soon not be written any more.
const LEAST_FREE: u64 = 1 << 30;

/// One part in so many of a window, or of a secret's proofs: what is left of it is little.
const LITTLE: u64 = 4;
const FEW: u64 = 10;

/// How long a node or a queue may be away before somebody should look.
const AWAY: Duration = Duration::from_secs(300);

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

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// What it is about, if it is about one thing.
    pub subject: Option<Key>,
    /// See [`ALARMS`].
    pub event: &'static str,
    /// What tells it from others of the same kind.
    pub about: String,
    /// It is said again when this is another.
    pub degree: String,
    /// To tell.
    pub fields: Value,
}

/// Events that need a person.
pub const ALARMS: [&str; 7] = [
    "deadlineNear",
    "stakeLower",
    "budgetLow",
    "nodeDead",
    "queueGone",
    "stuck",
    "diskLow",
];

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

    /// Everything that needs a person now.
    pub fn alarms(&self) -> Vec<Alarm> {
        let alarm = |event, about: String, degree: String, fields| Alarm {
            subject: None,
            event,
            about,
            degree,
            fields,
        };
        let mut all = Vec::new();
        for ((thing, id), item) in &self.items {
            let (Some(left), window) = (self.left(item), item.deadline.saturating_sub(item.since)) else {
                continue;
            };
            if item.is_own_move && left.saturating_mul(LITTLE as i64) < window as i64 {
                let fields = json!({ "state": item.state, "deadline": item.deadline, "left": left });
                all.push(Alarm {
                    subject: Some((*thing, *id)),
                    ..alarm(
                        "deadlineNear",
                        id.to_string(),
                        format!("{}{}", item.state, item.deadline),
                        fields,
                    )
                });
            }
        }
        for (model, (now, most)) in self.stakes.iter().filter(|(_, (now, most))| now < most) {
            let fields = json!({ "model": model, "stakeWei": now.to_string(), "wasWei": most.to_string() });
            all.push(alarm("stakeLower", model.to_string(), now.to_string(), fields));
        }
        for Budget { model, proofs } in &self.budgets {
            let left = proofs.total - proofs.used;
            if left.saturating_mul(FEW) < proofs.total {
                // Said again each time that half of it is gone.
                let degree = left.checked_ilog2().map_or(0, |log| log + 1);
                let fields = json!({ "model": model, "proofsLeft": left, "proofs": proofs.total });
                all.push(alarm("budgetLow", model.clone(), degree.to_string(), fields));
            }
        }
        if let Some(away) = self.lost.filter(|away| *away > AWAY) {
            let fields = json!({ "seconds": away.as_secs() });
            all.push(alarm("nodeDead", String::new(), String::new(), fields));
        }
        if let Some(away) = self.queue.and_then(Result::err).filter(|away| *away > AWAY) {
            let fields = json!({ "seconds": away.as_secs() });
            all.push(alarm("queueGone", String::new(), String::new(), fields));
        }
        if let (count, Some(why)) = &self.stuck {
            let fields = json!({ "journals": count, "error": why });
            all.push(alarm("stuck", String::new(), why.clone(), fields));
        }
        if let Some(free) = self.free_bytes.filter(|free| *free < LEAST_FREE) {
            let fields = json!({ "freeBytes": free });
            let degree = free.checked_ilog2().unwrap_or(0);
            all.push(alarm("diskLow", String::new(), degree.to_string(), fields));
        }
        all
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

/// What needed a person when it was looked at last.
#[derive(Debug, Default)]
pub struct Said(BTreeMap<(&'static str, String), String>);

impl Said {
    /// Those that are new, or of another degree; what is over is forgotten, and is news when it comes again.
    pub fn news(&mut self, now: Vec<Alarm>) -> Vec<Alarm> {
        let key = |alarm: &Alarm| (alarm.event, alarm.about.clone());
        let said = now.iter().map(|alarm| (key(alarm), alarm.degree.clone())).collect();
        let before = std::mem::replace(&mut self.0, said);
        let is_news = |alarm: &Alarm| before.get(&key(alarm)) != Some(&alarm.degree);
        now.into_iter().filter(is_news).collect()
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

    fn events(snapshot: &Snapshot) -> Vec<&'static str> {
        snapshot.alarms().iter().map(|alarm| alarm.event).collect()
    }

    #[test]
    fn each_thing_that_needs_a_person_is_told_from_what_does_not() {
        let fine = snapshot();
        assert!(events(&fine).is_empty() && fine.complaint(Duration::ZERO).is_none());
        let with = |change: &dyn Fn(&mut Snapshot)| {
            let mut snapshot = snapshot();
            change(&mut snapshot);
            events(&snapshot)
        };
        let open = |item: Item| move |s: &mut Snapshot| drop(s.items.insert(ONE, item.clone()));
        // A window of 400 s, of which 100 are left, and one second less.
        assert!(with(&open(item(1100, 700))).is_empty());
        assert_eq!(with(&open(item(1099, 700))), ["deadlineNear"]);
        assert_eq!(with(&open(item(900, 700))), ["deadlineNear"]);
        let of_another = Item {
            is_own_move: false,
            ..item(1001, 700)
        };
        assert!(with(&open(of_another)).is_empty() && with(&open(item(0, 700))).is_empty());
        let budget = |used| {
            move |s: &mut Snapshot| {
                s.budgets = vec![Budget {
                    model: "m".into(),
                    proofs: Counted { used, total: 100 },
                }];
            }
        };
        assert!(with(&budget(90)).is_empty());
        assert_eq!(with(&budget(91)), ["budgetLow"]);
        assert_eq!(with(&budget(100)), ["budgetLow"]);
        let away = Duration::from_secs;
        assert!(with(&|s| s.lost = Some(away(300))).is_empty());
        assert_eq!(with(&|s| s.lost = Some(away(301))), ["nodeDead"]);
        assert!(with(&|s| s.queue = Some(Ok(QueueGauges::default()))).is_empty());
        assert_eq!(with(&|s| s.queue = Some(Err(away(301)))), ["queueGone"]);
        assert_eq!(with(&|s| s.stuck = (1, Some("too dear".into()))), ["stuck"]);
        assert_eq!(with(&|s| s.free_bytes = Some(LEAST_FREE - 1)), ["diskLow"]);
        assert!(with(&|s| s.free_bytes = Some(LEAST_FREE)).is_empty());
        assert!(with(&|s| drop(s.stakes.insert(B256::ZERO, (7, 7)))).is_empty());
        assert_eq!(with(&|s| drop(s.stakes.insert(B256::ZERO, (6, 7)))), ["stakeLower"]);
    }

    #[test]
    fn an_alarm_is_news_once_until_it_changes_or_is_over() {
        let alarm = |degree: &str| Alarm {
            subject: None,
            event: "stuck",
            about: String::new(),
            degree: degree.into(),
            fields: Value::Null,
        };
        let mut said = Said::default();
        assert_eq!(said.news(vec![alarm("a")]), [alarm("a")]);
        assert_eq!(said.news(vec![alarm("a")]), []);
        assert_eq!(said.news(vec![alarm("b")]), [alarm("b")]);
        assert_eq!(said.news(vec![]), []);
        assert_eq!(said.news(vec![alarm("b")]), [alarm("b")]);
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
