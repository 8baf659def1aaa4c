//! Affine arithmetic on many points at once: one inversion per step, shared by all lanes (Montgomery's trick).

use halo2_proofs::halo2curves::bn256::{Fq, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Curve;
use rayon::prelude::*;

/// Lanes that share one inversion, few enough for their points to stay in the cache.
pub(super) const LANES: usize = 1024;

/// Room for the steps, reused between them.
#[derive(Default)]
pub(super) struct BatchAffine {
    lanes: Vec<(usize, G1Affine)>,
    /// Per lane the product of the denominators before it.
    products: Vec<Fq>,
}

impl BatchAffine {
    /// `points[lane] += addend(lane)`; `None` and the point at infinity add nothing.
    pub(super) fn add(&mut self, points: &mut [G1Affine], addend: impl Fn(usize) -> Option<G1Affine>) {
        self.lanes.clear();
        self.products.clear();
        let mut product = Fq::ONE;
        for (lane, point) in points.iter_mut().enumerate() {
            let Some(q) = addend(lane) else { continue };
            if is_identity(point) {
                *point = q;
            } else if point.x == q.x || is_identity(&q) {
                *point = (*point + q).to_affine();
            } else {
                self.products.push(product);
                product *= q.x - point.x;
                self.lanes.push((lane, q));
            }
        }
        // A product of non-zero denominators is not zero.
        let mut inverse = product.invert().unwrap_or(Fq::ZERO);
        for (&(lane, q), before) in self.lanes.iter().zip(&self.products).rev() {
            let p = points[lane];
            let slope = (q.y - p.y) * inverse * before;
            inverse *= q.x - p.x;
            let x = slope.square() - p.x - q.x;
            points[lane] = G1Affine {
                x,
                y: slope * (p.x - x) - p.y,
            };
        }
    }

    /// Doubles every point.
    pub(super) fn double(&mut self, points: &mut [G1Affine]) {
        self.products.clear();
        let mut product = Fq::ONE;
        // No point of this curve has y = 0 but the identity's stand-in (0, 0): the group's order is odd.
        for point in points.iter().filter(|p| !is_identity(p)) {
            self.products.push(product);
            product *= point.y.double();
        }
        let mut inverse = product.invert().unwrap_or(Fq::ZERO);
        for (point, before) in points
            .iter_mut()
            .rev()
            .filter(|p| !is_identity(p))
            .zip(self.products.iter().rev())
        {
            let p = *point;
            let x_squared = p.x.square();
            let slope = (x_squared.double() + x_squared) * inverse * before;
            inverse *= p.y.double();
            let x = slope.square() - p.x.double();
            *point = G1Affine {
                x,
                y: slope * (p.x - x) - p.y,
            };
        }
    }
}

/// Not in constant time, like everything here: the points are public.
fn is_identity(point: &G1Affine) -> bool {
    point.y == Fq::ZERO && point.x == Fq::ZERO
}

/// Affine forms, in parallel.
pub(super) fn normalize(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::identity(); points.len()];
    affine
        .par_chunks_mut(LANES)
        .zip(points.par_chunks(LANES))
        .for_each(|(a, p)| G1::batch_normalize(p, a));
    affine
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::halo2curves::bn256::Fr;

    fn point(i: u64) -> G1Affine {
        (G1Affine::generator() * Fr::from(i)).to_affine()
    }

    #[test]
    fn sums_and_doubles_equal_those_of_the_curve_library_in_every_special_case() {
        let left = [point(0), point(0), point(3), point(3), point(3), point(4), point(5)];
        let right = [point(0), point(7), point(0), point(3), -point(3), point(9), point(1)];
        let mut batch = BatchAffine::default();
        let mut sums = left;
        batch.add(&mut sums, |lane| (lane != 6).then(|| right[lane]));
        for lane in 0..left.len() {
            let expected = if lane == 6 {
                left[lane]
            } else {
                (left[lane] + right[lane]).to_affine()
            };
            assert_eq!(sums[lane], expected, "sum in lane {lane}");
        }
        let mut doubles = left;
        batch.double(&mut doubles);
        for lane in 0..left.len() {
            assert_eq!(
                doubles[lane],
                (left[lane] + left[lane]).to_affine(),
                "double in lane {lane}"
            );
        }
    }
}
