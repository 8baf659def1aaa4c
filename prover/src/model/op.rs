//! Layers and the operations they have.

use super::shape::Shape;
use serde::{Deserialize, Serialize};

/// A tensor of the network: 0 is the image, `i + 1` the output of layer `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TensorId(pub usize);

impl TensorId {
    /// What the network reads.
    pub const IMAGE: Self = Self(0);

    /// The output of layer `i`.
    pub const fn output_of(layer: usize) -> Self {
        Self(layer + 1)
    }
}

/// One layer with the shape it produces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// What it computes, and from which tensors.
    pub op: Op,
    /// Implied by the shapes it reads; said again so that a file can be checked.
    pub output: Shape,
}

/// What a layer computes before the common requantisation `t = q·2^s + r`, `out = clip(q, 0, 255)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    /// `t[o] = a[o]·(Σ w·(x − z_x) + b[o]) + …`, see [`ConvParams`](super::ConvParams).
    Conv(Conv),
    /// `t = A1·x1 + A2·x2 + B'`, elementwise.
    Add {
        /// `x1`.
        lhs: TensorId,
        /// `x2`, of the same shape.
        rhs: TensorId,
    },
    /// `t[c] = A·Σ_p x[c, p] + B'`; `A` contains `1/(H·W)`.
    GlobalAvgPool {
        /// `x`, at most 4096 positions.
        input: TensorId,
    },
}

impl Op {
    /// The tensors this layer reads.
    pub fn inputs(&self) -> Vec<TensorId> {
        match self {
            Op::Conv(conv) => vec![conv.input],
            Op::Add { lhs, rhs } => vec![*lhs, *rhs],
            Op::GlobalAvgPool { input } => vec![*input],
        }
    }
}

/// A convolution. A fully connected layer is a pointwise convolution of a 1×1 map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// `x`.
    pub input: TensorId,
    /// As many as `x` has in a depthwise convolution.
    pub out_channels: usize,
    /// Size of the kernel, and which channels it joins.
    pub kind: ConvKind,
    /// 1 or 2, both axes. Pointwise convolutions have stride 1.
    pub stride: usize,
    /// None for pointwise kernels; [`Padding::ONE`] or, at stride 2, [`Padding::SAME_STRIDE_2`] for the others.
    pub pad: Padding,
    /// `z_x` of a layer with padding, which reads `x − z_x` with zero padding; 0 in a layer without padding, whose zero
    /// point is folded into its bias.
    pub input_zero: u8,
}

/// Size of a kernel, and which channels it joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConvKind {
    /// 1×1, all channels to all channels.
    Pointwise,
    /// 3×3, all channels to all channels.
    Dense3x3,
    /// 3×3, each channel by itself.
    Depthwise3x3,
}

/// Rows and columns of zero padding on each side, each 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Columns to the left.
    pub left: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// The kernel reads pixels of the image only.
    pub const NONE: Self = Self {
        top: 0,
        left: 0,
        bottom: 0,
        right: 0,
    };
    /// One on every side: PyTorch's `padding=1`, and TensorFlow's SAME at stride 1.
    pub const ONE: Self = Self {
        top: 1,
        left: 1,
        bottom: 1,
        right: 1,
    };
    /// TensorFlow's SAME for a 3×3 kernel of stride 2 on even sizes.
    pub const SAME_STRIDE_2: Self = Self {
        top: 0,
        left: 0,
        bottom: 1,
        right: 1,
    };

    /// Whether no side is padded.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}
