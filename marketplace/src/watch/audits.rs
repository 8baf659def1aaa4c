//! What daemons of both parties know about audits.

use crate::audit::anybody::timeout::settle_demands;
use crate::watch::record::{Failed, Part};
use crate::watch::station::Station;
use crate::watch::turn::Act;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::market::all_answers;
use assay_protocol::abi::{AuditState, AuditView, DemandState, DemandView, RetrievalParams};
use assay_protocol::retrieval::decide::{next, Action, Demand, Facts, Party, Situation};
use assay_protocol::retrieval::windows::{answer_window, prove_window};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Shortest and longest time that the other side may take.
const MIN_PATIENCE: Duration = Duration::from_secs(30);
const MAX_PATIENCE: Duration = Duration::from_secs(1800);

/// Demands that one act is about.
const TOGETHER: usize = 32;

/// What was handed over, and what is missing of it.
pub(super) const DOCUMENTS: Part = ("documents", 0);
pub(super) const MISSING: Part = ("missing", 0);

fn part_of(m: u64) -> Part {
    ("demand", m)
}

impl Act for Action {
    const WAIT: Self = Self::Wait;

    fn name(&self) -> &'static str {
        Self::name(self)
    }

    fn part(&self) -> Option<Part> {
        match self {
            Self::Check => Some(DOCUMENTS),
            Self::Demand => Some(MISSING),
            _ => self.demand().map(part_of),
        }
    }
}

/// Demands that were settled when they were looked at: no look reads them again.
#[derive(Debug, Default)]
pub(super) struct SettledDemands(Mutex<BTreeMap<B256, BTreeSet<u32>>>);

impl SettledDemands {
    fn of(&self, id: B256) -> BTreeSet<u32> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned().unwrap_or_default()
    }

    /// Of so many demands those that are not settled, `open` of them, read with `read`.
    async fn open<F>(
        &self,
        id: B256,
        (demands, open): (u32, u32),
        read: impl Fn(u32) -> F,
    ) -> eyre::Result<Vec<(u32, DemandView)>>
    where
        F: Future<Output = eyre::Result<DemandView>>,
    {
        let mut settled = self.of(id);
        loop {
            let asked = (0..demands).filter(|m| !settled.contains(m));
            let read = asked.map(|m| {
                let demand = read(m);
                async move { Ok((m, demand.await?)) }
            });
            let read = match open {
                0 => Vec::new(),
                _ => all_answers(read).await?,
            };
            let is_open = |(_, demand): &(u32, DemandView)| demand.state != DemandState::Settled;
            let (left, over): (Vec<_>, Vec<_>) = read.into_iter().partition(is_open);
            // After a reorganisation some of them may be open again.
            if left.len() < open as usize && !settled.is_empty() {
                settled.clear();
                continue;
            }
            settled.extend(over.into_iter().map(|(m, _)| m));
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, settled);
            return Ok(left);
        }
    }

    /// Settles what `party` may settle now besides the demand that `action` is about, as much as goes together.
    pub(super) async fn settle(
        &self,
        party: Party,
        desk: &Station<Audits>,
        id: B256,
        now: &Now<'_>,
        action: Action,
    ) -> eyre::Result<Value> {
        let open = now.demands.iter();
        let open: Vec<Demand> = open.filter_map(|(m, view)| Demand::of((*m).into(), view)).collect();
        let due = now.alike(party, &open, &Facts::default(), action)?;
        if due.is_empty() {
            return Ok(Value::Null);
        }
        Ok(json!(settle_demands(desk, id, &due).await?))
    }
}

/// An audit that it is a party's turn in, as the chain has it now.
#[derive(Debug)]
pub(super) struct Now<'a> {
    pub(super) audit: &'a AuditView,
    /// Time of the newest block.
    pub(super) time: u64,
    /// Of the state.
    window: u64,
    /// Those that are not settled, by their numbers.
    pub(super) demands: Vec<(u32, DemandView)>,
    /// Parts in which something failed lately.
    pub(super) resting: BTreeSet<Part>,
}

impl<'a> Now<'a> {
    /// # Errors
    /// If the node does not answer.
    pub(super) async fn look(
        settled: &SettledDemands,
        desk: &Station<Audits>,
        id: B256,
        audit: &'a AuditView,
        failed: &Failed,
    ) -> eyre::Result<Self> {
        Ok(Self {
            audit,
            demands: settled
                .open(id, (audit.counts.demands, audit.counts.openDemands), |m| {
                    desk.market.demand(id, m)
                })
                .await?,
            time: desk.market.chain.now().await?,
            window: window(&desk.market.params, audit),
            resting: failed.resting.clone(),
        })
    }

    /// How long something may take that the other side has a part in: a quarter of what is left until the next deadline.
    pub(super) fn patience(&self) -> Duration {
        // The end of publication, too, costs whoever misses it.
        let ends = |(_, demand): &(u32, DemandView)| [demand.deadline, demand.settleAfter];
        let deadlines = self.demands.iter().flat_map(ends);
        let left = deadlines
            .chain([self.audit.deadline])
            .filter_map(|end| end.checked_sub(self.time));
        let least = left.min().map_or(Duration::ZERO, Duration::from_secs);
        (least / 4).clamp(MIN_PATIENCE, MAX_PATIENCE)
    }

    /// Whether half of the window is over.
    pub(super) fn is_half_over(&self) -> bool {
        self.audit.deadline.saturating_sub(self.time) <= self.window / 2
    }

    /// What is due, with what the party knows about the demands.
    pub(super) fn next(&self, party: Party, demands: &[Demand], facts: &Facts) -> Action {
        next(&self.situation(party, &self.rested(demands)), facts)
    }

    /// The demands about which the same is due as `action`, which is about the first of them: they do not wait for each other.
    pub(super) fn alike(
        &self,
        party: Party,
        demands: &[Demand],
        facts: &Facts,
        action: Action,
    ) -> eyre::Result<Vec<u32>> {
        let rested = self.rested(demands);
        let alike = self.situation(party, &rested).alike(facts, action, TOGETHER);
        alike.into_iter().map(number_of).collect()
    }

    /// The same, with those that rest.
    fn rested(&self, demands: &[Demand]) -> Vec<Demand> {
        let rests = |m| self.resting.contains(&part_of(m));
        let demands = demands.iter().map(|demand| Demand {
            rests: rests(demand.number),
            ..*demand
        });
        demands.collect()
    }

    fn situation<'d>(&self, party: Party, demands: &'d [Demand]) -> Situation<'d> {
        Situation {
            party,
            state: self.audit.state,
            now: self.time,
            deadline: self.audit.deadline,
            window: self.window,
            overrule_by: self.audit.overruleBy,
            is_approved: self.audit.approved,
            demands,
        }
    }
}

/// Seconds that the state of an audit lasts.
fn window(params: &RetrievalParams, audit: &AuditView) -> u64 {
    let windows = &params.windows;
    match audit.state {
        AuditState::Requested => windows.accept,
        AuditState::Accepted => answer_window(windows, audit.size),
        AuditState::Answered => windows.reveal,
        AuditState::Sampled => prove_window(windows, audit.counts.due.into()),
        AuditState::Delivering => windows.demand,
        _ => 0,
    }
}

/// m, as calls have it.
pub(super) fn number_of(m: u64) -> eyre::Result<u32> {
    Ok(u32::try_from(m)?)
}

/// What follows from the events of audits, kept as long as what it follows from is the same: a node has to search all blocks.
#[derive(Debug)]
pub(super) struct Derived<K, T>(Mutex<BTreeMap<B256, (K, T)>>);

impl<K, T> Default for Derived<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, T: Clone> Derived<K, T> {
    /// What follows from `key`, read if it is another one than before.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) async fn of(&self, id: B256, key: K, read: impl Future<Output = eyre::Result<T>>) -> eyre::Result<T> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known().get(&id).filter(|(of, _)| *of == key) {
            return Ok(found.clone());
        }
        let found = read.await?;
        known().insert(id, (key, found.clone()));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::U256;
    use assay_protocol::abi::Point;

    fn demand(state: DemandState) -> DemandView {
        DemandView {
            state,
            listHash: B256::ZERO,
            ctRoot: B256::ZERO,
            ephemeral: Point {
                x: U256::ZERO,
                y: U256::ZERO,
            },
            streamId: B256::ZERO,
            documents: 1,
            published: false,
            paid: 0,
            spent: 0,
            deadline: 0,
            settleAfter: 0,
        }
    }

    #[tokio::test]
    async fn what_is_settled_is_read_once_unless_the_chain_forgets_it() {
        let (known, id) = (SettledDemands::default(), B256::ZERO);
        // Which of four demands are read, and which are found open, if those are.
        let look = async |open: &[u32]| {
            let asked = Mutex::new(BTreeSet::new());
            let read = |m: u32| {
                asked.lock().unwrap().insert(m);
                let state = match open.contains(&m) {
                    true => DemandState::Acked,
                    false => DemandState::Settled,
                };
                async move { Ok(demand(state)) }
            };
            let found = known.open(id, (4, open.len() as u32), read).await.unwrap();
            let found: Vec<u32> = found.into_iter().map(|(m, _)| m).collect();
            assert_eq!(found, open);
            asked.into_inner().unwrap().into_iter().collect::<Vec<u32>>()
        };
        assert_eq!(look(&[1, 2, 3]).await, [0, 1, 2, 3]);
        assert_eq!(look(&[2, 3]).await, [1, 2, 3]);
        assert_eq!(look(&[3]).await, [2, 3]);
        assert_eq!(look(&[1, 3]).await, [0, 1, 2, 3]);
        assert!(look(&[]).await.is_empty());
    }

    #[tokio::test]
    async fn what_is_derived_is_read_again_once_it_follows_from_something_else() {
        let (derived, id) = (Derived::default(), B256::ZERO);
        let says = async |key: u32, new: u32| derived.of(id, key, async { Ok(new) }).await.unwrap();
        assert_eq!((says(1, 10).await, says(1, 11).await), (10, 10));
        assert_eq!((says(2, 12).await, says(1, 13).await), (12, 13));
        assert_eq!(derived.of(B256::repeat_byte(1), 1, async { Ok(14) }).await.unwrap(), 14);
        assert!(derived.of(id, 3, async { Err(eyre::eyre!("no node")) }).await.is_err());
        assert_eq!(says(1, 15).await, 13, "a failure forgets nothing");
    }
}
