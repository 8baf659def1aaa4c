//! One scale for all that is joined.

use super::calibrate::{Calibration, Observed};
use super::change::Change;
use super::fold::{Activation, FusedNetwork, FusedOp};
use std::collections::{BTreeMap, BTreeSet};

/// Gives all tensors that concatenations join, directly or through others, the range that covers the range of each. A tensor whose clip
/// that range does not keep, or whose scale is not free, is joined through a copy on the common scale. Says whether there are such.
pub(super) fn join_ranges(network: &mut FusedNetwork, calibration: &mut Calibration) -> bool {
    let before = network.layers.len();
    let mut changes = Vec::new();
    // From the last tensor on, so that the places of those before stay what they are.
    for (tensor, range) in common_ranges(network, calibration).into_iter().rev() {
        let (low, high) = own_range(network, calibration, tensor);
        let layer = &mut network.layers[tensor - 1];
        let free = match (&layer.op, layer.activation) {
            (FusedOp::Concat, _) => {
                set_range(calibration, tensor, range);
                continue;
            }
            (FusedOp::Copy, _) => {
                layer.op = FusedOp::Rescale;
                true
            }
            (FusedOp::Pool, _) => false,
            (_, Activation::Linear) => true,
            // 0..=255 must end where the clip does.
            (_, Activation::Clip { max }) => range.0 == 0.0 && max.is_none_or(|max| max == range.1),
        };
        let lost = ((range.1 - range.0) / (high - low)).log2();
        let mut what = format!("joined with others, which reach {:.3} to {:.3}", range.0, range.1);
        if lost > 0.0 && lost.is_finite() {
            what += &format!(": {lost:.2} bits coarser");
        }
        if !free {
            what += "; rescaled by a layer of its own, which keeps its range";
        }
        if !free || lost > 0.0 {
            changes.push(Change::new(format!("{} ({})", layer.node, layer.tensor), what));
        }
        match free {
            true => set_range(calibration, tensor, range),
            false => rescale(network, calibration, tensor, range),
        }
    }
    network.changes.extend(changes.into_iter().rev());
    network.layers.len() > before
}

/// The range of a tensor by itself.
fn own_range(network: &FusedNetwork, calibration: &Calibration, tensor: usize) -> (f64, f64) {
    let layer = &network.layers[tensor - 1];
    match layer.op {
        FusedOp::Copy | FusedOp::Concat => {
            let ranges = layer.inputs.iter().map(|input| own_range(network, calibration, *input));
            ranges.fold((0.0, 0.0), covering)
        }
        _ => {
            let Observed { low, high, .. } = calibration.layers[tensor - 1];
            (low, high)
        }
    }
}

fn set_range(calibration: &mut Calibration, tensor: usize, range: (f64, f64)) {
    let observed = &mut calibration.layers[tensor - 1];
    (observed.low, observed.high) = range;
}

fn covering(one: (f64, f64), other: (f64, f64)) -> (f64, f64) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// By tensor, the range that covers those of all that it is joined with.
fn common_ranges(network: &FusedNetwork, calibration: &Calibration) -> BTreeMap<usize, (f64, f64)> {
    // The first tensor of each group stands for it.
    let mut group: Vec<usize> = (0..=network.layers.len()).collect();
    let mut joined = BTreeSet::new();
    for (i, layer) in network.layers.iter().enumerate() {
        if !matches!(layer.op, FusedOp::Concat) {
            continue;
        }
        joined.insert(i + 1);
        for input in &layer.inputs {
            joined.insert(*input);
            let (one, other) = (group[*input], group[i + 1]);
            if one != other {
                let (first, second) = (one.min(other), one.max(other));
                group.iter_mut().filter(|of| **of == second).for_each(|of| *of = first);
            }
        }
    }
    let mut ranges: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for tensor in &joined {
        let range = ranges.entry(group[*tensor]).or_default();
        *range = covering(*range, own_range(network, calibration, *tensor));
    }
    joined
        .into_iter()
        .map(|tensor| (tensor, ranges[&group[tensor]]))
        .collect()
}

/// Inserts a copy of `tensor` on the range of what it is joined with, for the concatenations that read it.
fn rescale(network: &mut FusedNetwork, calibration: &mut Calibration, tensor: usize, range: (f64, f64)) {
    network.insert_copy(tensor, FusedOp::Rescale, |_, reader| {
        matches!(reader.op, FusedOp::Concat)
    });
    let observed = Observed {
        low: range.0,
        high: range.1,
        ..calibration.layers[tensor - 1]
    };
    calibration.layers.insert(tensor, observed);
}
