//! A consumer's moves as rows.

use crate::engagement::play::{By, Confirmed, Move, Time};
use crate::prediction::facts::OUTPUTS_ROOT;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::rounds::Rounds;
use assay_protocol::abi::IPredictionMarket::{cancelCall, confirmCall};
use assay_protocol::abi::{RoundState, RoundView};
use assay_protocol::accuracy::decide::Party;

/// Withdraws an offer that nobody served.
pub const CANCEL: Move<Rounds> = Move {
    step: "cancel",
    from: &[RoundState::Offered],
    by: By::PartyThenAnybody(Party::Consumer),
    time: Time::AnyTime("an offer that has expired can be taken back too"),
    confirmed: Confirmed::No("it answers nothing: nobody has moved yet"),
    guard: |_, _, round| Ok(round.guard),
    call: |market, id, _| market.call(&cancelCall { id }),
};

/// Closes a round whose outputs are all here, and of which no more is to be proven.
pub const CONFIRM: Move<Rounds> = Move {
    step: "confirm",
    from: &[RoundState::Rooted, RoundState::Served],
    by: By::Party(Party::Consumer),
    time: Time::AnyTime("a confirmation harms nobody but its sender"),
    confirmed: Confirmed::Deep,
    guard: checked_root,
    call: |market, id, guard| market.call(&confirmCall { id, guard }),
};

/// The root that all outputs were checked against: not what the chain says by then.
///
/// # Errors
/// If they were not, or are under another root.
pub fn checked_root(journal: &Journal, id: B256, round: &RoundView) -> eyre::Result<B256> {
    match journal.fact(&OUTPUTS_ROOT)? {
        Some(root) if root == round.guard => Ok(root),
        _ => Err(hinted(
            "the outputs of this round have not been checked here",
            format!(
                "run: assay predict check {id}; who is missing an opening stays silent, and the provider must publish"
            ),
        )),
    }
}
