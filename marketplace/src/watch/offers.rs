//! Offers that nobody has taken yet.

use crate::capacity::{confirmed_as, has_lapsed};
use alloy::primitives::B256;
use assay_chain::venue::{Venue, View};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Offers on what a party takes offers on, by whatever they name it: each is looked at until it is none any more.
#[derive(Debug, Default)]
pub(super) struct Offers(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How many offers on each were read.
    seen: BTreeMap<B256, u64>,
    /// Those of them that are still offers.
    open: BTreeSet<B256>,
}

impl Offers {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was an offer when they were read last.
    pub(super) fn has(&self, id: B256) -> bool {
        self.inner().open.contains(&id)
    }

    /// Those on `on`, from the one of a number on, read with `from`.
    ///
    /// # Errors
    /// Those of `from`.
    pub(super) async fn read<F>(&self, on: B256, from: impl FnOnce(u64) -> F) -> eyre::Result<()>
    where
        F: Future<Output = eyre::Result<Vec<B256>>>,
    {
        let seen = self.inner().seen.get(&on).copied().unwrap_or_default();
        let new = from(seen).await?;
        let mut inner = self.inner();
        inner.seen.insert(on, seen + new.len() as u64);
        inner.open.extend(new);
        Ok(())
    }

    /// Those that are left, without those that were taken or have lapsed.
    ///
    /// # Errors
    /// If the node does not answer.
    pub(super) async fn left<V: Venue>(&self, market: &V) -> eyre::Result<BTreeSet<B256>> {
        let open: Vec<B256> = self.inner().open.iter().copied().collect();
        let past = confirmed_as(market, open, |offer, now| !offer.is_offer() || has_lapsed(offer, now));
        for id in past.await? {
            self.inner().open.remove(&id);
        }
        Ok(self.inner().open.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_offer_is_read_once() {
        let (offers, id) = (Offers::default(), B256::repeat_byte);
        let all = [id(1), id(2), id(3)];
        let read = |count: usize| move |from: u64| async move { Ok(all[from as usize..count].to_vec()) };
        offers.read(id(9), read(2)).await.unwrap();
        assert!(offers.has(id(1)) && offers.has(id(2)) && !offers.has(id(3)));
        offers.inner().open.remove(&id(1));
        offers.read(id(9), read(3)).await.unwrap();
        assert!(!offers.has(id(1)) && offers.has(id(3)));
        // Those on another one are counted by themselves.
        offers.read(id(8), read(1)).await.unwrap();
        assert!(offers.has(id(1)));
    }
}
