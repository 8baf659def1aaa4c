//! Additions eight at a time.

use assay_lanes::elements;
use assay_lanes::points::{self, Point, Scratch};
use assay_lanes::Ifma;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};

use super::adder::Adder;

/// Adds with the lanes.
pub(super) struct Lanes(pub(super) Ifma);

impl Adder for Lanes {
    type Point = Point;
    type Scratch = Scratch;
    const INFINITY: Point = Point::INFINITY;

    fn is_infinity(point: &Point) -> bool {
        point.is_infinity()
    }

    fn negative(point: &Point) -> Point {
        point.negative()
    }

    fn to_affine(point: &Point) -> G1Affine {
        point.to_affine()
    }

    fn pack(&self, points: &[G1Affine], out: &mut [Point]) {
        points::pack(self.0, points, out);
    }

    fn integers(&self, scalars: &[Fr], out: &mut [[u64; 4]]) {
        elements::integers(self.0, scalars, out);
    }

    fn add(&self, points: &[Point], pairs: &[[u32; 2]], out: &mut [Point], scratch: &mut Scratch) {
        points::add(self.0, points, pairs, out, scratch);
    }
}
