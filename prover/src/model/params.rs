//! The secret parameters of a network, and folding them.

use super::architecture::{Architecture, ArchitectureError};
use super::cut::Cut;
use super::op::{Conv, Op};
use serde::{Deserialize, Serialize};

/// A quantised network: the architecture and its secret parameters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// What is public.
    pub architecture: Architecture,
    /// One entry per layer.
    pub params: Vec<LayerParams>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("layers", &self.params.len())
            .finish_non_exhaustive()
    }
}

/// Parameters of one layer, of the kind that its [`Op`] has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LayerParams {
    /// Of [`Op::Conv`].
    Conv(ConvParams),
    /// Of [`Op::Add`].
    Add(AddParams),
    /// Of [`Op::GlobalAvgPool`].
    Pool(PoolParams),
    /// Of [`Op::Concat`], which has none.
    Concat,
    /// Of [`Op::Conv`] too, with multipliers that are in the weights already.
    Scaled(ScaledParams),
}

/// `acc = Σ w·(x − z_x) + b`, `t = a·acc + z_y·2^s + 2^(s−1)`, per output channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvParams {
    /// `[o, c, kh, kw]`; depthwise `[c, kh, kw]`. Symmetric int8.
    pub weights: Vec<i8>,
    /// One per output channel.
    pub bias: Vec<i32>,
    /// `a[o] > 0`: the real scale is about `a[o] / 2^s`.
    pub multiplier: Vec<u32>,
    /// `z_x`; the architecture's own in a layer with padding.
    pub input_zero: u8,
    /// Zero point of the output; may leave 0..=255 in the last layer, whose output is not clipped.
    pub output_zero: i32,
}

/// `t = Σ W·(x − z_x) + b + z_y·2^s + 2^(s−1)`: each weight is rounded by itself instead of on the grid of a multiplier, so that scales
/// which are given, and whose multiplier would be a small number, are met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaledParams {
    /// In the order of [`ConvParams::weights`], in units of 2^−s.
    pub weights: Vec<i32>,
    /// One per output channel, in the same unit; at most 2^56.
    pub bias: Vec<i64>,
    /// As in [`ConvParams`].
    pub input_zero: u8,
    /// As in [`ConvParams`].
    pub output_zero: i32,
}

/// `t = a1·(x1 − z1) + a2·(x2 − z2) + z_y·2^s + 2^(s−1)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddParams {
    /// `a1 > 0`.
    pub lhs_multiplier: u32,
    /// `a2 > 0`.
    pub rhs_multiplier: u32,
    /// `z1`.
    pub lhs_zero: u8,
    /// `z2`.
    pub rhs_zero: u8,
    /// `z_y`, a byte.
    pub output_zero: i32,
}

/// `t = a·Σ_p (x[p] − z_x) + z_y·2^s + 2^(s−1)`; `a` contains `1/(H·W)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolParams {
    /// `a > 0`.
    pub multiplier: u32,
    /// `z_x`.
    pub input_zero: u8,
    /// `z_y`, a byte.
    pub output_zero: i32,
}

/// Which rule a model breaks.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ParamsError {
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    #[error("{layers} layers, but parameters for {params}")]
    LayerCount { layers: usize, params: usize },
    #[error("{layer}: parameters of another kind of layer")]
    Kind { layer: String },
    #[error("{layer}: {what} has {got} entries, expected {expected}")]
    Length {
        layer: String,
        what: &'static str,
        expected: usize,
        got: usize,
    },
    #[error("{layer}: input zero point {got} differs from the architecture's {expected}")]
    InputZero { layer: String, expected: u8, got: u8 },
    #[error("{layer}: {what} {got} is outside {min}..={max}")]
    Bounds {
        layer: String,
        what: &'static str,
        min: i64,
        max: i64,
        got: i64,
    },
    #[error("{layer}: the folded numbers of output channel {channel} do not fit 62 bits")]
    TooLarge { layer: String, channel: usize },
    #[error(
        "{layer}: output channel {channel} reaches q = {bound}, outside ±2^{bits}: some image would have no proof"
    )]
    NotTotal {
        layer: String,
        channel: usize,
        bound: i64,
        bits: u32,
    },
}

impl Model {
    /// Checks lengths and kinds against the architecture, and bounds every number so that nothing overflows later.
    ///
    /// # Errors
    /// The first violation, with the layer's name. A model that passes may still not be total
    /// ([`FoldedModel::check_total`](super::FoldedModel::check_total)).
    pub fn validate(&self) -> Result<(), ParamsError> {
        let arch = &self.architecture;
        arch.validate()?;
        if arch.layers.len() != self.params.len() {
            return Err(ParamsError::LayerCount {
                layers: arch.layers.len(),
                params: self.params.len(),
            });
        }
        for (i, (layer, params)) in arch.layers.iter().zip(&self.params).enumerate() {
            let name = || arch.layer_name(i);
            match (&layer.op, params) {
                (Op::Conv(conv), LayerParams::Conv(p)) => {
                    check_length("weights", p.weights.len(), arch.weight_count(conv), &name)?;
                    check_length("bias", p.bias.len(), conv.out_channels, &name)?;
                    check_length("multiplier", p.multiplier.len(), conv.out_channels, &name)?;
                    for multiplier in &p.multiplier {
                        check_multiplier(*multiplier, arch, &name)?;
                    }
                    check_output_zero(p.output_zero, arch, i)?;
                    check_input_zero(conv, p.input_zero, &name)?;
                }
                (Op::Conv(conv), LayerParams::Scaled(p)) => {
                    check_length("weights", p.weights.len(), arch.weight_count(conv), &name)?;
                    check_length("bias", p.bias.len(), conv.out_channels, &name)?;
                    for bias in &p.bias {
                        check_bounds("bias", *bias, -MAX_SCALED_BIAS, MAX_SCALED_BIAS, &name)?;
                    }
                    check_output_zero(p.output_zero, arch, i)?;
                    check_input_zero(conv, p.input_zero, &name)?;
                }
                (Op::Add { .. }, LayerParams::Add(p)) => {
                    check_multiplier(p.lhs_multiplier, arch, &name)?;
                    check_multiplier(p.rhs_multiplier, arch, &name)?;
                    check_output_zero(p.output_zero, arch, i)?;
                }
                (Op::GlobalAvgPool { .. }, LayerParams::Pool(p)) => {
                    check_multiplier(p.multiplier, arch, &name)?;
                    check_output_zero(p.output_zero, arch, i)?;
                }
                (Op::Concat { .. }, LayerParams::Concat) => {}
                _ => return Err(ParamsError::Kind { layer: name() }),
            }
        }
        Ok(())
    }
}

/// Largest multiplier: 2^8 in real terms at `s = 16`, 2^7 at `s = 24`, more than any total sum of bytes has.
///
/// No sum wraps, neither in 64 bits nor in the field: `Σ|W'|·255 + |B'|` of every output is below 2^62
/// ([`FoldedModel::validate`](super::FoldedModel::validate)), of a total model below 2^(b+s+1), at most 2^41
/// ([`FoldedModel::check_total`](super::FoldedModel::check_total)), and `q̂·2^s + r` below 2^(b+s) ≤ 2^40 by the tables, whatever is committed.
pub const fn max_multiplier(cut: Cut) -> u32 {
    match cut.limbs() {
        1 => 1 << 24,
        _ => 1 << 31,
    }
}

/// Largest bias of [`ScaledParams`], far outside of what a table holds: no sum of [`Model::fold`] overflows.
pub const MAX_SCALED_BIAS: i64 = 1 << 56;

fn check_length(
    what: &'static str,
    got: usize,
    expected: usize,
    layer: &impl Fn() -> String,
) -> Result<(), ParamsError> {
    if got == expected {
        return Ok(());
    }
    Err(ParamsError::Length {
        layer: layer(),
        what,
        expected,
        got,
    })
}

/// A layer with padding has its zero point in the architecture.
fn check_input_zero(conv: &Conv, got: u8, layer: &impl Fn() -> String) -> Result<(), ParamsError> {
    if conv.pad.is_none() || got == conv.input_zero {
        return Ok(());
    }
    Err(ParamsError::InputZero {
        layer: layer(),
        expected: conv.input_zero,
        got,
    })
}

fn check_multiplier(multiplier: u32, arch: &Architecture, layer: &impl Fn() -> String) -> Result<(), ParamsError> {
    let max = max_multiplier(arch.cut());
    check_bounds("multiplier", multiplier.into(), 1, max.into(), layer)
}

/// Zero points are bytes, except in the last layer, whose output is not clipped.
fn check_output_zero(zero: i32, arch: &Architecture, layer: usize) -> Result<(), ParamsError> {
    let (min, max) = if layer + 1 == arch.layers.len() {
        (-arch.cut().half(), arch.cut().half())
    } else {
        (0, 255)
    };
    check_bounds("output zero point", zero.into(), min, max, &|| arch.layer_name(layer))
}

fn check_bounds(
    what: &'static str,
    got: i64,
    min: i64,
    max: i64,
    layer: &impl Fn() -> String,
) -> Result<(), ParamsError> {
    if (min..=max).contains(&got) {
        Ok(())
    } else {
        Err(ParamsError::Bounds {
            layer: layer(),
            what,
            min,
            max,
            got,
        })
    }
}
