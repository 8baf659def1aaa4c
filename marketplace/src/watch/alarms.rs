//! What needs a person, by what a daemon knows of itself.

use crate::watch::event::{Announcer, Subject};
use crate::watch::vitals::{Budget, Key, Snapshot};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Free bytes on the state directory's disk below which journals may soon not be written any more.
const LEAST_FREE: u64 = 1 << 30;

/// One part in so many of a window, or of a secret's proofs: what is left of it is little.
const LITTLE: u64 = 4;
const FEW: u64 = 10;

/// Seconds that are little of any window of which nobody here saw the beginning.
const LAST: i64 = 900;

/// How long a node or a queue may be away before somebody should look.
const AWAY: Duration = Duration::from_secs(300);

/// Between two looks at what needs a person.
const LOOK: Duration = Duration::from_secs(10);

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

/// Something is open that nothing is known about here: no daemon looks after it.
pub(crate) const UNJOURNALED: &str = "unjournaled";

/// Events that need a person.
pub const ALARMS: [&str; 9] = [
    "deadlineNear",
    "stakeLower",
    "budgetLow",
    "nodeDead",
    "nodeBehind",
    "queueGone",
    "stuck",
    "diskLow",
    UNJOURNALED,
];

impl Snapshot {
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
            let is_little = left.saturating_mul(LITTLE as i64) < window as i64 || (!item.saw_begin && left < LAST);
            if item.is_own_move && is_little {
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
        for (model, (now, wanted)) in self.stakes.iter().filter(|(_, (now, wanted))| now < wanted) {
            let fields = json!({ "model": model, "stakeWei": now.to_string(), "wantedWei": wanted.to_string() });
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
        if let Some(seconds) = self.behind {
            all.push(alarm(
                "nodeBehind",
                String::new(),
                String::new(),
                json!({ "seconds": seconds }),
            ));
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

/// Says what needs a person, once until it changes, for as long as this is polled: whatever the daemon itself waits for.
pub async fn tell(announce: Announcer) {
    tell_every(announce, LOOK).await;
}

async fn tell_every(announce: Announcer, look: Duration) {
    let mut said = Said::default();
    loop {
        for alarm in said.news(announce.vitals.snapshot().alarms()) {
            let subject = alarm.subject.map(|(thing, id)| Subject(thing, id));
            // Where nothing can be shown the daemon ends by itself.
            let _ = announce.say(subject, alarm.event, alarm.fields);
        }
        tokio::time::sleep(look).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proving::promises::allotted::Counted;
    use crate::watch::vitals::{Item, QueueGauges};
    use alloy::primitives::B256;

    const ONE: Key = ("engagement", B256::ZERO);

    fn item(deadline: u64, since: u64) -> Item {
        Item {
            state: "Proving".into(),
            deadline,
            since,
            saw_begin: true,
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
        let open = |item: Item| move |s: &mut Snapshot| s.items = [(ONE, item.clone())].into();
        // A window of 400 s, of which 100 are left, and one second less.
        assert!(with(&open(item(1100, 700))).is_empty());
        assert_eq!(with(&open(item(1099, 700))), ["deadlineNear"]);
        assert_eq!(with(&open(item(900, 700))), ["deadlineNear"]);
        // A daemon that began in the middle does not know how long the window is.
        let unseen = |deadline| Item {
            saw_begin: false,
            ..item(deadline, 1_000)
        };
        assert!(with(&open(unseen(1_900))).is_empty());
        assert_eq!(with(&open(unseen(1_899))), ["deadlineNear"]);
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
        assert_eq!(with(&|s| s.behind = Some(301)), ["nodeBehind"]);
        assert!(with(&|s| s.queue = Some(Ok(QueueGauges::default()))).is_empty());
        assert_eq!(with(&|s| s.queue = Some(Err(away(301)))), ["queueGone"]);
        assert_eq!(with(&|s| s.stuck = (1, Some("too dear".into()))), ["stuck"]);
        assert_eq!(with(&|s| s.free_bytes = Some(LEAST_FREE - 1)), ["diskLow"]);
        assert!(with(&|s| s.free_bytes = Some(LEAST_FREE)).is_empty());
        let stake = |now| move |s: &mut Snapshot| s.stakes = [(B256::ZERO, (now, 7))].into();
        assert!(with(&stake(7)).is_empty());
        assert_eq!(with(&stake(6)), ["stakeLower"]);
    }

    /// It is a daemon that has not reached anything yet, say after its machine has begun anew.
    #[tokio::test]
    async fn alarms_are_told_whatever_the_daemon_waits_for() {
        let (heard, told) = std::sync::mpsc::channel();
        let announce = Announcer::new(move |event| Ok(heard.send(event.event)?));
        announce.vitals.node_behind(Some(301));
        let announced = announce.clone();
        tokio::select! {
            () = tell_every(announced, Duration::from_millis(1)) => {}
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["nodeBehind"]);
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
}
