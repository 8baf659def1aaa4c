//! What proofs and gas cost whoever needs them.

use crate::cost::{Cost, Prices, Proof};

/// What proofs and gas cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// One proof, and its answer on chain.
    pub proof: Proof,
    /// Prices of both.
    pub prices: Prices,
}

impl Costs {
    /// c of a proof in ether, without gas.
    pub(super) fn compute(&self) -> f64 {
        Cost::of(1, self.proof, self.prices).compute / self.prices.ether
    }

    /// Ether that an answer costs on chain.
    pub(super) fn answer(&self) -> f64 {
        let cost = Cost::of(1, self.proof, self.prices);
        (cost.gas + cost.data) / self.prices.ether
    }
}

/// A proof of 48 s, at two gwei.
#[cfg(test)]
pub(super) fn of_the_page() -> Costs {
    Costs {
        proof: Proof {
            seconds: 48.0,
            ..Proof::measured()
        },
        prices: Prices::l1(2.0),
    }
}
