//! Biases of convolutions with sizes of 1 around their channels, which some exporters write, as lists.

use crate::import::change::Change;
use tract_onnx::pb;

/// `[1, c]`, `[1, c, 1, 1]` and the like become `[c]`. The constant may have other readers: the list is a new one.
pub(super) fn flatten(graph: &mut pb::GraphProto, changes: &mut Vec<Change>) {
    for node in graph.node.iter_mut().filter(|node| node.op_type == "Conv") {
        let Some(name) = node.input.get_mut(2) else { continue };
        let Some(tensor) = graph.initializer.iter().find(|tensor| tensor.name == *name) else {
            continue;
        };
        let mut channels = tensor.dims.iter().filter(|size| **size != 1);
        let list = [*channels.next().unwrap_or(&1)];
        if channels.next().is_some() || tensor.dims == list {
            continue;
        }
        let mut bias = tensor.clone();
        bias.dims = list.to_vec();
        bias.name = format!("{name} of {}", node.output.first().map_or("", String::as_str));
        changes.push(Change::new(
            name.clone(),
            format!("bias of shape {:?}, read as {list:?}", tensor.dims),
        ));
        *name = bias.name.clone();
        graph.initializer.push(bias);
    }
}
