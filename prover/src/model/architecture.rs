//! The public description of a network, and what makes one valid.

use super::cut::Cut;
use super::op::{Conv, ConvKind, Groups, Kernel, Layer, Op, Padding, TensorId};
use super::shape::Shape;
use serde::{Deserialize, Serialize};

/// What a proof reveals of the last layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputMode {
    /// The class with the largest logit; the lowest index among equals.
    Top1,
    /// As [`OutputMode::Top1`], over two classes: 0 or 1.
    Bit,
    /// The five classes with the largest logits, the lowest indices among equals: ascending, 16 bits each, the lowest class
    /// in the lowest bits. Their order among themselves stays hidden.
    Top5,
    /// Every logit `q̂`, one number per class. For use off chain: an engagement has one word per image.
    Logits,
}

impl OutputMode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Top1, Self::Bit, Self::Top5, Self::Logits];

    /// As it stands in a file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top1 => "top1",
            Self::Bit => "bit",
            Self::Top5 => "top5",
            Self::Logits => "logits",
        }
    }
}

impl std::fmt::Display for OutputMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// The public description of a network: everything the verifying key depends on besides the layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Shape of the image; 3 channels in the order R, G, B.
    pub input: Shape,
    /// `s` of `t = q·2^s + r`, 9 to 24: see [`Cut`]. 16 is usual; small networks take less, 24 is for the integers of quantised files.
    pub shift: u32,
    /// In the order in which they run: each reads the image or outputs of layers before it.
    pub layers: Vec<Layer>,
    /// What becomes public of the logits.
    pub output: OutputMode,
}

/// Which rule an architecture breaks.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ArchitectureError {
    #[error("the network has no layer")]
    Empty,
    #[error("shift {shift} is outside {min}..={max}")]
    Shift { shift: u32, min: u32, max: u32 },
    #[error("{layer}: a size is zero or too large in {shape}")]
    Size { layer: String, shape: Shape },
    #[error("{layer}: reads tensor {tensor}, which does not exist before it")]
    UnknownTensor { layer: String, tensor: usize },
    #[error("{layer}: output shape {got}, but its inputs imply {expected}")]
    OutputShape { layer: String, expected: Shape, got: Shape },
    #[error("{layer}: a depthwise kernel keeps its {expected} channels, but the layer says {got}")]
    DepthwiseChannels { layer: String, expected: usize, got: usize },
    #[error("{layer}: a kernel has 1 to {max} rows and columns", max = Kernel::MAX_SIDE)]
    Kernel { layer: String },
    #[error(
        "{layer}: {groups} groups of {reads} channels that make {makes}; supported are two or more groups of equally many channels, \
         where one that makes one each is called depthwise"
    )]
    Groups {
        layer: String,
        groups: usize,
        reads: usize,
        makes: usize,
    },
    #[error(
        "{layer}: stride {stride} is not supported for this kernel; 1×1 pointwise kernels take 1, all others 1 or 2"
    )]
    Stride { layer: String, stride: usize },
    #[error("{layer}: a dense 1×1 kernel of stride 1 is called pointwise")]
    PointwiseKernel { layer: String },
    #[error("{layer}: padding {pad:?} of {shape} is as wide as the kernel, or leaves less than the kernel")]
    Padding { layer: String, shape: Shape, pad: Padding },
    #[error("{layer}: a layer without padding must fold its zero point; its input zero point is {zero}")]
    UnfoldedZero { layer: String, zero: u8 },
    #[error("{layer}: tensor {tensor} is read with stride 2 by one layer and otherwise by another; only one kind of reader is supported")]
    MixedReaders { layer: String, tensor: usize },
    #[error("{layer}: joins {count} tensors; supported are two or more, none of which joins others itself")]
    Concat { layer: String, count: usize },
    #[error("{layer}: joins maps of different sizes, {first} and {other}")]
    JoinedSizes { layer: String, first: Shape, other: Shape },
    #[error("{layer}: its output is read by no later layer")]
    Unread { layer: String },
    #[error("{activations} activations, at most {max} are supported")]
    TooManyActivations { activations: usize, max: usize },
    #[error("{layers} layers, at most {max} are supported")]
    TooManyLayers { layers: usize, max: usize },
    #[error("the last layer must be a convolution to a 1×1 map of 2 to 65536 classes, not {shape}")]
    LastLayer { shape: Shape },
    #[error("output bit needs exactly 2 classes, the network has {classes}: use top1")]
    BitClasses { classes: usize },
    #[error("output top5 needs at least 6 classes, the network has {classes}: use top1")]
    Top5Classes { classes: usize },
}

/// How a tensor is read.
#[derive(Clone, Copy, Default, PartialEq)]
struct Readers {
    by_two: bool,
    whole: bool,
    joined: bool,
}

impl Architecture {
    /// The smallest tables, one limb.
    pub const MIN_SHIFT: u32 = Cut::MIN_TABLE_BITS;
    /// The largest tables, two limbs.
    pub const MAX_SHIFT: u32 = Cut::MAX_TABLE_BITS + Cut::HIGH_BITS;
    /// Far above MobileNet v2 (1.0, 224), which has about 6.7 million; keeps hostile files from exhausting memory.
    pub const MAX_ACTIVATIONS: usize = 1 << 26;
    /// Rows or columns of a map.
    pub const MAX_SIDE: usize = 1024;
    /// MobileNet v2 has 64; the rest keeps hostile files short.
    pub const MAX_LAYERS: usize = 1 << 12;

    /// Number of classes: channels of the last layer, 0 in an empty network.
    pub fn classes(&self) -> usize {
        self.layers.last().map_or(0, |l| l.output.c)
    }

    /// How many numbers a proof reveals: one, or one per class.
    pub fn outputs(&self) -> usize {
        match self.output {
            OutputMode::Top1 | OutputMode::Bit | OutputMode::Top5 => 1,
            OutputMode::Logits => self.classes(),
        }
    }

    /// How sums are cut into quotients and remainders.
    pub const fn cut(&self) -> Cut {
        Cut::of(self.shift)
    }

    /// Shape of a tensor.
    ///
    /// # Panics
    /// If the tensor does not exist; [`Architecture::validate`] rules that out for every tensor a layer reads.
    pub fn shape(&self, tensor: TensorId) -> Shape {
        if tensor == TensorId::IMAGE {
            self.input
        } else {
            self.layers[tensor.0 - 1].output
        }
    }

    /// Where each channel of a tensor is computed: in a concatenation the tensor that it comes from and its channel there.
    pub fn sources(&self, tensor: TensorId) -> Vec<(TensorId, usize)> {
        let of = |part: TensorId| (0..self.shape(part).c).map(move |c| (part, c));
        self.parts(tensor).iter().flat_map(|part| of(*part)).collect()
    }

    /// The tensors whose channels a tensor has: what a concatenation joins, else itself.
    pub fn parts(&self, tensor: TensorId) -> Vec<TensorId> {
        match tensor.0.checked_sub(1).map(|layer| &self.layers[layer].op) {
            Some(Op::Concat { inputs }) => inputs.clone(),
            _ => vec![tensor],
        }
    }

    /// By [`TensorId`], whether a tensor is read with stride 2, itself or in a concatenation: by then nothing reads it whole.
    pub fn strided(&self) -> Vec<bool> {
        let mut strided = vec![false; self.layers.len() + 1];
        for layer in &self.layers {
            if let Op::Conv(Conv { input, stride: 2, .. }) = layer.op {
                strided[input.0] = true;
                self.parts(input).iter().for_each(|part| strided[part.0] = true);
            }
        }
        strided
    }

    /// Number of image bytes `L`.
    pub fn image_len(&self) -> usize {
        self.input.len()
    }

    /// Name of a layer for messages: position and kind, for example `07 depthwise 3×3`.
    pub fn layer_name(&self, layer: usize) -> String {
        let kind = match self.layers.get(layer).map(|l| &l.op) {
            Some(Op::Conv(conv)) => conv.kind.to_string(),
            Some(Op::Add { .. }) => "add".into(),
            Some(Op::GlobalAvgPool { .. }) => "pool".into(),
            Some(Op::Concat { .. }) => "concat".into(),
            None => "(no such layer)".into(),
        };
        format!("layer {layer:02} {kind}")
    }

    /// Number of secret integers: weights, biases and multipliers of a residual add (3) or pool (2).
    pub fn parameter_count(&self) -> usize {
        (0..self.layers.len()).map(|layer| self.parameters_of(layer)).sum()
    }

    /// Secret integers of one layer.
    pub fn parameters_of(&self, layer: usize) -> usize {
        match &self.layers[layer].op {
            Op::Conv(conv) => self.weight_count(conv) + conv.out_channels,
            Op::Add { .. } => 3,
            Op::GlobalAvgPool { .. } => 2,
            Op::Concat { .. } => 0,
        }
    }

    /// Products of a weight and an input that a plain run of one layer takes, padding included: those of its convolution, none of an
    /// add, a pool or a concatenation.
    pub fn multiply_adds(&self, layer: usize) -> usize {
        match &self.layers[layer].op {
            Op::Conv(conv) => self.weight_count(conv) * self.layers[layer].output.h * self.layers[layer].output.w,
            Op::Add { .. } | Op::GlobalAvgPool { .. } | Op::Concat { .. } => 0,
        }
    }

    /// Number of weights of a convolution, biases apart.
    pub fn weight_count(&self, conv: &Conv) -> usize {
        let in_channels = self.shape(conv.input).c;
        conv.kind.kernel().taps() * (in_channels / conv.kind.groups(in_channels)) * conv.out_channels
    }

    /// Number of activations: outputs of all layers that compute any.
    pub fn activation_count(&self) -> usize {
        let computes = |layer: &&Layer| !matches!(layer.op, Op::Concat { .. });
        self.layers.iter().filter(computes).map(|l| l.output.len()).sum()
    }

    /// Checks everything the circuit relies on.
    ///
    /// # Errors
    /// The first violation, with the layer's name.
    pub fn validate(&self) -> Result<(), ArchitectureError> {
        use ArchitectureError as E;
        if self.layers.is_empty() {
            return Err(E::Empty);
        }
        if !(Self::MIN_SHIFT..=Self::MAX_SHIFT).contains(&self.shift) {
            return Err(E::Shift {
                shift: self.shift,
                min: Self::MIN_SHIFT,
                max: Self::MAX_SHIFT,
            });
        }
        if self.layers.len() > Self::MAX_LAYERS {
            return Err(E::TooManyLayers {
                layers: self.layers.len(),
                max: Self::MAX_LAYERS,
            });
        }
        let sizes_ok = |s: Shape| {
            s.c > 0 && s.h > 0 && s.w > 0 && s.c <= 1 << 16 && s.h <= Self::MAX_SIDE && s.w <= Self::MAX_SIDE
        };
        if !sizes_ok(self.input) {
            return Err(E::Size {
                layer: "image".into(),
                shape: self.input,
            });
        }
        let mut readers = vec![Readers::default(); self.layers.len() + 1];
        for (i, layer) in self.layers.iter().enumerate() {
            let name = || self.layer_name(i);
            if !sizes_ok(layer.output) {
                return Err(E::Size {
                    layer: name(),
                    shape: layer.output,
                });
            }
            for tensor in layer.op.inputs() {
                if tensor.0 > i {
                    return Err(E::UnknownTensor {
                        layer: name(),
                        tensor: tensor.0,
                    });
                }
                if matches!(layer.op, Op::Concat { .. }) {
                    readers[tensor.0].joined = true;
                    continue;
                }
                let stride_2 = matches!(&layer.op, Op::Conv(c) if c.stride == 2);
                for read in self.parts(tensor).into_iter().chain([tensor]) {
                    let seen = &mut readers[read.0];
                    if stride_2 {
                        seen.by_two = true;
                    } else {
                        seen.whole = true;
                    }
                    if seen.by_two && seen.whole {
                        return Err(E::MixedReaders {
                            layer: name(),
                            tensor: read.0,
                        });
                    }
                }
            }
            let expected = self.implied_shape(i)?;
            if expected != layer.output {
                return Err(E::OutputShape {
                    layer: name(),
                    expected,
                    got: layer.output,
                });
            }
        }
        // Sizes are bounded by now: no sum overflows.
        let activations = self.input.len() + self.layers.iter().map(|l| l.output.len()).sum::<usize>();
        if activations > Self::MAX_ACTIVATIONS {
            return Err(E::TooManyActivations {
                activations,
                max: Self::MAX_ACTIVATIONS,
            });
        }
        if let Some(i) = (0..self.layers.len() - 1).find(|i| readers[i + 1] == Readers::default()) {
            return Err(E::Unread {
                layer: self.layer_name(i),
            });
        }
        let last = &self.layers[self.layers.len() - 1];
        if !matches!(&last.op, Op::Conv(_)) || last.output.h != 1 || last.output.w != 1 || last.output.c < 2 {
            return Err(E::LastLayer { shape: last.output });
        }
        let classes = last.output.c;
        match self.output {
            OutputMode::Bit if classes != 2 => Err(E::BitClasses { classes }),
            OutputMode::Top5 if classes < 6 => Err(E::Top5Classes { classes }),
            _ => Ok(()),
        }
    }

    fn implied_shape(&self, layer: usize) -> Result<Shape, ArchitectureError> {
        use ArchitectureError as E;
        let name = || self.layer_name(layer);
        match &self.layers[layer].op {
            Op::Add { lhs, rhs } => {
                let (l, r) = (self.shape(*lhs), self.shape(*rhs));
                if l != r {
                    return Err(E::OutputShape {
                        layer: name(),
                        expected: l,
                        got: r,
                    });
                }
                Ok(l)
            }
            Op::GlobalAvgPool { input } => {
                // The circuit's work grows with the square of the map.
                const MAX_POSITIONS: usize = 4096;
                let x = self.shape(*input);
                if x.h * x.w > MAX_POSITIONS {
                    return Err(E::Size {
                        layer: name(),
                        shape: x,
                    });
                }
                Ok(Shape::new(x.c, 1, 1))
            }
            Op::Concat { inputs } => {
                let nested = |input: &TensorId| self.parts(*input) != [*input];
                if inputs.len() < 2 || inputs.iter().any(nested) {
                    return Err(E::Concat {
                        layer: name(),
                        count: inputs.len(),
                    });
                }
                let mut joined = self.shape(inputs[0]);
                for input in &inputs[1..] {
                    let other = self.shape(*input);
                    if (other.h, other.w) != (joined.h, joined.w) {
                        return Err(E::JoinedSizes {
                            layer: name(),
                            first: self.shape(inputs[0]),
                            other,
                        });
                    }
                    joined.c += other.c;
                }
                Ok(joined)
            }
            Op::Conv(conv) => {
                let x = self.shape(conv.input);
                if conv.pad.is_none() && conv.input_zero != 0 {
                    return Err(E::UnfoldedZero {
                        layer: name(),
                        zero: conv.input_zero,
                    });
                }
                let Kernel { h, w } = conv.kind.kernel();
                if !(1..=Kernel::MAX_SIDE).contains(&h) || !(1..=Kernel::MAX_SIDE).contains(&w) {
                    return Err(E::Kernel { layer: name() });
                }
                if !(1..=2).contains(&conv.stride) || (conv.kind == ConvKind::Pointwise && conv.stride != 1) {
                    return Err(E::Stride {
                        layer: name(),
                        stride: conv.stride,
                    });
                }
                // One way to say it: weights of both are stored differently.
                if conv.kind == (ConvKind::Dense(Kernel { h: 1, w: 1 })) && conv.stride == 1 {
                    return Err(E::PointwiseKernel { layer: name() });
                }
                let Some(output) = conv.output(x) else {
                    return Err(E::Padding {
                        layer: name(),
                        shape: x,
                        pad: conv.pad,
                    });
                };
                match conv.kind {
                    ConvKind::Depthwise(_) if conv.out_channels != x.c => {
                        return Err(E::DepthwiseChannels {
                            layer: name(),
                            expected: x.c,
                            got: conv.out_channels,
                        });
                    }
                    ConvKind::Grouped(_, Groups(groups)) => {
                        let divides =
                            groups > 1 && x.c.is_multiple_of(groups) && conv.out_channels.is_multiple_of(groups);
                        // Groups of one channel that make one each are called depthwise.
                        if !divides || (groups == x.c && conv.out_channels == x.c) {
                            return Err(E::Groups {
                                layer: name(),
                                groups,
                                reads: x.c,
                                makes: conv.out_channels,
                            });
                        }
                    }
                    _ => {}
                }
                Ok(output)
            }
        }
    }
}
