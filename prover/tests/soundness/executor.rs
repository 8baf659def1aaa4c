//! A second executor, for provers who lie in one layer and are honest from then on: straight from the formula in
//! `reference`, on integers of any size.

use crate::support::{Case, TWO_LIMBS};
use assay_prover::model::random::{joined_network, tiny_network};
use assay_prover::model::{Architecture, ConvKind, FoldedLayer, FoldedModel, Op, TensorId};
use assay_prover::reference::requantise::{clip, split};
use assay_prover::reference::Trace;

/// `t` of every output of a layer.
pub(crate) fn accumulators(
    arch: &Architecture,
    folded: &FoldedModel,
    layer: usize,
    tensor: impl Fn(TensorId) -> Vec<i64>,
) -> Vec<i64> {
    let y = arch.layers[layer].output;
    let outputs = (0..y.c).flat_map(|o| (0..y.h).flat_map(move |i| (0..y.w).map(move |j| (o, i, j))));
    match (&arch.layers[layer].op, &folded.layers[layer]) {
        (Op::Conv(conv), FoldedLayer::Conv { weights, bias }) => {
            let (x, shape) = (tensor(conv.input), arch.shape(conv.input));
            let (groups, height, width) = match conv.kind {
                ConvKind::Pointwise => (1, 1, 1),
                ConvKind::Dense(kernel) => (1, kernel.h, kernel.w),
                ConvKind::Depthwise(kernel) => (shape.c, kernel.h, kernel.w),
                ConvKind::Grouped(kernel, groups) => (groups.0, kernel.h, kernel.w),
            };
            let (reads, makes) = (shape.c / groups, y.c / groups);
            let zero = i64::from(conv.input_zero);
            let sum = |(o, i, j): (usize, usize, usize)| {
                let mut t = bias[o];
                for n in 0..reads {
                    let (c, kernel) = (o / makes * reads + n, o * reads + n);
                    for (a, b) in (0..height).flat_map(|a| (0..width).map(move |b| (a, b))) {
                        let row = (conv.stride * i + a).checked_sub(conv.pad.top).filter(|r| *r < shape.h);
                        let column = (conv.stride * j + b)
                            .checked_sub(conv.pad.left)
                            .filter(|r| *r < shape.w);
                        if let (Some(row), Some(column)) = (row, column) {
                            t += weights[(kernel * height + a) * width + b] * (x[shape.index(c, row, column)] - zero);
                        }
                    }
                }
                t
            };
            outputs.map(sum).collect()
        }
        (Op::Add { lhs, rhs }, FoldedLayer::Add { lhs: a1, rhs: a2, bias }) => {
            let (x1, x2) = (tensor(*lhs), tensor(*rhs));
            x1.iter().zip(x2).map(|(x1, x2)| a1 * x1 + a2 * x2 + bias).collect()
        }
        (Op::GlobalAvgPool { input }, FoldedLayer::Pool { multiplier, bias }) => {
            let (x, shape) = (tensor(*input), arch.shape(*input));
            x.chunks(shape.h * shape.w)
                .map(|map| multiplier * map.iter().sum::<i64>() + bias)
                .collect()
        }
        _ => unreachable!("the model fits the architecture"),
    }
}

/// The bytes of a tensor as integers.
pub(crate) fn tensor(trace: &Trace, id: TensorId) -> Vec<i64> {
    trace.tensor(id).iter().map(|b| i64::from(*b)).collect()
}

/// Writes a layer's outputs.
pub(crate) fn requantise(trace: &mut Trace, layer: usize, t: &[i64], shift: u32) {
    for (index, t) in t.iter().enumerate() {
        let (q_hat, r) = split(*t, shift).expect("random models are total");
        let layer = &mut trace.layers[layer];
        (layer.q_hat[index], layer.r[index], layer.out[index]) = (q_hat, r, clip(q_hat, shift));
    }
}

/// Computes the layers from `from` on anew.
pub(crate) fn rerun(case: &mut Case, from: usize) {
    let arch = case.compiled.frozen.architecture.clone();
    for layer in from..arch.layers.len() {
        if let Op::Concat { inputs } = &arch.layers[layer].op {
            let out: Vec<u8> = inputs.iter().flat_map(|id| case.trace.tensor(*id)).copied().collect();
            case.trace.layers[layer].out = out;
            continue;
        }
        let t = accumulators(&arch, &case.folded, layer, |id| tensor(&case.trace, id));
        requantise(&mut case.trace, layer, &t, arch.shift);
    }
}

/// An output that neither clips nor is next to clipping: a change of one quotient step shows.
pub(crate) fn unclipped(case: &Case, layer: usize) -> usize {
    let out = &case.trace.layers[layer].out;
    let middle = out.len() / 2;
    (middle..out.len())
        .chain(0..middle)
        .find(|i| (2..=253).contains(&out[*i]))
        .expect("some output is not clipped")
}

#[test]
fn both_executors_agree() {
    for seed in 0..6 {
        let network = match seed {
            0..3 => tiny_network(10),
            3..5 => joined_network(10),
            _ => tiny_network(TWO_LIMBS),
        };
        let mut case = Case::of(network, seed);
        let trace = case.trace.clone();
        for layer in &mut case.trace.layers {
            layer.out.fill(0);
            layer.r.fill(0);
            layer.q_hat.fill(0);
        }
        rerun(&mut case, 0);
        assert!(case.trace == trace);
    }
}
