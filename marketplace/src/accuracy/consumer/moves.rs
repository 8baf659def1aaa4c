//! A consumer's moves as rows.

use crate::engagement::facts::VERIFIED_RESULT;
use crate::engagement::play::{By, Confirmed, Move, Time};
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_protocol::abi::IAccuracyMarket::{acceptResultCall, cancelCall};
use assay_protocol::abi::{EngagementView, State};
use assay_protocol::accuracy::decide::Party;

/// Withdraws an offer that nobody accepted.
pub const CANCEL: Move = Move {
    step: "cancel",
    from: &[State::Offered],
    by: By::PartyThenAnybody(Party::Consumer),
    time: Time::AnyTime("an offer that has expired can be taken back too"),
    confirmed: Confirmed::No("it answers nothing: nobody has moved yet"),
    guard: |_, _, e| Ok(e.guard),
    call: |market, id, _| market.call(&cancelCall { id }),
};

/// Closes a claimed engagement as passed, if its result is the one that was verified here.
pub const ACCEPT_RESULT: Move = Move {
    step: "acceptResult",
    from: &[State::Claimed],
    by: By::Party(Party::Consumer),
    time: Time::InWindow,
    confirmed: Confirmed::Deep,
    guard: verified_result,
    call: |market, id, guard| market.call(&acceptResultCall { id, guard }),
};

/// As [`ACCEPT_RESULT`], whatever the result is.
pub const ACCEPT_UNVERIFIED: Move = Move {
    guard: |_, _, e| Ok(e.guard),
    ..ACCEPT_RESULT
};

/// The result whose every position was proven to this consumer: not what the chain says by then.
fn verified_result(journal: &Journal, id: B256, e: &EngagementView) -> eyre::Result<B256> {
    match journal.fact(&VERIFIED_RESULT)? {
        Some(verified) if verified == e.guard => Ok(verified),
        _ => Err(hinted(
            "this result has not been verified here",
            format!("run: assay mc verify {id}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolValue;
    use assay_chain::error::hint_of;

    #[test]
    fn only_the_result_that_was_verified_is_accepted() {
        const FIELDS: usize = 18;
        let claimed = |result| EngagementView {
            guard: result,
            ..EngagementView::abi_decode(&[0; 32 * FIELDS]).unwrap()
        };
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&dir.path().join("journal.json")).unwrap();
        let (id, one, two) = (B256::ZERO, B256::repeat_byte(1), B256::repeat_byte(2));
        let guard = |journal: &Journal, result| (ACCEPT_RESULT.guard)(journal, id, &claimed(result));
        let refused = guard(&journal, one).unwrap_err();
        assert!(hint_of(&refused).unwrap().contains("assay mc verify"));
        journal.set_fact(&VERIFIED_RESULT, &one).unwrap();
        assert_eq!(guard(&journal, one).unwrap(), one);
        assert!(guard(&journal, two).is_err());
        assert_eq!(ACCEPT_RESULT.time, Time::InWindow);
    }
}
