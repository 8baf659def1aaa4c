//! The group G1 of BN254 and its scalars, for keys that two sides agree on.
//!
//! `y² = x³ + 3` over the base field. Every point of the curve is in the group, whose order is the scalar field's. Infinity is no
//! point here: under it everybody would share the same.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::abi;
use alloy::primitives::U256;
use assay_statement::field::{from_be_bytes, to_be_bytes, Fr};
use halo2_proofs::halo2curves::bn256::{Fq, G1Affine, G1};
use halo2_proofs::halo2curves::ff::PrimeField;
use halo2_proofs::halo2curves::group::{prime::PrimeCurveAffine, Curve, Group as _};
use halo2_proofs::halo2curves::CurveAffine;
use std::ops::{Add, Mul};

/// A point other than infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element(G1Affine);

/// Two words are no point: a coordinate is not below the order of the base field, or the point is infinity or not on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("({x}, {y}) is no point of BN254")]
pub struct NoPoint {
    /// As given.
    pub x: U256,
    /// As given.
    pub y: U256,
}

impl Element {
    /// (1, 2).
    pub fn generator() -> Self {
        Self(G1Affine::generator())
    }

    /// As the contract checks it.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(point: &abi::Point) -> Result<Self, NoPoint> {
        let coordinates = coordinate(point.x).zip(coordinate(point.y));
        let on_curve = coordinates.and_then(|(x, y)| Option::from(G1Affine::from_xy(x, y)));
        let is_finite = |point: &G1Affine| !bool::from(point.is_identity());
        on_curve
            .filter(is_finite)
            .map(Self)
            .ok_or(NoPoint { x: point.x, y: point.y })
    }

    /// As the contract takes it.
    pub fn point(&self) -> abi::Point {
        abi::Point {
            x: U256::from_le_bytes(self.0.x.to_repr()),
            y: U256::from_le_bytes(self.0.y.to_repr()),
        }
    }

    /// `self + other`; `None` if that is infinity.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        Self::finite(self.0.add(other.0))
    }

    /// `k·self`; `None` for zero.
    pub fn times(&self, k: &Fr) -> Option<Self> {
        Self::finite(self.0.mul(*k))
    }

    fn finite(sum: G1) -> Option<Self> {
        (!bool::from(sum.is_identity())).then(|| Self(sum.to_affine()))
    }
}

fn coordinate(word: U256) -> Option<Fq> {
    Fq::from_repr(word.to_le_bytes::<32>()).into()
}

/// The scalar that a word is; `None` unless it is below the order of the group.
pub fn scalar(word: U256) -> Option<Fr> {
    from_be_bytes(&word.to_be_bytes::<32>())
}

/// A scalar as a word.
pub fn word(scalar: &Fr) -> U256 {
    U256::from_be_bytes(to_be_bytes(scalar))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::uint;

    const BASE_ORDER: U256 = uint!(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47_U256);

    fn point(x: U256, y: U256) -> abi::Point {
        abi::Point { x, y }
    }

    #[test]
    fn the_generator_is_one_two_and_its_multiples_come_back() {
        let generator = Element::generator();
        assert_eq!(generator.point(), point(U256::from(1), U256::from(2)));
        let five = generator.times(&Fr::from(5)).unwrap();
        assert_eq!(Element::parse(&five.point()), Ok(five));
        let four = generator.times(&Fr::from(4)).unwrap();
        assert_eq!(four.plus(&generator), Some(five));
    }

    #[test]
    fn infinity_is_no_point() {
        let generator = Element::generator();
        assert!(Element::parse(&point(U256::ZERO, U256::ZERO)).is_err());
        assert_eq!(generator.times(&Fr::zero()), None);
        let minus = point(U256::from(1), BASE_ORDER - U256::from(2));
        assert_eq!(generator.plus(&Element::parse(&minus).unwrap()), None);
    }

    #[test]
    fn what_is_off_the_curve_or_not_canonical_is_no_point() {
        let (x, y) = (U256::from(1), U256::from(2));
        for (x, y) in [
            (x, U256::from(3)),
            (U256::from(2), y),
            (x + BASE_ORDER, y),
            (x, y + BASE_ORDER),
            (U256::ZERO, y),
            (BASE_ORDER, U256::ZERO),
            (U256::MAX, U256::MAX),
        ] {
            assert_eq!(Element::parse(&point(x, y)), Err(NoPoint { x, y }));
        }
    }

    #[test]
    fn scalars_are_canonical() {
        let order = crate::ids::SCALAR_ORDER;
        assert_eq!(scalar(order), None);
        let last = order - U256::from(1);
        assert_eq!(word(&scalar(last).unwrap()), last);
    }
}
