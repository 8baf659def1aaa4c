//! Operators → the few layer kinds there are.
//!
//! | module | content |
//! |---|---|
//! | `network` | the result: layers in real numbers |
//! | `converter` | what is known of the graph so far |
//! | `attributes` | what a node says besides its inputs |
//! | `concat`, `conv`, `elementwise`, `spatial`, `transpose` | one operator a function |
//! | `ends` | what only ends a network |
//! | `quantised` | scales and zero points of quantised files |
//! | `window` | size, steps and border of a kernel or an average |
//! | `sizes` | constants, and lists of sizes |

mod attributes;
mod concat;
mod conv;
mod converter;
mod elementwise;
mod ends;
mod network;
mod quantised;
mod sizes;
mod spatial;
mod transpose;
mod window;

pub(super) use concat::check_joined;
pub(super) use network::{FloatConv, FloatLayer, FloatNetwork, FloatOp};

use super::error::ImportError;
use super::parse::{Graph, Node};
use converter::{error, Converter, Form, Sizes, Value};
use std::collections::{HashMap, HashSet};

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
            integer_input: graph.input.integers,
            layers: Vec::new(),
            changes: graph.changes.clone(),
        },
        sizes: Sizes::default(),
        signed: HashSet::new(),
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
    concat::flatten(&mut converter.network)?;
    Ok(converter.network)
}

type Convert = fn(&mut Converter, &Node) -> Result<(), ImportError>;

/// What each operator becomes.
const OPERATORS: [(&str, Convert); 30] = [
    ("Add", Converter::add),
    ("ArgMax", Converter::arg_max),
    ("AveragePool", Converter::average_pool),
    ("BatchNormalization", Converter::batch_norm),
    ("Cast", Converter::cast),
    ("Clip", Converter::clip),
    ("Concat", Converter::concat),
    ("Constant", Converter::constant_node),
    ("Conv", Converter::conv),
    ("DequantizeLinear", Converter::dequantize_linear),
    ("Div", Converter::affine),
    ("Dropout", Converter::dropout),
    ("Flatten", Converter::flatten),
    ("Gather", Converter::gather),
    ("Gemm", Converter::gemm),
    ("GlobalAveragePool", Converter::global_average_pool),
    ("Identity", Converter::identity),
    ("LogSoftmax", Converter::softmax),
    ("MatMul", Converter::mat_mul),
    ("Mul", Converter::affine),
    ("QuantizeLinear", Converter::quantize_linear),
    ("ReduceMean", Converter::reduce_mean),
    ("Relu", Converter::relu),
    ("Reshape", Converter::reshape),
    ("Shape", Converter::shape),
    ("Softmax", Converter::softmax),
    ("Squeeze", Converter::squeeze),
    ("Sub", Converter::affine),
    ("Transpose", Converter::transpose),
    ("Unsqueeze", Converter::unsqueeze),
];

/// What no layer computes, though every framework has it, and what to train in its place.
const REFUSED: [(&str, &str); 1] = [(
    "MaxPool",
    "takes the largest number of each window, which no layer computes; train the network with a convolution of stride 2 or an \
     AveragePool in its place",
)];

impl Converter {
    fn node(&mut self, node: &Node) -> Result<(), ImportError> {
        if let Some((_, problem)) = REFUSED.iter().find(|(op, _)| *op == node.op) {
            return Err(error(node, (*problem).to_owned()));
        }
        match OPERATORS.iter().find(|(op, _)| *op == node.op) {
            Some((_, convert)) => convert(self, node),
            None => Err(ImportError::UnsupportedOp {
                node: node.name.clone(),
                op: node.op.clone(),
                opset: self.opset,
                supported: OPERATORS.map(|(op, _)| op).join(", "),
            }),
        }
    }
}
