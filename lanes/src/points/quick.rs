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

/// `out[i] = points[pairs[i][0]] + points[pairs[i][1]]` for at most `8·GROUPS` pairs. `false` if some pair has equal `x` or a point at infinity:
/// then `out` is as it was.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add(points: &[Point], pairs: &[[u32; 2]], out: &mut [Point], kept: &mut Vec<Quick>) -> bool {
    assert!(pairs.len() == out.len() && pairs.len() <= 8 * GROUPS);
    kept.resize(GROUPS, Quick::empty());
    let groups = pairs.len().div_ceil(8);
    let one = Eight::<Fq>::splat(&Fq::UNIT);
    // Below (1 + 0.0118·5.01·1.07)·p < 1.07·p.
    let mut product = one;
    let mut infinity = 0;
    for (group, eight) in pairs.chunks(8).enumerate() {
        let ahead = 8 * (group + AHEAD);
        if ahead < pairs.len() {
            for &index in pairs[ahead..pairs.len().min(ahead + 8)].as_flattened() {
                prefetch(points, (index & !NEGATED) as usize);
            }
        }
        let first = gathered(points, indices(eight, 0));
        let second = gathered(points, indices(eight, 1));
        infinity |= first.infinity | second.infinity;
        // Below 2.01·p + 3·p.
        let difference = second
            .x
            .minus_below::<3>(first.x)
            .normal()
            .select(idle(eight.len()), one);
        // Field by field: a whole structure would be copied through the stack.
        let kept = &mut kept[group];
        kept.prefix = product;
        kept.difference = difference;
        kept.first = first;
        kept.second_y = second.y;
        product = product.times(difference);
    }
    // The words of 2^8 / (v·2^4) times 2^256: the lane form 2^260 / v.
    // Canonical at first, then below 1.07·p.
    let (mut inverse, zeros) = inverses(product, Fq::from(256));
    if zeros != 0 || infinity != 0 {
        return false;
    }
    let mut outs = out.chunks_mut(8).rev();
    for Quick {
        prefix,
        difference,
        first,
        second_y,
    } in kept[..groups].iter().rev()
    {
        let out = outs.next().expect("as many groups as were kept");
        let one_over = prefix.times(inverse);
        inverse = inverse.times(*difference);
        let sums = sum(one_over, *difference, first, *second_y);
        store_some(&sums, out);
    }
    true
}

/// The sum of points with `one_over = 1/(x_2 − x_1)`, below `1.02·p`, and `difference = x_2 − x_1 + 3·p`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn sum(one_over: Eight<Fq>, difference: Eight<Fq>, first: &Coordinates, second_y: Eight<Fq>) -> Coordinates {
    // Below 6·p; limbs within 2^54.
    let rise = second_y.minus_below::<3>(first.y).normal();
    // Below (1 + 0.0118·6·1.02)·p < 1.08·p, and its square below 1.02·p.
    let slope = rise.times(one_over);
    let square = slope.times(slope);
    // λ² − 2·x_1 − (x_2 − x_1 + 3·p) + 8·p is above 0.9·p and below 6.02·p, limbs within 2^55; then below 4.01·p and below 2.01·p.
    let x = square
        .minus_below::<8>(first.x.plus(first.x).plus(difference))
        .lower_by::<4>()
        .lower_by::<2>()
        .normal();
    // Below 2.01·p + 3·p; then below (1 + 0.0118·5.01·1.08)·p + 3·p < 4.07·p and below 2.07·p.
    let run = first.x.minus_below::<3>(x).normal();
    let y = run.times(slope).minus_below::<3>(first.y).lower_by::<2>().normal();
    Coordinates { x, y, infinity: 0 }
}
