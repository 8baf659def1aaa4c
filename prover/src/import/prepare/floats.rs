//! float16, bfloat16 and float64, read as float32.

use super::tensors::tensors;
use crate::import::change::Change;
use crate::import::error::ImportError;
use half::{bf16, f16};
use std::collections::BTreeMap;
use tract_onnx::pb;
use tract_onnx::pb::tensor_proto::DataType;

const FLOAT: i32 = DataType::Float as i32;

/// Constants, image, output, and the targets of casts. A float64 is rounded; one too large becomes infinite, which is refused later.
pub(super) fn read_as_float32(graph: &mut pb::GraphProto, changes: &mut Vec<Change>) -> Result<(), ImportError> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for tensor in tensors(graph) {
        let Some(other) = other_float(tensor.data_type) else {
            continue;
        };
        tensor.float_data = values(tensor, other).ok_or_else(|| ImportError::Constant {
            tensor: tensor.name.clone(),
            problem: "has raw data that is no whole number of elements".into(),
        })?;
        tensor.raw_data.clear();
        tensor.int32_data.clear();
        tensor.double_data.clear();
        tensor.data_type = FLOAT;
        *counts.entry(other.as_str_name()).or_default() += 1;
    }
    for (name, count) in counts {
        changes.push(Change::new(
            format!("{count} constants of {}", name.to_lowercase()),
            "read as float32",
        ));
    }
    for info in graph.input.iter_mut().chain(&mut graph.output) {
        let kind = info.r#type.as_mut().and_then(|t| t.value.as_mut());
        if let Some(pb::type_proto::Value::TensorType(tensor)) = kind {
            if let Some(other) = other_float(tensor.elem_type) {
                tensor.elem_type = FLOAT;
                let what = format!("{} in the file, read as float32", other.as_str_name().to_lowercase());
                changes.push(Change::new(info.name.clone(), what));
            }
        }
    }
    let casts = graph.node.iter_mut().filter(|node| node.op_type == "Cast");
    for attribute in casts.flat_map(|node| &mut node.attribute) {
        if attribute.name == "to" && i32::try_from(attribute.i).ok().and_then(other_float).is_some() {
            attribute.i = i64::from(FLOAT);
        }
    }
    Ok(())
}

fn other_float(data_type: i32) -> Option<DataType> {
    match DataType::try_from(data_type) {
        Ok(other @ (DataType::Float16 | DataType::Bfloat16 | DataType::Double)) => Some(other),
        _ => None,
    }
}

/// `None` if the bytes are no whole number of elements.
fn values(tensor: &pb::TensorProto, data_type: DataType) -> Option<Vec<f32>> {
    let raw = &tensor.raw_data;
    if data_type == DataType::Double {
        if raw.is_empty() {
            return Some(tensor.double_data.iter().map(|x| *x as f32).collect());
        }
        let (words, rest) = raw.as_chunks::<8>();
        return rest
            .is_empty()
            .then(|| words.iter().map(|word| f64::from_le_bytes(*word) as f32).collect());
    }
    let read = |bits: u16| match data_type {
        DataType::Float16 => f16::from_bits(bits).to_f32(),
        _ => bf16::from_bits(bits).to_f32(),
    };
    if raw.is_empty() {
        // Each in the low half of a word.
        return Some(tensor.int32_data.iter().map(|word| read(*word as u16)).collect());
    }
    let (words, rest) = raw.as_chunks::<2>();
    rest.is_empty()
        .then(|| words.iter().map(|word| read(u16::from_le_bytes(*word))).collect())
}
