//! Batch norms, biases and clips folded into the layers they follow.

use super::change::Change;
use super::convert::{FloatConv, FloatLayer, FloatNetwork, FloatOp};
use super::error::ImportError;
use super::parse::Input;
use super::quant::Quant;
use crate::model::{ConvKind, Kernel, Padding, Shape};
use std::collections::BTreeMap;

/// The network with batch norms, biases and clips inside the layers they follow.
pub(super) struct FusedNetwork {
    pub(super) input: Shape,
    /// What the image's bytes stand for, if the file says so.
    pub(super) image: Option<Quant>,
    pub(super) layers: Vec<FusedLayer>,
    /// How it differs from the file.
    pub(super) changes: Vec<Change>,
}

pub(super) struct FusedLayer {
    /// Name of the node that computes it.
    pub(super) node: String,
    /// ONNX tensor that holds its output, activation included.
    pub(super) tensor: String,
    pub(super) op: FusedOp,
    pub(super) activation: Activation,
    pub(super) inputs: Vec<usize>,
    pub(super) output: Shape,
    /// The ONNX tensor has the shape `[1, h, w, c]`.
    pub(super) channels_last: bool,
    /// Of a quantised file.
    pub(super) file: Option<FromFile>,
}

/// What a quantised file says of a layer's output.
#[derive(Clone, Copy, Debug)]
pub(super) struct FromFile {
    /// What its bytes stand for; nothing of logits that the file leaves in float.
    pub(super) quant: Option<Quant>,
    /// The tensor of the unfused network that has the same numbers.
    pub(super) tensor: usize,
    /// The first of its channels that are the layer's; a part of what is joined may have more behind it.
    pub(super) from: usize,
}

pub(super) enum FusedOp {
    Conv(FloatConv),
    Add,
    Pool,
    /// The same bytes once more.
    Copy,
    /// The same numbers once more, on the scale of what they are joined with.
    Rescale,
    /// The channels of its inputs, none of which is a concatenation, one behind the other.
    Concat,
}

impl FusedLayer {
    pub(super) fn has_stride_2(&self) -> bool {
        matches!(&self.op, FusedOp::Conv(conv) if conv.stride == 2)
    }
}

/// A tensor that the float run is to say.
pub(super) struct Output {
    pub(super) tensor: String,
    /// Its shape, if it is `[1, h, w, c]` in the file.
    pub(super) channels_last: Option<Shape>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activation {
    Linear,
    /// `max(x, 0)`, and `min(x, max)` if there is one.
    Clip {
        max: Option<f64>,
    },
}

impl FusedNetwork {
    pub(super) fn outputs(&self) -> Vec<Output> {
        let outputs = self.layers.iter().map(|layer| Output {
            tensor: layer.tensor.clone(),
            channels_last: layer.channels_last.then_some(layer.output),
        });
        outputs.collect()
    }

    /// Inserts a copy of `tensor` behind the layer that makes it, and moves every tensor behind it; `reads` says of each layer that reads the
    /// tensor, by its place before, whether it reads the copy from now on.
    pub(super) fn insert_copy(&mut self, tensor: usize, op: FusedOp, reads: impl Fn(usize, &FusedLayer) -> bool) {
        for (i, layer) in self.layers.iter_mut().enumerate().skip(tensor) {
            let reads_copy = reads(i, layer);
            for input in &mut layer.inputs {
                *input += usize::from(*input > tensor || (*input == tensor && reads_copy));
            }
        }
        let source = &self.layers[tensor - 1];
        let copy = FusedLayer {
            node: source.node.clone(),
            tensor: source.tensor.clone(),
            op,
            activation: Activation::Linear,
            inputs: vec![tensor],
            output: source.output,
            channels_last: source.channels_last,
            file: source.file,
        };
        self.layers.insert(tensor, copy);
    }

    /// Shape of a tensor: 0 is the image.
    pub(super) fn shape(&self, tensor: usize) -> Shape {
        match tensor {
            0 => self.input,
            i => self.layers[i - 1].output,
        }
    }
}

/// Folds every affine map and clip into the layer whose output nothing else reads; others become layers of their own.
pub(super) fn fold(network: FloatNetwork) -> Result<FusedNetwork, ImportError> {
    let mut readers = vec![0usize; network.layers.len() + 1];
    for input in network.layers.iter().flat_map(|layer| &layer.inputs) {
        readers[*input] += 1;
    }
    let mut fused: Vec<FusedLayer> = Vec::new();
    let mut changes = network.changes;
    let grey = network.input.c == 1;
    if grey {
        changes.push(reads_green());
    }
    let mut folded: BTreeMap<String, usize> = BTreeMap::new();
    // Tensor of the unfused network → tensor of the fused one.
    let mut tensors = vec![0usize];
    for layer in network.layers {
        let mut activation = Activation::Linear;
        let reads_grey = grey && layer.inputs.iter().any(|input| tensors[*input] == 0);
        let op = match layer.op {
            FloatOp::Conv(conv) if reads_grey => FusedOp::Conv(of_image(conv)),
            FloatOp::Conv(conv) => FusedOp::Conv(conv),
            FloatOp::Add | FloatOp::Pool if reads_grey => {
                return Err(misplaced(&layer, "reads the grey image; it must follow a convolution"))
            }
            FloatOp::Concat if layer.inputs.iter().any(|input| tensors[*input] == 0) => {
                let problem = "joins the image, whose scale is given; put a 1x1 convolution between";
                return Err(misplaced(&layer, problem));
            }
            FloatOp::Concat => FusedOp::Concat,
            FloatOp::Add => FusedOp::Add,
            FloatOp::Pool => FusedOp::Pool,
            FloatOp::Affine { scale, shift } if tensors[layer.inputs[0]] == 0 => {
                let subject = format!("{} ({})", layer.node, layer.onnx_op);
                changes.push(Change::new(
                    subject,
                    "reads the image: a layer of its own, whose zero is what is padded with",
                ));
                let conv = diagonal(&scale, shift);
                FusedOp::Conv(if grey { of_image(conv) } else { conv })
            }
            FloatOp::Quantise(_) | FloatOp::Dequantise(_) => {
                return Err(misplaced(
                    &layer,
                    "belongs to a quantised file: there is no float network",
                ));
            }
            FloatOp::Affine { ref scale, ref shift } => match foldable(&layer, &readers, &tensors, &mut fused) {
                Some(FusedLayer {
                    op: FusedOp::Conv(conv),
                    activation: Activation::Linear,
                    ..
                }) => {
                    apply_affine(conv, scale, shift);
                    fold_into(&layer, &mut fused, &mut tensors);
                    *folded.entry(layer.onnx_op).or_default() += 1;
                    continue;
                }
                _ => own_layer(&layer, &mut changes, scale.clone(), shift.clone()),
            },
            FloatOp::Clip { .. } if tensors[layer.inputs[0]] == 0 => {
                return Err(misplaced(&layer, "reads the image; it must follow a layer"))
            }
            FloatOp::Clip { max } => match foldable(&layer, &readers, &tensors, &mut fused) {
                Some(target) if !matches!(target.op, FusedOp::Concat) => {
                    let max = match target.activation {
                        Activation::Clip { max: Some(old) } => Some(max.map_or(old, |new| old.min(new))),
                        _ => max,
                    };
                    target.activation = Activation::Clip { max };
                    fold_into(&layer, &mut fused, &mut tensors);
                    *folded.entry(layer.onnx_op).or_default() += 1;
                    continue;
                }
                _ => {
                    activation = Activation::Clip { max };
                    let channels = layer.output.c;
                    own_layer(&layer, &mut changes, vec![1.0; channels], vec![0.0; channels])
                }
            },
        };
        fused.push(FusedLayer {
            node: layer.node,
            tensor: layer.tensor,
            op,
            activation,
            inputs: layer.inputs.iter().map(|input| tensors[*input]).collect(),
            output: layer.output,
            channels_last: layer.channels_last,
            file: None,
        });
        tensors.push(fused.len());
    }
    finish(&mut fused, &mut changes)?;
    changes.extend(
        folded
            .into_iter()
            .map(|(op, count)| Change::new(format!("{count} {op}"), "folded into the layers before")),
    );
    Ok(FusedNetwork {
        input: Shape::new(3, network.input.h, network.input.w),
        image: None,
        layers: fused,
        changes,
    })
}

/// Why a network does not end with what makes no numbers of its own.
pub(super) const END: &str = "is the output; a network must end with a convolution or a fully connected layer";

/// The last layer gives numbers that are not rounded to bytes: a convolution. An average of a map as large as a kernel is one.
///
/// # Errors
/// If it is none, or its output is clipped.
fn finish(fused: &mut [FusedLayer], changes: &mut Vec<Change>) -> Result<(), ImportError> {
    let Some((last, before)) = fused.split_last_mut() else {
        return Ok(());
    };
    let refused = |op: &str, problem: String| ImportError::Node {
        node: last.node.clone(),
        op: op.into(),
        problem,
    };
    if last.activation != Activation::Linear {
        return Err(refused("Clip", "the logits are clipped, which would make ties".into()));
    }
    match last.op {
        FusedOp::Concat => Err(refused("Concat", END.into())),
        FusedOp::Add => Err(refused("Add", END.into())),
        FusedOp::Pool => {
            let map = last.inputs[0].checked_sub(1).map(|layer| before[layer].output);
            let Some(map) = map.filter(|map| map.h.max(map.w) <= Kernel::MAX_SIDE) else {
                let sides = map.map_or_else(|| "the image".to_owned(), |map| format!("a map of {}x{}", map.h, map.w));
                let problem = format!(
                    "{END}, or with an average over a map up to {side}x{side}: this one is over {sides}; smaller images make \
                     smaller maps",
                    side = Kernel::MAX_SIDE
                );
                return Err(refused("GlobalAveragePool", problem));
            };
            let taps = map.h * map.w;
            let subject = format!("{} (GlobalAveragePool)", last.node);
            changes.push(Change::new(
                subject,
                "a convolution with equal weights: the network's output is not rounded to bytes",
            ));
            last.op = FusedOp::Conv(FloatConv {
                kind: ConvKind::Depthwise(Kernel { h: map.h, w: map.w }),
                stride: 1,
                pad: Padding::NONE,
                weights: vec![1.0 / taps as f64; taps * map.c],
                bias: vec![0.0; map.c],
            });
            Ok(())
        }
        FusedOp::Conv(_) | FusedOp::Copy | FusedOp::Rescale => Ok(()),
    }
}

/// The fused layer that produces the only input of `layer`, if nothing else reads that.
fn foldable<'f>(
    layer: &FloatLayer,
    readers: &[usize],
    tensors: &[usize],
    fused: &'f mut [FusedLayer],
) -> Option<&'f mut FusedLayer> {
    let input = layer.inputs[0];
    let producer = tensors[input].checked_sub(1)?;
    fused.get_mut(producer).filter(|_| readers[input] == 1)
}

/// The layer that produces the input of `layer` produces its output now.
fn fold_into(layer: &FloatLayer, fused: &mut [FusedLayer], tensors: &mut Vec<usize>) {
    let tensor = tensors[layer.inputs[0]];
    let target = &mut fused[tensor - 1];
    (target.tensor, target.channels_last) = (layer.tensor.clone(), layer.channels_last);
    tensors.push(tensor);
}

/// `scale[c]·x[c] + shift[c]` behind what is no convolution, is clipped already, or has other readers.
fn own_layer(layer: &FloatLayer, changes: &mut Vec<Change>, scale: Vec<f64>, shift: Vec<f64>) -> FusedOp {
    let subject = format!("{} ({})", layer.node, layer.onnx_op);
    let what = "a layer of its own: what it reads is not the output of a convolution that it could go into";
    changes.push(Change::new(subject, what));
    FusedOp::Conv(FloatConv {
        kind: ConvKind::Depthwise(Kernel { h: 1, w: 1 }),
        stride: 1,
        pad: Padding::NONE,
        weights: scale,
        bias: shift,
    })
}

fn misplaced(layer: &FloatLayer, problem: &str) -> ImportError {
    ImportError::Node {
        node: layer.node.clone(),
        op: layer.onnx_op.clone(),
        problem: problem.to_owned(),
    }
}

/// A 1×1 convolution: the image is normalised and rounded to 8 bits with a zero of its own, since the network pads what is normalised.
fn diagonal(scale: &[f64], shift: Vec<f64>) -> FloatConv {
    let channels = scale.len();
    let mut weights = vec![0.0; channels * channels];
    for (c, scale) in scale.iter().enumerate() {
        weights[c * channels + c] = *scale;
    }
    FloatConv {
        kind: ConvKind::Pointwise,
        stride: 1,
        pad: Padding::NONE,
        weights,
        bias: shift,
    }
}

/// What a network of one channel does with colours.
pub(super) fn reads_green() -> Change {
    Change::new("image", "one channel: of an image in colours, the green one is read")
}

/// A convolution of a grey image, as one of an image of three channels: the weights of the others are 0.
pub(super) fn of_image(mut conv: FloatConv) -> FloatConv {
    let kernel = conv.weights.len() / conv.bias.len();
    // Of one channel, both are the same.
    if let ConvKind::Depthwise(kernel) = conv.kind {
        conv.kind = ConvKind::Dense(kernel);
    }
    let mut weights = vec![0.0; 3 * conv.weights.len()];
    for (channels, grey) in weights.chunks_mut(3 * kernel).zip(conv.weights.chunks(kernel)) {
        channels[Input::GREY * kernel..][..kernel].copy_from_slice(grey);
    }
    conv.weights = weights;
    conv
}

pub(super) fn apply_affine(conv: &mut FloatConv, scale: &[f64], shift: &[f64]) {
    let per_output = conv.weights.len() / conv.bias.len();
    for (kernel, scale) in conv.weights.chunks_mut(per_output).zip(scale) {
        kernel.iter_mut().for_each(|w| *w *= scale);
    }
    for ((bias, scale), shift) in conv.bias.iter_mut().zip(scale).zip(shift) {
        *bias = *bias * scale + shift;
    }
}
