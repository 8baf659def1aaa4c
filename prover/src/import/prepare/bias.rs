//! Biases of convolutions with sizes of 1 around their channels, which some exporters write, as lists.

use crate::import::change::Change;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb;

/// `[1, c]`, `[1, c, 1, 1]` and the like become `[c]`. The constant may have other readers: the list is a new one, for all
/// convolutions that read it.
pub(super) fn flatten(graph: &mut pb::GraphProto, changes: &mut Vec<Change>) {
    let convolutions = || graph.node.iter().filter(|node| node.op_type == "Conv");
    let read: HashSet<&str> = convolutions()
        .filter_map(|node| node.input.get(2))
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    let mut lists: HashMap<String, pb::TensorProto> = HashMap::new();
    for tensor in graph
        .initializer
        .iter()
        .filter(|tensor| read.contains(tensor.name.as_str()))
    {
        let mut channels = tensor.dims.iter().filter(|size| **size != 1);
        let list = [*channels.next().unwrap_or(&1)];
        if channels.next().is_some() || tensor.dims == list {
            continue;
        }
        changes.push(Change::new(
            tensor.name.clone(),
            format!("bias of shape {:?}, read as {list:?}", tensor.dims),
        ));
        let mut bias = tensor.clone();
        bias.dims = list.to_vec();
        bias.name = format!("{} as a list", tensor.name);
        lists.insert(tensor.name.clone(), bias);
    }
    for node in graph.node.iter_mut().filter(|node| node.op_type == "Conv") {
        if let Some(name) = node.input.get_mut(2) {
            if let Some(bias) = lists.get(name) {
                *name = bias.name.clone();
            }
        }
    }
    graph.initializer.extend(lists.into_values());
}
