//! A provider's moves as rows, and what those that end an engagement cost.

use crate::accuracy::provider::guard::{accepted_guard, probed_guard, proceed_guard};
use crate::engagement::play::{By, Confirmed, Move, Time};
use alloy::primitives::U256;
use assay_protocol::abi::IAccuracyMarket::{abortCall, concedeCall, proceedCall};
use assay_protocol::abi::{Amounts, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::ether;

/// Ends an engagement before proving; both deposits return but for A, which pays for the inferences.
pub const ABORT: Move = Move {
    step: "abort",
    from: &[State::Probing],
    by: By::Party(Party::Provider),
    time: Time::InWindow,
    confirmed: Confirmed::Settled,
    guard: accepted_guard,
    call: |market, id, guard| market.call(&abortCall { id, guard }),
};

/// Commits to proving. Whoever saw the decision before the keys it answers are settled could play the engagement again, with
/// the knowledge.
pub const PROCEED: Move = Move {
    step: "proceed",
    from: &[State::Probing],
    by: By::Party(Party::Provider),
    time: Time::InWindow,
    confirmed: Confirmed::Settled,
    guard: proceed_guard,
    call: |market, id, guard| market.call(&proceedCall { id, guard }),
};

/// The same, whatever was advised. The advice stays until the engagement has moved: whoever only tried this, or thought better of it when
/// asked, is still held to it.
pub const PROCEED_ANYWAY: Move = Move {
    guard: probed_guard,
    ..PROCEED
};

/// Admits that the target cannot be proven: the deposit goes to the consumer, without a strike.
pub const CONCEDE: Move = Move {
    step: "concede",
    from: &[State::Proving],
    by: By::Party(Party::Provider),
    time: Time::InWindow,
    confirmed: Confirmed::Settled,
    guard: accepted_guard,
    call: |market, id, guard| market.call(&concedeCall { id, guard }),
};

/// What aborting costs, in words.
pub fn price_of_abort(amounts: &Amounts) -> String {
    format!(
        "aborting gives up the success payment of {}: the deposit of {} comes back with {} for the inferences, the fee of {} \
         does not, and the model's history counts it",
        ether(U256::from(amounts.successPayment)),
        ether(U256::from(amounts.deposit)),
        ether(U256::from(amounts.abortPayment)),
        ether(U256::from(amounts.fee))
    )
}

/// What conceding costs, in words.
pub fn price_of_concession(amounts: &Amounts) -> String {
    format!(
        "conceding costs the whole deposit of {}: it goes to the consumer",
        ether(U256::from(amounts.deposit))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMOUNTS: Amounts = Amounts {
        deposit: 80_000_000_000_000_000,
        abortPayment: 20_000_000_000_000_000,
        successPayment: 160_000_000_000_000_000,
        fee: 1_000_000_000_000_000,
    };

    #[test]
    fn what_cannot_be_taken_back_answers_a_settled_state_in_its_window() {
        for row in [ABORT, PROCEED, PROCEED_ANYWAY, CONCEDE] {
            assert_eq!(
                (row.by, row.time, row.confirmed),
                (By::Party(Party::Provider), Time::InWindow, Confirmed::Settled),
                "{}",
                row.step
            );
        }
    }

    #[test]
    fn the_price_of_an_abort_is_what_a_success_would_have_paid() {
        assert_eq!(
            price_of_abort(&AMOUNTS),
            "aborting gives up the success payment of 0.16 ETH: the deposit of 0.08 ETH comes back with 0.02 ETH for the \
             inferences, the fee of 0.001 ETH does not, and the model's history counts it"
        );
    }

    #[test]
    fn the_price_of_a_concession_is_the_whole_deposit() {
        let said = "conceding costs the whole deposit of 0.08 ETH: it goes to the consumer";
        assert_eq!(price_of_concession(&AMOUNTS), said);
    }
}
