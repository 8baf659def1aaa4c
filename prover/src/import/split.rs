//! Tensors that some layers read with stride 2 and others whole: the rows of a tensor have the sums of one of both.

use super::change::Change;
use super::fold::{Activation, FusedLayer, FusedNetwork, FusedOp};
use std::collections::BTreeSet;

/// Gives the readers of stride 2 an exact copy where others read the tensor whole, as in the first block of a stage of ResNet-50. The
/// image has no copy: it is refused later.
pub(super) fn split_readers(network: &mut FusedNetwork) {
    // What is joined is read as the whole is, so that must have readers of one kind first.
    for concats in [true, false] {
        let mut tensor = 1;
        while tensor <= network.layers.len() {
            let is_concat = matches!(network.layers[tensor - 1].op, FusedOp::Concat);
            let readers = (0..network.layers.len()).filter(|i| network.layers[*i].inputs.contains(&tensor));
            let kinds: BTreeSet<bool> = readers.map(|i| reads_by_two(network, i)).collect();
            if is_concat == concats && kinds.len() == 2 {
                copy(network, tensor);
                // The copy is next, and has readers of one kind.
                tensor += 1;
            }
            tensor += 1;
        }
    }
}

/// Whether a layer reads every second pixel, or joins what is read so.
fn reads_by_two(network: &FusedNetwork, layer: usize) -> bool {
    let reader = &network.layers[layer];
    let mut readers = network
        .layers
        .iter()
        .filter(|other| other.inputs.contains(&(layer + 1)));
    match reader.op {
        FusedOp::Concat => readers.any(FusedLayer::has_stride_2),
        _ => reader.has_stride_2(),
    }
}

/// Inserts the copy behind the layer that makes `tensor`, and moves every tensor behind it.
fn copy(network: &mut FusedNetwork, tensor: usize) {
    let joined = |layer: &FusedLayer| matches!(layer.op, FusedOp::Concat) && layer.inputs.contains(&tensor);
    let what = match network.layers.iter().any(joined) {
        true => "copied: one layer reads every second pixel of it or of what it is joined with, another one all",
        false => "copied exactly: one layer reads every second pixel of it, another one all",
    };
    let strided: Vec<bool> = (tensor..network.layers.len())
        .map(|i| reads_by_two(network, i))
        .collect();
    for (layer, strided) in network.layers[tensor..].iter_mut().zip(strided) {
        for input in &mut layer.inputs {
            *input += usize::from(*input > tensor || (*input == tensor && strided));
        }
    }
    let source = &network.layers[tensor - 1];
    let subject = format!("{} ({})", source.node, source.tensor);
    let copy = FusedLayer {
        node: source.node.clone(),
        tensor: source.tensor.clone(),
        op: FusedOp::Copy,
        activation: Activation::Linear,
        inputs: vec![tensor],
        output: source.output,
        channels_last: source.channels_last,
    };
    network.changes.push(Change::new(subject, what));
    network.layers.insert(tensor, copy);
}
