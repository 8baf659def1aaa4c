//! The buffers of a batch.

use std::arch::x86_64::__mmask8;

use halo2_proofs::halo2curves::bn256::Fq;

use super::gather::Coordinates;
use crate::eight::Eight;

/// Groups of eight additions that share an inversion: 2,048 additions; what a quick group keeps is 1.6 kB.
pub(super) const GROUPS: usize = 256;

/// What an addition of points that differ keeps between its two halves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quick {
    /// The product of the differences before this one.
    pub(super) prefix: Eight<Fq>,
    /// `x_2 − x_1`, or one in lanes without an addition.
    pub(super) difference: Eight<Fq>,
    pub(super) first: Coordinates,
    pub(super) second_y: Eight<Fq>,
}

impl Quick {
    /// Zeros.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn empty() -> Self {
        let zero = Eight::zero();
        Self {
            prefix: zero,
            difference: zero,
            first: Coordinates {
                x: zero,
                y: zero,
                infinity: 0,
            },
            second_y: zero,
        }
    }
}

/// What an addition of any points keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Complete {
    /// The product of the denominators before this one.
    pub(super) prefix: Eight<Fq>,
    /// `x_2 − x_1`, `2·y_1` for doublings, one where nothing is divided.
    pub(super) denominator: Eight<Fq>,
    /// `y_2 − y_1`, `3·x_1²` for doublings.
    pub(super) numerator: Eight<Fq>,
    pub(super) first: Coordinates,
    pub(super) second: Coordinates,
    /// Lanes whose points are opposite: the result is infinity.
    pub(super) opposite: __mmask8,
}
