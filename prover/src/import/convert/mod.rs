//! Operators → the few layer kinds there are.

mod attributes;
mod conv;
mod elementwise;
mod spatial;

use super::constant::{Constant, Data};
use super::parse::{Graph, Node};
use super::ImportError;
use crate::model::{Architecture, ArchitectureError, ConvKind, Padding, ParamsError, Shape};
use std::collections::HashMap;

/// The network in real numbers. Tensor 0 is the image, `i + 1` the output of layer `i`.
pub(super) struct FloatNetwork {
    pub(super) input: Shape,
    pub(super) layers: Vec<FloatLayer>,
}

pub(super) struct FloatLayer {
    /// Name of the ONNX node.
    pub(super) node: String,
    /// Operator of the ONNX node.
    pub(super) onnx_op: String,
    /// Name of its output tensor.
    pub(super) tensor: String,
    pub(super) op: FloatOp,
    pub(super) inputs: Vec<usize>,
    pub(super) output: Shape,
}

pub(super) enum FloatOp {
    Conv(FloatConv),
    /// `y[c] = scale[c]·x[c] + shift[c]`: batch norm, or a bias of its own.
    Affine {
        scale: Vec<f64>,
        shift: Vec<f64>,
    },
    /// `max(x, 0)`, and `min(x, max)` if there is one.
    Clip {
        max: Option<f64>,
    },
    Add,
    Pool,
}

pub(super) struct FloatConv {
    pub(super) kind: ConvKind,
    pub(super) stride: usize,
    pub(super) pad: Padding,
    /// `[o, c, kh, kw]`; depthwise `[c, kh, kw]`.
    pub(super) weights: Vec<f64>,
    /// One per output channel.
    pub(super) bias: Vec<f64>,
}

/// A tensor that a node reads.
#[derive(Clone, Copy)]
struct Value {
    tensor: usize,
    shape: Shape,
    /// ONNX shape `[1, c]` instead of `[1, c, h, w]`.
    flat: bool,
}

/// Converts every node; those that only rename a tensor become no layer.
pub(super) fn convert(graph: &Graph) -> Result<FloatNetwork, ImportError> {
    let image = Value {
        tensor: 0,
        shape: graph.input.shape,
        flat: false,
    };
    let mut converter = Converter {
        opset: graph.opset,
        constants: graph.constants.clone(),
        values: HashMap::from([(graph.input.name.clone(), image)]),
        network: FloatNetwork {
            input: graph.input.shape,
            layers: Vec::new(),
        },
    };
    for node in &graph.nodes {
        converter.node(node)?;
    }
    let interface = |problem: &str| ImportError::Interface {
        role: "output",
        tensor: graph.output.clone(),
        problem: problem.to_owned(),
    };
    let output = converter
        .values
        .get(&graph.output)
        .ok_or_else(|| interface("is not computed"))?;
    if output.tensor != converter.network.layers.len() {
        return Err(interface("is not the output of the last layer"));
    }
    if converter.network.layers.is_empty() {
        return Err(interface("is the image itself"));
    }
    // Before anything of that size is allocated.
    let activations: usize = converter.network.layers.iter().map(|layer| layer.output.len()).sum();
    if activations > Architecture::MAX_ACTIVATIONS {
        return Err(ParamsError::from(ArchitectureError::TooManyActivations {
            activations,
            max: Architecture::MAX_ACTIVATIONS,
        })
        .into());
    }
    Ok(converter.network)
}

struct Converter {
    opset: i64,
    constants: HashMap<String, Constant>,
    values: HashMap<String, Value>,
    network: FloatNetwork,
}

impl Converter {
    fn node(&mut self, node: &Node) -> Result<(), ImportError> {
        match node.op.as_str() {
            "Conv" => self.conv(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.mat_mul(node),
            "BatchNormalization" => self.batch_norm(node),
            "Relu" => self.relu(node),
            "Clip" => self.clip(node),
            "Add" => self.add(node),
            "GlobalAveragePool" => self.global_average_pool(node),
            "AveragePool" => self.average_pool(node),
            "ReduceMean" => self.reduce_mean(node),
            "Flatten" => self.flatten(node),
            "Reshape" => self.reshape(node),
            "Identity" => self.identity(node),
            "Dropout" => self.dropout(node),
            "Constant" => self.constant_node(node),
            _ => Err(ImportError::UnsupportedOp {
                node: node.name.clone(),
                op: node.op.clone(),
                opset: self.opset,
            }),
        }
    }

    /// Checks that the node has between `min` and `max` inputs; trailing empty names count as absent.
    fn inputs<'n>(&self, node: &'n Node, min: usize, max: usize) -> Result<Vec<&'n str>, ImportError> {
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
    fn value(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
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
    fn map(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
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
    fn vector(&self, node: &Node, name: &str) -> Result<Value, ImportError> {
        let value = self.value(node, name)?;
        if !value.flat {
            return Err(error(
                node,
                format!("input {name} has shape 1x{}, expected [1, c]", value.shape),
            ));
        }
        Ok(value)
    }

    fn constant(&self, node: &Node, name: &str) -> Result<&Constant, ImportError> {
        if let Some(constant) = self.constants.get(name) {
            return Ok(constant);
        }
        if self.values.contains_key(name) {
            return Err(error(node, format!("input {name} is computed, expected a constant")));
        }
        Err(unknown(node, name))
    }

    /// A float constant and its shape.
    fn floats(&self, node: &Node, name: &str) -> Result<(&[usize], &[f32]), ImportError> {
        let constant = self.constant(node, name)?;
        match &constant.data {
            Data::Float(data) => Ok((&constant.dims, data)),
            Data::Int(_) => Err(error(node, format!("input {name} holds integers, expected float32"))),
        }
    }

    fn integers(&self, node: &Node, name: &str) -> Result<&[i64], ImportError> {
        match &self.constant(node, name)?.data {
            Data::Int(data) => Ok(data),
            Data::Float(_) => Err(error(node, format!("input {name} holds floats, expected integers"))),
        }
    }

    /// A float constant with one element per channel.
    fn per_channel(&self, node: &Node, name: &str, channels: usize) -> Result<Vec<f64>, ImportError> {
        let (dims, data) = self.floats(node, name)?;
        if dims != [channels] {
            return Err(error(
                node,
                format!("input {name} has shape {dims:?}, expected [{channels}]"),
            ));
        }
        Ok(data.iter().map(|x| f64::from(*x)).collect())
    }

    fn push(&mut self, node: &Node, op: FloatOp, inputs: Vec<usize>, output: Shape, flat: bool) {
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
    fn alias(&mut self, node: &Node, value: Value) {
        self.values.insert(node.output.clone(), value);
    }
}

fn error(node: &Node, problem: String) -> ImportError {
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
