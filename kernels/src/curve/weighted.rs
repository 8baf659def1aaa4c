//! Sums of buckets to windows: `Σ_b (b + 1)·B_b`.
//!
//! Buckets are joined in pairs, level by level. With `S` the sum of all and `T_i` the sum of the right halves that are joined at level `i`,
//! that is of all `B_b` with bit `i` of `b` set: `Σ_b (b + 1)·B_b = S + Σ_i 2^i·T_i`. The joining makes every `S`-like sum once, and the
//! `T_i` have as many terms as there are buckets, all in all: two additions a bucket, in batches.

use halo2_proofs::halo2curves::bn256::G1;
use halo2_proofs::halo2curves::group::Group;

use super::adder::Adder;
use super::tree::Tree;

/// No point there: infinity.
const NONE: u32 = u32::MAX;

/// The windows whose buckets follow each other in `sums`, `2^log_buckets` each.
pub(super) fn windows<A: Adder>(adder: &A, sums: Vec<A::Point>, log_buckets: usize, tree: &mut Tree<A>) -> Vec<G1> {
    let count = sums.len() >> log_buckets;
    let mut points = sums;
    let mut level: Vec<u32> = points
        .iter()
        .enumerate()
        .map(|(i, point)| if A::is_infinity(point) { NONE } else { i as u32 })
        .collect();
    // Right halves, level by level and window by window.
    let (mut rights, mut counts) = (Vec::new(), Vec::new());
    let mut pairs = Vec::new();
    for i in 0..log_buckets {
        pairs.clear();
        let joined = 1 << (log_buckets - i - 1);
        for window in level.chunks(2 * joined) {
            let before = rights.len();
            rights.extend(window.chunks(2).map(|pair| pair[1]).filter(|&right| right != NONE));
            counts.push((rights.len() - before) as u32);
        }
        let first = points.len() as u32;
        level = level
            .chunks(2)
            .map(|pair| match *pair {
                [left, NONE] => left,
                [NONE, right] => right,
                _ => {
                    pairs.push([pair[0], pair[1]]);
                    first + pairs.len() as u32 - 1
                }
            })
            .collect();
        let mut added = vec![A::INFINITY; pairs.len()];
        adder.add(&points, &pairs, &mut added, &mut tree.scratch);
        points.extend_from_slice(&added);
    }
    let mut totals = vec![A::INFINITY; counts.len()];
    tree.sums(adder, &points, &rights, &counts, &mut totals);
    (0..count)
        .map(|window| {
            let weighted = (0..log_buckets).rev().fold(G1::identity(), |sum, i| {
                sum.double() + A::to_affine(&totals[i * count + window])
            });
            match level[window] {
                NONE => weighted,
                all => weighted + A::to_affine(&points[all as usize]),
            }
        })
        .collect()
}
