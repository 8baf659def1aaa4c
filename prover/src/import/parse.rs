//! ONNX protobuf to a graph of plain types.

use super::change::Change;
use super::constant::Constant;
use super::error::ImportError;
use super::options::ImportOptions;
use super::prepare::prepare;
use crate::model::{Architecture, Shape};
use std::collections::{HashMap, HashSet};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use tract_onnx::pb;
use tract_onnx::prelude::Framework;

/// Operator sets whose semantics the converter and the float run agree on.
const OPSETS: std::ops::RangeInclusive<i64> = 9..=23;
/// What an architecture may have.
const MAX_SIDE: i64 = Architecture::MAX_SIDE as i64;
/// Bytes of a file: protobuf's own limit.
const MAX_FILE: u64 = 1 << 31;

/// An ONNX graph with plain types.
pub(super) struct Graph {
    pub(super) opset: i64,
    pub(super) input: Input,
    pub(super) output: String,
    pub(super) nodes: Vec<Node>,
    pub(super) constants: HashMap<String, Arc<Constant>>,
    /// What the float run loads: the same graph.
    pub(super) proto: pb::ModelProto,
    /// How it differs from the file.
    pub(super) changes: Vec<Change>,
}

/// The image: one tensor `[1, c, h, w]` or `[1, h, w, c]` of three channels, or of one.
pub(super) struct Input {
    pub(super) name: String,
    /// As the file has it.
    pub(super) shape: Shape,
    /// `[1, h, w, c]`.
    pub(super) channels_last: bool,
    /// Not floats: int8 if so, else uint8.
    pub(super) integers: Option<bool>,
}

impl Input {
    /// The channel of an image that a network of grey images reads. An image in grey has the same in all three.
    pub(super) const GREY: usize = 1;

    /// What the model reads: three channels, always.
    pub(super) fn image(&self) -> Shape {
        Shape::new(3, self.shape.h, self.shape.w)
    }
}

pub(super) struct Node {
    /// Its own name, or that of its output.
    pub(super) name: String,
    pub(super) op: String,
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
    pub(super) attributes: HashMap<String, Attribute>,
}

pub(super) enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Float(f32),
    Text(String),
    Tensor(Arc<Constant>),
    Other,
}

/// Reads an ONNX file.
pub(super) fn parse(path: &Path, options: &ImportOptions) -> Result<Graph, ImportError> {
    let unreadable = |source| ImportError::Read {
        path: path.to_owned(),
        source,
    };
    let not_onnx = |reason: &str| ImportError::Protobuf {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(not_onnx("it is no ordinary file"));
    }
    match metadata.len() {
        0 => return Err(not_onnx("it is empty")),
        size if size > MAX_FILE => return Err(not_onnx("it has more than 2 GiB")),
        _ => {}
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let proto = tract_onnx::onnx()
        .proto_model_for_read(&mut Cursor::new(bytes))
        .map_err(|e| ImportError::Protobuf {
            path: path.to_owned(),
            reason: format!("{e:#}; is the file complete?"),
        })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    graph(proto, folder, options)
}

fn graph(mut proto: pb::ModelProto, folder: &Path, options: &ImportOptions) -> Result<Graph, ImportError> {
    let file = |what: &str| ImportError::File { what: what.to_owned() };
    let opset = proto
        .opset_import
        .iter()
        .find(|set| is_onnx_domain(&set.domain))
        .map_or(0, |set| set.version);
    if !OPSETS.contains(&opset) {
        return Err(ImportError::Opset {
            got: opset,
            min: *OPSETS.start(),
            max: *OPSETS.end(),
        });
    }
    if !proto.functions.is_empty() {
        return Err(file("functions"));
    }
    let graph = proto.graph.as_mut().ok_or_else(|| file("no graph"))?;
    if !graph.sparse_initializer.is_empty() {
        return Err(file("sparse constants"));
    }
    let changes = prepare(graph, folder, options)?;
    let mut constants = HashMap::new();
    for tensor in &graph.initializer {
        if tensor.name.is_empty() {
            return Err(file("a constant without a name"));
        }
        let value = Constant::read(&tensor.name, tensor)?;
        if constants.insert(tensor.name.clone(), Arc::new(value)).is_some() {
            return Err(ImportError::Constant {
                tensor: tensor.name.clone(),
                problem: "is defined twice".into(),
            });
        }
    }
    let mut inputs = graph.input.iter().filter(|input| !constants.contains_key(&input.name));
    let input = match (inputs.next(), inputs.next()) {
        (Some(info), None) if info.name.is_empty() => return Err(file("an input without a name")),
        (Some(info), None) => image(info)?,
        (None, _) => return Err(file("a graph without an input")),
        (Some(_), Some(second)) => {
            return Err(ImportError::Interface {
                role: "input",
                tensor: second.name.clone(),
                problem: "is a second input; a network reads one image".into(),
            })
        }
    };
    let output = match graph.output.as_slice() {
        [output] => output.name.clone(),
        outputs => return Err(file(&format!("{} graph outputs instead of one", outputs.len()))),
    };
    let mut defined: HashSet<String> = constants.keys().cloned().collect();
    defined.insert(input.name.clone());
    let mut nodes = Vec::with_capacity(graph.node.len());
    for proto_node in &graph.node {
        let node = node(proto_node, opset)?;
        if !defined.insert(node.output.clone()) {
            return Err(ImportError::Node {
                problem: format!("tensor {} is defined twice", node.output),
                node: node.name,
                op: node.op,
            });
        }
        for second in proto_node.output.iter().skip(1).filter(|output| !output.is_empty()) {
            if !defined.insert(second.clone()) {
                return Err(ImportError::Node {
                    problem: format!("tensor {second} is defined twice"),
                    node: node.name,
                    op: node.op,
                });
            }
        }
        nodes.push(node);
    }
    Ok(Graph {
        opset,
        input,
        output,
        nodes,
        constants,
        proto,
        changes,
    })
}

fn is_onnx_domain(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

fn image(info: &pb::ValueInfoProto) -> Result<Input, ImportError> {
    use pb::tensor_shape_proto::dimension::Value::DimValue;
    let error = |problem: String| ImportError::Interface {
        role: "input",
        tensor: info.name.clone(),
        problem,
    };
    let Some(pb::type_proto::Value::TensorType(tensor)) = info.r#type.as_ref().and_then(|t| t.value.as_ref()) else {
        return Err(error("is not a tensor".into()));
    };
    use pb::tensor_proto::DataType;
    let integers = match DataType::try_from(tensor.elem_type) {
        Ok(DataType::Float) => None,
        Ok(DataType::Int8) => Some(true),
        Ok(DataType::Uint8) => Some(false),
        _ => {
            let problem = format!("has element type {}, not float32, int8 or uint8", tensor.elem_type);
            return Err(error(problem));
        }
    };
    let dims = tensor.shape.iter().flat_map(|shape| &shape.dim);
    let dims: Vec<Option<i64>> = dims
        .map(|dim| match &dim.value {
            Some(DimValue(n)) => Some(*n),
            _ => None,
        })
        .collect();
    let dims: Option<Vec<i64>> = dims.into_iter().map(|dim| dim.filter(|size| *size != 0)).collect();
    let dims = dims
        .ok_or_else(|| error("leaves sizes open that no option names: export the network with its channels".into()))?;
    let sizes = 1..=MAX_SIDE;
    let (c, h, w, channels_last) = match *dims {
        [1, c @ (1 | 3), h, w] if sizes.contains(&h) && sizes.contains(&w) => (c, h, w, false),
        [1, h, w, c @ (1 | 3)] if sizes.contains(&h) && sizes.contains(&w) => (c, h, w, true),
        [batch, ..] if dims.len() == 4 && batch > 1 => {
            return Err(error(format!(
                "is a batch of {batch} images; export the network with a batch of 1, or an open one"
            )))
        }
        _ => {
            return Err(error(format!(
            "has shape {dims:?}, expected [1, c, h, w] or [1, h, w, c] of 3 channels or 1, and sizes up to {MAX_SIDE}"
        )))
        }
    };
    Ok(Input {
        name: info.name.clone(),
        shape: Shape::new(c as usize, h as usize, w as usize),
        channels_last,
        integers,
    })
}

fn node(proto: &pb::NodeProto, opset: i64) -> Result<Node, ImportError> {
    let output = proto.output.first().cloned().unwrap_or_default();
    let name = if proto.name.is_empty() {
        output.clone()
    } else {
        proto.name.clone()
    };
    let error = |problem: &str| ImportError::Node {
        node: name.clone(),
        op: proto.op_type.clone(),
        problem: problem.to_owned(),
    };
    if !is_onnx_domain(&proto.domain) {
        return Err(ImportError::UnsupportedOp {
            node: name,
            op: format!("{}.{}", proto.domain, proto.op_type),
            opset,
            supported: "those of ONNX itself".into(),
        });
    }
    if output.is_empty() {
        return Err(error("has no output"));
    }
    // The mask of a dropout, which nothing reads at inference; other second outputs belong to training.
    if proto.op_type != "Dropout" && proto.output.iter().skip(1).any(|output| !output.is_empty()) {
        return Err(error("has more than one output"));
    }
    let mut attributes = HashMap::new();
    for attribute in &proto.attribute {
        if attributes
            .insert(attribute.name.clone(), attribute_value(&name, attribute)?)
            .is_some()
        {
            return Err(error(&format!("attribute {} is given twice", attribute.name)));
        }
    }
    Ok(Node {
        name,
        op: proto.op_type.clone(),
        inputs: proto.input.clone(),
        output,
        attributes,
    })
}

fn attribute_value(node: &str, proto: &pb::AttributeProto) -> Result<Attribute, ImportError> {
    use pb::attribute_proto::AttributeType as T;
    Ok(match T::try_from(proto.r#type) {
        Ok(T::Int) => Attribute::Int(proto.i),
        Ok(T::Ints) => Attribute::Ints(proto.ints.clone()),
        Ok(T::Float) => Attribute::Float(proto.f),
        Ok(T::String) => Attribute::Text(String::from_utf8_lossy(&proto.s).into_owned()),
        Ok(T::Tensor) => match &proto.t {
            Some(tensor) => Attribute::Tensor(Arc::new(Constant::read(node, tensor)?)),
            None => Attribute::Other,
        },
        _ => Attribute::Other,
    })
}
