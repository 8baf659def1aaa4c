//! Additions one at a time, 2,048 with one inversion.
//!
//! | points | numerator | denominator | result |
//! |---|---|---|---|
//! | different `x` | `y_2 − y_1` | `x_2 − x_1` | the sum |
//! | equal | `3·x_1²` | `2·y_1` | the double |
//! | opposite | | 1 | infinity |
//! | one is infinity | | 1 | the other |
//!
//! Products are unreduced: of factors below `2·p` they are below `(1 + 0.1891·4)·p < 2·p`.

use assay_lanes::memory::prefetch;
use assay_lanes::points::NEGATED;
use assay_lanes::single::Single;
use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;

use super::adder::Adder;

/// Additions that share an inversion.
const TOGETHER: usize = 2048;

/// Pairs by which the loads run ahead.
const AHEAD: usize = 16;

/// Adds with the library's field.
pub(super) struct Portable;

/// What an addition keeps between its two halves.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// The product of the denominators before this one, below `2·p`.
    prefix: Single<Fq>,
    denominator: Fq,
    numerator: Fq,
    first: G1Affine,
    second_x: Fq,
    /// The result, if nothing is divided for it.
    known: bool,
}

const INFINITY: G1Affine = G1Affine {
    x: Fq::ZERO,
    y: Fq::ZERO,
};

/// No point of the curve has `y = 0`.
fn is_infinity(point: &G1Affine) -> bool {
    point.y == Fq::ZERO
}

impl Adder for Portable {
    type Point = G1Affine;
    type Scratch = Vec<Kept>;
    const INFINITY: G1Affine = INFINITY;

    fn is_infinity(point: &G1Affine) -> bool {
        is_infinity(point)
    }

    fn negative(point: &G1Affine) -> G1Affine {
        G1Affine {
            x: point.x,
            y: -point.y,
        }
    }

    fn to_affine(point: &G1Affine) -> G1Affine {
        *point
    }

    fn pack(&self, points: &[G1Affine], out: &mut [G1Affine]) {
        out.copy_from_slice(points);
    }

    fn integers(&self, scalars: &[Fr], out: &mut [[u64; 4]]) {
        for (scalar, out) in scalars.iter().zip(out) {
            *out = (*scalar).into();
        }
    }

    fn add(&self, points: &[G1Affine], pairs: &[[u32; 2]], out: &mut [G1Affine], scratch: &mut Vec<Kept>) {
        assert_eq!(pairs.len(), out.len());
        for (pairs, out) in pairs.chunks(TOGETHER).zip(out.chunks_mut(TOGETHER)) {
            add_together(points, pairs, out, scratch);
        }
    }
}

fn add_together(points: &[G1Affine], pairs: &[[u32; 2]], out: &mut [G1Affine], kept: &mut Vec<Kept>) {
    kept.clear();
    let mut prefix = Single::load(&Fq::ONE);
    for (i, &[a, b]) in pairs.iter().enumerate() {
        for index in pairs.get(i + AHEAD).into_iter().flatten() {
            prefetch(points, (index & !NEGATED) as usize);
        }
        let (first, second) = (Portable::signed(points, a), Portable::signed(points, b));
        let mut next = Kept {
            prefix,
            denominator: second.x - first.x,
            numerator: second.y - first.y,
            first,
            second_x: second.x,
            known: false,
        };
        if is_infinity(&first) {
            next = Kept {
                first: second,
                known: true,
                ..next
            };
        } else if is_infinity(&second) {
            next.known = true;
        } else if next.denominator == Fq::ZERO {
            if next.numerator == Fq::ZERO {
                let square = first.x.square();
                (next.numerator, next.denominator) = (square.double() + square, first.y.double());
            } else {
                next = Kept {
                    first: INFINITY,
                    known: true,
                    ..next
                };
            }
        }
        if !next.known {
            prefix = prefix.times(Single::load(&next.denominator));
        }
        kept.push(next);
    }
    // A denominator is zero only if a point is not on the curve; the sums are of no use then.
    let mut inverse = Single::load(&prefix.store().invert().unwrap_or(Fq::ZERO));
    for (kept, out) in kept.iter().zip(out).rev() {
        let Kept {
            prefix,
            denominator,
            numerator,
            first,
            second_x,
            known,
        } = kept;
        if *known {
            *out = *first;
            continue;
        }
        let slope = inverse.times(*prefix).times(Single::load(numerator));
        inverse = inverse.times(Single::load(denominator));
        let [x, y] = [first.x, first.y].map(|coordinate| Single::load(&coordinate));
        // Below 2·p + p + p, then below 2·p + p.
        let sum_x = slope
            .times(slope)
            .minus_below::<1>(x)
            .minus_below::<1>(Single::load(second_x))
            .store();
        let sum_y = slope
            .times(x.minus_below::<1>(Single::load(&sum_x)))
            .minus_below::<1>(y)
            .store();
        *out = G1Affine { x: sum_x, y: sum_y };
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::bn256::G1;
    use halo2_proofs::halo2curves::group::Curve;

    use super::*;

    #[test]
    fn points_that_meet_are_added_right_in_every_position() {
        let mut points: Vec<G1Affine> = (1..20)
            .map(|i| (G1::generator() * Fr::from(i * i + 5)).to_affine())
            .collect();
        let zero = points.len() as u32;
        points.push(INFINITY);
        let plain: Vec<[u32; 2]> = (0..11).map(|i| [i, (i + 1) | NEGATED]).collect();
        let special = [
            [5, 5],
            [5, 5 | NEGATED],
            [5, zero],
            [zero, 5],
            [zero, zero],
            [zero | NEGATED, 5 | NEGATED],
        ];
        let mut scratch = Vec::new();
        for pair in special {
            for position in 0..plain.len() {
                let mut pairs = plain.clone();
                pairs[position] = pair;
                let mut out = vec![INFINITY; pairs.len()];
                Portable.add(&points, &pairs, &mut out, &mut scratch);
                for (sum, [a, b]) in out.iter().zip(pairs) {
                    assert_eq!(
                        *sum,
                        (Portable::signed(&points, a) + Portable::signed(&points, b)).to_affine()
                    );
                }
            }
        }
    }
}
