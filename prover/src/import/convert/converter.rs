//! What is known of the graph so far: constants, computed tensors, layers.

use super::network::{FloatLayer, FloatNetwork, FloatOp};
use crate::import::change::Change;
use crate::import::constant::{Constant, Data};
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::{Architecture, ArchitectureError, ParamsError, Shape};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Of a tensor.
pub(super) const MAX_CHANNELS: usize = 1 << 16;
/// Of operators, each of which becomes a layer or goes into one: four for each layer of an architecture.
const MAX_LAYERS: usize = 4 * Architecture::MAX_LAYERS;
/// Weights, biases and factors of all of them: 1 GiB as they are kept here.
const MAX_NUMBERS: usize = 1 << 27;

/// A tensor that a node reads.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) tensor: usize,
    pub(super) shape: Shape,
    pub(super) form: Form,
}

/// Which ONNX shape a tensor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `[1, c, h, w]`.
    Map,
    /// `[1, h, w, c]`, between transposes.
    ChannelsLast,
    /// `[1, c·h·w]`, channel after channel.
    Flat,
    /// `[1, h·w·c]`, pixel after pixel.
    FlatChannelsLast,
}

impl Value {
    pub(super) fn onnx_shape(&self) -> Vec<i64> {
        let [c, h, w] = [self.shape.c, self.shape.h, self.shape.w].map(|size| size as i64);
        match self.form {
            Form::Map => vec![1, c, h, w],
            Form::ChannelsLast => vec![1, h, w, c],
            Form::Flat | Form::FlatChannelsLast => vec![1, c * h * w],
        }
    }
}

pub(super) struct Converter {
    pub(super) opset: i64,
    pub(super) constants: HashMap<String, Arc<Constant>>,
    pub(super) values: HashMap<String, Value>,
    pub(super) network: FloatNetwork,
    /// What all layers hold so far: numbers in their outputs, and of their own.
    pub(super) sizes: Sizes,
    /// Tensors of bytes that are int8 in the file.
    pub(super) signed: HashSet<usize>,
    /// The node that ends the network: only other names of its output may follow.
    pub(super) end: Option<End>,
}

/// Counts that a file must not make large.
#[derive(Default)]
pub(super) struct Sizes {
    activations: usize,
    numbers: usize,
}

/// What keeps the order of the classes, or says the first of them.
pub(super) struct End {
    pub(super) node: String,
    pub(super) op: String,
}

impl Converter {
    /// Checks that the node has between `min` and `max` inputs; trailing empty names count as absent.
    pub(super) fn inputs<'n>(&self, node: &'n Node, min: usize, max: usize) -> Result<Vec<&'n str>, ImportError> {
        let mut names: Vec<&str> = node.inputs.iter().map(String::as_str).collect();
        while names.last().is_some_and(|name| name.is_empty()) {
            names.pop();
        }
        if (min..=max).contains(&names.len()) {
            Ok(names)
        } else {
            Err(error(
                node,
                format!("has {} inputs, expected {min} to {max}", names.len()),
            ))
        }
    }

    /// A computed tensor.
    pub(super) fn value(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
        if let Some(value) = self.values.get(name) {
            return Ok(*value);
        }
        if self.constants.contains_key(name) {
            return Err(error(
                node,
                format!("input {name} is a constant, expected a computed tensor"),
            ));
        }
        Err(unknown(node, name))
    }

    /// A computed tensor `[1, c, h, w]`.
    pub(super) fn map(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
        let value = self.value(node, name)?;
        match value.form {
            Form::Map => Ok(value),
            Form::Flat | Form::FlatChannelsLast => Err(error(
                node,
                format!("input {name} has shape [1, {}], expected a map", value.shape.len()),
            )),
            Form::ChannelsLast => Err(error(
                node,
                format!("input {name} has its channels last; a Transpose must put them first"),
            )),
        }
    }

    /// A computed tensor `[1, n]`, a flat map.
    pub(super) fn vector(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
        let value = self.value(node, name)?;
        match value.form {
            Form::Flat | Form::FlatChannelsLast => Ok(value),
            Form::Map | Form::ChannelsLast => Err(error(
                node,
                format!("input {name} has shape {:?}, expected [1, n]", value.onnx_shape()),
            )),
        }
    }

    pub(super) fn constant(&self, node: &Node, name: &str) -> Result<&Constant, ImportError> {
        if let Some(constant) = self.constants.get(name) {
            return Ok(constant);
        }
        if self.values.contains_key(name) {
            return Err(error(node, format!("input {name} is computed, expected a constant")));
        }
        Err(unknown(node, name))
    }

    /// A float constant and its shape.
    pub(super) fn floats(&self, node: &Node, name: &str) -> Result<(&[usize], &[f32]), ImportError> {
        let constant = self.constant(node, name)?;
        match &constant.data {
            Data::Float(data) => Ok((&constant.dims, data)),
            Data::Int(_) | Data::Byte { .. } => {
                Err(error(node, format!("input {name} holds integers, expected float32")))
            }
        }
    }

    pub(super) fn integers(&self, node: &Node, name: &str) -> Result<&[i64], ImportError> {
        match &self.constant(node, name)?.data {
            Data::Int(data) => Ok(data),
            Data::Float(_) | Data::Byte { .. } => Err(error(
                node,
                format!("input {name} holds floats or bytes, expected integers"),
            )),
        }
    }

    /// A float constant with one element per channel.
    pub(super) fn per_channel(&self, node: &Node, name: &str, channels: usize) -> Result<Vec<f64>, ImportError> {
        let (dims, data) = self.floats(node, name)?;
        if dims != [channels] {
            return Err(error(
                node,
                format!("input {name} has shape {dims:?}, expected [{channels}]"),
            ));
        }
        Ok(data.iter().map(|x| f64::from(*x)).collect())
    }

    pub(super) fn push(
        &mut self,
        node: &Node,
        op: FloatOp,
        inputs: Vec<usize>,
        output: Shape,
        form: Form,
    ) -> Result<(), ImportError> {
        if let Some(end) = &self.end {
            let problem = format!(
                "the network goes on after {} ({}), which may only end one",
                end.node, end.op
            );
            return Err(error(node, problem));
        }
        if !matches!(op, FloatOp::Dequantise(_)) && inputs.iter().any(|input| self.is_bytes(*input)) {
            let problem = "reads integers that no DequantizeLinear has turned into numbers, which is not supported";
            return Err(error(node, problem.into()));
        }
        self.count(&op, output)?;
        self.network.layers.push(FloatLayer {
            node: node.name.clone(),
            onnx_op: node.op.clone(),
            tensor: node.output.clone(),
            op,
            inputs,
            output,
            channels_last: matches!(form, Form::ChannelsLast | Form::FlatChannelsLast),
        });
        let value = Value {
            tensor: self.network.layers.len(),
            shape: output,
            form,
        };
        self.values.insert(node.output.clone(), value);
        Ok(())
    }

    fn is_bytes(&self, tensor: usize) -> bool {
        match tensor.checked_sub(1) {
            None => self.network.integer_input.is_some(),
            Some(layer) => matches!(self.network.layers[layer].op, FloatOp::Quantise(_)),
        }
    }

    /// Refuses a layer with which the network would be too large, before it is kept.
    fn count(&mut self, op: &FloatOp, output: Shape) -> Result<(), ImportError> {
        let numbers = match op {
            FloatOp::Conv(conv) => conv.weights.len() + conv.bias.len(),
            FloatOp::Affine { scale, shift } => scale.len() + shift.len(),
            FloatOp::Clip { .. } | FloatOp::Add | FloatOp::Pool | FloatOp::Concat => 0,
            FloatOp::Quantise(_) | FloatOp::Dequantise(_) => 0,
        };
        let sizes = &mut self.sizes;
        sizes.activations = sizes.activations.saturating_add(output.len());
        if sizes.activations > Architecture::MAX_ACTIVATIONS {
            return Err(ParamsError::from(ArchitectureError::TooManyActivations {
                activations: sizes.activations,
                max: Architecture::MAX_ACTIVATIONS,
            })
            .into());
        }
        if self.network.layers.len() >= MAX_LAYERS {
            return Err(too_many("operators", MAX_LAYERS));
        }
        self.count_numbers(numbers)
    }

    /// Refuses weights, or constants that are made of others, before there are too many.
    pub(super) fn count_numbers(&mut self, numbers: usize) -> Result<(), ImportError> {
        self.sizes.numbers = self.sizes.numbers.saturating_add(numbers);
        if self.sizes.numbers > MAX_NUMBERS {
            return Err(too_many("weights", MAX_NUMBERS));
        }
        Ok(())
    }

    /// Says what became of a node.
    pub(super) fn note(&mut self, node: &Node, what: String) {
        let subject = format!("{} ({})", node.name, node.op);
        self.network.changes.push(Change::new(subject, what));
    }

    /// The node's output is its input under another name, or with another ONNX shape.
    pub(super) fn alias(&mut self, node: &Node, value: Value) {
        self.values.insert(node.output.clone(), value);
    }
}

fn too_many(what: &str, most: usize) -> ImportError {
    ImportError::File {
        what: format!("more than {most} {what}"),
    }
}

pub(super) fn error(node: &Node, problem: String) -> ImportError {
    ImportError::Node {
        node: node.name.clone(),
        op: node.op.clone(),
        problem,
    }
}

fn unknown(node: &Node, tensor: &str) -> ImportError {
    ImportError::UnknownTensor {
        node: node.name.clone(),
        op: node.op.clone(),
        tensor: tensor.to_owned(),
    }
}
