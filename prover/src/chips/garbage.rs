//! Coefficients of a spatial layer's product at the exponents that hold no output.
//!
//! `α^t0·E(Y) + Γ = Σ x·W'`: `Γ = Σ_e α^e·Σ_o γ^o·garbage[e][o]` over the exponents of
//! [`Spatial::garbage`](crate::plan::spatial::Spatial), one after the other, a chain over the channels for each.
//! The gate is that of the [`folded`](super::folded) lanes.
//!
//! # Soundness
//! The cells are free: whatever they hold stands at exponents of its own and cannot move an output.

use crate::model::{Architecture, Conv, FoldedLayer, Op, TensorId};
use crate::plan::fixed::Fixed;
use crate::plan::floor::{Floor, GarbageRows};
use crate::plan::kinds::FOLDED_LANES;
use crate::plan::spatial::Part;
use crate::reference::Trace;
use crate::witness::{Inputs, Witness};
use assay_statement::field::from_i64;

pub(crate) fn fixed(floor: &Floor, fixed: &mut Fixed) {
    for garbage in floor.garbage.iter().flatten() {
        for n in 0..garbage.spatial.garbage.len() * garbage.chain {
            let row = garbage.start + n;
            fixed.block[row] = FOLDED_LANES as u8;
            fixed.coefficients[1][row] = u8::from((n + 1) % garbage.chain != 0);
        }
    }
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs {
        arch,
        layout,
        floor,
        folded,
        trace,
        ..
    } = *inputs;
    let fold = layout.fold();
    for (layer, garbage) in floor.garbage.iter().enumerate() {
        let Some(garbage) = garbage else { continue };
        for o in 0..arch.layers[layer].output.c {
            let slot = floor.weights[layer].slots.of(o);
            let product = product_polynomial(arch, layer, garbage, &folded.layers[layer], trace, o);
            for (n, exponent) in garbage.spatial.garbage.iter().enumerate() {
                let row = garbage.start + n * garbage.chain + slot / fold;
                witness.cells[slot % fold][row] = from_i64(product[*exponent]);
            }
        }
    }
}

/// Coefficients of `Σ x·W'` for output channel `o`, by exponent; the bias is not part of the product.
fn product_polynomial(
    arch: &Architecture,
    layer: usize,
    garbage: &GarbageRows,
    folded: &FoldedLayer,
    trace: &Trace,
    o: usize,
) -> Vec<i64> {
    let spatial = &garbage.spatial;
    let last = |extra: usize| vec![0i64; extra + 1];
    match (&arch.layers[layer].op, folded) {
        (Op::Conv(conv), FoldedLayer::Conv { weights, .. }) => {
            let size = conv.kind.kernel();
            let highest = |of: &Part| of.h.saturating_sub(1) * spatial.t + of.w.saturating_sub(1);
            let map = spatial.parts.iter().map(highest).max().unwrap_or(0);
            let kernel = spatial.taps.iter().map(|t| t.exponent).max().unwrap_or(0);
            let mut product = last(map + kernel);
            let channels = conv.channels_of(o, arch.shape(conv.input).c);
            let per_output = weights.len() / conv.out_channels;
            for (n, c) in channels.enumerate() {
                let weights = &weights[o * per_output + n * size.taps()..][..size.taps()];
                for part in &spatial.parts {
                    for tap in spatial.taps.iter().filter(|tap| tap.part == part.number) {
                        let weight = weights[size.w * tap.a + tap.b];
                        for (i, j) in (0..part.h).flat_map(|i| (0..part.w).map(move |j| (i, j))) {
                            let x = pixel(arch, conv, trace, c, i, j, part.number);
                            product[tap.exponent + i * spatial.t + j] += weight * x;
                        }
                    }
                }
            }
            product
        }
        (Op::GlobalAvgPool { input }, FoldedLayer::Pool { multiplier, .. }) => {
            let x = arch.shape(*input);
            let values = tensor(trace, *input);
            let mut product = last(2 * spatial.t0);
            for (i, j) in (0..x.h).flat_map(|i| (0..x.w).map(move |j| (i, j))) {
                let value = multiplier * i64::from(values[x.index(o, i, j)]);
                for (a, b) in (0..x.h).flat_map(|a| (0..x.w).map(move |b| (a, b))) {
                    product[(i + a) * spatial.t + j + b] += value;
                }
            }
            product
        }
        _ => unreachable!("only spatial layers have garbage"),
    }
}

/// `x − z_x` at `(i, j)` of a sub-image, or of the map at stride 1.
fn pixel(arch: &Architecture, conv: &Conv, trace: &Trace, c: usize, i: usize, j: usize, part: usize) -> i64 {
    let shape = arch.shape(conv.input);
    let (row, column) = (conv.stride * i + part / 2, conv.stride * j + part % 2);
    i64::from(tensor(trace, conv.input)[shape.index(c, row, column)]) - i64::from(conv.input_zero)
}

fn tensor(trace: &Trace, id: TensorId) -> &[u8] {
    match id.0.checked_sub(1) {
        None => &trace.image,
        Some(layer) => &trace.layers[layer].out,
    }
}
