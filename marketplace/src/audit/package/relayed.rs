//! Calls to the market that other contracts made: a transaction does not say what they hold, a node that follows its execution does.
//!
//! # Soundness
//! No hash of a block leads to such a call: it is the exporter's word that it was this one. What it holds is shown by itself, proofs
//! by the key, chunks by the root that the responder committed to, bad data by the judge. Parts of a call on which nothing of that
//! depends, such as guards, nobody compares.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::{refused, require};
use alloy::primitives::{Address, Bytes, B256};
use alloy::sol_types::SolCall;
use assay_chain::block_proof::ProvenTransaction;
use assay_protocol::abi::IRetrievalMarket::{
    proveBadDataCall, publishChunksCall, submitProofsCall, IRetrievalMarketEvents as Event,
};
use serde::{Deserialize, Serialize};

/// What the market was called with by other contracts in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Relayed {
    /// Its hash.
    pub transaction: B256,
    /// One for each event that leaves to its call what it is about, in their order.
    pub calls: Vec<Bytes>,
}

/// Whether an event leaves to its call what it is about.
pub(super) fn is_by_call(event: &Event) -> bool {
    matches!(
        event,
        Event::AuditProven(_) | Event::DemandPublished(_) | Event::AuditBadData(_)
    )
}

/// The calls of one transaction, to be taken event by event.
#[derive(Debug)]
pub(super) enum Calls<'a> {
    /// It called the market itself, with this.
    Direct(&'a Bytes),
    /// Contracts did, with these.
    Carried(std::slice::Iter<'a, Bytes>),
    /// Contracts did, nobody says with what.
    Unknown,
}

impl<'a> Calls<'a> {
    /// Those of a transaction, whose carried calls are the next ones if there are any.
    pub(super) fn of(transaction: &'a ProvenTransaction, market: Address, next: Option<&'a Relayed>) -> Self {
        match next {
            _ if transaction.to == Some(market) => Self::Direct(&transaction.input),
            Some(relayed) => Self::Carried(relayed.calls.iter()),
            None => Self::Unknown,
        }
    }

    /// That of the next event.
    ///
    /// # Errors
    /// If none is left.
    pub(super) fn next(&mut self, event: &Event) -> eyre::Result<Option<Bytes>> {
        match self {
            Self::Direct(call) => Ok(Some((*call).clone())),
            Self::Carried(calls) if is_by_call(event) => {
                let call = calls.next().cloned();
                call.map(Some)
                    .ok_or_else(|| refused("a call that another contract made is missing"))
            }
            Self::Carried(_) | Self::Unknown => Ok(None),
        }
    }

    /// Refuses calls that no event is of.
    ///
    /// # Errors
    /// With how many.
    pub(super) fn end(self) -> eyre::Result<()> {
        let left = match self {
            Self::Carried(calls) => calls.len(),
            Self::Direct(_) | Self::Unknown => 0,
        };
        require(left == 0, || {
            format!("{left} calls that another contract is said to have made are of no event")
        })
    }
}

/// Whether a call is one of those that events leave something to, about this audit.
pub(super) fn is_about(call: &[u8], id: B256) -> bool {
    let selectors = [
        submitProofsCall::SELECTOR,
        publishChunksCall::SELECTOR,
        proveBadDataCall::SELECTOR,
    ];
    call.split_first_chunk::<4>()
        .is_some_and(|(selector, rest)| selectors.contains(selector) && rest.starts_with(id.as_slice()))
}
