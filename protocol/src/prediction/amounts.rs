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
//! gas of answers. Q is the quiet bond of a private round: after a publication as
//! much of it as a bond of that block's base fee is the provider's, whatever the outcome.

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
