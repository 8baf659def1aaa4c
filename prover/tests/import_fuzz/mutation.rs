//! What a hostile file, or a broken one, has in place of what an exporter wrote.

use crate::import_support::{float, float_tensor, int, ints, tensor, text};
use prost::Message;
use rand::seq::SliceRandom;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use tract_onnx::pb;
use tract_onnx::pb::tensor_shape_proto::dimension::Value;

/// Sizes, steps, axes and the like.
const INTEGERS: [i64; 16] = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    64,
    -1,
    -2,
    1 << 20,
    1 << 31,
    1 << 32,
    1 << 62,
    i64::MAX,
    i64::MIN,
];
const FLOATS: [f32; 8] = [
    0.0,
    -1.0,
    1e-30,
    1e30,
    f32::MAX,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
];
/// Where a constant is said to be; `beside.bin` is there, `link` leads out of the folder.
const LOCATIONS: [&str; 8] = [
    "beside.bin",
    "./beside.bin",
    "link",
    "../beside.bin",
    "/etc/passwd",
    "/dev/zero",
    "",
    "absent.bin",
];
const OPERATORS: [&str; 24] = [
    "Add",
    "ArgMax",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "Div",
    "Dropout",
    "Flatten",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "Identity",
    "MatMul",
    "Mul",
    "ReduceMean",
    "Relu",
    "Reshape",
    "Shape",
    "Softmax",
    "Transpose",
];
const ATTRIBUTES: [&str; 16] = [
    "alpha",
    "auto_pad",
    "axes",
    "axis",
    "dilations",
    "epsilon",
    "group",
    "keepdims",
    "kernel_shape",
    "max",
    "pads",
    "perm",
    "strides",
    "to",
    "transB",
    "value",
];

/// A file with one or two changes: of what it says, or of its bytes.
pub(crate) fn mutated(proto: &pb::ModelProto, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut proto = proto.clone();
    let changes = rng.gen_range(1..=2);
    if rng.gen_bool(0.85) {
        (0..changes).for_each(|_| change(&mut proto, rng));
        return proto.encode_to_vec();
    }
    let mut bytes = proto.encode_to_vec();
    (0..changes).for_each(|_| change_bytes(&mut bytes, rng));
    bytes
}

fn change_bytes(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    let at = rng.gen_range(0..=bytes.len());
    let end = (at + rng.gen_range(0..40)).min(bytes.len());
    match rng.gen_range(0..6) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            let to = rng.gen_range(0..=bytes.len());
            bytes.splice(to..to, copy);
        }
        // The longest number there is.
        3 => drop(bytes.splice(at..at, [0xff; 9])),
        _ => {
            for byte in &mut bytes[at..end.min(at + 3)] {
                *byte = rng.gen();
            }
        }
    }
}

fn pick<T: Copy>(of: &[T], rng: &mut ChaCha20Rng) -> T {
    *of.choose(rng).expect("there are some")
}

/// Any tensor's name.
fn name(graph: &pb::GraphProto, rng: &mut ChaCha20Rng) -> String {
    let nodes = graph.node.iter().flat_map(|node| node.output.iter().chain(&node.input));
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    let names: Vec<&String> = nodes
        .chain(constants)
        .chain(graph.input.iter().map(|i| &i.name))
        .collect();
    names.choose(rng).map_or_else(String::new, |name| (*name).clone())
}

fn change(proto: &mut pb::ModelProto, rng: &mut ChaCha20Rng) {
    match rng.gen_range(0..20) {
        0 => proto
            .opset_import
            .iter_mut()
            .for_each(|set| set.version = pick(&INTEGERS, rng)),
        1 => proto.opset_import.clear(),
        _ => {}
    }
    let graph = proto.graph.get_or_insert_default();
    match rng.gen_range(0..8) {
        0..3 => change_constant(graph, rng),
        3..6 => change_node(graph, rng),
        6 => change_order(graph, rng),
        _ => change_interface(graph, rng),
    }
}

fn change_constant(graph: &mut pb::GraphProto, rng: &mut ChaCha20Rng) {
    let other = name(graph, rng);
    let Some(constant) = graph.initializer.choose_mut(rng) else {
        return;
    };
    match rng.gen_range(0..11) {
        0 => constant.dims.push(pick(&INTEGERS, rng)),
        1 => drop(constant.dims.pop()),
        2 => constant.dims.reverse(),
        3 | 4 => constant.dims.iter_mut().for_each(|size| {
            if rng.gen() {
                *size = pick(&INTEGERS, rng);
            }
        }),
        5 => constant.data_type = rng.gen_range(-1..30),
        6 => constant.raw_data = vec![rng.gen(); rng.gen_range(0..600)],
        7 => constant.float_data.iter_mut().for_each(|value| {
            if rng.gen_bool(0.05) {
                *value = pick(&FLOATS, rng);
            }
        }),
        8 => constant.name = other,
        _ => move_beside(constant, rng),
    }
}

/// Says that the constant is stored beside the file.
fn move_beside(constant: &mut pb::TensorProto, rng: &mut ChaCha20Rng) {
    constant.data_location = Some(pick(&[1, 1, 1, 2, -1], rng));
    constant.float_data.clear();
    let mut entry = |key: &str, value: String| {
        constant
            .external_data
            .push(pb::StringStringEntryProto { key: key.into(), value });
    };
    // The first, which is there, more often than the others.
    entry(
        "location",
        if rng.gen() {
            LOCATIONS[0].into()
        } else {
            pick(&LOCATIONS, rng).into()
        },
    );
    for key in ["offset", "length"] {
        if rng.gen() {
            entry(key, pick(&INTEGERS, rng).to_string());
        }
    }
}

fn change_node(graph: &mut pb::GraphProto, rng: &mut ChaCha20Rng) {
    let other = name(graph, rng);
    let Some(node) = graph.node.choose_mut(rng) else { return };
    match rng.gen_range(0..12) {
        0 => node.op_type = pick(&OPERATORS, rng).into(),
        // Of itself, or of what comes after it: a cycle.
        1 | 2 => drop(node.input.choose_mut(rng).map(|input| *input = other)),
        3 => drop(node.output.choose_mut(rng).map(|output| *output = other)),
        4 => node.input.push(other),
        5 => drop(node.input.pop()),
        6 => node.input.extend(vec![other; rng.gen_range(1..2000)]),
        7 => node.name = pick(&["", "a\nb", "\u{1b}[2J"], rng).into(),
        8 => node.domain = "somewhere.else".into(),
        9 => node.attribute.clear(),
        _ => {
            let added = attribute(rng);
            match node.attribute.choose_mut(rng) {
                Some(there) if rng.gen() => {
                    let name = std::mem::take(&mut there.name);
                    *there = pb::AttributeProto { name, ..added };
                }
                _ => node.attribute.push(added),
            }
        }
    }
}

fn attribute(rng: &mut ChaCha20Rng) -> pb::AttributeProto {
    let name = pick(&ATTRIBUTES, rng);
    let list: Vec<i64> = (0..rng.gen_range(0..6)).map(|_| pick(&INTEGERS, rng)).collect();
    match rng.gen_range(0..6) {
        0 => int(name, pick(&INTEGERS, rng)),
        1 | 2 => ints(name, &list),
        3 => float(name, pick(&FLOATS, rng)),
        4 => text(name, pick(&["SAME_UPPER", "VALID", "", "\0"], rng)),
        _ => tensor(name, float_tensor("", &list, vec![1.0; rng.gen_range(0..9)])),
    }
}

/// What there is of nodes and constants, and in which order.
fn change_order(graph: &mut pb::GraphProto, rng: &mut ChaCha20Rng) {
    let from = name(graph, rng);
    match rng.gen_range(0..7) {
        0 => graph.node.shuffle(rng),
        1 => graph.node.truncate(rng.gen_range(0..=graph.node.len())),
        2 => {
            let again: Vec<_> = graph.node.choose(rng).cloned().into_iter().collect();
            graph.node.extend(again);
        }
        3 => {
            let again: Vec<_> = graph.initializer.choose(rng).cloned().into_iter().collect();
            graph.initializer.extend(again);
        }
        4 if !graph.initializer.is_empty() => {
            let at = rng.gen_range(0..graph.initializer.len());
            graph.initializer.remove(at);
        }
        // Deep, or twice as much with each node.
        _ => {
            let op = pick(&["Relu", "Identity", "Add", "Concat", "Mul", "Flatten"], rng);
            let depth = rng.gen_range(1..120);
            for i in 0..depth {
                let input = if i == 0 { from.clone() } else { format!("deep{i}") };
                let inputs = if ["Add", "Concat", "Mul"].contains(&op) { 2 } else { 1 };
                graph.node.push(pb::NodeProto {
                    op_type: op.into(),
                    input: vec![input; inputs],
                    output: vec![format!("deep{}", i + 1)],
                    ..Default::default()
                });
            }
            let end = format!("deep{depth}");
            let readers = graph.node.iter_mut().flat_map(|node| &mut node.input);
            let outputs = graph.output.iter_mut().map(|output| &mut output.name);
            if let Some(reader) = readers.chain(outputs).collect::<Vec<_>>().choose_mut(rng) {
                **reader = end;
            }
        }
    }
}

fn change_interface(graph: &mut pb::GraphProto, rng: &mut ChaCha20Rng) {
    let other = name(graph, rng);
    match rng.gen_range(0..8) {
        0 => graph
            .output
            .iter_mut()
            .for_each(|output| output.name.clone_from(&other)),
        1 => graph.output.clear(),
        2 => graph.output.extend(graph.output.clone()),
        3 => graph.input.extend(graph.input.clone()),
        4 => graph.input.clear(),
        5 => graph.input.iter_mut().for_each(|input| input.name.clone_from(&other)),
        _ => {
            let Some(kind) = graph.input.first_mut().and_then(|input| input.r#type.as_mut()) else {
                return;
            };
            let Some(pb::type_proto::Value::TensorType(tensor)) = &mut kind.value else {
                return;
            };
            if rng.gen_bool(0.2) {
                tensor.elem_type = rng.gen_range(-1..30);
            }
            let dims = tensor.shape.get_or_insert_default();
            match rng.gen_range(0..4) {
                0 => dims.dim.reverse(),
                1 => drop(dims.dim.pop()),
                _ => dims.dim.iter_mut().for_each(|dim| {
                    if rng.gen_bool(0.3) {
                        dim.value = Some(Value::DimValue(pick(&INTEGERS, rng)));
                    }
                }),
            }
        }
    }
}
