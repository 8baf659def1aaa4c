//! One element at a time: radix 2, decimated in time, up to nine layers over data that stays in the cache.
//!
//! Between the layers of a pass values are below `4·p`: a butterfly takes two such and a factor below `p`, whose product is below
//! `(1 + 0.1891·4)·p < 2·p`, lowers the other one below `2·p` and returns two below `4·p`.

use assay_lanes::single::Single;
use assay_lanes::strided;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

use super::plan::Plan;
use crate::spare::resize;

/// Layers that are done together: on `2^9` neighbours (16 kB), then on `2^9` rows of eight columns (128 kB).
const LAYERS_TOGETHER: u32 = 9;
/// Elements that one thread scales at a time.
const SCALED_TOGETHER: usize = 1 << 10;

pub(super) fn transform(plan: &Plan, elements: &mut [Fr], input: &mut Vec<Fr>) {
    let k = plan.k();
    let factors = plan.layers();
    resize(input, elements.len(), Fr::ZERO);
    input.copy_from_slice(elements);
    let lowest = k.min(LAYERS_TOGETHER);
    elements
        .par_chunks_mut(1 << lowest)
        .enumerate()
        .for_each_init(Vec::new, |data, (chunk, out)| {
            let places = (0..out.len()).map(|i| reversed(chunk << lowest | i, k));
            data.clear();
            data.extend(places.map(|place| Single::load(&input[place])));
            let first = if plan.shift == Fr::ONE && lowest >= 2 {
                first_two_layers(data, &factors[3]);
                2
            } else {
                0
            };
            for layer in first..lowest {
                neighbours(data, 1 << layer, factors);
            }
            for (element, value) in out.iter_mut().zip(data) {
                *element = value.store();
            }
        });
    let mut done = lowest;
    while done < k {
        let layers = (k - done).min(LAYERS_TOGETHER);
        let stride = 1usize << done;
        elements.par_chunks_mut(stride << layers).for_each(|block| {
            strided::columns::<_, 8>(block, stride)
                .into_par_iter()
                .enumerate()
                .for_each_init(Vec::new, |rows, (group, mut columns)| {
                    rows.clear();
                    rows.extend((0..1 << layers).map(|row| columns.row(row).each_ref().map(Single::load)));
                    for layer in 0..layers {
                        eight_columns(rows, 1 << layer, stride, 8 * group, factors);
                    }
                    for (row, values) in rows.iter().enumerate() {
                        *columns.row(row) = values.map(Single::store);
                    }
                });
        });
        done += layers;
    }
    scale(plan, elements);
}

/// The lowest `bits` bits of `index` in reverse.
fn reversed(index: usize, bits: u32) -> usize {
    index.reverse_bits().checked_shr(usize::BITS - bits).unwrap_or(0)
}

/// The first two layers with shift 1, where three of four factors are one; the fourth is a root of order 4. Takes values below `p`.
fn first_two_layers(data: &mut [Single<Fr>], factor: &Fr) {
    let factor = Single::load(factor);
    for four in data.chunks_exact_mut(4) {
        // All below 2·p.
        let (even, odd) = (
            [four[0].plus(four[1]), four[0].minus_below::<1>(four[1])],
            [four[2].plus(four[3]), four[2].minus_below::<1>(four[3]).times(factor)],
        );
        for i in 0..2 {
            four[i] = even[i].plus(odd[i]);
            four[i + 2] = even[i].minus_below::<2>(odd[i]);
        }
    }
}

/// One layer that joins halves of `half` neighbours.
fn neighbours(data: &mut [Single<Fr>], half: usize, factors: &[Fr]) {
    for pair in data.chunks_exact_mut(2 * half) {
        let (low, high) = pair.split_at_mut(half);
        for ((x, y), factor) in low.iter_mut().zip(high).zip(&factors[half..2 * half]) {
            butterfly(x, y, factor);
        }
    }
}

/// One layer that joins halves of `half` rows; a row is `stride` elements of the whole, of which eight from `column` on are here.
fn eight_columns(rows: &mut [[Single<Fr>; 8]], half: usize, stride: usize, column: usize, factors: &[Fr]) {
    for pair in rows.chunks_exact_mut(2 * half) {
        let (low, high) = pair.split_at_mut(half);
        for (row, (x, y)) in low.iter_mut().zip(high).enumerate() {
            let start = half * stride + row * stride + column;
            for (i, factor) in factors[start..start + 8].iter().enumerate() {
                butterfly(&mut x[i], &mut y[i], factor);
            }
        }
    }
}

/// `(x, y) → (x + y·w, x − y·w)` of values below `4·p`.
#[inline(always)]
fn butterfly(x: &mut Single<Fr>, y: &mut Single<Fr>, factor: &Fr) {
    let product = Single::load(factor).times(*y);
    let lowered = x.lower_by::<2>();
    *x = lowered.plus(product);
    *y = lowered.minus_below::<2>(product);
}

/// `b_q ← b_q · scale · back^q`.
fn scale(plan: &Plan, elements: &mut [Fr]) {
    if plan.back != Fr::ONE {
        elements
            .par_chunks_mut(SCALED_TOGETHER)
            .enumerate()
            .for_each(|(chunk, elements)| {
                let mut factor = plan.scale * plan.back.pow_vartime([(chunk * SCALED_TOGETHER) as u64]);
                for element in elements {
                    *element *= factor;
                    factor *= plan.back;
                }
            });
    } else if plan.scale != Fr::ONE {
        elements.par_chunks_mut(SCALED_TOGETHER).for_each(|elements| {
            for element in elements {
                *element *= plan.scale;
            }
        });
    }
}
