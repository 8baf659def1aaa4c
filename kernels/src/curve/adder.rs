//! What the two paths do differently: how points lie in memory and how many are added.

use assay_lanes::points::NEGATED;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};

/// Adds points of its own form.
pub(super) trait Adder: Sync {
    /// A point.
    type Point: Copy + Send + Sync;
    /// Buffers, one a thread.
    type Scratch: Default + Send;
    /// The point at infinity.
    const INFINITY: Self::Point;

    /// Whether a point is infinity.
    fn is_infinity(point: &Self::Point) -> bool;

    /// The negative.
    fn negative(point: &Self::Point) -> Self::Point;

    /// The library's point.
    fn to_affine(point: &Self::Point) -> G1Affine;

    /// Writes the library's points in the adder's form.
    fn pack(&self, points: &[G1Affine], out: &mut [Self::Point]);

    /// The integers that scalars are.
    fn integers(&self, scalars: &[Fr], out: &mut [[u64; 4]]);

    /// `out[i] = points[a] + points[b]` with `[a, b] = pairs[i]`; [`NEGATED`] in an index means the negative. Any points.
    fn add(&self, points: &[Self::Point], pairs: &[[u32; 2]], out: &mut [Self::Point], scratch: &mut Self::Scratch);

    /// The point that a signed index means.
    fn signed(points: &[Self::Point], index: u32) -> Self::Point {
        let point = &points[(index & !NEGATED) as usize];
        if index & NEGATED == 0 {
            *point
        } else {
            Self::negative(point)
        }
    }
}
