//! Parameters with zero points and scales folded in: the numbers that a proof commits to.

use super::architecture::Architecture;
use super::op::{Conv, Op};
use super::params::{ConvParams, LayerParams, Model, ParamsError, ScaledParams};
use serde::Serialize;

/// The numbers a proof commits to: a layer is only `Σ W'·x + B' = q̂·2^s + r`, `q̂ = q + 2^(b−1) ≥ 0`, `b` of [`Cut`](super::Cut).
#[derive(Clone, PartialEq, Eq)]
pub struct FoldedModel {
    /// One entry per layer of the architecture.
    pub layers: Vec<FoldedLayer>,
}

impl std::fmt::Debug for FoldedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FoldedModel")
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

/// Folded parameters of one layer. Those that [`Model::fold`] makes are below 2^62 in absolute value, those that pass
/// [`FoldedModel::check_total`] below `2^(b+s+1)`, so below 2^33, or 2^41 with two limbs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldedLayer {
    /// `Σ W'·x + B'` per output channel.
    Conv {
        /// `W' = a·w`, in the order of [`ConvParams::weights`].
        weights: Vec<i64>,
        /// `B'`, one per output channel.
        bias: Vec<i64>,
    },
    /// `A1·x1 + A2·x2 + B'`.
    Add {
        /// `A1`.
        lhs: i64,
        /// `A2`.
        rhs: i64,
        /// `B'`.
        bias: i64,
    },
    /// `A·Σ_p x[p] + B'`.
    Pool {
        /// `A`.
        multiplier: i64,
        /// `B'`.
        bias: i64,
    },
    /// Nothing: what is joined was requantised before.
    Concat,
}

impl Model {
    /// Folds multipliers, zero points, rounding and offset into the committed numbers (design: `W'`, `B'`).
    ///
    /// # Errors
    /// If lengths or kinds do not match the architecture, or a folded bias does not fit 62 bits.
    pub fn fold(&self) -> Result<FoldedModel, ParamsError> {
        self.validate()?;
        let cut = self.architecture.cut();
        let s = cut.shift();
        // z_y·2^s, half of 2^s to round, and the offset that makes q̂ = q + 2^(b−1) non-negative.
        let constant = |zero: i32| (i64::from(zero) << s) + (1 << (s - 1)) + (cut.half() << s);
        let layers = self
            .architecture
            .layers
            .iter()
            .zip(&self.params)
            .enumerate()
            .map(|(i, (layer, params))| {
                Ok(match (&layer.op, params) {
                    (Op::Conv(conv), LayerParams::Conv(p)) => {
                        let too_large = |channel| ParamsError::TooLarge {
                            layer: self.architecture.layer_name(i),
                            channel,
                        };
                        fold_conv(conv, p, constant(p.output_zero)).map_err(too_large)?
                    }
                    (Op::Conv(conv), LayerParams::Scaled(p)) => fold_scaled(conv, p, constant(p.output_zero)),
                    (_, LayerParams::Add(p)) => {
                        let (a1, a2) = (i64::from(p.lhs_multiplier), i64::from(p.rhs_multiplier));
                        let zero = a1 * i64::from(p.lhs_zero) + a2 * i64::from(p.rhs_zero);
                        FoldedLayer::Add {
                            lhs: a1,
                            rhs: a2,
                            bias: constant(p.output_zero) - zero,
                        }
                    }
                    (Op::GlobalAvgPool { input }, LayerParams::Pool(p)) => {
                        let x = self.architecture.shape(*input);
                        let zero = i64::from(p.multiplier) * i64::from(p.input_zero) * (x.h * x.w) as i64;
                        FoldedLayer::Pool {
                            multiplier: i64::from(p.multiplier),
                            bias: constant(p.output_zero) - zero,
                        }
                    }
                    (Op::Concat { .. }, LayerParams::Concat) => FoldedLayer::Concat,
                    _ => unreachable!("validate checked the kinds"),
                })
            });
        Ok(FoldedModel {
            layers: layers.collect::<Result<_, ParamsError>>()?,
        })
    }
}

/// # Errors
/// The first output channel whose bias is 2^62 or more.
fn fold_conv(conv: &Conv, p: &ConvParams, constant: i64) -> Result<FoldedLayer, usize> {
    let per_output = p.weights.len() / conv.out_channels;
    let a = |o: usize| i64::from(p.multiplier[o]);
    let weights = p
        .weights
        .iter()
        .enumerate()
        .map(|(i, w)| a(i / per_output) * i64::from(*w))
        .collect();
    let bias = (0..conv.out_channels).map(|o| {
        let sum: i64 = p.weights[o * per_output..(o + 1) * per_output]
            .iter()
            .map(|w| i64::from(*w))
            .sum();
        // With padding the circuit subtracts z_x from the pixels it really reads.
        let zero = if conv.pad.is_none() {
            i64::from(p.input_zero) * sum
        } else {
            0
        };
        let bias = i128::from(a(o)) * i128::from(i64::from(p.bias[o]) - zero) + i128::from(constant);
        i64::try_from(bias)
            .ok()
            .filter(|bias| bias.unsigned_abs() < 1 << 62)
            .ok_or(o)
    });
    Ok(FoldedLayer::Conv {
        weights,
        bias: bias.collect::<Result<_, usize>>()?,
    })
}

fn fold_scaled(conv: &Conv, p: &ScaledParams, constant: i64) -> FoldedLayer {
    let per_output = p.weights.len() / conv.out_channels;
    let weights: Vec<i64> = p.weights.iter().map(|w| i64::from(*w)).collect();
    let bias = weights.chunks_exact(per_output).zip(&p.bias).map(|(kernel, bias)| {
        // As in `fold_conv`.
        let zero = if conv.pad.is_none() { i64::from(p.input_zero) } else { 0 };
        bias - zero * kernel.iter().sum::<i64>() + constant
    });
    FoldedLayer::Conv {
        bias: bias.collect(),
        weights,
    }
}

impl FoldedModel {
    /// Largest `Σ|W'|·255 + |B'|` of an output: no sum of an executor can overflow.
    const MAX_ABS_SUM: u128 = 1 << 62;

    /// Checks lengths and kinds against the architecture, and that no sum can overflow 64 bits on any image.
    ///
    /// # Errors
    /// The first violation, with the layer's name.
    pub fn validate(&self, arch: &Architecture) -> Result<(), ParamsError> {
        arch.validate()?;
        if arch.layers.len() != self.layers.len() {
            return Err(ParamsError::LayerCount {
                layers: arch.layers.len(),
                params: self.layers.len(),
            });
        }
        for (i, (layer, folded)) in arch.layers.iter().zip(&self.layers).enumerate() {
            let name = || arch.layer_name(i);
            match (&layer.op, folded) {
                (Op::Conv(conv), FoldedLayer::Conv { weights, bias }) => {
                    let lengths = [
                        ("folded weights", weights.len(), arch.weight_count(conv)),
                        ("folded bias", bias.len(), conv.out_channels),
                    ];
                    for (what, got, expected) in lengths {
                        if got != expected {
                            return Err(ParamsError::Length {
                                layer: name(),
                                what,
                                expected,
                                got,
                            });
                        }
                    }
                }
                (Op::Add { .. }, FoldedLayer::Add { .. })
                | (Op::GlobalAvgPool { .. }, FoldedLayer::Pool { .. })
                | (Op::Concat { .. }, FoldedLayer::Concat) => {}
                _ => return Err(ParamsError::Kind { layer: name() }),
            }
            for channel in 0..layer.output.c {
                if abs_sum(arch, &layer.op, folded, channel) >= Self::MAX_ABS_SUM {
                    return Err(ParamsError::TooLarge { layer: name(), channel });
                }
            }
        }
        Ok(())
    }

    /// Bounds `q` of every output over **all** inputs in 0..=255 and fails where it could leave `[−2^(b−1), 2^(b−1))`.
    ///
    /// # Errors
    /// [`ParamsError::NotTotal`] with the first layer and channel that some image could drive out of the table, or what
    /// [`FoldedModel::validate`] finds.
    pub fn check_total(&self, arch: &Architecture) -> Result<Vec<QRange>, ParamsError> {
        self.validate(arch)?;
        let cut = arch.cut();
        let mut ranges = Vec::with_capacity(self.layers.len());
        for (i, (layer, folded)) in arch.layers.iter().zip(&self.layers).enumerate() {
            if matches!(folded, FoldedLayer::Concat) {
                // Bytes, as they were clipped.
                ranges.push(QRange { min: 0, max: 255 });
                continue;
            }
            let mut range = QRange {
                min: i64::MAX,
                max: i64::MIN,
            };
            for o in 0..layer.output.c {
                let (lo, hi) = folded_bounds(arch, &layer.op, folded, o);
                for t in [lo, hi] {
                    let q_hat = t >> cut.shift();
                    if !(0..1 << cut.table_bits()).contains(&q_hat) {
                        return Err(ParamsError::NotTotal {
                            layer: arch.layer_name(i),
                            channel: o,
                            bound: q_hat - cut.half(),
                            bits: cut.table_bits() - 1,
                        });
                    }
                    let q = q_hat - cut.half();
                    range = QRange {
                        min: range.min.min(q),
                        max: range.max.max(q),
                    };
                }
            }
            ranges.push(range);
        }
        Ok(ranges)
    }
}

/// Smallest and largest `q` a layer can take over all inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QRange {
    /// Smallest, over all output channels.
    pub min: i64,
    /// Largest, over all output channels.
    pub max: i64,
}

/// `Σ|W'|·255 + |B'|` of output channel `o`, at most 2^(64 + 28).
fn abs_sum(arch: &Architecture, op: &Op, folded: &FoldedLayer, o: usize) -> u128 {
    let abs = |x: &i64| u128::from(x.unsigned_abs());
    let (weights, bias) = match folded {
        FoldedLayer::Conv { weights, bias } => {
            let per_output = weights.len() / bias.len();
            let sum = weights[o * per_output..(o + 1) * per_output].iter().map(abs).sum();
            (sum, abs(&bias[o]))
        }
        FoldedLayer::Add { lhs, rhs, bias } => (abs(lhs) + abs(rhs), abs(bias)),
        FoldedLayer::Pool { multiplier, bias } => {
            let positions: usize = op.inputs().iter().map(|x| arch.shape(*x).h * arch.shape(*x).w).sum();
            (abs(multiplier) * positions as u128, abs(bias))
        }
        FoldedLayer::Concat => (0, 0),
    };
    255 * weights + bias
}

/// Bounds of `t` for output channel `o`, over all bytes in every input position, padding included.
fn folded_bounds(arch: &Architecture, op: &Op, folded: &FoldedLayer, o: usize) -> (i64, i64) {
    let mut span = (0i64, 0i64);
    let mut term = |weight: i64, min: i64, max: i64| {
        let (a, b) = (weight * min, weight * max);
        // A padded tap reads 0, so 0 is always possible.
        span = (span.0 + a.min(b).min(0), span.1 + a.max(b).max(0));
    };
    let bias = match (op, folded) {
        (Op::Conv(conv), FoldedLayer::Conv { weights, bias }) => {
            let per_output = weights.len() / conv.out_channels;
            let zero = i64::from(conv.input_zero);
            weights[o * per_output..(o + 1) * per_output]
                .iter()
                .for_each(|w| term(*w, -zero, 255 - zero));
            bias[o]
        }
        (_, FoldedLayer::Add { lhs, rhs, bias }) => {
            term(*lhs, 0, 255);
            term(*rhs, 0, 255);
            *bias
        }
        (Op::GlobalAvgPool { input }, FoldedLayer::Pool { multiplier, bias }) => {
            let x = arch.shape(*input);
            term(*multiplier, 0, 255 * (x.h * x.w) as i64);
            *bias
        }
        _ => unreachable!("fold checked the kinds"),
    };
    (bias + span.0, bias + span.1)
}
