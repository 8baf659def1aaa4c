//! Networks with random parameters: the architectures of the paper, and small ones for tests.
//!
//! MobileNet v2 is Sandler18 table 2 with the channel rounding of TensorFlow-Slim.

use super::{
    AddParams, Architecture, Conv, ConvKind, ConvParams, Layer, LayerParams, Model, Op, OutputMode, Padding,
    ParamsError, PoolParams, Shape, TensorId,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// MobileNet v2 with TensorFlow's SAME padding and shift 16; see [`mobilenet_v2_with_padding`].
pub fn mobilenet_v2(width: f64, resolution: usize, classes: usize) -> Architecture {
    mobilenet_v2_with_padding(width, resolution, classes, Padding::SAME_STRIDE_2)
}

/// MobileNet v2 for `resolution × resolution` images; `stride_2` is the padding of all layers of stride 2.
///
/// The result is valid if `resolution` is a multiple of 32, or the last maps of stride 2 still have even sizes;
/// [`Architecture::validate`] tells.
pub fn mobilenet_v2_with_padding(width: f64, resolution: usize, classes: usize, stride_2: Padding) -> Architecture {
    /// Expansion, channels, repeats, first stride.
    const BLOCKS: [(usize, usize, usize, usize); 7] = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];
    let mut net = Builder::new(Shape::new(3, resolution, resolution), 16, stride_2);
    let mut x = net.conv(TensorId::IMAGE, ConvKind::Dense3x3, scaled_channels(32, width), 2);
    for (expansion, channels, repeats, first_stride) in BLOCKS {
        for repeat in 0..repeats {
            let stride = if repeat == 0 { first_stride } else { 1 };
            x = net.inverted_residual(x, expansion, scaled_channels(channels, width), stride);
        }
    }
    // Only wider networks scale the last features.
    x = net.conv(x, ConvKind::Pointwise, scaled_channels(1280, width.max(1.0)), 1);
    x = net.pool(x);
    net.conv(x, ConvKind::Pointwise, classes, 1);
    net.finish()
}

/// TensorFlow-Slim's rounding: the nearest multiple of 8 that is at least 8 and not more than 10 % below.
fn scaled_channels(channels: usize, width: f64) -> usize {
    let exact = channels as f64 * width;
    let rounded = (((exact + 4.0) / 8.0).floor() as usize * 8).max(8);
    if (rounded as f64) < 0.9 * exact {
        rounded + 8
    } else {
        rounded
    }
}

/// A network of 14 layers for tests: every kind of layer, both paddings of stride 2, a map that is not square, a padded
/// layer whose input zero point is not 0, and channel counts that divide nothing. Shift 10 suits it.
pub fn tiny_network(shift: u32) -> Architecture {
    let mut net = Builder::new(Shape::new(3, 8, 12), shift, Padding::ONE);
    let x = net.conv(TensorId::IMAGE, ConvKind::Dense3x3, 5, 2);
    let x = net.conv(x, ConvKind::Depthwise3x3, 5, 1);
    let block_1 = net.conv(x, ConvKind::Pointwise, 3, 1);
    let x = net.conv(block_1, ConvKind::Pointwise, 7, 1);
    let x = net.conv(x, ConvKind::Depthwise3x3, 7, 1);
    let x = net.conv(x, ConvKind::Pointwise, 3, 1);
    let x = net.add(block_1, x);
    let x = net.conv_with_zero(x, ConvKind::Dense3x3, 6, 1, 128);
    net.stride_2 = Padding::SAME_STRIDE_2;
    let x = net.conv(x, ConvKind::Depthwise3x3, 6, 2);
    let x = net.conv(x, ConvKind::Pointwise, 5, 1);
    let x = net.conv_with_zero(x, ConvKind::Depthwise3x3, 5, 1, 100);
    let x = net.conv(x, ConvKind::Pointwise, 9, 1);
    let x = net.pool(x);
    net.conv(x, ConvKind::Pointwise, 10, 1);
    net.finish()
}

/// Appends layers and derives their shapes.
struct Builder {
    arch: Architecture,
    stride_2: Padding,
}

impl Builder {
    fn new(input: Shape, shift: u32, stride_2: Padding) -> Self {
        let arch = Architecture {
            input,
            shift,
            layers: Vec::new(),
            output: OutputMode::Top1,
        };
        Self { arch, stride_2 }
    }

    fn push(&mut self, op: Op, output: Shape) -> TensorId {
        self.arch.layers.push(Layer { op, output });
        TensorId(self.arch.layers.len())
    }

    fn conv(&mut self, input: TensorId, kind: ConvKind, out_channels: usize, stride: usize) -> TensorId {
        self.conv_with_zero(input, kind, out_channels, stride, 0)
    }

    fn conv_with_zero(
        &mut self,
        input: TensorId,
        kind: ConvKind,
        out_channels: usize,
        stride: usize,
        input_zero: u8,
    ) -> TensorId {
        let x = self.arch.shape(input);
        let pad = match (kind, stride) {
            (ConvKind::Pointwise, _) => Padding::NONE,
            (_, 1) => Padding::ONE,
            _ => self.stride_2,
        };
        let conv = Conv {
            input,
            out_channels,
            kind,
            stride,
            pad,
            input_zero,
        };
        self.push(
            Op::Conv(conv),
            Shape::new(out_channels, x.h.div_ceil(stride), x.w.div_ceil(stride)),
        )
    }

    fn add(&mut self, lhs: TensorId, rhs: TensorId) -> TensorId {
        self.push(Op::Add { lhs, rhs }, self.arch.shape(lhs))
    }

    fn pool(&mut self, input: TensorId) -> TensorId {
        self.push(Op::GlobalAvgPool { input }, Shape::new(self.arch.shape(input).c, 1, 1))
    }

    fn inverted_residual(&mut self, x: TensorId, expansion: usize, out_channels: usize, stride: usize) -> TensorId {
        let in_channels = self.arch.shape(x).c;
        let expanded = expansion * in_channels;
        let mut y = x;
        if expansion > 1 {
            y = self.conv(y, ConvKind::Pointwise, expanded, 1);
        }
        y = self.conv(y, ConvKind::Depthwise3x3, expanded, stride);
        y = self.conv(y, ConvKind::Pointwise, out_channels, 1);
        if stride == 1 && in_channels == out_channels {
            y = self.add(x, y);
        }
        y
    }

    fn finish(self) -> Architecture {
        self.arch
    }
}

impl Model {
    /// Random parameters that are total ([`FoldedModel::check_total`](super::FoldedModel::check_total)) and whose
    /// activations spread over 0..=255. The same seed gives the same model.
    ///
    /// # Errors
    /// If the architecture is not valid, or its shift and zero points leave no room for a total model.
    pub fn random(architecture: Architecture, seed: u64) -> Result<Self, ParamsError> {
        architecture.validate()?;
        let mut generator = Generator {
            tensors: (0..=architecture.layers.len())
                .map(|tensor| TensorStats::of(&architecture, TensorId(tensor)))
                .collect(),
            architecture,
            rng: ChaCha20Rng::seed_from_u64(seed),
        };
        let params = (0..generator.architecture.layers.len())
            .map(|i| generator.layer(i))
            .collect();
        let model = Self {
            architecture: generator.architecture,
            params,
        };
        // Holds from shift 10 on, but for zero points of padded layers that leave no room.
        model.fold()?.check_total(&model.architecture)?;
        Ok(model)
    }
}

/// What the generator aims at for the bytes of a tensor.
#[derive(Clone, Copy)]
struct TensorStats {
    zero: u8,
    mean: f64,
    deviation: f64,
}

impl TensorStats {
    fn of(arch: &Architecture, tensor: TensorId) -> Self {
        let readers = || {
            arch.layers
                .iter()
                .map(|l| &l.op)
                .filter(|op| op.inputs().contains(&tensor))
        };
        let padded_zero = readers().find_map(|op| match op {
            Op::Conv(conv) if !conv.pad.is_none() => Some(conv.input_zero),
            _ => None,
        });
        let pointwise = |op: &Op| matches!(op, Op::Conv(conv) if conv.kind == ConvKind::Pointwise);
        let producer = tensor.0.checked_sub(1).map(|i| &arch.layers[i].op);
        // Bottlenecks and sums are linear, with a zero point in the middle; outputs of ReLU6 have 0.
        let from_linear = producer.is_some_and(|op| pointwise(op) || matches!(op, Op::Add { .. }));
        let to_linear = readers().all(|op| pointwise(op) || matches!(op, Op::Add { .. }));
        let zero = padded_zero.unwrap_or(if from_linear && to_linear { 120 } else { 0 });
        match zero {
            0 if producer.is_none() => Self {
                zero,
                mean: 127.5,
                deviation: 74.0,
            },
            0 => Self {
                zero,
                mean: 70.0,
                deviation: 60.0,
            },
            _ => Self {
                zero,
                mean: 128.0,
                deviation: 55.0,
            },
        }
    }
}

struct Generator {
    architecture: Architecture,
    tensors: Vec<TensorStats>,
    rng: ChaCha20Rng,
}

impl Generator {
    /// `2^s`, the unit of multipliers.
    fn unit(&self) -> f64 {
        f64::from(1u32 << self.architecture.shift)
    }

    fn layer(&mut self, index: usize) -> LayerParams {
        let output = self.tensors[index + 1];
        match self.architecture.layers[index].op.clone() {
            Op::Conv(conv) => LayerParams::Conv(self.conv(index, &conv)),
            Op::Add { lhs, rhs } => {
                let (lhs, rhs) = (self.tensors[lhs.0], self.tensors[rhs.0]);
                // Both terms together stay inside the table even at the smallest shift.
                let mut multiplier = || (self.rng.gen_range(0.6..0.8) * self.unit()) as u32;
                LayerParams::Add(AddParams {
                    lhs_multiplier: multiplier(),
                    rhs_multiplier: multiplier(),
                    lhs_zero: lhs.zero,
                    rhs_zero: rhs.zero,
                    output_zero: output.zero.into(),
                })
            }
            Op::GlobalAvgPool { input } => {
                let x = self.architecture.shape(input);
                let real = self.rng.gen_range(0.9..1.1) / (x.h * x.w) as f64;
                LayerParams::Pool(PoolParams {
                    multiplier: (real * self.unit()).round().max(1.0) as u32,
                    input_zero: self.tensors[input.0].zero,
                    output_zero: output.zero.into(),
                })
            }
        }
    }

    fn conv(&mut self, index: usize, conv: &Conv) -> ConvParams {
        let x = self.tensors[conv.input.0];
        let output = self.tensors[index + 1];
        let last = index + 1 == self.architecture.layers.len();
        let count = self.architecture.weight_count(conv);
        let per_output = count / conv.out_channels;
        // A small shift has coarse multipliers: smaller weights make room for larger ones.
        let max_weight: i8 = if self.architecture.shift >= 14 { 127 } else { 31 };
        let (mean, deviation) = if last {
            (0.0, self.unit() / 32.0)
        } else if output.zero == 0 {
            (50.0, 75.0)
        } else {
            (128.0, 55.0)
        };
        let weights: Vec<i8> = (0..count)
            .map(|_| self.rng.gen_range(-max_weight..=max_weight))
            .collect();
        let weight_deviation = f64::from(max_weight) / 3f64.sqrt();
        let wanted = deviation / (weight_deviation * (per_output as f64).sqrt() * x.deviation) * self.unit();
        let output_zero = if last { 0 } else { i32::from(output.zero) };
        let mut bias = Vec::with_capacity(conv.out_channels);
        let mut multiplier = Vec::with_capacity(conv.out_channels);
        for kernel in weights.chunks_exact(per_output) {
            let sum = |sign: f64| -> f64 { kernel.iter().map(|w| (sign * f64::from(*w)).max(0.0)).sum() };
            let (positive, negative) = (sum(1.0), sum(-1.0));
            let centre = mean + self.rng.gen_range(-0.8..0.8) * deviation;
            // Farthest that any image moves the accumulator from where the mean input puts it.
            let up = positive * (255.0 - x.mean) + negative * x.mean;
            let down = positive * x.mean + negative * (255.0 - x.mean);
            let room = (0.48 * self.unit() - centre.abs() - 2.0) * self.unit();
            let limit = room / up.max(down).max(1.0);
            let a = (wanted * self.rng.gen_range(0.8..1.25)).min(limit).max(1.0).floor();
            let constant = (centre - f64::from(output_zero)) * self.unit() / a;
            bias.push((constant - (positive - negative) * (x.mean - f64::from(x.zero))).round() as i32);
            multiplier.push(a as u32);
        }
        ConvParams {
            weights,
            bias,
            multiplier,
            input_zero: x.zero,
            output_zero,
        }
    }
}
