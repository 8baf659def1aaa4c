//! Integer executor: **the specification of every op**.
//!
//! Runs a folded network on one image and keeps everything a proof needs. Per output element of every layer
//!
//! `t = Σ W'·(x − z_x) + B' = q̂·2^s + r`, `0 ≤ r < 2^s`, `0 ≤ q̂ < 2^b`, `out = clip(q̂ − 2^(b−1), 0, 255)`
//!
//! with zero padding, so that a tap outside the map adds nothing, and `b` of [`Cut`](crate::model::Cut): `s`, or `s − 8` above 16. `z_x` is 0 in layers without padding, which fold it.
//!
//! | module | `t` of one output channel |
//! |---|---|
//! | [`conv`] | a kernel over all channels, each by itself, or groups of them |
//! | [`pointwise`] | 1×1; the fully connected layer |
//! | [`add`] | residual addition |
//! | [`pool`] | global average pool |
//! | [`requantise`] | `t` to `q̂`, `r`, `out`, the same for all |
//!
//! A concatenation (`concat`) has no `t`: it is the bytes of what it joins.

pub mod add;
pub mod concat;
pub mod conv;
pub mod pointwise;
pub mod pool;
pub mod requantise;
mod tensor;
mod trace;

pub use tensor::Tensor;
pub use trace::{LayerTrace, Trace};

use crate::model::{Architecture, ConvKind, FoldedLayer, FoldedModel, Op, ParamsError, Shape, TensorId};
use rayon::prelude::*;

/// Why an image has no trace.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ReferenceError {
    #[error("the image has {got} bytes, the network reads {expected}")]
    ImageLength { expected: usize, got: usize },
    #[error(transparent)]
    Params(#[from] ParamsError),
    #[error("{layer}: output channel {channel} leaves the table's range on this image (t = {t})")]
    OutOfRange { layer: String, channel: usize, t: i64 },
}

/// Runs the network on `image_hwc`, row-major bytes with channels R, G, B next to each other.
///
/// # Errors
/// If the image has another size than the architecture's input, if the parameters do not fit the architecture, or if
/// an accumulator leaves `[0, 2^(b+s))`, which [`FoldedModel::check_total`] rules out for every image.
pub fn run(architecture: &Architecture, folded: &FoldedModel, image_hwc: &[u8]) -> Result<Trace, ReferenceError> {
    folded.validate(architecture)?;
    if image_hwc.len() != architecture.image_len() {
        return Err(ReferenceError::ImageLength {
            expected: architecture.image_len(),
            got: image_hwc.len(),
        });
    }
    let mut trace = Trace {
        image: channel_major(architecture.input, image_hwc),
        layers: Vec::with_capacity(folded.layers.len()),
    };
    for i in 0..folded.layers.len() {
        let layer = run_layer(architecture, &trace, i, &folded.layers[i])?;
        trace.layers.push(layer);
    }
    Ok(trace)
}

/// HWC bytes to CHW bytes.
fn channel_major(shape: Shape, hwc: &[u8]) -> Vec<u8> {
    let mut chw = Vec::with_capacity(hwc.len());
    for c in 0..shape.c {
        chw.extend(hwc.iter().skip(c).step_by(shape.c));
    }
    chw
}

fn run_layer(
    architecture: &Architecture,
    trace: &Trace,
    index: usize,
    folded: &FoldedLayer,
) -> Result<LayerTrace, ReferenceError> {
    let layer = &architecture.layers[index];
    if let Op::Concat { inputs } = &layer.op {
        return Ok(concat::joined(trace, inputs));
    }
    let output = layer.output;
    let tensor = |id: TensorId| Tensor {
        shape: architecture.shape(id),
        data: trace.tensor(id),
    };
    let channel = |o: usize, t: &mut [i64]| match (&layer.op, folded) {
        (Op::Conv(c), FoldedLayer::Conv { weights, bias }) => {
            let per_output = weights.len() / c.out_channels;
            let kernel = &weights[o * per_output..(o + 1) * per_output];
            t.fill(bias[o]);
            match c.kind {
                ConvKind::Pointwise => pointwise::accumulate(tensor(c.input), kernel, t),
                ConvKind::Dense(_) | ConvKind::Depthwise(_) | ConvKind::Grouped(..) => {
                    conv::accumulate(tensor(c.input), o, c, kernel, output, t);
                }
            }
        }
        (Op::Add { lhs, rhs }, FoldedLayer::Add { lhs: a1, rhs: a2, bias }) => {
            t.fill(*bias);
            add::accumulate(tensor(*lhs).channel(o), *a1, tensor(*rhs).channel(o), *a2, t);
        }
        (Op::GlobalAvgPool { input }, FoldedLayer::Pool { multiplier, bias }) => {
            t.fill(*bias);
            pool::accumulate(tensor(*input).channel(o), *multiplier, t);
        }
        _ => unreachable!("validate checked the kinds"),
    };
    let map = output.h * output.w;
    let mut t = vec![0i64; output.len()];
    t.par_chunks_mut(map)
        .with_min_len(4)
        .enumerate()
        .for_each(|(o, t)| channel(o, t));
    requantise::layer(&t, architecture.shift).map_err(|element| ReferenceError::OutOfRange {
        layer: architecture.layer_name(index),
        channel: element / map,
        t: t[element],
    })
}
