//! Tensors that some layers read with stride 2 and others whole: the rows of a tensor have the sums of one of both.

use super::change::Change;
use super::fold::{FusedLayer, FusedNetwork, FusedOp};

/// Gives the readers of stride 2 an exact copy where others read the tensor whole, as in the first block of a stage of ResNet-50; `copied`
/// hears of the place of each new layer. The image has no copy: it is refused later.
pub(super) fn split_readers(network: &mut FusedNetwork, mut copied: impl FnMut(usize)) {
    // What is joined is read as the whole is, so that must have readers of one kind first.
    for concats in [true, false] {
        let mut readers = Readers::of(network);
        let mut tensor = 1;
        while tensor <= network.layers.len() {
            let is_concat = matches!(network.layers[tensor - 1].op, FusedOp::Concat);
            if is_concat == concats && readers.are_of_two_kinds(tensor) {
                copy(network, tensor, &readers.by_two);
                copied(tensor);
                readers = Readers::of(network);
                // The copy is next, and has readers of one kind.
                tensor += 1;
            }
            tensor += 1;
        }
    }
}

/// Who reads what.
struct Readers {
    /// By tensor, the layers that read it.
    of: Vec<Vec<usize>>,
    /// By layer, whether it reads every second pixel, or joins what is read so.
    by_two: Vec<bool>,
}

impl Readers {
    fn of(network: &FusedNetwork) -> Self {
        let mut of = vec![Vec::new(); network.layers.len() + 1];
        for (i, layer) in network.layers.iter().enumerate() {
            layer.inputs.iter().for_each(|input| of[*input].push(i));
        }
        let by_two = network.layers.iter().enumerate().map(|(i, layer)| match layer.op {
            FusedOp::Concat => of[i + 1].iter().any(|reader| network.layers[*reader].has_stride_2()),
            _ => layer.has_stride_2(),
        });
        Self {
            by_two: by_two.collect(),
            of,
        }
    }

    fn are_of_two_kinds(&self, tensor: usize) -> bool {
        let mut kinds = self.of[tensor].iter().map(|reader| self.by_two[*reader]);
        kinds.next().is_some_and(|first| kinds.any(|other| other != first))
    }
}

/// Inserts the copy that layers of stride 2 read.
fn copy(network: &mut FusedNetwork, tensor: usize, by_two: &[bool]) {
    let joined = |layer: &FusedLayer| matches!(layer.op, FusedOp::Concat) && layer.inputs.contains(&tensor);
    let what = match network.layers.iter().any(joined) {
        true => "copied: one layer reads every second pixel of it or of what it is joined with, another one all",
        false => "copied exactly: one layer reads every second pixel of it, another one all",
    };
    let source = &network.layers[tensor - 1];
    let subject = format!("{} ({})", source.node, source.tensor);
    network.changes.push(Change::new(subject, what));
    network.insert_copy(tensor, FusedOp::Copy, |reader, _| by_two[reader]);
}
