//! What the journals of rounds note beside the transactions, and what is lost without it.
//!
//! | fact | in the journal of | written by, when | without it |
//! |---|---|---|---|
//! | [`INPUTS`] | offer, then round | consumer, **before** the offer | the inputs must be named again |
//! | [`ROUND_OFFER`] | round | consumer, once the offer is mined; provider, **before** it serves | a reorganised offer would go unnoticed |
//! | [`MASTER`] | round | provider, **before** the root that it salts is on chain | no output can be published or proven: the deposit |
//! | [`OUTPUTS_ROOT`] | round | provider, **before** `serve`; consumer, when it has checked all openings | nothing is confirmed, contested or answered |
//! | [`INPUTS_DELIVERED`], [`OUTPUTS_DELIVERED`] | round | who handed something over, after it | it is handed over again |
//! | [`CONTEST_SET`] | round | consumer, **before** the contest | another set would be drawn, which the provider may have seen |

use alloy::primitives::B256;
use assay_chain::journal::Fact;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// File with the inputs.
pub const INPUTS: Fact<PathBuf> = Fact::new("inputs");
/// Hash of the offer that was made, or is served.
pub const ROUND_OFFER: Fact<B256> = Fact::new("offerHash");
/// What the salts of all output words are made of.
pub const MASTER: Fact<B256> = Fact::new("master");
/// Root of the outputs.
pub const OUTPUTS_ROOT: Fact<B256> = Fact::new("outputsRoot");
/// Where the inputs went.
pub const INPUTS_DELIVERED: Fact<String> = Fact::new("inputsDelivered");
/// Where the outputs went.
pub const OUTPUTS_DELIVERED: Fact<String> = Fact::new("outputsDelivered");
/// Indices whose proof this consumer wants.
pub const CONTEST_SET: Fact<BTreeSet<u32>> = Fact::new("contestSet");
