//! Deposits of a round, and what each outcome pays: `RoundPayouts.sol` in Rust.
//!
//! | outcome | consumer | provider | strikes |
//! |---|---|---|---|
//! | Cancelled | 2CZ + π + ε + Q | – | 0 |
//! | Void | 2CZ + π + Q | M | public 1, private 0 |
//! | Clean | 2CZ + Q | M + π | 0 |
//! | Upheld | 2CZ − 2kZ + Q | M + π + 2kZ + F | 0 |
//! | Fault | 2CZ + π + M + F + Q | 0 | 1 |
//!
//! Z is the price of a proof, C the most indices that may be contested, k those that were, F what came with the contests for the
//! gas of answers. Q is the quiet bond of a private round: after a publication it is the provider's, whatever the outcome.

use crate::abi::{Privacy, RoundOutcome};
use alloy::primitives::U256;

/// What is at stake in a round, wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stakes {
    /// Z: per proof.
    pub proof: u128,
    /// C: the most indices that may be contested.
    pub contest_cap: u32,
    /// M: the provider's deposit.
    pub provider: u128,
    /// π: for the predictions.
    pub price: u128,
    /// ε: of each side.
    pub fee: u128,
    /// Whether outputs become public.
    pub privacy: Privacy,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// As the contract has it.
    pub outcome: RoundOutcome,
    /// k: contested indices.
    pub contested: u32,
    /// F, wei.
    pub contest_funds: U256,
    /// Q, wei.
    pub quiet_bond: U256,
    /// Whether the provider had to publish the outputs of a private round.
    pub was_published: bool,
}

impl Stakes {
    /// 2CZ: the consumer's deposit. The provider's is at least as much.
    pub fn consumer(&self) -> U256 {
        U256::from(2) * U256::from(self.contest_cap) * U256::from(self.proof)
    }

    /// What `open` takes besides the quiet bond.
    pub fn consumer_entry(&self) -> U256 {
        self.consumer() + U256::from(self.price) + U256::from(self.fee)
    }

    /// What `serve` takes.
    pub fn provider_entry(&self) -> U256 {
        U256::from(self.provider) + U256::from(self.fee)
    }

    /// What consumer and provider get; nothing in a round that is not closed.
    pub fn payouts(&self, end: &End) -> (U256, U256) {
        let (deposit, price, provider) = (self.consumer(), U256::from(self.price), U256::from(self.provider));
        let proven = U256::from(2) * U256::from(end.contested) * U256::from(self.proof);
        let (mut mc, mut mp) = match end.outcome {
            RoundOutcome::Cancelled => (deposit + price + U256::from(self.fee), U256::ZERO),
            RoundOutcome::Void => (deposit + price, provider),
            RoundOutcome::Clean => (deposit, provider + price),
            RoundOutcome::Upheld => (
                deposit.saturating_sub(proven),
                provider + price + proven.min(deposit) + end.contest_funds,
            ),
            RoundOutcome::Fault => (deposit + price + provider + end.contest_funds, U256::ZERO),
            _ => return (U256::ZERO, U256::ZERO),
        };
        if self.privacy == Privacy::PRIVATE && end.was_published {
            mp += end.quiet_bond;
        } else {
            mc += end.quiet_bond;
        }
        (mc, mp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_pays_out_what_came_in() {
        let stakes = Stakes {
            proof: 1_000,
            contest_cap: 5,
            provider: 12_000,
            price: 700,
            fee: 30,
            privacy: Privacy::PRIVATE,
        };
        for (outcome, contested, funds) in [
            (RoundOutcome::Void, 0, 0u64),
            (RoundOutcome::Clean, 0, 0),
            (RoundOutcome::Upheld, 5, 90),
            (RoundOutcome::Upheld, 1, 9),
            (RoundOutcome::Fault, 3, 40),
        ] {
            for was_published in [false, true] {
                let end = End {
                    outcome,
                    contested,
                    contest_funds: U256::from(funds),
                    quiet_bond: U256::from(11),
                    was_published,
                };
                let (mc, mp) = stakes.payouts(&end);
                let came = stakes.consumer() + U256::from(stakes.price + stakes.provider) + U256::from(funds + 11);
                assert_eq!(mc + mp, came, "{end:?}");
            }
        }
        let cancelled = End {
            outcome: RoundOutcome::Cancelled,
            contested: 0,
            contest_funds: U256::ZERO,
            quiet_bond: U256::from(11),
            was_published: false,
        };
        assert_eq!(
            stakes.payouts(&cancelled),
            (stakes.consumer_entry() + U256::from(11), U256::ZERO)
        );
    }
}
