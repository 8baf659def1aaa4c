//! What an engagement is after a call.

use crate::engagement::Sent;
use alloy::primitives::{B256, U256};
use assay_chain::venue::{Venue, View};
use assay_protocol::units::{ether, utc};
use serde::Serialize;

/// An engagement or a round after a move.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    #[serde(skip)]
    thing: &'static str,
    /// Of the engagement or the round.
    pub id: B256,
    /// As the contract names it.
    pub state: String,
    /// `None` while the engagement is open.
    pub outcome: String,
    /// End of the window that runs now; 0 if none.
    pub until: u64,
    /// Sent with the calls, gas aside.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub paid_wei: u128,
    /// In the proven set, or of the round; empty where the move is about no position.
    pub positions: Vec<u32>,
    /// Empty if nothing was left to do.
    pub sent: Vec<Sent>,
    #[serde(skip)]
    next: Option<String>,
}

impl Moved {
    /// What a view says, after calls that paid `paid_wei` for these positions.
    pub fn new<W: View>(id: B256, after: &W, paid_wei: u128, positions: Vec<u32>, sent: Vec<Sent>) -> Self {
        Self {
            thing: W::THING,
            id,
            state: format!("{:?}", after.state()),
            outcome: after.outcome(),
            until: after.deadline(),
            paid_wei,
            positions,
            sent,
            next: after.next(id),
        }
    }

    /// As [`Moved::new`], with what the market says now.
    pub async fn read(
        market: &impl Venue,
        id: B256,
        paid_wei: u128,
        positions: Vec<u32>,
        sent: Vec<Sent>,
    ) -> eyre::Result<Self> {
        let after = market.newest(id).await?;
        Ok(Self::new(id, &after, paid_wei, positions, sent))
    }
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.paid_wei > 0 {
            writeln!(f, "paid {}", ether(U256::from(self.paid_wei)))?;
        }
        match self.until {
            0 => write!(f, "{} {} is {}: {}", self.thing, self.id, self.state, self.outcome)?,
            until => write!(f, "{} {} is {} until {}", self.thing, self.id, self.state, utc(until))?,
        }
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}
