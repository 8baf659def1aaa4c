//! Float weights and ranges to 8-bit parameters (Jacob 2018).

use super::calibrate::Calibration;
use super::convert::FloatConv;
use super::error::ImportError;
use super::fold::{FusedLayer, FusedNetwork, FusedOp};
use super::options::ImportOptions;
use super::quant::Quant;
use crate::model::params::{max_multiplier, MAX_SCALED_BIAS};
use crate::model::{
    AddParams, Architecture, Conv, ConvKind, ConvParams, Kernel, Layer, LayerParams, Model, Op, Padding, ParamsError,
    PoolParams, ScaledParams, TensorId,
};

/// Worst-case logits take this share of the table; the rest is for rounding of weights.
const LOGIT_SHARE: f64 = 0.98;
/// How much coarser the logits become where rounding needs more than that, and how often.
const LOGIT_COARSER: f64 = 1.02;
const LOGIT_ATTEMPTS: usize = 50;

/// Chooses multipliers, then rounds the weights on the grid they imply. Returns the scale of every tensor, image first.
pub(super) fn quantise(
    network: &FusedNetwork,
    calibration: &Calibration,
    options: &ImportOptions,
) -> Result<(Model, Vec<Quant>), ImportError> {
    let mut quantiser = Quantiser {
        network,
        unit: f64::from(2f32).powi(options.shift.min(31) as i32),
        quants: vec![network.image.unwrap_or(Quant {
            scale: options.input_scale,
            zero: options.input_zero,
        })],
        model: Model {
            architecture: Architecture {
                input: network.input,
                shift: options.shift,
                layers: Vec::new(),
                output: options.output,
            },
            params: Vec::new(),
        },
    };
    let last = network.layers.len().saturating_sub(1);
    for (i, layer) in network.layers.iter().enumerate() {
        let observed = calibration.layers[i];
        let given = layer.file.and_then(|file| file.quant);
        let y = given.unwrap_or_else(|| Quant::of_range(observed.low, observed.high));
        match &layer.op {
            FusedOp::Conv(conv) if i == last && given.is_none() => quantiser.logits(layer, conv)?,
            FusedOp::Conv(conv) => quantiser.conv(layer, conv, y)?,
            FusedOp::Copy => quantiser.copy(layer, quantiser.quants[layer.inputs[0]])?,
            FusedOp::Rescale => quantiser.copy(layer, y)?,
            FusedOp::Concat => quantiser.concat(layer, y),
            FusedOp::Add => quantiser.add(layer, y)?,
            FusedOp::Pool => quantiser.pool(layer, y)?,
        }
    }
    Ok((quantiser.model, quantiser.quants))
}

struct Quantiser<'a> {
    network: &'a FusedNetwork,
    /// `2^s`.
    unit: f64,
    quants: Vec<Quant>,
    model: Model,
}

impl Quantiser<'_> {
    fn push(&mut self, layer: &FusedLayer, op: Op, params: LayerParams, quant: Quant) {
        self.model.architecture.layers.push(Layer {
            op,
            output: layer.output,
        });
        self.model.params.push(params);
        self.quants.push(quant);
    }

    fn conv(&mut self, layer: &FusedLayer, conv: &FloatConv, y: Quant) -> Result<(), ImportError> {
        let params = self.params(layer, conv, y)?;
        let op = self.conv_op(layer, conv);
        self.push(layer, op, params, y);
        Ok(())
    }

    fn params(&self, layer: &FusedLayer, conv: &FloatConv, y: Quant) -> Result<LayerParams, ImportError> {
        Ok(match layer.file {
            None => LayerParams::Conv(self.conv_params(layer, conv, y)?),
            Some(_) => LayerParams::Scaled(self.scaled_params(layer, conv, y)?),
        })
    }

    fn conv_op(&self, layer: &FusedLayer, conv: &FloatConv) -> Op {
        let input = layer.inputs[0];
        Op::Conv(Conv {
            input: TensorId(input),
            out_channels: layer.output.c,
            kind: conv.kind,
            stride: conv.stride,
            pad: conv.pad,
            input_zero: if conv.pad.is_none() { 0 } else { self.quants[input].zero },
        })
    }

    fn conv_params(&self, layer: &FusedLayer, conv: &FloatConv, y: Quant) -> Result<ConvParams, ImportError> {
        let x = self.quants[layer.inputs[0]];
        let per_output = conv.weights.len() / conv.bias.len();
        let mut params = ConvParams {
            weights: Vec::with_capacity(conv.weights.len()),
            bias: Vec::with_capacity(conv.bias.len()),
            multiplier: Vec::with_capacity(conv.bias.len()),
            input_zero: x.zero,
            output_zero: y.zero.into(),
        };
        for (channel, kernel) in conv.weights.chunks_exact(per_output).enumerate() {
            let widest = kernel.iter().fold(0.0f64, |widest, w| widest.max(w.abs()));
            // Rounded up, so that the widest weight is at most 127.
            let for_weights = (widest / 127.0 * x.scale / y.scale * self.unit).ceil();
            // A bias beside few or no weights is in units of the multiplier, too, and has 32 bits.
            let for_bias = (conv.bias[channel] / y.scale * self.unit).abs() / f64::from(i32::MAX);
            let a = self.multiplier(layer, channel, for_weights.max(for_bias.ceil()))?;
            // Jacob18 (5) backwards: the weights' scale follows from a/2^s = S_w·S_x/S_y.
            let weight_scale = f64::from(a) / self.unit * y.scale / x.scale;
            let rounded = kernel
                .iter()
                .map(|w| (w / weight_scale).round().clamp(-127.0, 127.0) as i8);
            params.weights.extend(rounded);
            let bias = (conv.bias[channel] / (weight_scale * x.scale)).round();
            if bias.abs() > f64::from(i32::MAX) {
                return Err(ImportError::Bias {
                    layer: layer.node.clone(),
                    channel,
                    value: bias,
                });
            }
            params.bias.push(bias as i32);
            params.multiplier.push(a);
        }
        Ok(params)
    }

    /// The file's weights with the file's scales: none of both is chosen here, so each product with its multiplier is rounded by itself.
    fn scaled_params(&self, layer: &FusedLayer, conv: &FloatConv, y: Quant) -> Result<ScaledParams, ImportError> {
        let x = self.quants[layer.inputs[0]];
        let per_output = conv.weights.len() / conv.bias.len();
        let gain = x.scale / y.scale * self.unit;
        let mut weights = Vec::with_capacity(conv.weights.len());
        for (i, weight) in conv.weights.iter().enumerate() {
            let value = (weight * gain).round();
            if value.is_nan() || value.abs() > f64::from(i32::MAX) {
                return Err(ImportError::Multiplier {
                    layer: layer.node.clone(),
                    channel: i / per_output,
                    value,
                    max: i32::MAX as u32,
                });
            }
            weights.push(value as i32);
        }
        let mut bias = Vec::with_capacity(conv.bias.len());
        for (channel, real) in conv.bias.iter().enumerate() {
            let value = (real / y.scale * self.unit).round();
            if value.is_nan() || value.abs() > MAX_SCALED_BIAS as f64 {
                return Err(ImportError::Bias {
                    layer: layer.node.clone(),
                    channel,
                    value,
                });
            }
            bias.push(value as i64);
        }
        Ok(ScaledParams {
            weights,
            bias,
            input_zero: x.zero,
            output_zero: y.zero.into(),
        })
    }

    /// All logits share one scale: the finest that keeps every image inside the table.
    fn logits(&mut self, layer: &FusedLayer, conv: &FloatConv) -> Result<(), ImportError> {
        let x = self.quants[layer.inputs[0]];
        let per_output = conv.weights.len() / conv.bias.len();
        let (low, high) = (-f64::from(x.zero) * x.scale, (255.0 - f64::from(x.zero)) * x.scale);
        let worst = conv
            .weights
            .chunks_exact(per_output)
            .zip(&conv.bias)
            .map(|(kernel, bias)| {
                let min: f64 = kernel.iter().map(|w| (w * low).min(w * high)).sum();
                let max: f64 = kernel.iter().map(|w| (w * low).max(w * high)).sum();
                (min + bias).abs().max((max + bias).abs())
            });
        let worst = worst.fold(0.0, f64::max).max(f64::from(f32::MIN_POSITIVE));
        let mut y = Quant {
            scale: worst / (LOGIT_SHARE * self.model.architecture.cut().half() as f64),
            zero: 0,
        };
        let op = self.conv_op(layer, conv);
        for _ in 0..LOGIT_ATTEMPTS {
            let params = self.params(layer, conv, y)?;
            self.push(layer, op.clone(), params, y);
            // Earlier layers' errors are the validate phase's to report.
            let index = self.model.params.len() - 1;
            match self
                .model
                .fold()
                .and_then(|folded| folded.check_total(&self.model.architecture))
            {
                Err(ParamsError::NotTotal { layer: name, .. }) if name == self.model.architecture.layer_name(index) => {
                    self.model.architecture.layers.pop();
                    self.model.params.pop();
                    self.quants.pop();
                    y.scale *= LOGIT_COARSER;
                }
                _ => return Ok(()),
            }
        }
        self.conv(layer, conv, y)
    }

    fn add(&mut self, layer: &FusedLayer, y: Quant) -> Result<(), ImportError> {
        let (lhs, rhs) = (self.quants[layer.inputs[0]], self.quants[layer.inputs[1]]);
        let params = AddParams {
            lhs_multiplier: self.multiplier(layer, 0, (lhs.scale / y.scale * self.unit).round())?,
            rhs_multiplier: self.multiplier(layer, 0, (rhs.scale / y.scale * self.unit).round())?,
            lhs_zero: lhs.zero,
            rhs_zero: rhs.zero,
            output_zero: y.zero.into(),
        };
        let op = Op::Add {
            lhs: TensorId(layer.inputs[0]),
            rhs: TensorId(layer.inputs[1]),
        };
        self.push(layer, op, LayerParams::Add(params), y);
        Ok(())
    }

    /// On its own scale `x = (2^s·(x − z) + z·2^s + 2^(s−1)) / 2^s`, rounded down.
    fn copy(&mut self, layer: &FusedLayer, y: Quant) -> Result<(), ImportError> {
        let (input, channels) = (layer.inputs[0], layer.output.c);
        let x = self.quants[input];
        let op = Op::Conv(Conv {
            input: TensorId(input),
            out_channels: channels,
            kind: ConvKind::Depthwise(Kernel { h: 1, w: 1 }),
            stride: 1,
            pad: Padding::NONE,
            input_zero: 0,
        });
        let params = ConvParams {
            weights: vec![1; channels],
            bias: vec![0; channels],
            multiplier: vec![self.multiplier(layer, 0, (x.scale / y.scale * self.unit).round())?; channels],
            input_zero: x.zero,
            output_zero: y.zero.into(),
        };
        self.push(layer, op, LayerParams::Conv(params), y);
        Ok(())
    }

    /// What is joined has this scale already.
    fn concat(&mut self, layer: &FusedLayer, y: Quant) {
        let inputs = layer.inputs.iter().map(|input| TensorId(*input)).collect();
        self.push(layer, Op::Concat { inputs }, LayerParams::Concat, y);
    }

    fn pool(&mut self, layer: &FusedLayer, y: Quant) -> Result<(), ImportError> {
        let input = layer.inputs[0];
        let x = self.quants[input];
        let shape = self.network.shape(input);
        let positions = (shape.h * shape.w) as f64;
        let multiplier = self.multiplier(layer, 0, (x.scale / y.scale / positions * self.unit).round())?;
        // The scale that the rounded multiplier stands for; a file's own is what the layers behind were rounded for.
        let y = match layer.file {
            None => Quant {
                scale: x.scale * self.unit / (f64::from(multiplier) * positions),
                ..y
            },
            Some(_) => y,
        };
        let params = PoolParams {
            multiplier,
            input_zero: x.zero,
            output_zero: y.zero.into(),
        };
        let op = Op::GlobalAvgPool { input: TensorId(input) };
        self.push(layer, op, LayerParams::Pool(params), y);
        Ok(())
    }

    fn multiplier(&self, layer: &FusedLayer, channel: usize, value: f64) -> Result<u32, ImportError> {
        // A channel of zeros has the multiplier 1; its bias then has the finest grid.
        let max = max_multiplier(self.model.architecture.cut());
        if value.is_finite() && (0.0..=f64::from(max)).contains(&value) {
            Ok(value.max(1.0) as u32)
        } else {
            Err(ImportError::Multiplier {
                layer: layer.node.clone(),
                channel,
                value,
                max,
            })
        }
    }
}
