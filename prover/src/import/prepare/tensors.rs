//! All constants of a graph.

use tract_onnx::pb;

/// Those in attributes too.
pub(super) fn tensors(graph: &mut pb::GraphProto) -> impl Iterator<Item = &mut pb::TensorProto> {
    let attributes = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
    let in_nodes = attributes.filter_map(|attribute| attribute.t.as_mut());
    graph.initializer.iter_mut().chain(in_nodes)
}
