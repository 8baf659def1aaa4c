//! Calls that only bring an engagement from one state to another, as rows of data: what each asks for before it is sent stands
//! in the row, and is checked in one place.

use super::{Desk, Ended, Moved, Sent};
use alloy::primitives::{Address, B256};
use alloy::rpc::types::TransactionReceipt;
use assay_chain::account::Account;
use assay_chain::client::Call;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::venue::{require_state, StateOf, Venue, View};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::utc;

/// A call that only moves an engagement, or what else a venue settles.
#[derive(Debug)]
pub struct Move<V: Venue = Market> {
    /// Name of its step in the journal: it is sent once.
    pub step: &'static str,
    /// States that it leaves.
    pub from: &'static [StateOf<V>],
    /// Whose it is.
    pub by: By,
    /// Until when.
    pub time: Time,
    /// How sure the state must be that it answers.
    pub confirmed: Confirmed,
    /// What it answers, from what this party knows of the engagement.
    pub guard: fn(&Journal, B256, &V::View) -> eyre::Result<B256>,
    /// The call about an id, with its guard.
    pub call: fn(&V, B256, B256) -> Call,
}

/// Whose a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// This party's.
    Party(Party),
    /// This party's, and anybody's once the window is over.
    PartyThenAnybody(Party),
}

/// Until when a move can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// While the window of the state is open.
    InWindow,
    /// As long as the state lasts, and why.
    AnyTime(&'static str),
}

/// How sure the state must be that a move answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// So deep that it is not taken back.
    Settled,
    /// So deep as the sender of a transaction waits for: what is sent before may revert.
    Deep,
    /// As the newest block has it, and why that is enough.
    No(&'static str),
}

/// What a move came to.
#[derive(Debug)]
pub struct Played<W> {
    /// Which one.
    pub id: B256,
    /// What it is now.
    pub after: W,
    /// Absent if it was closed before.
    pub receipt: Option<TransactionReceipt>,
}

impl<W> Played<W> {
    /// The transaction that made the move; absent if it was closed before.
    pub fn sent(&self) -> Option<Sent> {
        self.receipt.as_ref().map(Sent::from)
    }
}

impl<V: Venue> Desk<V> {
    /// Makes a move, once; does nothing if what it moves is closed.
    ///
    /// # Errors
    /// If the engagement is in another state, the move is not this party's, comes too late or too early to be sure, or is
    /// refused by the contract.
    pub async fn play(&self, id: B256, row: &Move<V>) -> eyre::Result<Played<V::View>> {
        let e = self.market.newest(id).await?;
        if e.is_closed() {
            return Ok(Played {
                id,
                after: e,
                receipt: None,
            });
        }
        row.require(self, id, &e).await?;
        // Nothing is kept about an engagement of others.
        let mut journal = self.journal(id)?;
        row.send(self, &mut journal, id, &e).await
    }

    /// Makes a move as [`Desk::play`] does, of an engagement that was read and with its journal, which is open.
    ///
    /// # Errors
    /// As there; also if the engagement is closed.
    pub async fn play_in(
        &self,
        journal: &mut Journal,
        id: B256,
        e: &V::View,
        row: &Move<V>,
    ) -> eyre::Result<Played<V::View>> {
        row.require(self, id, e).await?;
        row.send(self, journal, id, e).await
    }
}

impl<V: Venue> Move<V> {
    async fn require(&self, desk: &Desk<V>, id: B256, e: &V::View) -> eyre::Result<()> {
        require_state(id, e, self.from)?;
        match self.by {
            By::PartyThenAnybody(_) if desk.market.chain().now().await? > e.deadline() => {}
            By::Party(party) | By::PartyThenAnybody(party) => require_party(e, &desk.account, party)?,
        }
        if self.time == Time::InWindow {
            require_time(&desk.market, e).await?;
        }
        match self.confirmed {
            Confirmed::Settled => desk.market.require_settled(id, e).await?,
            Confirmed::Deep => desk.market.require_confirmed(id, e).await?,
            Confirmed::No(_) => {}
        }
        Ok(())
    }

    async fn send(
        &self,
        desk: &Desk<V>,
        journal: &mut Journal,
        id: B256,
        e: &V::View,
    ) -> eyre::Result<Played<V::View>> {
        let guard = (self.guard)(journal, id, e)?;
        let call = (self.call)(&desk.market, id, guard);
        let receipt = desk.account.send(journal, self.step, &call, &desk.report).await?;
        Ok(Played {
            id,
            after: desk.market.newest(id).await?,
            receipt: Some(receipt),
        })
    }
}

impl<W: View> From<Played<W>> for Ended {
    fn from(played: Played<W>) -> Self {
        Self::new(played.id, &played.after, played.receipt.as_ref())
    }
}

impl<W: View> From<Played<W>> for Moved {
    fn from(played: Played<W>) -> Self {
        Self::new(
            played.id,
            &played.after,
            0,
            Vec::new(),
            played.sent().into_iter().collect(),
        )
    }
}

/// Fails unless this is the account of that party.
///
/// # Errors
/// [`Kind::Usage`](assay_chain::error::Kind) with both addresses.
pub fn require_party<W: View>(e: &W, account: &Account, party: Party) -> eyre::Result<()> {
    let theirs = party_of(e, party);
    if theirs == account.address() {
        return Ok(());
    }
    Err(usage(format!(
        "the {} of this {} is {theirs}, the key is of {}",
        party.name(),
        W::THING,
        account.address()
    )))
}

/// Fails if the window that runs in this state is over.
///
/// # Errors
/// With when it ended, and what anybody may do now.
pub async fn require_time<V: Venue>(market: &V, e: &V::View) -> eyre::Result<()> {
    require_time_of(market, e.deadline()).await
}

/// As [`require_time`], of a window in it that ends with this second.
///
/// # Errors
/// As there.
pub async fn require_time_of<V: Venue>(market: &V, deadline: u64) -> eyre::Result<()> {
    let now = market.chain().now().await?;
    if now <= deadline {
        return Ok(());
    }
    Err(hinted(
        format!("the window ended {}", utc(deadline)),
        format!("anybody may now call: {} ID", V::View::TIMEOUT),
    ))
}

/// Whose account that party's is.
pub fn party_of(e: &impl View, party: Party) -> Address {
    match party {
        Party::Provider => e.provider(),
        Party::Consumer => e.consumer(),
    }
}
