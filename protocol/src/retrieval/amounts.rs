//! What an audit holds, and what each outcome pays:
//!
//! | outcome | requester | responder |
//! |---|---|---|
//! | Cancelled, Declined | π | – |
//! | Timeout, Violation | π + b | 0 |
//! | Unchecked, Complete | 0 | π + b |
//!
//! π is the price, b the responder's bond. A demand holds B beside, the gas of delivering and of publishing its chunks: it returns to
//! the requester, but for half of what a publication used up, unless the audit ended as a Violation.

use crate::abi::{AuditOutcome, DeliveryParams};
use alloy::primitives::U256;

/// Who gets how much, wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// rq.
    pub requester: U256,
    /// rs.
    pub responder: U256,
}

/// What an outcome pays of π and b; `None` of an audit that has not ended.
pub fn row(outcome: AuditOutcome, price: u128, bond: u128) -> Option<Row> {
    let both = U256::from(price) + U256::from(bond);
    let (requester, responder) = match outcome {
        AuditOutcome::Cancelled | AuditOutcome::Declined => (U256::from(price), U256::ZERO),
        AuditOutcome::Timeout | AuditOutcome::Violation => (both, U256::ZERO),
        AuditOutcome::Unchecked | AuditOutcome::Complete => (U256::ZERO, both),
        _ => return None,
    };
    Some(Row { requester, responder })
}

/// What a settled demand pays of B, which was `paid`: half of what the responder's calls `spent` is its own if they published.
pub fn demand_row(is_violated: bool, is_published: bool, paid: u128, spent: u128) -> Row {
    let responder = if is_published && !is_violated {
        paid.min(spent) / 2
    } else {
        0
    };
    Row {
        requester: U256::from(paid - responder),
        responder: U256::from(responder),
    }
}

/// Chunks of one document of L words.
pub fn chunks_per_document(delivery: &DeliveryParams, input_words: u32) -> u64 {
    1 + u64::from(input_words.div_ceil(delivery.wordsPerChunk.max(1)))
}

/// B of a demand for so many documents of L words at this base fee, wei.
pub fn demand_fee(delivery: &DeliveryParams, documents: u32, input_words: u32, base_fee: u128) -> U256 {
    let chunks = u64::from(documents) * chunks_per_document(delivery, input_words);
    deliver_fee(delivery, base_fee) + chunks_fee(delivery, chunks, base_fee)
}

/// Most documents of L words that B of a demand may be for if it has to be `most_wei` at most.
pub fn affordable(delivery: &DeliveryParams, input_words: u32, base_fee: u128, most_wei: u128) -> u32 {
    let left = U256::from(most_wei).saturating_sub(deliver_fee(delivery, base_fee));
    let each = chunks_fee(delivery, chunks_per_document(delivery, input_words), base_fee);
    left.checked_div(each)
        .map_or(u32::MAX, |documents| documents.saturating_to())
}

/// What of B `deliver` uses up.
pub fn deliver_fee(delivery: &DeliveryParams, base_fee: u128) -> U256 {
    U256::from(delivery.deliverGas) * U256::from(base_fee)
}

/// What of B publishing so many chunks uses up.
pub fn chunks_fee(delivery: &DeliveryParams, chunks: u64, base_fee: u128) -> U256 {
    U256::from(chunks) * U256::from(delivery.chunkGas) * U256::from(base_fee)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DELIVERY: DeliveryParams = DeliveryParams {
        wordsPerChunk: 8,
        chunkGas: 12_000,
        deliverGas: 90_000,
    };

    const ENDED: [AuditOutcome; 6] = [
        AuditOutcome::Cancelled,
        AuditOutcome::Declined,
        AuditOutcome::Timeout,
        AuditOutcome::Unchecked,
        AuditOutcome::Violation,
        AuditOutcome::Complete,
    ];

    #[test]
    fn each_outcome_pays_one_side() {
        let paid = |outcome| {
            let row = row(outcome, 7, 100).unwrap();
            (row.requester.to::<u64>(), row.responder.to::<u64>())
        };
        assert_eq!(
            ENDED.map(paid),
            [(7, 0), (7, 0), (107, 0), (0, 107), (107, 0), (0, 107)]
        );
        assert_eq!(row(AuditOutcome::None, 7, 100), None);
    }

    #[test]
    fn a_demand_brings_the_gas_of_its_chunks() {
        assert_eq!(chunks_per_document(&DELIVERY, 892), 113);
        let fee = demand_fee(&DELIVERY, 3, 892, 10);
        assert_eq!(fee, U256::from((90_000 + 3 * 113 * 12_000) * 10));
        let largest = demand_fee(&DELIVERY, 128, u32::MAX, u128::MAX);
        assert!(largest > U256::from(u128::MAX), "no overflow");
    }

    proptest! {
        #[test]
        fn what_can_be_afforded_is_and_one_more_is_not(words in 1..2000u32, base_fee: u64, most: u64) {
            let (base_fee, most) = (base_fee.into(), u128::from(most) << 20);
            let documents = affordable(&DELIVERY, words, base_fee, most);
            let costs = |documents| demand_fee(&DELIVERY, documents, words, base_fee) <= U256::from(most);
            prop_assert!(documents == 0 || costs(documents));
            prop_assert!(documents == u32::MAX || !costs(documents + 1));
        }

        #[test]
        fn rows_pay_all_there_is_and_no_more(price: u128, bond: u128, paid: u128, spent: u128, violated: bool, published: bool) {
            for outcome in ENDED {
                let row = row(outcome, price, bond).unwrap();
                let held = match outcome {
                    AuditOutcome::Cancelled | AuditOutcome::Declined => U256::from(price),
                    _ => U256::from(price) + U256::from(bond),
                };
                prop_assert_eq!(row.requester + row.responder, held);
            }
            let row = demand_row(violated, published, paid, spent);
            prop_assert_eq!(row.requester + row.responder, U256::from(paid));
            // Whoever publishes pays at least as much as it gets.
            prop_assert!(row.responder <= U256::from(spent) / U256::from(2));
            if violated || !published {
                prop_assert_eq!(row.responder, U256::ZERO);
            }
        }
    }
}
