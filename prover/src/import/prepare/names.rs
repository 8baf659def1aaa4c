//! Names, which reports and errors print.

use crate::import::error::ImportError;
use tract_onnx::pb;

/// # Errors
/// If one holds control characters, with which a report could be forged.
pub(super) fn check(graph: &pb::GraphProto) -> Result<(), ImportError> {
    let nodes = graph.node.iter().flat_map(|node| {
        let attributes = node.attribute.iter().map(|attribute| &attribute.name);
        let tensors = node.input.iter().chain(&node.output);
        [&node.name, &node.op_type, &node.domain]
            .into_iter()
            .chain(tensors)
            .chain(attributes)
    });
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    let interface = graph.input.iter().chain(&graph.output).map(|info| &info.name);
    let mut names = nodes.chain(constants).chain(interface);
    match names.find(|name| name.chars().any(char::is_control)) {
        None => Ok(()),
        Some(name) => Err(ImportError::File {
            what: format!("control characters in the name {name:?}"),
        }),
    }
}
