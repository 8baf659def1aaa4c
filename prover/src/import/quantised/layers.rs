//! Operators between one QuantizeLinear and the next → one layer, or two.
//!
//! A layer of the model rounds to bytes and clips to 0..=255. What a file has of a Relu or a Clip before it rounds to bytes is a clip
//! of bytes to `low..=high`. Where that is not all of them, one layer with its zero point moved up by `255 − high` clips at the top, and a
//! layer that takes `255 − high + low` off clips at the bottom: exactly the file's bytes, less `low`.

use crate::import::change::Change;
use crate::import::convert::{FloatConv, FloatLayer, FloatNetwork, FloatOp};
use crate::import::error::ImportError;
use crate::import::fold::{
    apply_affine, of_image, reads_green, Activation, FromFile, FusedLayer, FusedNetwork, FusedOp,
};
use crate::import::options::ImportOptions;
use crate::import::quant::Quant;
use crate::model::{ConvKind, Kernel, Padding, Shape};

/// What is known of a tensor of the file.
enum State {
    /// Bytes of a tensor of the model.
    Bytes(usize),
    /// The numbers that they stand for.
    Real(usize),
    /// What is not rounded yet.
    Open(Box<Open>),
    /// What was not rounded, and is part of another layer's now: its only reader's.
    Taken,
}

/// A layer without its rounding.
struct Open {
    node: String,
    onnx_op: String,
    op: OpenOp,
    inputs: Vec<usize>,
    output: Shape,
    channels_last: bool,
    clip: Option<Clip>,
    /// Of the unfused network, before and behind the clip.
    tensors: [usize; 2],
}

enum OpenOp {
    Conv(FloatConv),
    Add,
    Pool,
}

/// From 0 on, to `max` if there is one.
#[derive(Clone, Copy)]
struct Clip {
    max: Option<f64>,
}

struct Builder<'a> {
    network: &'a FloatNetwork,
    readers: Vec<usize>,
    states: Vec<State>,
    /// Of the tensors of the model: what the file says their bytes stand for. The image may be without.
    quants: Vec<Option<Quant>>,
    layers: Vec<FusedLayer>,
    /// What they stand for where the file is silent.
    float_image: Quant,
    /// The node whose output the newest layer is, if it is clipped before it is rounded.
    clipped: Option<String>,
}

/// Every layer with the scale and zero point that the file gives its output.
///
/// # Errors
/// If something is not quantised, or in a way that no layer has.
pub(crate) fn layers(network: &FloatNetwork, options: &ImportOptions) -> Result<FusedNetwork, ImportError> {
    let mut readers = vec![0usize; network.layers.len() + 1];
    for input in network.layers.iter().flat_map(|layer| &layer.inputs) {
        readers[*input] += 1;
    }
    let image = if network.integer_input.is_some() {
        State::Bytes(0)
    } else {
        State::Real(0)
    };
    let mut builder = Builder {
        network,
        readers,
        states: vec![image],
        quants: vec![None],
        layers: Vec::new(),
        float_image: Quant {
            scale: options.input_scale,
            zero: options.input_zero,
        },
        clipped: None,
    };
    for (i, layer) in network.layers.iter().enumerate() {
        let state = builder.layer(i + 1, layer)?;
        builder.states.push(state);
    }
    builder.finish()
}

impl Builder<'_> {
    fn layer(&mut self, tensor: usize, layer: &FloatLayer) -> Result<State, ImportError> {
        let input = layer.inputs[0];
        match &layer.op {
            FloatOp::Conv(conv) => self.open(tensor, layer, OpenOp::Conv(conv.clone())),
            FloatOp::Add => self.open(tensor, layer, OpenOp::Add),
            FloatOp::Pool => self.open(tensor, layer, OpenOp::Pool),
            FloatOp::Concat => Err(error(
                layer,
                "joins channels, which only a float network may: import that one".into(),
            )),
            FloatOp::Affine { scale, shift } => match self.take(layer)? {
                Some(mut open) => {
                    match &mut open.op {
                        OpenOp::Conv(conv) if open.clip.is_none() => apply_affine(conv, scale, shift),
                        _ => return Err(self.mixed(layer, &open)),
                    }
                    open.tensors = [tensor; 2];
                    Ok(State::Open(open))
                }
                None => self.open(tensor, layer, OpenOp::Conv(each(scale.clone(), shift.clone()))),
            },
            FloatOp::Clip { max } => {
                let mut open = match self.take(layer)? {
                    Some(open) => open,
                    None => self.same(input, layer)?,
                };
                let max = match open.clip {
                    Some(Clip { max: Some(old) }) => Some(max.map_or(old, |new| old.min(new))),
                    _ => *max,
                };
                open.clip = Some(Clip { max });
                open.tensors[1] = tensor;
                Ok(State::Open(open))
            }
            FloatOp::Quantise(quant) => {
                let open = match self.states[input] {
                    // The converter lets integers through to DequantizeLinear alone.
                    State::Bytes(same) => return Ok(State::Bytes(same)),
                    State::Real(same) if self.is_same(same, *quant) => {
                        self.quants[same].get_or_insert(*quant);
                        return Ok(State::Bytes(same));
                    }
                    _ => match self.take(layer)? {
                        Some(open) => open,
                        None => self.same(input, layer)?,
                    },
                };
                self.round(*open, tensor, *quant).map(State::Bytes)
            }
            FloatOp::Dequantise(quant) => match &self.states[input] {
                State::Bytes(bytes) => {
                    let known = *self.quants[*bytes].get_or_insert(*quant);
                    if known != *quant {
                        let problem = "reads the image with another scale or zero point than another node does";
                        return Err(error(layer, problem.into()));
                    }
                    Ok(State::Real(*bytes))
                }
                _ => Err(error(layer, "reads what is no integer".into())),
            },
        }
    }

    /// Whether a tensor's bytes are already those that rounding gives.
    fn is_same(&self, tensor: usize, quant: Quant) -> bool {
        match self.quants[tensor] {
            Some(known) => known == quant,
            None => (0..=255).all(|byte| quant.byte(self.float_image.real(f64::from(byte))) == byte),
        }
    }

    /// A layer that is not rounded yet, of tensors that are.
    fn open(&self, tensor: usize, layer: &FloatLayer, op: OpenOp) -> Result<State, ImportError> {
        let mut inputs = Vec::with_capacity(layer.inputs.len());
        for input in &layer.inputs {
            match &self.states[*input] {
                State::Real(real) => inputs.push(*real),
                State::Open(open) => return Err(self.mixed(layer, open)),
                State::Bytes(_) | State::Taken => return Err(error(layer, "reads integers".into())),
            }
        }
        let op = if self.network.input.c == 1 && inputs.contains(&0) {
            match op {
                OpenOp::Conv(conv) => OpenOp::Conv(of_image(conv)),
                OpenOp::Add | OpenOp::Pool => {
                    return Err(error(
                        layer,
                        "reads the grey image; it must follow a convolution".into(),
                    ))
                }
            }
        } else {
            op
        };
        Ok(State::Open(Box::new(Open {
            node: layer.node.clone(),
            onnx_op: layer.onnx_op.clone(),
            op,
            inputs,
            output: layer.output,
            channels_last: layer.channels_last,
            clip: None,
            tensors: [tensor; 2],
        })))
    }

    /// The numbers themselves, to be rounded with another scale.
    fn same(&self, input: usize, layer: &FloatLayer) -> Result<Box<Open>, ImportError> {
        let channels = layer.output.c;
        let op = OpenOp::Conv(each(vec![1.0; channels], vec![0.0; channels]));
        match self.open(input, layer, op)? {
            State::Open(open) => Ok(open),
            State::Bytes(_) | State::Real(_) | State::Taken => Err(error(layer, "reads integers".into())),
        }
    }

    /// What a layer reads, if that is not rounded yet: it is part of that layer from now on, weights and all.
    ///
    /// # Errors
    /// If something else reads it, too.
    fn take(&mut self, layer: &FloatLayer) -> Result<Option<Box<Open>>, ImportError> {
        let input = layer.inputs[0];
        let open = match std::mem::replace(&mut self.states[input], State::Taken) {
            State::Open(open) => open,
            other => {
                self.states[input] = other;
                return Ok(None);
            }
        };
        if self.readers[input] == 1 {
            return Ok(Some(open));
        }
        let problem = format!(
            "reads the output of {} ({}) before it is quantised, as another node does; put a QuantizeLinear between them",
            open.node, open.onnx_op
        );
        Err(error(layer, problem))
    }

    fn mixed(&self, layer: &FloatLayer, open: &Open) -> ImportError {
        let problem = format!(
            "reads the output of {} ({}), which is not quantised; in a quantised file every layer's output is: quantise that operator \
             too (op_types_to_quantize and nodes_to_exclude of onnxruntime), or import the float network",
            open.node, open.onnx_op
        );
        error(layer, problem)
    }

    /// The layer, rounded to bytes; its tensor in the model.
    fn round(&mut self, open: Open, tensor: usize, quant: Quant) -> Result<usize, ImportError> {
        let (low, high) = match open.clip {
            None => (0, 255),
            Some(Clip { max }) => (quant.zero, max.map_or(255, |max| quant.byte(max))),
        };
        let below = Quant {
            zero: quant.zero - low,
            ..quant
        };
        self.clipped = open.clip.map(|_| open.node.clone());
        // What is less than `high` in any case need not be clipped there.
        if high == 255 && low == 0 || self.largest(&open, quant).is_some_and(|q| q <= f64::from(high)) {
            self.push(
                open,
                FromFile {
                    quant: Some(below),
                    tensor,
                },
                quant,
            );
        } else {
            let (node, onnx_op, channels_last) = (open.node.clone(), open.onnx_op.clone(), open.channels_last);
            let (output, before) = (open.output, open.tensors[0]);
            let above = Quant {
                zero: quant.zero + (255 - high),
                ..quant
            };
            let first = FromFile {
                quant: Some(above),
                tensor: before,
            };
            self.push(open, first, above);
            let input = self.layers.len();
            let lowered = Open {
                node,
                onnx_op,
                op: OpenOp::Conv(each(vec![1.0; output.c], vec![0.0; output.c])),
                inputs: vec![input],
                output,
                channels_last,
                clip: None,
                tensors: [tensor; 2],
            };
            self.push(
                lowered,
                FromFile {
                    quant: Some(below),
                    tensor,
                },
                quant,
            );
        }
        Ok(self.layers.len())
    }

    /// The largest byte that a layer reaches, were there more than 255: of one that only changes scales.
    fn largest(&self, open: &Open, quant: Quant) -> Option<f64> {
        let OpenOp::Conv(conv) = &open.op else { return None };
        let [input] = open.inputs[..] else { return None };
        let read = self.effective(input);
        if conv.weights.len() != conv.bias.len() || conv.kind.kernel().taps() != 1 {
            return None;
        }
        let ends = [read.real(0.0), read.real(255.0)];
        let reals = conv.weights.iter().zip(&conv.bias);
        let largest = reals.map(|(w, b)| (w * ends[0] + b).max(w * ends[1] + b));
        let largest = largest.fold(f64::NEG_INFINITY, f64::max);
        Some((largest / quant.scale).round() + f64::from(quant.zero))
    }

    /// What the bytes of a tensor of the model stand for.
    fn effective(&self, tensor: usize) -> Quant {
        let made = tensor.checked_sub(1).map(|layer| self.layers[layer].file);
        match made {
            Some(file) => file.and_then(|file| file.quant).unwrap_or(self.float_image),
            None => self.quants[0].unwrap_or(self.float_image),
        }
    }

    fn push(&mut self, open: Open, file: FromFile, quant: Quant) {
        self.quants.push(Some(quant));
        self.layers.push(FusedLayer {
            node: open.node,
            tensor: file
                .tensor
                .checked_sub(1)
                .map_or_else(|| "image".to_owned(), |layer| self.network.layers[layer].tensor.clone()),
            op: match open.op {
                OpenOp::Conv(conv) => FusedOp::Conv(conv),
                OpenOp::Add => FusedOp::Add,
                OpenOp::Pool => FusedOp::Pool,
            },
            activation: Activation::Linear,
            inputs: open.inputs,
            output: open.output,
            channels_last: open.channels_last,
            file: Some(file),
        });
    }

    fn finish(mut self) -> Result<FusedNetwork, ImportError> {
        match self.states.pop() {
            Some(State::Open(open)) => {
                self.clipped = open.clip.map(|_| open.node.clone());
                let file = FromFile {
                    quant: None,
                    tensor: open.tensors[1],
                };
                let unused = self.float_image;
                self.push(*open, file, unused);
            }
            Some(State::Bytes(last) | State::Real(last)) if last == self.layers.len() => {}
            _ => {
                return Err(ImportError::Interface {
                    role: "output",
                    tensor: self
                        .network
                        .layers
                        .last()
                        .map_or_else(String::new, |layer| layer.tensor.clone()),
                    problem: "is not the output of the last layer".into(),
                })
            }
        }
        if let Some(node) = self.clipped {
            return Err(ImportError::Node {
                node,
                op: "Clip".into(),
                problem: "the logits are clipped, which would make ties".into(),
            });
        }
        let mut changes = self.network.changes.clone();
        if self.network.input.c == 1 {
            changes.push(reads_green());
        }
        if self.network.integer_input == Some(true) {
            changes.push(Change::new("image", "int8 in the file: a pixel's byte less 128"));
        }
        Ok(FusedNetwork {
            input: Shape::new(3, self.network.input.h, self.network.input.w),
            image: self.quants[0],
            layers: self.layers,
            changes,
        })
    }
}

/// `scale[c]·x[c] + shift[c]`.
fn each(scale: Vec<f64>, shift: Vec<f64>) -> FloatConv {
    FloatConv {
        // Of one channel, both are the same.
        kind: match scale.len() {
            1 => ConvKind::Pointwise,
            _ => ConvKind::Depthwise(Kernel { h: 1, w: 1 }),
        },
        stride: 1,
        pad: Padding::NONE,
        weights: scale,
        bias: shift,
    }
}

fn error(layer: &FloatLayer, problem: String) -> ImportError {
    ImportError::Node {
        node: layer.node.clone(),
        op: layer.onnx_op.clone(),
        problem,
    }
}
