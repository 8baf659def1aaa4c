//! Whether a transaction is signed: what it costs is told before, and a person, or a dry run, may say no.
//!
//! The only place that knows of dry runs. A dry run is the real run stopped before its first signature: what the command has prepared
//! by then is kept, as by a process that was killed there, and the command without it goes on from that.

use crate::client::Call;
use crate::error::{Error, Kind};
use crate::money::{acceptable_until, given, sent, Money};
use alloy::primitives::{Address, Bytes, U256};
use alloy::transports::BoxFuture;
use assay_protocol::units::{about_ether, as_decimal, ether, grouped, utc};
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// From this fee on, at the price of now, a person is asked about a transaction that sends nothing: 0.01 ETH.
const ASKED_FEE: u128 = 10_000_000_000_000_000;

/// What a transaction costs, as things are before it is signed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// What it would use if it were in the next block.
    pub gas: u64,
    /// Most that it may use.
    pub gas_limit: u64,
    /// For the gas, at the price of now, wei.
    #[serde(serialize_with = "as_decimal")]
    pub fee_wei: u128,
    /// Most that it can pay for gas, wei.
    #[serde(serialize_with = "as_decimal")]
    pub most_fee_wei: u128,
    /// Sent with the call, wei.
    #[serde(serialize_with = "as_decimal")]
    pub value_wei: u128,
    /// What becomes of that.
    #[serde(flatten)]
    pub money: Money,
    /// Of an offer, Unix seconds: it can be taken back any time until somebody accepts it, which is possible until then; `null` where the
    /// call is none.
    pub acceptable_until: Option<u64>,
    /// What the call gives away of what a contract holds already; `null` if nothing.
    pub gives: Option<String>,
}

/// A transaction that is about to be signed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposed {
    /// As the journal calls it.
    pub step: String,
    /// Who signs.
    pub from: Address,
    /// `null` creates a contract.
    pub to: Option<Address>,
    /// Calldata, or the creation code with its arguments.
    pub data: Bytes,
    /// What it costs.
    pub cost: Cost,
}

/// What a transaction uses and pays, wei where not gas.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gas {
    pub(crate) estimated: u64,
    pub(crate) limit: u64,
    pub(crate) fee_wei: u128,
    pub(crate) most_fee_wei: u128,
}

impl Proposed {
    pub(crate) fn new(step: &str, from: Address, call: &Call, gas: Gas) -> Self {
        Self {
            step: step.to_owned(),
            from,
            to: call.to,
            data: call.data.clone(),
            cost: Cost {
                gas: gas.estimated,
                gas_limit: gas.limit,
                fee_wei: gas.fee_wei,
                most_fee_wei: gas.most_fee_wei,
                value_wei: call.value_wei,
                money: sent(call),
                acceptable_until: acceptable_until(call),
                gives: given(call, from),
            },
        }
    }

    /// Whether a person is asked: it sends or gives away money, or its gas is dear.
    pub(crate) fn is_at_stake(&self) -> bool {
        let cost = &self.cost;
        cost.value_wei > 0 || cost.gives.is_some() || cost.fee_wei >= ASKED_FEE
    }
}

impl fmt::Display for Proposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cost = &self.cost;
        let [fee, most] = [cost.fee_wei, cost.most_fee_wei].map(|wei| about_ether(U256::from(wei)));
        write!(f, "{}: ", self.step)?;
        if let Some(gives) = &cost.gives {
            write!(f, "{gives}; ")?;
        }
        if cost.value_wei > 0 {
            write!(f, "sends {}: ", ether(U256::from(cost.value_wei)))?;
            let Money { locks, pays, back } = cost.money;
            match (locks, pays) {
                (Some(locks), Some(pays)) => write!(f, "locks {locks}, pays {pays}; ")?,
                (Some(locks), None) => write!(f, "locks {locks}; ")?,
                (None, Some(pays)) => write!(f, "pays {pays}; ")?,
                (None, None) => {}
            }
            match back {
                Some(back) => write!(f, "comes back: {back}; ")?,
                None => write!(f, "for good; ")?,
            }
        }
        write!(f, "{} gas cost about {fee} now, {most} at most", grouped(cost.gas))?;
        match cost.acceptable_until {
            Some(until) => write!(
                f,
                "; it can be taken back any time until somebody accepts it, by {} at the latest",
                utc(until)
            ),
            None => Ok(()),
        }
    }
}

/// A person who is asked before a transaction is signed.
pub trait Asked: fmt::Debug + Send + Sync {
    /// Shows what it costs and waits for an answer, which may take minutes.
    ///
    /// # Errors
    /// [`declined`], if it is not to be signed.
    fn ask<'a>(&'a self, proposed: &'a Proposed) -> BoxFuture<'a, eyre::Result<()>>;
}

/// Whether transactions are signed.
#[derive(Debug, Clone, Default)]
pub enum Consent {
    /// All of them.
    #[default]
    Given,
    /// Those that a person lets pass, where money is at stake on a chain that is no devnet.
    Asked(Arc<dyn Asked>),
    /// None, and nothing is sent that was signed before.
    Dry(Tried),
}

/// What a dry run was about to sign; several where they do not depend on each other.
#[derive(Debug, Clone, Default)]
pub struct Tried(Arc<Mutex<Vec<Proposed>>>);

impl Tried {
    /// In the order in which they would have been signed.
    pub fn proposed(&self) -> Vec<Proposed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add(&self, proposed: &Proposed) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(proposed.clone());
    }
}

impl Consent {
    /// Goes on unless this is a dry run.
    ///
    /// # Errors
    /// [`Kind::DryRun`], with what it stopped before.
    pub fn require_real(&self, before: impl fmt::Display) -> eyre::Result<()> {
        match self {
            Self::Dry(_) => Err(stopped(before)),
            Self::Given | Self::Asked(_) => Ok(()),
        }
    }
}

/// [`Kind::DryRun`]: a dry run has come to what it does not do.
pub(crate) fn stopped(before: impl fmt::Display) -> eyre::Report {
    Error::new(Kind::DryRun, format!("dry run: stopped before {before}")).into()
}

/// [`Kind::Declined`]: somebody was asked and did not agree.
pub fn declined(why: &str) -> eyre::Report {
    Error::new(Kind::Declined, why).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::B256;
    use assay_protocol::abi::{Adjudication, IAccuracyMarket, Mode, OfferTerms};

    fn proposed(call: &Call, fee_wei: u128) -> Proposed {
        let gas = Gas {
            estimated: 350_000,
            limit: 420_000,
            fee_wei,
            most_fee_wei: 840_000_000_000_000,
        };
        Proposed::new("open", Address::ZERO, call, gas)
    }

    fn opening(value_wei: u128) -> Call {
        let terms = OfferTerms {
            modelId: B256::ZERO,
            modelHash: B256::ZERO,
            mode: Mode::CLEAR,
            adjudication: Adjudication::DIRECT,
            testRoot: B256::ZERO,
            mcSaltHash: B256::ZERO,
            targetBps: 7500,
            expiry: 1_800_000_000,
        };
        Call::new(Address::ZERO, &IAccuracyMarket::openCall { terms }).with_value(value_wei)
    }

    #[test]
    fn a_line_says_what_is_locked_and_paid_what_gas_costs_and_until_when_it_can_be_accepted() {
        let nothing = proposed(&Call::create(Bytes::new()), 350_000_000_000_000);
        assert_eq!(
            nothing.to_string(),
            "open: 350,000 gas cost about 0.00035 ETH now, 0.00084 ETH at most"
        );
        let line = proposed(&opening(1_500_000_000_000_000_000), 1).to_string();
        assert!(
            line.starts_with(
                "open: sends 1.5 ETH: locks the deposit, pays the fee once a provider accepts; comes back: "
            ),
            "{line}"
        );
        assert!(line.ends_with("by 2027-01-15 08:00:00 UTC at the latest"), "{line}");
        let unknown = Call::new(Address::ZERO, &IAccuracyMarket::cancelCall { id: B256::ZERO }).with_value(1);
        assert!(proposed(&unknown, 1).to_string().contains("for good"));
    }

    #[test]
    fn a_person_is_asked_about_value_and_about_dear_gas() {
        let create = Call::create(Bytes::new());
        for (call, fee, is_asked) in [
            (&opening(1), 1, true),
            (&create, 1, false),
            (&create, ASKED_FEE - 1, false),
            (&create, ASKED_FEE, true),
        ] {
            assert_eq!(proposed(call, fee).is_at_stake(), is_asked, "{fee}");
        }
    }

    #[test]
    fn only_a_dry_run_stops() {
        assert!(Consent::default().require_real("proofs").is_ok());
        let error = Consent::Dry(Tried::default()).require_real("proofs").unwrap_err();
        assert!(Kind::DryRun.is_of(&error), "{error}");
        assert_eq!(error.to_string(), "dry run: stopped before proofs");
    }
}
