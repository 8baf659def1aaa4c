//! Layers of the model as they are made: what is known of the file's tensors, and rounding.

use crate::import::change::Change;
use crate::import::convert::{FloatConv, FloatLayer, FloatNetwork};
use crate::import::error::ImportError;
use crate::import::fold::{of_image, Activation, FromFile, FusedLayer, FusedOp};
use crate::import::options::ImportOptions;
use crate::import::quant::Quant;
use crate::model::{ConvKind, Kernel, Padding, Shape};

/// What is known of a tensor of the file.
pub(super) enum State {
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
pub(super) struct Open {
    pub(super) node: String,
    pub(super) onnx_op: String,
    pub(super) op: OpenOp,
    pub(super) inputs: Vec<usize>,
    pub(super) output: Shape,
    pub(super) channels_last: bool,
    pub(super) clip: Option<Clip>,
    /// Of the unfused network, before and behind the clip.
    pub(super) tensors: [usize; 2],
}

pub(super) enum OpenOp {
    Conv(FloatConv),
    Add,
    Pool,
    Join(Vec<Part>),
}

/// What a concatenation joins.
pub(super) enum Part {
    /// The numbers that the bytes of a tensor of the model stand for, and the tensor of the unfused network that has them.
    Real { tensor: usize, place: usize },
    /// What is not rounded yet, and read by the concatenation alone.
    Open(Box<Open>),
}

/// From 0 on, to `max` if there is one.
#[derive(Clone, Copy)]
pub(super) struct Clip {
    pub(super) max: Option<f64>,
}

impl Clip {
    /// Both, one behind the other.
    pub(super) fn and(self, other: Option<Self>) -> Self {
        let bounds = [Some(self), other].into_iter().flatten().filter_map(|clip| clip.max);
        Self {
            max: bounds.reduce(f64::min),
        }
    }

    /// The bytes that are left.
    pub(super) fn limits(clip: Option<Self>, quant: Quant) -> (u8, u8) {
        match clip {
            None => (0, 255),
            Some(Self { max }) => (quant.zero, max.map_or(255, |max| quant.byte(max))),
        }
    }
}

/// Where the unfused network has a layer's numbers.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) tensor: usize,
    /// The first of its channels that are the layer's.
    pub(super) from: usize,
}

impl Place {
    pub(super) fn whole(tensor: usize) -> Self {
        Self { tensor, from: 0 }
    }
}

pub(super) struct Builder<'a> {
    pub(super) network: &'a FloatNetwork,
    readers: Vec<usize>,
    pub(super) states: Vec<State>,
    /// Of the tensors of the model: what the file says their bytes stand for. The image may be without.
    pub(super) quants: Vec<Option<Quant>>,
    /// Their largest bytes.
    pub(super) tops: Vec<u8>,
    pub(super) layers: Vec<FusedLayer>,
    /// What they stand for where the file is silent.
    pub(super) float_image: Quant,
    /// The node whose output the newest layer is, if it is clipped before it is rounded.
    pub(super) clipped: Option<String>,
    /// What all concatenations so far join.
    pub(super) joined: usize,
    pub(super) changes: Vec<Change>,
}

impl<'a> Builder<'a> {
    /// With the image, and no layer.
    pub(super) fn new(network: &'a FloatNetwork, options: &ImportOptions) -> Self {
        let mut readers = vec![0usize; network.layers.len() + 1];
        for input in network.layers.iter().flat_map(|layer| &layer.inputs) {
            readers[*input] += 1;
        }
        let image = if network.integer_input.is_some() {
            State::Bytes(0)
        } else {
            State::Real(0)
        };
        Self {
            network,
            readers,
            states: vec![image],
            quants: vec![None],
            tops: vec![255],
            layers: Vec::new(),
            float_image: Quant {
                scale: options.input_scale,
                zero: options.input_zero,
            },
            clipped: None,
            joined: 0,
            changes: Vec::new(),
        }
    }
}

impl Builder<'_> {
    /// Whether a tensor's bytes are already those that rounding gives.
    pub(super) fn is_same(&self, tensor: usize, quant: Quant) -> bool {
        match self.quants[tensor] {
            Some(known) => known == quant,
            None => (0..=255).all(|byte| quant.byte(self.float_image.real(f64::from(byte))) == byte),
        }
    }

    /// A layer that is not rounded yet, of tensors that are.
    pub(super) fn open(&self, tensor: usize, layer: &FloatLayer, op: OpenOp) -> Result<State, ImportError> {
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
                OpenOp::Add | OpenOp::Pool | OpenOp::Join(_) => {
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
    pub(super) fn same(&self, input: usize, layer: &FloatLayer) -> Result<Box<Open>, ImportError> {
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
    pub(super) fn take(&mut self, layer: &FloatLayer, input: usize) -> Result<Option<Box<Open>>, ImportError> {
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

    pub(super) fn mixed(&self, layer: &FloatLayer, open: &Open) -> ImportError {
        let problem = format!(
            "reads the output of {} ({}), which is not quantised; in a quantised file every layer's output is: quantise that operator \
             too (op_types_to_quantize and nodes_to_exclude of onnxruntime), or import the float network",
            open.node, open.onnx_op
        );
        error(layer, problem)
    }

    /// The layer, rounded to bytes; its tensor in the model.
    pub(super) fn round(&mut self, open: Open, place: Place, quant: Quant) -> usize {
        let (low, high) = Clip::limits(open.clip, quant);
        let below = Quant {
            zero: quant.zero - low,
            ..quant
        };
        self.clipped = open.clip.map(|_| open.node.clone());
        let file = |quant: Quant, place: Place| FromFile {
            quant: Some(quant),
            tensor: place.tensor,
            from: place.from,
        };
        // What is less than `high` in any case need not be clipped there.
        if high == 255 && low == 0 || self.largest(&open, quant).is_some_and(|q| q <= f64::from(high)) {
            self.push(open, file(below, place), quant, high - low);
        } else {
            let (node, onnx_op, channels_last) = (open.node.clone(), open.onnx_op.clone(), open.channels_last);
            let (output, before) = (open.output, open.tensors[0]);
            let above = Quant {
                zero: quant.zero + (255 - high),
                ..quant
            };
            self.push(open, file(above, Place::whole(before)), above, 255);
            let input = self.layers.len();
            let lowered = Open {
                node,
                onnx_op,
                op: OpenOp::Conv(each(vec![1.0; output.c], vec![0.0; output.c])),
                inputs: vec![input],
                output,
                channels_last,
                clip: None,
                tensors: [place.tensor; 2],
            };
            self.push(lowered, file(below, place), quant, high - low);
        }
        self.layers.len()
    }

    /// The largest byte that a layer reaches, were there more than 255: of one that only changes scales.
    fn largest(&self, open: &Open, quant: Quant) -> Option<f64> {
        let OpenOp::Conv(conv) = &open.op else { return None };
        let [input] = open.inputs[..] else { return None };
        let read = self.effective(input);
        if conv.weights.len() != conv.bias.len() || conv.kind.kernel().taps() != 1 {
            return None;
        }
        let ends = [0, self.tops[input]].map(|byte| read.real(f64::from(byte)));
        let reals = conv.weights.iter().zip(&conv.bias);
        let largest = reals.map(|(w, b)| (w * ends[0] + b).max(w * ends[1] + b));
        let largest = largest.fold(f64::NEG_INFINITY, f64::max);
        Some((largest / quant.scale).round() + f64::from(quant.zero))
    }

    /// What the bytes of a tensor of the model stand for.
    pub(super) fn effective(&self, tensor: usize) -> Quant {
        let made = tensor.checked_sub(1).map(|layer| self.layers[layer].file);
        match made {
            Some(file) => file.and_then(|file| file.quant).unwrap_or(self.float_image),
            None => self.quants[0].unwrap_or(self.float_image),
        }
    }

    pub(super) fn push(&mut self, open: Open, file: FromFile, quant: Quant, top: u8) {
        self.quants.push(Some(quant));
        self.tops.push(top);
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
                OpenOp::Join(_) => FusedOp::Concat,
            },
            activation: Activation::Linear,
            inputs: open.inputs,
            output: open.output,
            channels_last: open.channels_last,
            file: Some(file),
        });
    }
}

/// `scale[c]·x[c] + shift[c]`.
pub(super) fn each(scale: Vec<f64>, shift: Vec<f64>) -> FloatConv {
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

pub(super) fn error(layer: &FloatLayer, problem: String) -> ImportError {
    ImportError::Node {
        node: layer.node.clone(),
        op: layer.onnx_op.clone(),
        problem,
    }
}
