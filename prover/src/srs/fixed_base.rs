//! Many multiples of one point: a table of signed windows, one affine addition per window.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::PrimeField;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Group;
use rayon::prelude::*;

use super::batch_affine::{normalize, BatchAffine, LANES};

/// Bits of a scalar and one for the carry of the signed recoding.
const RECODED_BITS: usize = 255;

/// `table[w][j − 1] = j·2^(c·w)·base` for `1 ≤ j ≤ 2^(c−1)`.
pub(super) struct FixedBase {
    window_bits: usize,
    table: Vec<Vec<G1Affine>>,
}

impl FixedBase {
    /// A table for about `count` multiples.
    pub(super) fn new(base: G1, count: usize) -> Self {
        let window_bits = (count.max(1).ilog2() as usize).saturating_sub(4).clamp(4, 14);
        let windows = RECODED_BITS.div_ceil(window_bits);
        let mut bases = vec![base; windows];
        for w in 1..windows {
            bases[w] = (0..window_bits).fold(bases[w - 1], |p, _| p.double());
        }
        let table = bases
            .into_par_iter()
            .map(|base| {
                let multiples: Vec<G1> = std::iter::successors(Some(base), |p| Some(p + base))
                    .take(1 << (window_bits - 1))
                    .collect();
                normalize(&multiples)
            })
            .collect();
        Self { window_bits, table }
    }

    /// `scalars[i]·base` for every i.
    pub(super) fn multiples(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let mut points = vec![G1Affine::identity(); scalars.len()];
        points
            .par_chunks_mut(LANES)
            .zip(scalars.par_chunks(LANES))
            .for_each(|(points, scalars)| {
                let digits: Vec<Vec<i32>> = scalars.iter().map(|s| self.recode(s)).collect();
                let mut batch = BatchAffine::default();
                for (w, table) in self.table.iter().enumerate() {
                    batch.add(points, |lane| {
                        let digit = digits[lane][w];
                        let multiple = table.get((digit.unsigned_abs() as usize).checked_sub(1)?)?;
                        Some(if digit < 0 { -*multiple } else { *multiple })
                    });
                }
            });
        points
    }

    /// Digits in `[−2^(c−1), 2^(c−1)]`, lowest first.
    fn recode(&self, scalar: &Fr) -> Vec<i32> {
        let bytes = scalar.to_repr();
        let bit = |i: usize| bytes.get(i / 8).map_or(0, |b| i32::from(b >> (i % 8) & 1));
        let mut carry = 0;
        (0..self.table.len())
            .map(|w| {
                let raw = (0..self.window_bits).fold(carry, |d, j| d + (bit(w * self.window_bits + j) << j));
                carry = i32::from(raw > 1 << (self.window_bits - 1));
                raw - (carry << self.window_bits)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::halo2curves::group::Curve;

    #[test]
    fn multiples_equal_those_of_the_curve_library() {
        let mut scalars: Vec<Fr> = [0u64, 1, 2, 7, 8, 9, 1 << 40]
            .iter()
            .flat_map(|&v| [Fr::from(v), -Fr::from(v)])
            .collect();
        scalars.extend((0..50).map(|i| (Fr::from(i + 3) * Fr::DELTA).square()));
        for count in [1, 1 << 10, 1 << 14] {
            let multiples = FixedBase::new(G1::generator(), count).multiples(&scalars);
            for (scalar, multiple) in scalars.iter().zip(multiples) {
                assert_eq!(multiple, (G1::generator() * scalar).to_affine(), "{scalar:?}");
            }
        }
    }
}
