//! Tensors that some layers read with stride 2 and others whole: the rows of a tensor have the sums of one of both.

use super::change::Change;
use super::fold::{Activation, FusedLayer, FusedNetwork, FusedOp};

/// Gives the readers of stride 2 an exact copy where others read the tensor whole, as in the first block of a stage of ResNet-50. The
/// image has no copy: it is refused later.
pub(super) fn split_readers(network: &mut FusedNetwork) {
    let mut tensor = 1;
    while tensor <= network.layers.len() {
        let readers = || network.layers.iter().filter(|layer| layer.inputs.contains(&tensor));
        if readers().any(FusedLayer::has_stride_2) && !readers().all(FusedLayer::has_stride_2) {
            copy(network, tensor);
            // The copy is next, and has readers of one kind.
            tensor += 1;
        }
        tensor += 1;
    }
}

/// Inserts the copy behind the layer that makes `tensor`, and moves every tensor behind it.
fn copy(network: &mut FusedNetwork, tensor: usize) {
    for layer in &mut network.layers[tensor..] {
        let strided = layer.has_stride_2();
        for input in &mut layer.inputs {
            *input += usize::from(*input > tensor || (*input == tensor && strided));
        }
    }
    let source = &network.layers[tensor - 1];
    let subject = format!("{} ({})", source.node, source.tensor);
    let what = "copied exactly: one layer reads every second pixel of it, another one all";
    let copy = FusedLayer {
        node: source.node.clone(),
        tensor: source.tensor.clone(),
        op: FusedOp::Copy,
        activation: Activation::Linear,
        inputs: vec![tensor],
        output: source.output,
        channels_last: source.channels_last,
        file: source.file,
    };
    network.changes.push(Change::new(subject, what));
    network.layers.insert(tensor, copy);
}
