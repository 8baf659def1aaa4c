//! What daemons of both parties know about audits.

use crate::watch::station::Station;
use crate::watch::turn::Act;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_protocol::abi::{AuditState, AuditView, DemandState, DemandView, RetrievalParams};
use assay_protocol::retrieval::decide::{next, Action, Demand, Facts, Party, Situation};
use assay_protocol::retrieval::windows::{answer_window, prove_window};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

impl Act for Action {
    const WAIT: Self = Self::Wait;

    fn name(&self) -> &'static str {
        Self::name(self)
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
}

impl<'a> Now<'a> {
    /// # Errors
    /// If the node does not answer.
    pub(super) async fn look(desk: &Station<Audits>, id: B256, audit: &'a AuditView) -> eyre::Result<Self> {
        let demands = match audit.counts.openDemands {
            0 => Vec::new(),
            _ => desk.market.demands(id, audit).await?,
        };
        let open = (0..)
            .zip(demands)
            .filter(|(_, view)| view.state != DemandState::Settled);
        Ok(Self {
            audit,
            time: desk.market.chain.now().await?,
            window: window(&desk.market.params, audit),
            demands: open.collect(),
        })
    }

    /// Whether half of the window is over.
    pub(super) fn is_half_over(&self) -> bool {
        self.audit.deadline.saturating_sub(self.time) <= self.window / 2
    }

    /// What is due, with what the party knows about the demands.
    pub(super) fn next(&self, party: Party, demands: &[Demand], facts: &Facts) -> Action {
        let situation = Situation {
            party,
            state: self.audit.state,
            now: self.time,
            deadline: self.audit.deadline,
            window: self.window,
            overrule_by: self.audit.overruleBy,
            is_approved: self.audit.approved,
            demands,
        };
        next(&situation, facts)
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
