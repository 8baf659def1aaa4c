//! Models with random parameters, for tests and measurements.

pub use super::networks::{joined_network, kernel_network, mobilenet_v2, mobilenet_v2_with_padding, tiny_network};

use super::architecture::Architecture;
use super::op::{Conv, ConvKind, Op, TensorId};
use super::params::{AddParams, ConvParams, LayerParams, Model, ParamsError, PoolParams};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

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
        let reads = |read: &TensorId| *read == tensor || arch.parts(*read).contains(&tensor);
        let readers = || {
            let computing = arch
                .layers
                .iter()
                .map(|l| &l.op)
                .filter(|op| !matches!(op, Op::Concat { .. }));
            computing.filter(|op| op.inputs().iter().any(reads))
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

    /// `2^b`, how many quotients there are.
    fn quotients(&self) -> f64 {
        self.architecture.cut().table_rows() as f64
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
            Op::Concat { .. } => LayerParams::Concat,
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
            (0.0, self.quotients() / 32.0)
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
            let room = (0.48 * self.quotients() - centre.abs() - 2.0) * self.unit();
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
