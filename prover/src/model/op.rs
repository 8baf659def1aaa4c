//! Layers and the operations they have.

use super::shape::Shape;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

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
    /// The channels of several tensors, one tensor behind the other. Nothing is computed and nothing requantised: who reads it reads
    /// the tensors it joins.
    Concat {
        /// Two or more, the same one several times perhaps, of maps of one size; none is a concatenation itself.
        inputs: Vec<TensorId>,
    },
}

impl Op {
    /// The tensors this layer reads.
    pub fn inputs(&self) -> Vec<TensorId> {
        match self {
            Op::Conv(conv) => vec![conv.input],
            Op::Add { lhs, rhs } => vec![*lhs, *rhs],
            Op::GlobalAvgPool { input } => vec![*input],
            Op::Concat { inputs } => inputs.clone(),
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
    /// 1 or 2, both axes. Pointwise convolutions have stride 1: of stride 2 they are a dense kernel of 1×1.
    pub stride: usize,
    /// On each side less than the kernel has rows or columns; none for pointwise kernels.
    pub pad: Padding,
    /// `z_x` of a layer with padding, which reads `x − z_x` with zero padding; 0 in a layer without padding, whose zero
    /// point is folded into its bias.
    pub input_zero: u8,
}

impl Conv {
    /// The input channels that output channel `o` reads, of `in_channels`.
    pub fn channels_of(&self, o: usize, in_channels: usize) -> Range<usize> {
        let groups = self.kind.groups(in_channels);
        let (own, group) = (in_channels / groups, o / (self.out_channels / groups));
        group * own..(group + 1) * own
    }

    /// What it makes of a map: `⌊(size + padding − kernel)/stride⌋ + 1` rows and columns. `None` if a side has as much padding as the
    /// kernel, or the padded map is smaller than it.
    ///
    /// # Panics
    /// If the stride is 0.
    pub fn output(&self, input: Shape) -> Option<Shape> {
        let Kernel { h, w } = self.kind.kernel();
        let along = |size: usize, before: usize, behind: usize, kernel: usize| {
            let fits = before.max(behind) < kernel && size + before + behind >= kernel;
            fits.then(|| (size + before + behind - kernel) / self.stride + 1)
        };
        Some(Shape {
            c: self.out_channels,
            h: along(input.h, self.pad.top, self.pad.bottom, h)?,
            w: along(input.w, self.pad.left, self.pad.right, w)?,
        })
    }
}

/// Size of a kernel, and which channels it joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredKind", into = "StoredKind")]
pub enum ConvKind {
    /// 1×1, all channels to all channels; reads every pixel.
    Pointwise,
    /// All channels to all channels.
    Dense(Kernel),
    /// Each channel by itself.
    Depthwise(Kernel),
    /// All channels of a group to all channels of the same group.
    Grouped(Kernel, Groups),
}

/// Groups of channels: 2 or more, of equally many input and output channels each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Groups(pub usize);

impl ConvKind {
    /// 3×3, all channels to all channels.
    pub const DENSE_3X3: Self = Self::Dense(Kernel::THREE);
    /// 3×3, each channel by itself.
    pub const DEPTHWISE_3X3: Self = Self::Depthwise(Kernel::THREE);

    /// Size of the kernel.
    pub const fn kernel(self) -> Kernel {
        match self {
            Self::Pointwise => Kernel { h: 1, w: 1 },
            Self::Dense(kernel) | Self::Depthwise(kernel) | Self::Grouped(kernel, _) => kernel,
        }
    }

    /// How many groups the input channels form.
    pub const fn groups(self, in_channels: usize) -> usize {
        match self {
            Self::Pointwise | Self::Dense(_) => 1,
            Self::Depthwise(_) => in_channels,
            Self::Grouped(_, Groups(groups)) => groups,
        }
    }
}

impl fmt::Display for ConvKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointwise => f.write_str("pointwise"),
            Self::Dense(kernel) => write!(f, "conv {kernel}"),
            Self::Depthwise(kernel) => write!(f, "depthwise {kernel}"),
            Self::Grouped(kernel, Groups(groups)) => write!(f, "conv {kernel} in {groups} groups"),
        }
    }
}

/// Rows and columns of a kernel, each 1 to [`Kernel::MAX_SIDE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
}

impl Kernel {
    /// Most rows or columns.
    pub const MAX_SIDE: usize = 7;
    /// 3×3.
    pub const THREE: Self = Self { h: 3, w: 3 };

    /// Number of taps.
    pub const fn taps(self) -> usize {
        self.h * self.w
    }

    /// Row and column of every tap, in the order in which weights are stored.
    pub fn positions(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.h).flat_map(move |a| (0..self.w).map(move |b| (a, b)))
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.h, self.w)
    }
}

/// A [`ConvKind`] in files: 3×3 kernels have names of their own, as they had when there were no others.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredKind {
    Pointwise,
    Dense3x3,
    Depthwise3x3,
    Dense(Kernel),
    Depthwise(Kernel),
    Grouped(Kernel, Groups),
}

impl From<ConvKind> for StoredKind {
    fn from(kind: ConvKind) -> Self {
        match kind {
            ConvKind::Pointwise => Self::Pointwise,
            ConvKind::DENSE_3X3 => Self::Dense3x3,
            ConvKind::DEPTHWISE_3X3 => Self::Depthwise3x3,
            ConvKind::Dense(kernel) => Self::Dense(kernel),
            ConvKind::Depthwise(kernel) => Self::Depthwise(kernel),
            ConvKind::Grouped(kernel, groups) => Self::Grouped(kernel, groups),
        }
    }
}

impl TryFrom<StoredKind> for ConvKind {
    type Error = &'static str;

    /// One spelling each: a file is what is written of what it says.
    fn try_from(stored: StoredKind) -> Result<Self, Self::Error> {
        match stored {
            StoredKind::Pointwise => Ok(Self::Pointwise),
            StoredKind::Dense3x3 => Ok(Self::DENSE_3X3),
            StoredKind::Depthwise3x3 => Ok(Self::DEPTHWISE_3X3),
            StoredKind::Dense(Kernel::THREE) | StoredKind::Depthwise(Kernel::THREE) => {
                Err("3×3 kernels are called dense3x3 and depthwise3x3")
            }
            StoredKind::Dense(kernel) => Ok(Self::Dense(kernel)),
            StoredKind::Depthwise(kernel) => Ok(Self::Depthwise(kernel)),
            StoredKind::Grouped(kernel, groups) => Ok(Self::Grouped(kernel, groups)),
        }
    }
}

/// Rows and columns of zero padding on each side.
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
