//! What anybody brings about when whoever was to move did not: its outcome, and what the contracts' tables pay with it.

use crate::abi::{AuditOutcome, Outcome, Privacy, RoundOutcome};
use crate::accuracy::decide::Party;
use std::fmt;

/// How something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// An engagement.
    Engagement(Outcome),
    /// A round, and whether its outputs are for everybody.
    Round(RoundOutcome, Privacy),
    /// An audit.
    Audit(AuditOutcome),
    /// A demand, with nobody convicted: its audit goes on, or was closed before.
    Demand {
        /// Whether the responder gets half of the gas that publishing took.
        is_paid: bool,
    },
    /// Nothing happens any more.
    Nothing,
}

/// Where what a contract holds of it goes. Fees that were taken when a provider accepted do not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pays {
    /// Nothing is held.
    Nothing,
    /// To the consumer, who alone paid anything in, fee and all.
    Back,
    /// To each what it paid in: deposits, and a price to the consumer.
    Own,
    /// All to the consumer, but for what publishing outputs cost.
    Consumer,
    /// All to the provider.
    Provider,
    /// To the provider its deposit and what it earned, the rest to the consumer.
    Earned,
}

/// What the provider's stake loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strikes {
    /// Nothing.
    None,
    /// One strike.
    One,
    /// All that the engagement reserved: `faultStrikes` of the market.
    Reserved,
}

impl Ending {
    /// Where what is held goes.
    pub fn pays(self) -> Pays {
        match self {
            Self::Engagement(outcome) => match outcome {
                Outcome::Cancelled => Pays::Back,
                Outcome::NoAck => Pays::Own,
                Outcome::McSilent => Pays::Provider,
                Outcome::MpSilent | Outcome::Fault => Pays::Consumer,
                Outcome::Passed => Pays::Earned,
                _ => Pays::Nothing,
            },
            Self::Round(outcome, _) => match outcome {
                RoundOutcome::Cancelled => Pays::Back,
                RoundOutcome::Void => Pays::Own,
                RoundOutcome::Clean | RoundOutcome::Upheld => Pays::Earned,
                RoundOutcome::Fault => Pays::Consumer,
                _ => Pays::Nothing,
            },
            Self::Audit(outcome) => match outcome {
                AuditOutcome::Cancelled => Pays::Back,
                AuditOutcome::Timeout | AuditOutcome::Violation => Pays::Consumer,
                AuditOutcome::Unchecked | AuditOutcome::Complete => Pays::Provider,
                _ => Pays::Nothing,
            },
            Self::Demand { is_paid: true } => Pays::Earned,
            Self::Demand { is_paid: false } => Pays::Back,
            Self::Nothing => Pays::Nothing,
        }
    }

    /// What the provider's stake loses besides.
    pub fn strikes(self) -> Strikes {
        match self {
            Self::Engagement(Outcome::Fault) => Strikes::Reserved,
            Self::Engagement(Outcome::MpSilent)
            | Self::Round(RoundOutcome::Fault, _)
            | Self::Round(RoundOutcome::Void, Privacy::PUBLIC) => Strikes::One,
            _ => Strikes::None,
        }
    }

    /// As the contract names the outcome; `None` where nothing is closed.
    pub fn outcome(self) -> Option<String> {
        match self {
            Self::Engagement(outcome) => Some(format!("{outcome:?}")),
            Self::Round(outcome, _) => Some(format!("{outcome:?}")),
            Self::Audit(outcome) => Some(format!("{outcome:?}")),
            Self::Demand { .. } | Self::Nothing => None,
        }
    }

    /// Whether it pays a party anything, its own money included: that one has a reason to bring it about.
    pub fn pays_to(self, party: Party) -> bool {
        match self.pays() {
            Pays::Nothing => false,
            Pays::Own | Pays::Earned => true,
            Pays::Back | Pays::Consumer => party == Party::Consumer,
            Pays::Provider => party == Party::Provider,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self, self.pays()) {
            (Self::Nothing, _) | (_, Pays::Nothing) => "nothing happens any more",
            (Self::Demand { .. }, Pays::Back) => "the demand is settled, its fee goes back to the requester",
            (Self::Demand { .. }, _) => {
                "the demand is settled: of its fee the responder gets half of the gas that publishing took, the requester the rest"
            }
            (Self::Audit(_), Pays::Back) => "the request ends, its price goes back to the requester",
            (_, Pays::Back) => "the offer ends, all that it locked goes back to the consumer",
            (_, Pays::Own) => "what each party paid in goes back to it, the fees do not",
            (Self::Engagement(_), Pays::Consumer) => "the provider loses its deposit to the consumer",
            (Self::Round(..), Pays::Consumer) => {
                "the consumer gets the provider's deposit, the price and what its contests cost"
            }
            (_, Pays::Consumer) => "the responder is convicted and loses its bond and the price to the requester",
            (Self::Audit(AuditOutcome::Unchecked), _) => {
                "the responder gets the price and has its bond back, though nothing was checked"
            }
            (Self::Audit(_), _) => "the audit ends, the responder gets the price and has its bond back",
            (_, Pays::Provider) => "the consumer loses its deposit to the provider",
            (Self::Engagement(_), Pays::Earned) => "the claimed result stands, the provider is paid for it",
            (_, Pays::Earned) => "the round ends, the provider is paid for what it served",
        })?;
        f.write_str(match self.strikes() {
            Strikes::None => "",
            Strikes::One => "; the provider's stake loses a strike",
            Strikes::Reserved => "; the provider's stake loses all strikes of a fault",
        })?;
        self.outcome().map_or(Ok(()), |outcome| write!(f, " ({outcome})"))
    }
}
