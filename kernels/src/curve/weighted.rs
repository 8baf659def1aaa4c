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

/// Buffers, one a task.
#[derive(Debug, Default)]
pub(super) struct Joining {
    level: Vec<u32>,
    pairs: Vec<[u32; 2]>,
    /// Right halves, level by level and window by window, and how many of each.
    rights: Vec<u32>,
    counts: Vec<u32>,
}

/// The windows whose buckets follow each other in `points`, `2^log_buckets` each. More points are written after them.
pub(super) fn windows<A: Adder>(
    adder: &A,
    points: &mut Vec<A::Point>,
    log_buckets: usize,
    joining: &mut Joining,
    tree: &mut Tree<A>,
) -> Vec<G1> {
    let count = points.len() >> log_buckets;
    let Joining {
        level,
        pairs,
        rights,
        counts,
    } = joining;
    level.clear();
    level.extend(
        (0u32..)
            .zip(points.iter())
            .map(|(i, point)| if A::is_infinity(point) { NONE } else { i }),
    );
    rights.clear();
    counts.clear();
    for i in 0..log_buckets {
        for window in level.chunks(2 << (log_buckets - i - 1)) {
            let before = rights.len();
            rights.extend(
                window
                    .chunks_exact(2)
                    .map(|pair| pair[1])
                    .filter(|&right| right != NONE),
            );
            counts.push((rights.len() - before) as u32);
        }
        let first = points.len();
        pairs.clear();
        for j in 0..level.len() / 2 {
            level[j] = match [level[2 * j], level[2 * j + 1]] {
                [left, NONE] => left,
                [NONE, right] => right,
                pair => {
                    pairs.push(pair);
                    (first + pairs.len() - 1) as u32
                }
            };
        }
        level.truncate(level.len() / 2);
        points.resize(first + pairs.len(), A::INFINITY);
        let (points, added) = points.split_at_mut(first);
        adder.add(points, pairs, added, &mut tree.scratch);
    }
    let mut totals = vec![A::INFINITY; counts.len()];
    tree.sums(adder, points, rights, counts, &mut totals);
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
