//! What a round takes of both parties; what each outcome pays is `RoundPayouts.sol`'s to say:
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
//! gas of answers. Q is the quiet bond of a private round: a publication takes as much of it as a bond of that block's base fee,
//! whatever the outcome; of that the part for `publish` is the provider's, the part for `confirm` the treasury's.

use crate::abi::{QuietBond, QuietGas};
use alloy::primitives::U256;

/// What `RoundPayouts.sol` counts.
pub const QUIET_GAS: QuietGas = QuietGas {
    confirm: 140_000,
    publishBase: 73_000,
    publishPerWord: 2250,
};

/// Gas of publishing so many predictions in private, as the quiet bond counts it.
pub fn publish_gas(quiet: &QuietGas, predictions: u32) -> u64 {
    u64::from(quiet.publishBase) + u64::from(predictions) * u64::from(quiet.publishPerWord)
}

/// Gas that the quiet bond pays for: of `confirm`, and half of `publish`.
pub fn quiet_gas(quiet: &QuietGas, predictions: u32) -> u64 {
    u64::from(quiet.confirm) + publish_gas(quiet, predictions) / 2
}

/// What a publication at this base fee would take of a quiet bond, and what of that is the provider's, wei.
pub fn publication(quiet: &QuietGas, predictions: u32, paid: u128, base_fee: u128) -> QuietBond {
    let gas = quiet_gas(quiet, predictions);
    let taken = paid.min(u128::from(gas).saturating_mul(base_fee));
    let half = publish_gas(quiet, predictions) / 2;
    let earned = U256::from(taken) * U256::from(half) / U256::from(gas.max(1));
    QuietBond {
        paid,
        taken,
        earned: earned.saturating_to(),
    }
}

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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of `RoundPayouts.t.sol`.
    #[test]
    fn a_publication_takes_what_the_contract_takes() {
        assert_eq!(quiet_gas(&QUIET_GAS, 17), 195_625);
        let amounts = |paid, base_fee| {
            let bond = publication(&QUIET_GAS, 17, paid, base_fee);
            (bond.paid, bond.taken, bond.earned)
        };
        assert_eq!(amounts(1_369_375, 7), (1_369_375, 1_369_375, 389_375));
        assert_eq!(amounts(1_369_375, 3), (1_369_375, 586_875, 166_875));
        assert_eq!(amounts(1_369_374, 9), (1_369_374, 1_369_374, 389_374));
        assert_eq!(amounts(0, 7), (0, 0, 0));
        assert_eq!(amounts(u128::MAX, u128::MAX).1, u128::MAX);
    }
}
