//! Additions of points that differ in `x`, none of them infinity.

use halo2_proofs::halo2curves::bn256::Fq;

use super::batch::{Quick, GROUPS};
use super::gather::{gathered, idle, indices, store_some, Coordinates};
use super::packed::{Point, NEGATED};
use crate::eight::{inverse::inverses, Eight};
use crate::memory::prefetch;
use crate::modulus::Prime;

/// Groups by which the loads run ahead.
const AHEAD: usize = 6;

/// `out[i] = points[pairs[i][0]] + points[pairs[i][1]]` for as many `out` as there are pairs, at most `8·GROUPS`. `false` if some pair has
/// equal `x` or a point at infinity: then `out` is as it was.
///
/// Groups of even index and groups of odd index have products of their own, so that two groups at a time are independent.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add(points: &[Point], pairs: &[[u32; 2]], out: &mut [Point], kept: &mut Vec<[Quick; 2]>) -> bool {
    kept.resize(GROUPS / 2, [Quick::empty(); 2]);
    let kept = &mut kept[..pairs.len().div_ceil(16)];
    let one = Eight::<Fq>::splat(&Fq::UNIT);
    // Below (1 + 0.0119·5.01·1.07)·p < 1.07·p.
    let mut product = [one; 2];
    let mut infinity = 0;
    for (two, kept) in kept.iter_mut().enumerate() {
        for h in 0..2 {
            let start = 16 * two + 8 * h;
            let (ahead, end) = (start + 8 * AHEAD, start + 8 * AHEAD + 8);
            if end <= pairs.len() {
                for &index in pairs[ahead..end].as_flattened() {
                    prefetch(points, (index & !NEGATED) as usize);
                }
            }
            // Behind the last pair there is none: its lanes are idle.
            let eight = &pairs[start.min(pairs.len() - 1)..pairs.len().min(start + 8)];
            let first = gathered(points, indices(eight, 0));
            let second = gathered(points, indices(eight, 1));
            infinity |= first.infinity | second.infinity;
            // Below 2.01·p + 3·p.
            let idle = idle(pairs.len().saturating_sub(start));
            let difference = second.x.minus_below::<3>(first.x).normal().select(idle, one);
            // Field by field: a whole structure would be copied through the stack.
            kept[h].prefix = product[h];
            kept[h].difference = difference;
            kept[h].first = first;
            kept[h].second_y = second.y;
        }
        product = Eight::times_two(product, [kept[0].difference, kept[1].difference]);
    }
    // One inversion for both; the product is below (1 + 0.0119·1.07·1.07)·p. The words of 2^8 / (v·2^4) times 2^256: the lane form 2^260 / v.
    let (inverse, zeros) = inverses(product[0].times(product[1]), Fq::from(256));
    if zeros != 0 || infinity != 0 {
        return false;
    }
    // Below 1.02·p at first, then below 1.07·p.
    let mut inverse = Eight::times_two([inverse; 2], [product[1], product[0]]);
    for (two, kept) in kept.iter().enumerate().rev() {
        let one_over = Eight::times_two([kept[0].prefix, kept[1].prefix], inverse);
        inverse = Eight::times_two(inverse, [kept[0].difference, kept[1].difference]);
        let sums = sums(one_over, kept);
        let out = &mut out[16 * two..];
        let (first, second) = out.split_at_mut(out.len().min(8));
        store_some(&sums[0], first);
        let count = second.len().min(8);
        store_some(&sums[1], &mut second[..count]);
    }
    true
}

/// The sums of points with `one_over = 1/(x_2 − x_1)`, below `1.02·p`; the differences that were kept are `x_2 − x_1 + 3·p`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn sums(one_over: [Eight<Fq>; 2], kept: &[Quick; 2]) -> [Coordinates; 2] {
    let zero = Eight::zero();
    let (mut rise, mut x, mut run) = ([zero; 2], [zero; 2], [zero; 2]);
    for h in 0..2 {
        // Below 6·p; limbs within 2^54.
        rise[h] = kept[h].second_y.minus_below::<3>(kept[h].first.y).normal();
    }
    // Below (1 + 0.0119·6·1.02)·p < 1.08·p, and its square below 1.02·p.
    let slope = Eight::times_two(rise, one_over);
    let square = Eight::times_two(slope, slope);
    for h in 0..2 {
        let Quick { difference, first, .. } = &kept[h];
        // λ² − 2·x_1 − (x_2 − x_1 + 3·p) + 8·p is above 0.9·p and below 6.02·p, limbs within 2^55; then below 4.01·p and below 2.01·p.
        let raw = square[h].minus_below::<8>(first.x.plus(first.x).plus(*difference));
        x[h] = raw.lower_by::<4>().lower_by::<2>().normal();
        // Below 2.01·p + 3·p.
        run[h] = first.x.minus_below::<3>(x[h]).normal();
    }
    let product = Eight::times_two(run, slope);
    // Below (1 + 0.0119·5.01·1.08)·p + 3·p < 4.07·p, then below 2.07·p.
    let mut out = [Coordinates {
        x: zero,
        y: zero,
        infinity: 0,
    }; 2];
    for h in 0..2 {
        out[h].x = x[h];
        out[h].y = product[h].minus_below::<3>(kept[h].first.y).lower_by::<2>().normal();
    }
    out
}
