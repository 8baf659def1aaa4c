//! The network in real numbers, one layer per operator.

use crate::import::change::Change;
use crate::import::quant::Quant;
use crate::model::{ConvKind, Padding, Shape};

/// The network in real numbers. Tensor 0 is the image, `i + 1` the output of layer `i`.
pub(crate) struct FloatNetwork {
    pub(crate) input: Shape,
    /// The image is integers in the file: int8 if so, else uint8.
    pub(crate) integer_input: Option<bool>,
    pub(crate) layers: Vec<FloatLayer>,
    /// How it differs from the file.
    pub(crate) changes: Vec<Change>,
}

pub(crate) struct FloatLayer {
    /// Name of the ONNX node.
    pub(crate) node: String,
    /// Operator of the ONNX node.
    pub(crate) onnx_op: String,
    /// Name of its output tensor.
    pub(crate) tensor: String,
    pub(crate) op: FloatOp,
    pub(crate) inputs: Vec<usize>,
    pub(crate) output: Shape,
    /// The tensor's ONNX shape is `[1, h, w, c]`.
    pub(crate) channels_last: bool,
}

pub(crate) enum FloatOp {
    Conv(FloatConv),
    /// `y[c] = scale[c]·x[c] + shift[c]`: batch norm, or a bias of its own.
    Affine {
        scale: Vec<f64>,
        shift: Vec<f64>,
    },
    /// `max(x, 0)`, and `min(x, max)` if there is one.
    Clip {
        max: Option<f64>,
    },
    Add,
    Pool,
    /// The channels of its inputs, one behind the other.
    Concat,
    /// Real numbers to bytes.
    Quantise(Quant),
    /// And back.
    Dequantise(Quant),
}

#[derive(Clone)]
pub(crate) struct FloatConv {
    pub(crate) kind: ConvKind,
    pub(crate) stride: usize,
    pub(crate) pad: Padding,
    /// `[o, c, kh, kw]`; depthwise `[c, kh, kw]`.
    pub(crate) weights: Vec<f64>,
    /// One per output channel.
    pub(crate) bias: Vec<f64>,
}
