//! One short transform of eight columns: radix 2, decimated in time, without reductions.
//!
//! Bounds, for inputs below `2·p`. A layer makes `x + y·w` and `x − y·w` of `x` and `y`:
//!
//! | layer | product `y·w` | outputs below |
//! |---|---|---|
//! | 1, shift 1 | none, `y < 2·p` | `4·p` |
//! | 2, shift 1, first factor | none, `y < 4·p` | `8·p` |
//! | any other | `< (1 + 0.0119·84)·p < 2·p` for any `y < 84·p` | that of `x`, and `2·p` more |
//!
//! After 10 layers: `8·p + 8·2·p = 24·p`. Limbs stay loose in between: each layer adds at most `3·2^52` to one, `2^57` after ten. Only `y`
//! is made normal, before its product.

use halo2_proofs::halo2curves::bn256::Fr;

use super::twiddles::Twiddles;
use crate::eight::Eight;

/// Layers of blocks of this many elements are done together: 20 kB stay in the first level of the cache.
const TOGETHER: usize = 64;

/// Takes `data`, in the order of [`Twiddles::place`] and below `2·p`, to its transform in natural order: loose, below `24·p`.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn transform(data: &mut [Eight<Fr>], twiddles: &Twiddles) {
    assert!(data.len() == twiddles.length());
    for block in data.chunks_mut(TOGETHER) {
        let mut half = 1;
        while half < block.len() {
            match half {
                1 if !twiddles.shifted() => first_layer(block),
                2 if !twiddles.shifted() => second_layer(block, twiddles),
                _ => layer(block, half, twiddles, 0),
            }
            half *= 2;
        }
    }
    let mut half = TOGETHER;
    while half < data.len() {
        layer(data, half, twiddles, 0);
        half *= 2;
    }
}

/// `(x, y) → (x + y, x − y)` on neighbours.
#[target_feature(enable = "avx512f,avx512ifma")]
fn first_layer(data: &mut [Eight<Fr>]) {
    for pair in data.chunks_exact_mut(2) {
        let (x, y) = (pair[0], pair[1]);
        pair[0] = x.plus(y);
        pair[1] = x.minus_below::<2>(y);
    }
}

/// The second layer with shift 1: its first factor is one.
#[target_feature(enable = "avx512f,avx512ifma")]
fn second_layer(data: &mut [Eight<Fr>], twiddles: &Twiddles) {
    for four in data.chunks_exact_mut(4) {
        let (x, y) = (four[0], four[2]);
        four[0] = x.plus(y);
        four[2] = x.minus_below::<4>(y);
    }
    layer(data, 2, twiddles, 1);
}

/// The butterflies of one layer, from factor `from` on.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn layer(data: &mut [Eight<Fr>], half: usize, twiddles: &Twiddles, from: usize) {
    for (j, factor) in twiddles.layer(half).iter().enumerate().skip(from) {
        let factor = Eight::splat(factor.limbs());
        for pair in data.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            let (low, high) = (&mut low[j], &mut high[j]);
            let product = high.normal().times(factor);
            let x = *low;
            *low = x.plus(product);
            *high = x.minus_below::<2>(product);
        }
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::{Field, PrimeField};
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::super::twiddles::LONGEST_LOG;
    use super::*;
    use crate::detect::tests::lanes;
    use crate::modulus::{multiple, Limbs, Prime, LIMB_MASK};

    /// Rows of eight lanes below `2·p`, checked against the definition and against the table of bounds.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn check(log: u32, shift: Fr, rows: &[[Limbs; 8]]) {
        let root = (log..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let twiddles = Twiddles::new(log, root, shift);
        let length = rows.len();
        let mut data = vec![Eight::zero(); length];
        for (row, lanes) in rows.iter().enumerate() {
            data[twiddles.place(row)] = Eight::from_lanes(lanes);
        }
        transform(&mut data, &twiddles);
        let bound = match log {
            1 | 2 if shift == Fr::ONE => 2 << log,
            _ if shift == Fr::ONE => 8 + 2 * (u64::from(log) - 2),
            _ => 2 + 2 * u64::from(log),
        };
        let below = |value: Limbs| value.iter().rev().lt(multiple(Fr::LIMBS, bound).iter().rev());
        let element = |limbs: &Limbs| {
            let limbs = limbs.iter().rev();
            limbs.fold(Fr::ZERO, |sum, &limb| sum * Fr::from(1 << 52) + Fr::from(limb))
        };
        for lane in 0..8 {
            let inputs: Vec<Fr> = rows.iter().map(|lanes| element(&lanes[lane])).collect();
            for q in [0, 1, length / 2, length / 2 + 1, length - 1] {
                let value = data[q % length].normal().lane(lane);
                assert!(value.iter().all(|&limb| limb <= LIMB_MASK) && below(value));
                let point = shift * root.pow([q as u64]);
                let want = inputs.iter().rev().fold(Fr::ZERO, |sum, input| sum * point + input);
                assert_eq!(element(&value), want);
            }
        }
    }

    const LARGEST: Limbs = {
        let mut largest = multiple(Fr::LIMBS, 2);
        largest[0] -= 1;
        largest
    };

    /// Inputs of `2·p − 1` and zero, and of both in turn: the largest sums and differences.
    #[test]
    fn bounds_hold_at_extreme_inputs() {
        if lanes().is_none() {
            return;
        }
        for log in 1..=LONGEST_LOG {
            for flip in [0, 1] {
                let chosen = |row: usize, lane: usize| row.wrapping_mul(lane * lane + lane) >> (lane / 2) & 1 == flip;
                let row = |row| std::array::from_fn(|lane| if chosen(row, lane) { LARGEST } else { [0; 5] });
                let rows: Vec<[Limbs; 8]> = (0..1 << log).map(row).collect();
                for shift in [Fr::ONE, Fr::from(7), -Fr::ONE] {
                    // SAFETY: the processor has the instructions.
                    unsafe { check(log, shift, &rows) };
                }
            }
        }
    }

    /// Even rows of zero: products, of which some are above `p`, are taken from it.
    #[test]
    fn products_above_the_prime_are_taken_from_zero() {
        if lanes().is_none() {
            return;
        }
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut below_double = || {
            let mut limbs = [0; 5].map(|_: u64| rng.next_u64() & LIMB_MASK);
            limbs[4] = rng.next_u64() % LARGEST[4];
            limbs
        };
        for round in 0..200 {
            let rows: [[Limbs; 8]; 8] = std::array::from_fn(|row| match row % 2 {
                0 => [[0; 5]; 8],
                _ => [[0; 5]; 8].map(|_| below_double()),
            });
            // SAFETY: the processor has the instructions.
            unsafe { check(3, [Fr::ONE, Fr::from(7)][round % 2], &rows) };
        }
    }
}
