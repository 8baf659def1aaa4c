//! What is known of the graph so far: constants, computed tensors, layers.

use super::network::{FloatLayer, FloatNetwork, FloatOp};
use crate::import::constant::{Constant, Data};
use crate::import::error::ImportError;
use crate::import::parse::Node;
use crate::model::Shape;
use std::collections::HashMap;

/// A tensor that a node reads.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) tensor: usize,
    pub(super) shape: Shape,
    /// ONNX shape `[1, c]` instead of `[1, c, h, w]`.
    pub(super) flat: bool,
}

pub(super) struct Converter {
    pub(super) opset: i64,
    pub(super) constants: HashMap<String, Constant>,
    pub(super) values: HashMap<String, Value>,
    pub(super) network: FloatNetwork,
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
        if value.flat {
            return Err(error(
                node,
                format!("input {name} has shape [1, {}], expected a map", value.shape.c),
            ));
        }
        Ok(value)
    }

    /// A computed tensor `[1, c]`.
    pub(super) fn vector(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
        let value = self.value(node, name)?;
        if !value.flat {
            return Err(error(
                node,
                format!("input {name} has shape 1x{}, expected [1, c]", value.shape),
            ));
        }
        Ok(value)
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
            Data::Int(_) => Err(error(node, format!("input {name} holds integers, expected float32"))),
        }
    }

    pub(super) fn integers(&self, node: &Node, name: &str) -> Result<&[i64], ImportError> {
        match &self.constant(node, name)?.data {
            Data::Int(data) => Ok(data),
            Data::Float(_) => Err(error(node, format!("input {name} holds floats, expected integers"))),
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

    pub(super) fn push(&mut self, node: &Node, op: FloatOp, inputs: Vec<usize>, output: Shape, flat: bool) {
        self.network.layers.push(FloatLayer {
            node: node.name.clone(),
            onnx_op: node.op.clone(),
            tensor: node.output.clone(),
            op,
            inputs,
            output,
        });
        let value = Value {
            tensor: self.network.layers.len(),
            shape: output,
            flat,
        };
        self.values.insert(node.output.clone(), value);
    }

    /// The node's output is its input under another name, or with another ONNX shape.
    pub(super) fn alias(&mut self, node: &Node, value: Value) {
        self.values.insert(node.output.clone(), value);
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
