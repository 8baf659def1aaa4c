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

    use super::super::twiddles::LONGEST_LOG;
    use super::*;
    use crate::detect::tests::lanes;
    use crate::modulus::{multiple, Prime, LIMB_MASK};
    use crate::words::Words;

    /// Inputs of `2·p − 1` and zero, and of both in turn: the largest sums and differences. Checked against the definition.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn extreme_inputs_keep_to_the_bounds(log: u32, shift: Fr) {
        let mut largest = multiple(Fr::LIMBS, 2);
        largest[0] -= 1;
        let root = (log..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let twiddles = Twiddles::new(log, root, shift);
        let length = 1usize << log;
        let chosen = |row: usize, lane: usize| row.wrapping_mul(lane * lane + lane) >> (lane / 2) & 1 == 0;
        let mut data = vec![Eight::zero(); length];
        for row in 0..length {
            data[twiddles.place(row)] =
                Eight::from_lanes(&std::array::from_fn(
                    |lane| if chosen(row, lane) { largest } else { [0; 5] },
                ));
        }
        transform(&mut data, &twiddles);
        for lane in 0..8 {
            for q in [0, 1, length / 2, length - 1] {
                let value = data[q].normal().lane(lane);
                assert!(value.iter().all(|&limb| limb <= LIMB_MASK) && value[4] < 24 * Fr::LIMBS[4]);
                let point = shift * root.pow([q as u64]);
                // 2p − 1 is −1; the words of −1 as they are, times 2^256.
                let want = (0..length).rev().fold(Fr::ZERO, |sum, row| {
                    sum * point + if chosen(row, lane) { -Fr::ONE } else { Fr::ZERO }
                });
                let mut out = [Fr::ZERO; 8];
                data[q].normal().canonical().store_words(&mut out);
                assert_eq!(out[lane], want * Fr::from_words([1, 0, 0, 0]));
            }
        }
    }

    #[test]
    fn bounds_hold_at_extreme_inputs() {
        if lanes().is_some() {
            for log in 1..=LONGEST_LOG {
                for shift in [Fr::ONE, Fr::from(7), -Fr::ONE] {
                    // SAFETY: the processor has the instructions.
                    unsafe { extreme_inputs_keep_to_the_bounds(log, shift) };
                }
            }
        }
    }
}
