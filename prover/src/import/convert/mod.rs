//! Operators → the few layer kinds there are.
//!
//! | module | content |
//! |---|---|
//! | `network` | the result: layers in real numbers |
//! | `converter` | what is known of the graph so far |
//! | `attributes` | what a node says besides its inputs |
//! | `conv`, `elementwise`, `spatial`, `transpose` | one operator a function |
//! | `ends` | what only ends a network |
//! | `window` | size, steps and border of a kernel or an average |
//! | `sizes` | constants, and lists of sizes |

mod attributes;
mod conv;
mod converter;
mod elementwise;
mod ends;
mod network;
mod sizes;
mod spatial;
mod transpose;
mod window;

pub(super) use network::{FloatConv, FloatLayer, FloatNetwork, FloatOp};

use super::error::ImportError;
use super::parse::{Graph, Node};
use converter::{Converter, Form, Sizes, Value};
use std::collections::HashMap;

/// Converts every node; those that only rename a tensor become no layer.
pub(super) fn convert(graph: &Graph) -> Result<FloatNetwork, ImportError> {
    let image = Value {
        tensor: 0,
        shape: graph.input.shape,
        form: if graph.input.channels_last {
            Form::ChannelsLast
        } else {
            Form::Map
        },
    };
    let mut converter = Converter {
        opset: graph.opset,
        constants: graph.constants.clone(),
        values: HashMap::from([(graph.input.name.clone(), image)]),
        network: FloatNetwork {
            input: graph.input.shape,
            layers: Vec::new(),
            changes: graph.changes.clone(),
        },
        sizes: Sizes::default(),
        end: None,
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
    Ok(converter.network)
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
            "Sub" | "Mul" | "Div" => self.affine(node),
            "Softmax" | "LogSoftmax" => self.softmax(node),
            "ArgMax" => self.arg_max(node),
            "Transpose" => self.transpose(node),
            "Cast" => self.cast(node),
            "Shape" => self.shape(node),
            "Gather" => self.gather(node),
            "Unsqueeze" => self.unsqueeze(node),
            "Concat" => self.concat(node),
            _ => Err(ImportError::UnsupportedOp {
                node: node.name.clone(),
                op: node.op.clone(),
                opset: self.opset,
            }),
        }
    }
}
