//! Where a daemon works: a party's desk, with what it needs besides.

use super::event::Announcer;
use crate::capacity::release;
use crate::delivery::{Delivery, Place, ServerIdentity};
use crate::engagement::facts::SETTLED;
use crate::engagement::withdraw::{withdraw, Withdrawn};
use crate::engagement::PayingDesk;
use alloy::primitives::{Address, B256};
use assay_chain::journal::{Fact, Journal};
use assay_chain::market::Market;
use assay_chain::venue::Venue;
use assay_protocol::abi::{Challenge, EngagementView, State};
use assay_protocol::accuracy::decide::{Party, Situation};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};

/// Where a set in clear is inside an engagement's directory.
pub(super) const CLEAR_SET: &str = "set";

/// A party's desk, with what its daemon needs besides.
#[derive(Debug, Clone)]
pub struct Station<V = Market> {
    desk: PayingDesk<V>,
    /// Where files are handed over: a directory with one inside for each id, or a server.
    pub exchange: Place,
    /// For requests to a server.
    pub server: ServerIdentity,
    /// Hears what happens.
    pub announce: Announcer,
    /// Held while money is fetched: that has one journal for everything.
    pub till: Arc<Mutex<()>>,
    /// Told when the next pass shall not wait.
    pub wake: Arc<Notify>,
}

impl<V: Venue> Station<V> {
    /// What daemons of both parties start from.
    pub fn new(desk: PayingDesk<V>, exchange: Place, server: ServerIdentity, announce: Announcer) -> Self {
        Self {
            desk,
            exchange,
            server,
            announce,
            till: Arc::default(),
            wake: Arc::default(),
        }
    }

    pub(super) fn delivery(&self, id: B256, other: Address) -> eyre::Result<Delivery> {
        Delivery::open(
            &self.exchange.of_engagement(id),
            id,
            &self.server,
            other,
            self.account.key(),
        )
    }

    /// Fetches what something that is closed left, and is done with it.
    pub(super) async fn settle(&self, id: B256, to: Address) -> eyre::Result<Withdrawn> {
        let _till = self.till.lock().await;
        // It asks for no proof any more; without that the next one who counts them finds out.
        if let Err(error) = release(&self.home, id) {
            self.report
                .warn(format_args!("its proofs are still counted as promised: {error:#}"));
        }
        let withdrawn = withdraw(self, to).await?;
        self.journal(id)?.set_fact(&SETTLED, &true)?;
        Ok(withdrawn)
    }

    /// Ids that this program has a journal of and has not done with.
    pub(super) fn journaled(&self) -> BTreeSet<B256> {
        let entries = std::fs::read_dir(self.home.ids(self.market.chain(), V::FOLDER));
        let ids = entries.into_iter().flatten().flatten();
        let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter(|id| !self.fact(*id, &SETTLED).is_ok_and(|settled| settled == Some(true)))
            .collect()
    }

    /// A fact of an id's journal.
    pub(super) fn fact<T: DeserializeOwned>(&self, id: B256, fact: &Fact<T>) -> eyre::Result<Option<T>> {
        Journal::peek(&self.journal_path(id), fact)
    }
}

impl Station {
    /// The open challenges of a claimed result, also beside a demand.
    pub(super) async fn challenges(&self, id: B256, e: &EngagementView) -> eyre::Result<Vec<(u32, Challenge)>> {
        if e.openChallenges == 0 {
            return Ok(Vec::new());
        }
        self.market.open_challenges(id).await
    }
}

impl Station {
    /// What the chain says of an engagement that it is this party's turn in.
    pub(super) async fn situation(&self, party: Party, e: &EngagementView) -> eyre::Result<Situation> {
        Ok(Situation {
            party,
            state: e.state,
            mode: e.mode,
            adjudication: e.adjudication,
            now: self.market.chain.now().await?,
            deadline: e.deadline,
            window: window(&self.market, e),
        })
    }
}

impl<V> Deref for Station<V> {
    type Target = PayingDesk<V>;

    fn deref(&self) -> &PayingDesk<V> {
        &self.desk
    }
}

/// Seconds that a state of this engagement lasts; 0 if it has no window of its own.
pub fn window(market: &Market, e: &EngagementView) -> u64 {
    let p = &market.params;
    match e.state {
        State::Offered => p.windows.accept,
        State::Locked => p.transfer.commitWindow,
        State::Committed | State::Published => p.transfer.ackWindow,
        State::Acked | State::Proceeded => p.transfer.keyWindow,
        State::Probing => p.windows.decide,
        State::Proving => market.prove_seconds(e.mode),
        State::Claimed => p.claim.challengeWindow,
        State::FullDemanded => {
            let proofs = market.needed(e.mode, e.targetBps) + e.openChallenges;
            p.claim.respondWindow + u64::from(proofs) * p.claim.answerTime
        }
        _ => 0,
    }
}
