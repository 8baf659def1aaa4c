//! All of a list, batch by batch.

use super::packed::Point;
use crate::detect::{with_lanes, Ifma};

#[cfg(target_arch = "x86_64")]
use super::batch::{Complete, Quick, GROUPS};

/// The buffers of [`add`]: 400 kB, 700 kB more once points have met. One a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    #[cfg(target_arch = "x86_64")]
    quick: Vec<[Quick; 2]>,
    #[cfg(target_arch = "x86_64")]
    complete: Vec<Complete>,
}

/// `out[i] = points[a] + points[b]` with `[a, b] = pairs[i]`, where [`NEGATED`](crate::points::NEGATED) in an index means the negative. Equal points,
/// opposite ones and infinity may be among them; a batch of 2,048 that has any costs about twice as much. Fewer than 1,024 pairs do not pay
/// their inversion.
///
/// Points that are not on the curve give sums of no meaning, and spoil others of their batch.
///
/// # Panics
/// If an index is not below `points.len()`, or the lengths of `pairs` and `out` differ.
pub fn add(ifma: Ifma, points: &[Point], pairs: &[[u32; 2]], out: &mut [Point], scratch: &mut Scratch) {
    assert!(pairs.len() == out.len());
    with_lanes!(ifma, add_in_lanes(points, pairs, out, scratch));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_in_lanes(points: &[Point], pairs: &[[u32; 2]], out: &mut [Point], scratch: &mut Scratch) {
    for (pairs, out) in pairs.chunks(8 * GROUPS).zip(out.chunks_mut(8 * GROUPS)) {
        if !super::quick::add(points, pairs, out, &mut scratch.quick) {
            super::complete::add(points, pairs, out, &mut scratch.complete);
        }
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine, G1};
    use halo2_proofs::halo2curves::ff::{Field, WithSmallOrderMulGroup};
    use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
    use halo2_proofs::halo2curves::group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::super::packed::NEGATED;
    use super::super::packing::pack;
    use super::*;
    use crate::detect::tests::lanes;
    use crate::modulus::Prime;

    fn random_points(count: usize) -> Vec<G1Affine> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        (0..count)
            .map(|_| (G1::generator() * Fr::random(&mut rng)).to_affine())
            .collect()
    }

    fn packed(ifma: Ifma, points: &[G1Affine]) -> Vec<Point> {
        let mut out = vec![Point::INFINITY; points.len()];
        pack(ifma, points, &mut out);
        out
    }

    fn check(ifma: Ifma, points: &[G1Affine], packed: &[Point], pairs: &[[u32; 2]], scratch: &mut Scratch) {
        let mut out = vec![Point::INFINITY; pairs.len()];
        add(ifma, packed, pairs, &mut out, scratch);
        let signed = |index: u32| {
            let point = points[(index & !NEGATED) as usize];
            if index & NEGATED != 0 {
                -point
            } else {
                point
            }
        };
        for (i, (sum, &[a, b])) in out.iter().zip(pairs).enumerate() {
            assert_eq!(
                sum.to_affine(),
                (signed(a) + signed(b)).to_affine(),
                "pair {i} of {}",
                pairs.len()
            );
            assert_eq!(sum.is_infinity(), bool::from(sum.to_affine().is_identity()));
            assert!(within_bounds(sum) && within_bounds(&sum.negative()), "pair {i}");
            assert_eq!(sum.negative().to_affine(), -sum.to_affine());
        }
    }

    /// In hundredths of the prime, by the highest words.
    fn within_bounds(point: &Point) -> bool {
        let below = |word: u64, bound: u128| u128::from(word) * 100 < u128::from(<Fq as Prime>::WORDS[3]) * bound;
        below(point.words[3], 201) && below(point.words[7], 300)
    }

    /// So many that the rare case is among them: a product above the prime, and a small `y` taken from it.
    #[test]
    fn very_many_sums_keep_to_their_bounds() {
        let Some(ifma) = lanes() else { return };
        let packed = packed(ifma, &random_points(400));
        let pairs: Vec<[u32; 2]> = (0..400)
            .flat_map(|i| (0..400).map(move |j| [i, j]))
            .filter(|[i, j]| i != j)
            .collect();
        let mut out = vec![Point::INFINITY; pairs.len()];
        add(ifma, &packed, &pairs, &mut out, &mut Scratch::default());
        assert!(out.iter().all(within_bounds));
    }

    #[test]
    fn packing_and_negating_are_exact() {
        let Some(ifma) = lanes() else { return };
        assert_eq!(NEGATED, 0x8000_0000);
        assert!(Point::INFINITY.is_infinity() && Point::INFINITY.negative().is_infinity());
        for count in [0, 1, 7, 8, 9, 17] {
            let mut points = random_points(count);
            if count > 2 {
                points[2] = G1Affine::identity();
            }
            for (point, packed) in points.iter().zip(packed(ifma, &points)) {
                assert_eq!(packed.to_affine(), *point);
                assert_eq!(packed.negative().to_affine(), -*point);
                assert_eq!(packed.negative().negative().to_affine(), *point);
                assert!(within_bounds(&packed) && within_bounds(&packed.negative()));
                assert_eq!(packed.is_infinity(), bool::from(point.is_identity()));
            }
        }
    }

    #[test]
    fn sums_of_random_pairs_are_the_librarys_through_many_levels() {
        let Some(ifma) = lanes() else { return };
        let points = random_points(600);
        let mut level = packed(ifma, &points);
        let mut affine = points;
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let mut scratch = Scratch::default();
        // Sums are added again, so that their bounds are met as inputs.
        for count in [5000, 2049, 2048, 1023, 9, 8, 7, 1] {
            let pairs: Vec<[u32; 2]> = (0..count)
                .map(|_| [0; 2].map(|_: u32| (rng.next_u32() % affine.len() as u32) | (rng.next_u32() % 2 * NEGATED)))
                .collect();
            check(ifma, &affine, &level, &pairs, &mut scratch);
            let mut out = vec![Point::INFINITY; pairs.len()];
            add(ifma, &level, &pairs, &mut out, &mut scratch);
            affine = out.iter().map(Point::to_affine).collect();
            level = out;
        }
    }

    /// Points: random ones, then infinity. Pairs: `P + P`, `P − P`, `P + 0`, `0 + P`, `0 + 0`, `−0 + P`.
    #[test]
    fn points_that_meet_are_added_right_in_every_position() {
        let Some(ifma) = lanes() else { return };
        let mut points = random_points(40);
        let zero = points.len() as u32;
        points.push(G1Affine::identity());
        let packed = packed(ifma, &points);
        let plain: Vec<[u32; 2]> = (0..37).map(|i| [i, i + 1]).collect();
        let special = [
            [5, 5],
            [5, 5 | NEGATED],
            [5 | NEGATED, 5],
            [5, zero],
            [zero, 5],
            [zero, zero],
            [zero | NEGATED, 5],
            [5 | NEGATED, zero | NEGATED],
        ];
        let mut scratch = Scratch::default();
        for pair in special {
            check(ifma, &points, &packed, &[pair], &mut scratch);
            for position in 0..plain.len() {
                let mut pairs = plain.clone();
                pairs[position] = pair;
                check(ifma, &points, &packed, &pairs, &mut scratch);
            }
            check(ifma, &points, &packed, &[pair; 20], &mut scratch);
        }
        let all: Vec<[u32; 2]> = special.iter().chain(&plain).chain(&special).copied().collect();
        check(ifma, &points, &packed, &all, &mut scratch);
    }

    /// At every length of a batch, whatever an earlier one left in the buffers.
    #[test]
    fn points_that_differ_take_the_quick_way() {
        let Some(ifma) = lanes() else { return };
        let points = random_points(40);
        let packed = packed(ifma, &points);
        let mut kept = Vec::new();
        for count in (1..=33).chain([2048, 2047]) {
            let pairs: Vec<[u32; 2]> = (0..count).map(|i| [i % 40, (i % 40 + 1 + i / 40 % 39) % 40]).collect();
            let mut out = vec![Point::INFINITY; pairs.len()];
            // SAFETY: the processor has the instructions.
            assert!(unsafe { crate::points::quick::add(&packed, &pairs, &mut out, &mut kept) });
            for (sum, [a, b]) in out.iter().zip(pairs) {
                let want = points[a as usize] + points[b as usize];
                assert_eq!(sum.to_affine(), want.to_affine(), "{a} {b} of {count}");
            }
        }
    }

    /// Points of equal `y` differ in `x` by cube roots of one, and are no doubles: the three of them add up to infinity.
    #[test]
    fn points_of_equal_y_are_no_doubles() {
        let Some(ifma) = lanes() else { return };
        let mut points = random_points(12);
        for i in 0..8 {
            let G1Affine { x, y } = points[i];
            points.extend([Fq::ZETA, Fq::ZETA.square()].map(|root| G1Affine { x: x * root, y }));
        }
        let packed = packed(ifma, &points);
        let mut pairs: Vec<[u32; 2]> = (0..12).flat_map(|i| (0..28).map(move |j| [i, j])).collect();
        pairs.extend((12..28).map(|j| [j, ((j - 12) / 2) | NEGATED]));
        check(ifma, &points, &packed, &pairs, &mut Scratch::default());
        // None meet: the quick way.
        pairs.retain(|[a, b]| points[*a as usize].x != points[(b & !NEGATED) as usize].x);
        check(ifma, &points, &packed, &pairs, &mut Scratch::default());
    }

    /// Coordinates at the upper bounds: `x + p` and `y + 2·p`, as earlier sums could leave them.
    #[test]
    fn coordinates_at_their_bounds_are_added_right() {
        let Some(ifma) = lanes() else { return };
        let points = random_points(33);
        let raise = |words: &mut [u64], times: u32| {
            for _ in 0..times {
                let mut carry = 0u128;
                for (word, prime) in words.iter_mut().zip(<Fq as Prime>::WORDS) {
                    let sum = u128::from(*word) + u128::from(prime) + carry;
                    (*word, carry) = (sum as u64, sum >> 64);
                }
            }
        };
        let mut raised = packed(ifma, &points);
        for (i, point) in raised.iter_mut().enumerate() {
            raise(&mut point.words[..4], i as u32 % 2);
            raise(&mut point.words[4..], i as u32 % 3 % 2 + u32::from(i % 3 == 1));
        }
        let mut pairs = Vec::new();
        for i in 0..33u32 {
            for sign in [0, NEGATED] {
                pairs.extend([[i, ((i + 5) % 33) | sign], [i | sign, (i + 1) % 33], [i, i | sign]]);
            }
        }
        check(ifma, &points, &raised, &pairs, &mut Scratch::default());
        pairs.retain(|pair| (pair[0] ^ pair[1]) & !NEGATED != 0);
        check(ifma, &points, &raised, &pairs, &mut Scratch::default());
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn an_index_beyond_the_points_is_refused() {
        let Some(ifma) = lanes() else {
            panic!("index out of bounds: nothing to test here")
        };
        add(
            ifma,
            &[Point::INFINITY],
            &[[0, 1]],
            &mut [Point::INFINITY],
            &mut Scratch::default(),
        );
    }
}
