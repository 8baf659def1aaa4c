//! Operators on integers (QOperator files), as operators on numbers between DequantizeLinear and QuantizeLinear.

use crate::import::change::Change;
use crate::import::constant::{Constant, Data};
use crate::import::error::ImportError;
use std::collections::{BTreeMap, HashMap};
use tract_onnx::pb;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;

/// Where onnxruntime keeps operators of its own.
const MICROSOFT: &str = "com.microsoft";

/// What an operator on integers computes, and where its inputs are; each of three, its scale and its zero point behind it.
struct Form {
    op: &'static str,
    domain: &'static str,
    /// What it computes in numbers.
    real: &'static str,
    /// None if it reads as many as there are behind its output's scale.
    inputs: &'static [usize],
    /// int32, with the scale of both inputs together.
    bias: Option<usize>,
    /// Scale and zero point of the output.
    output: usize,
    /// The axis of weights along which scales may differ.
    weight_axis: Option<i64>,
}

const fn form(op: &'static str, domain: &'static str, real: &'static str) -> Form {
    Form {
        op,
        domain,
        real,
        inputs: &[0],
        bias: None,
        output: 3,
        weight_axis: None,
    }
}

const FORMS: [Form; 9] = [
    Form {
        inputs: &[0, 3],
        bias: Some(8),
        output: 6,
        weight_axis: Some(0),
        ..form("QLinearConv", "", "Conv")
    },
    Form {
        inputs: &[0, 3],
        output: 6,
        weight_axis: Some(-1),
        ..form("QLinearMatMul", "", "MatMul")
    },
    Form {
        inputs: &[0, 3],
        bias: Some(6),
        output: 7,
        weight_axis: Some(1),
        ..form("QGemm", MICROSOFT, "Gemm")
    },
    Form {
        inputs: &[0, 3],
        output: 6,
        ..form("QLinearAdd", MICROSOFT, "Add")
    },
    Form {
        inputs: &[0, 3],
        output: 6,
        ..form("QLinearMul", MICROSOFT, "Mul")
    },
    form("QLinearAveragePool", MICROSOFT, "AveragePool"),
    Form {
        inputs: &[],
        output: 0,
        ..form("QLinearConcat", MICROSOFT, "Concat")
    },
    form("QLinearGlobalAveragePool", MICROSOFT, "GlobalAveragePool"),
    form("QLinearSoftmax", MICROSOFT, "Softmax"),
];

/// Operators that choose scales for each image.
const DYNAMIC: [&str; 5] = [
    "ConvInteger",
    "DynamicQuantizeLinear",
    "DynamicQuantizeMatMul",
    "MatMulInteger",
    "MatMulIntegerToFloat",
];

/// Every operator on integers becomes three or more nodes.
pub(super) fn expand(graph: &mut pb::GraphProto, changes: &mut Vec<Change>) -> Result<(), ImportError> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut expansion = Expansion {
        constants: graph
            .initializer
            .iter()
            .map(|tensor| (tensor.name.clone(), tensor.clone()))
            .collect(),
        nodes: Vec::with_capacity(graph.node.len()),
        added: Vec::new(),
    };
    let is_expanded =
        |node: &pb::NodeProto| FORMS.iter().any(|form| form.is(node)) || DYNAMIC.contains(&node.op_type.as_str());
    if !graph.node.iter().any(is_expanded) {
        expansion.constants.clear();
    }
    for mut node in std::mem::take(&mut graph.node) {
        if let Some(form) = FORMS.iter().find(|form| form.is(&node)) {
            *counts.entry(form.op).or_default() += 1;
            expansion.expand(form, &node)?;
            continue;
        }
        if DYNAMIC.contains(&node.op_type.as_str()) {
            let problem = "takes its scales from each image, which no fixed network does; quantise with fixed ones (quantize_static of \
                           onnxruntime)";
            return Err(error(&node, problem.into()));
        }
        if node.domain == MICROSOFT && ["QuantizeLinear", "DequantizeLinear"].contains(&node.op_type.as_str()) {
            node.domain.clear();
        }
        expansion.nodes.push(node);
    }
    graph.node = expansion.nodes;
    graph.initializer.extend(expansion.added);
    for (op, count) in counts {
        let what = "read as what they compute, between DequantizeLinear and QuantizeLinear";
        changes.push(Change::new(format!("{count} {op}"), what));
    }
    Ok(())
}

impl Form {
    fn is(&self, node: &pb::NodeProto) -> bool {
        let domain = if node.domain == "ai.onnx" {
            ""
        } else {
            node.domain.as_str()
        };
        node.op_type == self.op && domain == self.domain
    }
}

struct Expansion {
    constants: HashMap<String, pb::TensorProto>,
    nodes: Vec<pb::NodeProto>,
    added: Vec<pb::TensorProto>,
}

impl Expansion {
    fn expand(&mut self, form: &Form, node: &pb::NodeProto) -> Result<(), ImportError> {
        let input = |place: usize| node.input.get(place).map_or("", String::as_str);
        let output = node.output.first().cloned().unwrap_or_default();
        let mut real = pb::NodeProto {
            op_type: form.real.into(),
            name: node.name.clone(),
            attribute: node.attribute.clone(),
            ..Default::default()
        };
        self.attributes(node, &mut real)?;
        let places = match form.inputs {
            [] => (form.output + 2..node.input.len()).step_by(3).collect(),
            places => places.to_vec(),
        };
        for (n, place) in places.into_iter().enumerate() {
            let axis = form.weight_axis.filter(|_| n == 1);
            // The weights of a Gemm have their outputs first if they are transposed.
            let axis = axis.map(|axis| {
                if form.real == "Gemm" {
                    i64::from(int(node, "transB") == 0)
                } else {
                    axis
                }
            });
            // A sum may read one tensor twice.
            let name = format!("{output} of {n} {}", input(place));
            self.linear(
                "DequantizeLinear",
                node,
                [place, place + 1, place + 2].map(input),
                &name,
                axis,
            );
            real.input.push(name);
        }
        if let Some(bias) = form.bias.map(input).filter(|bias| !bias.is_empty()) {
            let scale = self.bias_scale(node, input(1), input(4))?;
            let name = format!("{output} of {bias}");
            self.linear("DequantizeLinear", node, [bias, &scale, ""], &name, Some(0));
            real.input.push(name);
        }
        // A QGemm without one makes floats.
        if input(form.output).is_empty() {
            real.output.push(output);
            self.nodes.push(real);
            return Ok(());
        }
        let rounded = format!("{output} before it is rounded");
        real.output.push(rounded.clone());
        self.nodes.push(real);
        let [scale, zero] = [form.output, form.output + 1].map(input);
        self.linear("QuantizeLinear", node, [&rounded, scale, zero], &output, None);
        Ok(())
    }

    /// Attributes that only the operator on integers has.
    fn attributes(&self, node: &pb::NodeProto, real: &mut pb::NodeProto) -> Result<(), ImportError> {
        if int(node, "channels_last") != 0 {
            return Err(ImportError::Attribute {
                node: node.name.clone(),
                op: node.op_type.clone(),
                attribute: "channels_last".into(),
                problem: "is not 0; supported are channels before rows and columns".into(),
            });
        }
        real.attribute
            .retain(|attribute| !["channels_last", "opset"].contains(&attribute.name.as_str()));
        Ok(())
    }

    /// A QuantizeLinear or DequantizeLinear.
    fn linear(&mut self, op: &str, node: &pb::NodeProto, inputs: [&str; 3], output: &str, axis: Option<i64>) {
        let inputs = if inputs[2].is_empty() {
            &inputs[..2]
        } else {
            &inputs[..]
        };
        self.nodes.push(pb::NodeProto {
            op_type: op.into(),
            name: node.name.clone(),
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.into()],
            attribute: axis
                .map(|axis| pb::AttributeProto {
                    name: "axis".into(),
                    r#type: AttributeType::Int as i32,
                    i: axis,
                    ..Default::default()
                })
                .into_iter()
                .collect(),
            ..Default::default()
        });
    }

    /// A new constant: the product of both scales and of a Gemm's alpha, for each channel.
    fn bias_scale(&mut self, node: &pb::NodeProto, x: &str, weights: &str) -> Result<String, ImportError> {
        let [x, weights] = [x, weights].map(|name| self.floats(node, name));
        let (x, weights) = (x?, weights?);
        let [x] = x[..] else {
            return Err(error(
                node,
                format!("has {} scales for its input, expected one", x.len()),
            ));
        };
        let name = format!("{} bias scale", node.output.first().map_or("", String::as_str));
        let alpha = node.attribute.iter().find(|a| a.name == "alpha").map_or(1.0, |a| a.f);
        let product: Vec<f32> = weights.iter().map(|weight| alpha * x * weight).collect();
        self.added.push(pb::TensorProto {
            name: name.clone(),
            dims: vec![product.len() as i64],
            data_type: DataType::Float as i32,
            float_data: product,
            ..Default::default()
        });
        Ok(name)
    }

    fn floats(&self, node: &pb::NodeProto, name: &str) -> Result<Vec<f32>, ImportError> {
        let Some(tensor) = self.constants.get(name) else {
            return Err(error(node, format!("scale {name} is no constant of the file")));
        };
        match Constant::read(name, tensor)?.data {
            Data::Float(floats) => Ok(floats),
            Data::Int(_) | Data::Byte { .. } => {
                Err(error(node, format!("scale {name} holds integers, expected float32")))
            }
        }
    }
}

fn int(node: &pb::NodeProto, attribute: &str) -> i64 {
    let found = node.attribute.iter().find(|a| a.name == attribute);
    found.map_or(0, |a| a.i)
}

fn error(node: &pb::NodeProto, problem: String) -> ImportError {
    ImportError::Node {
        node: if node.name.is_empty() {
            node.output.first().cloned().unwrap_or_default()
        } else {
            node.name.clone()
        },
        op: node.op_type.clone(),
        problem,
    }
}
