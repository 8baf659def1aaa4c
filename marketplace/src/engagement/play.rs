//! Calls that only bring an engagement from one state to another, as rows of data: what each asks for before it is sent stands
//! in the row, and is checked in one place.

use super::{Desk, Ended, Moved, Sent};
use alloy::primitives::B256;
use assay_chain::account::Account;
use assay_chain::client::Call;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::market::{require_state, Market};
use assay_protocol::abi::{EngagementView, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::utc;

/// A call that only moves an engagement.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// Name of its step in the journal: it is sent once.
    pub step: &'static str,
    /// States that it leaves.
    pub from: &'static [State],
    /// Whose it is.
    pub by: By,
    /// Until when.
    pub time: Time,
    /// How sure the state must be that it answers.
    pub confirmed: Confirmed,
    /// What it answers, from what this party knows of the engagement.
    pub guard: fn(&Journal, B256, &EngagementView) -> eyre::Result<B256>,
    /// The call about an engagement, with its guard.
    pub call: fn(&Market, B256, B256) -> Call,
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
    /// As the newest block has it, and why that is enough.
    No(&'static str),
}

/// What a move came to.
#[derive(Debug)]
pub struct Played {
    /// Which engagement.
    pub id: B256,
    /// What it is now.
    pub after: EngagementView,
    /// Absent if it was closed before.
    pub sent: Option<Sent>,
}

impl Desk {
    /// Makes a move, once; does nothing if the engagement is closed.
    ///
    /// # Errors
    /// If the engagement is in another state, the move is not this party's, comes too late or too early to be sure, or is
    /// refused by the contract.
    pub async fn play(&self, id: B256, row: &Move) -> eyre::Result<Played> {
        let e = self.market.engagement(id).await?;
        if e.state == State::Closed {
            return Ok(Played {
                id,
                after: e,
                sent: None,
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
        e: &EngagementView,
        row: &Move,
    ) -> eyre::Result<Played> {
        row.require(self, id, e).await?;
        row.send(self, journal, id, e).await
    }
}

impl Move {
    async fn require(&self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<()> {
        require_state(id, e, self.from)?;
        match self.by {
            By::PartyThenAnybody(_) if desk.market.chain.now().await? > e.deadline => {}
            By::Party(party) | By::PartyThenAnybody(party) => require_party(e, &desk.account, party)?,
        }
        if self.time == Time::InWindow {
            require_time(&desk.market, e).await?;
        }
        if self.confirmed == Confirmed::Settled {
            desk.market.require_settled(id, e).await?;
        }
        Ok(())
    }

    async fn send(&self, desk: &Desk, journal: &mut Journal, id: B256, e: &EngagementView) -> eyre::Result<Played> {
        let guard = (self.guard)(journal, id, e)?;
        let call = (self.call)(&desk.market, id, guard);
        let receipt = desk.account.send(journal, self.step, &call, &desk.report).await?;
        Ok(Played {
            id,
            after: desk.market.engagement(id).await?,
            sent: Some(Sent::from(&receipt)),
        })
    }
}

impl From<Played> for Ended {
    fn from(played: Played) -> Self {
        Self::new(played.id, played.after.outcome, played.sent)
    }
}

impl From<Played> for Moved {
    fn from(played: Played) -> Self {
        Self::new(
            played.id,
            &played.after,
            0,
            Vec::new(),
            played.sent.into_iter().collect(),
        )
    }
}

/// Fails unless this is the account of that party.
///
/// # Errors
/// [`Kind::Usage`](assay_chain::error::Kind) with both addresses.
pub fn require_party(e: &EngagementView, account: &Account, party: Party) -> eyre::Result<()> {
    let theirs = match party {
        Party::Provider => e.mp,
        Party::Consumer => e.mc,
    };
    if theirs == account.address() {
        return Ok(());
    }
    Err(usage(format!(
        "the {} of this engagement is {theirs}, the key is of {}",
        party.name(),
        account.address()
    )))
}

/// Fails if the window that runs in this state is over.
///
/// # Errors
/// With when it ended, and what anybody may do now.
pub async fn require_time(market: &Market, e: &EngagementView) -> eyre::Result<()> {
    let now = market.chain.now().await?;
    if now <= e.deadline {
        return Ok(());
    }
    Err(hinted(
        format!("the window ended {}", utc(e.deadline)),
        "anybody may now call: assay timeout run ID",
    ))
}
