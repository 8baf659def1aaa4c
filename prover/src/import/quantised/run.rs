//! The file's own run: every operator as ONNX defines it, in real numbers between integers.
//!
//! Independent of the integers that the model computes with: scales are never turned into multipliers, and QuantizeLinear rounds halves to
//! the even neighbour.

use crate::import::convert::{FloatConv, FloatLayer, FloatNetwork, FloatOp};
use crate::import::error::ImportError;
use crate::import::float_run::Run;
use crate::import::fold::{FromFile, FusedLayer, FusedNetwork};
use crate::import::options::ImportOptions;
use crate::import::parse::Input;
use crate::import::quant::Quant;
use crate::model::{Padding, Shape};
use std::ops::Range;

/// A quantised file, run operator by operator.
pub(crate) struct FileRun {
    network: FloatNetwork,
    /// What each layer of the model is compared with, and which of its numbers.
    wanted: Vec<(FromFile, Range<usize>)>,
    /// For each tensor the layer behind which nobody reads it.
    last_reader: Vec<usize>,
    image: Quant,
}

impl FileRun {
    /// Of `network`, whose tensors the layers of `fused` name.
    pub(crate) fn new(network: FloatNetwork, fused: &FusedNetwork, options: &ImportOptions) -> Self {
        let of_layer = |layer: &FusedLayer| {
            let file = layer.file?;
            let first = file.from * layer.output.h * layer.output.w;
            Some((file, first..first + layer.output.len()))
        };
        let wanted = fused.layers.iter().filter_map(of_layer).collect();
        let mut last_reader = vec![0; network.layers.len() + 1];
        for (i, layer) in network.layers.iter().enumerate() {
            layer.inputs.iter().for_each(|input| last_reader[*input] = i);
        }
        Self {
            network,
            wanted,
            last_reader,
            image: Quant {
                scale: options.input_scale,
                zero: options.input_zero,
            },
        }
    }

    /// Runs the network; `seen` gets every tensor with its place in the unfused network, channel-major, bytes as numbers.
    fn walk(&self, image: &[u8], mut seen: impl FnMut(usize, &[f64])) -> Result<(), ImportError> {
        let Shape { h, w, .. } = self.network.input;
        if image.len() != 3 * h * w {
            let reason = format!("the image has {} bytes, the network reads {}", image.len(), 3 * h * w);
            return Err(ImportError::FloatRun { reason });
        }
        let channels = if self.network.input.c == 1 {
            Input::GREY..Input::GREY + 1
        } else {
            0..3
        };
        let bytes = channels.flat_map(|channel| image.iter().skip(channel).step_by(3));
        // The file reads float32.
        let pixel = |byte: &u8| match self.network.integer_input {
            Some(_) => f64::from(*byte),
            None => f64::from(self.image.real(f64::from(*byte)) as f32),
        };
        let mut tensors = vec![bytes.map(pixel).collect::<Vec<f64>>()];
        seen(0, &tensors[0]);
        for (i, layer) in self.network.layers.iter().enumerate() {
            tensors.push(self.layer(layer, &tensors));
            seen(i + 1, &tensors[i + 1]);
            for input in layer.inputs.iter().filter(|input| self.last_reader[**input] == i) {
                tensors[*input] = Vec::new();
            }
        }
        Ok(())
    }

    /// Name and bytes of every tensor that the file quantises, in its order; int8 moved up by 128.
    pub(crate) fn integers(&self, image: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
        let mut integers = Vec::new();
        self.walk(image, |tensor, values| {
            let Some(layer) = tensor.checked_sub(1).map(|layer| &self.network.layers[layer]) else {
                return;
            };
            if matches!(layer.op, FloatOp::Quantise(_)) {
                // Whole numbers below 256.
                let mut bytes: Vec<u8> = values.iter().map(|value| *value as u8).collect();
                if layer.channels_last {
                    let map = layer.output.h * layer.output.w;
                    bytes = (0..map)
                        .flat_map(|pixel| bytes.iter().skip(pixel).step_by(map))
                        .copied()
                        .collect();
                }
                integers.push((layer.tensor.clone(), bytes));
            }
        })?;
        Ok(integers)
    }

    fn layer(&self, layer: &FloatLayer, tensors: &[Vec<f64>]) -> Vec<f64> {
        let x = &tensors[layer.inputs[0]];
        let map = layer.output.h * layer.output.w;
        let each = |f: &dyn Fn(f64) -> f64| x.iter().map(|x| f(*x)).collect();
        match &layer.op {
            FloatOp::Conv(conv) => convolution(x, self.shape(layer.inputs[0]), conv, layer.output),
            FloatOp::Affine { scale, shift } => {
                let maps = x.chunks_exact(map).zip(scale.iter().zip(shift));
                maps.flat_map(|(map, (scale, shift))| map.iter().map(move |x| x * scale + shift))
                    .collect()
            }
            FloatOp::Clip { max } => each(&|x| x.max(0.0).min(max.unwrap_or(f64::INFINITY))),
            FloatOp::Add => x.iter().zip(&tensors[layer.inputs[1]]).map(|(a, b)| a + b).collect(),
            FloatOp::Pool => {
                let Shape { h, w, .. } = self.shape(layer.inputs[0]);
                x.chunks_exact(h * w)
                    .map(|map| map.iter().sum::<f64>() / (h * w) as f64)
                    .collect()
            }
            FloatOp::Concat => layer
                .inputs
                .iter()
                .flat_map(|input| &tensors[*input])
                .copied()
                .collect(),
            FloatOp::Quantise(quant) => each(&|x| f64::from(quant.byte(x))),
            FloatOp::Dequantise(quant) => each(&|q| quant.real(q)),
        }
    }

    fn shape(&self, tensor: usize) -> Shape {
        tensor
            .checked_sub(1)
            .map_or(self.network.input, |layer| self.network.layers[layer].output)
    }
}

impl Run for FileRun {
    fn run(&self, image: &[u8]) -> Result<Vec<Vec<f32>>, ImportError> {
        let mut outputs = vec![Vec::new(); self.wanted.len()];
        self.walk(image, |tensor, values| {
            let made = tensor.checked_sub(1).map(|layer| &self.network.layers[layer].op);
            let wanted = self.wanted.iter().zip(&mut outputs);
            for ((file, numbers), output) in wanted.filter(|((file, _), _)| file.tensor == tensor) {
                let real = |value: &f64| match (made, file.quant) {
                    (Some(FloatOp::Quantise(quant)), _) => quant.real(*value),
                    // Before a clip: as the model's layer rounds it.
                    (_, Some(quant)) => quant.real(f64::from(quant.byte(*value))),
                    (_, None) => *value,
                };
                *output = values[numbers.clone()].iter().map(|value| real(value) as f32).collect();
            }
        })?;
        Ok(outputs)
    }
}

/// A convolution from its definition, tap by tap.
fn convolution(x: &[f64], input: Shape, conv: &FloatConv, output: Shape) -> Vec<f64> {
    let kernel = conv.kind.kernel();
    let groups = conv.kind.groups(input.c);
    let (reads, makes) = (input.c / groups, output.c / groups);
    let Padding { top, left, .. } = conv.pad;
    let mut y = vec![0.0; output.len()];
    for (o, map) in y.chunks_exact_mut(output.h * output.w).enumerate() {
        map.fill(conv.bias[o]);
        for c in 0..reads {
            let pixels = &x[(o / makes * reads + c) * input.h * input.w..][..input.h * input.w];
            let taps = &conv.weights[(o * reads + c) * kernel.taps()..][..kernel.taps()];
            for (weight, (a, b)) in taps.iter().zip(kernel.positions()) {
                for i in 0..output.h {
                    let Some(row) = (i * conv.stride + a).checked_sub(top).filter(|row| *row < input.h) else {
                        continue;
                    };
                    for j in 0..output.w {
                        let column = (j * conv.stride + b)
                            .checked_sub(left)
                            .filter(|column| *column < input.w);
                        if let Some(column) = column {
                            map[i * output.w + j] += weight * pixels[row * input.w + column];
                        }
                    }
                }
            }
        }
    }
    y
}
