//! Cells beside the tensors: garbage coefficients, tails of rows, slots beyond the last channel.
//!
//! The layout has no pad cells: the gap after an image row is an exponent without a cell. Tails of a row are read by
//! the lookup gates alone; slots of a chain beyond its last channel stand at powers of γ of their own.

use crate::cheat::{chain_cell, expect_identity, expect_unbalanced_lookup, garbage_cell, Cheat};
use crate::executor::rerun;
use crate::support::{mock_phase_2, recount, small, Case, Of, FORMS};
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::{kernel_network, tiny_network};
use assay_prover::model::{ConvKind, FoldedLayer, Layer, Op, TensorId};
use assay_prover::reference::requantise::clip;
use assay_statement::field::{from_i64, Fr};
use halo2_proofs::halo2curves::ff::Field;

/// Layers of the test network with garbage.
const SPATIAL: [usize; 7] = [0, 1, 4, 7, 8, 10, 12];

#[test]
fn changed_garbage_coefficient_is_rejected() {
    for (layer, of) in SPATIAL.into_iter().flat_map(|layer| FORMS.map(|of| (layer, of))) {
        let mut cheat = Cheat::of(of(tiny_network(10), 1));
        let compiled = cheat.case.compiled.clone();
        let count = compiled.floor.garbage[layer].as_ref().unwrap().spatial.garbage.len();
        let channels = compiled.frozen.architecture.layers[layer].output.c;
        let (column, row) = garbage_cell(&compiled, layer, count / 2, channels - 1);
        cheat.witness.cells[column][row] += Fr::ONE;
        expect_identity(&cheat, layer);
    }
}

/// Output and garbage coefficient change places: the sum at α = 1 stays, the exponents differ.
#[test]
fn garbage_coefficient_used_as_an_output_is_rejected() {
    let shift = 10;
    for (layer, of) in [0, 1, 7, 8].into_iter().flat_map(|layer| FORMS.map(|of| (layer, of))) {
        let mut case = of(tiny_network(10), 1);
        let compiled = case.compiled.clone();
        let honest = case.witness();
        let count = compiled.floor.garbage[layer].as_ref().unwrap().spatial.garbage.len();
        let output = compiled.frozen.architecture.layers[layer].output;
        let (n, o, coefficient) = (0..count)
            .flat_map(|n| (0..output.c).map(move |o| (n, o)))
            .find_map(|(n, o)| {
                let (column, row) = garbage_cell(&compiled, layer, n, o);
                let value = small(&honest.cells[column][row])?;
                (1 << shift..1 << (2 * shift)).contains(&value).then_some((n, o, value))
            })
            .expect("some coefficient looks like an output");
        let index = output.index(o, output.h / 2, output.w / 2);
        let lie = &mut case.trace.layers[layer];
        let true_output = (u64::from(lie.q_hat[index]) << shift) + u64::from(lie.r[index]);
        lie.q_hat[index] = (coefficient >> shift) as u32;
        lie.r[index] = (coefficient & ((1 << shift) - 1)) as u32;
        lie.out[index] = clip(lie.q_hat[index], shift);
        rerun(&mut case, layer + 1);
        let mut cheat = Cheat::of(case);
        let (column, row) = garbage_cell(&compiled, layer, n, o);
        cheat.witness.cells[column][row] = Fr::from(true_output);
        expect_identity(&cheat, layer);
    }
}

#[test]
fn garbage_slot_beyond_the_last_channel_is_rejected() {
    for layer in [0, 1, 4, 7] {
        let mut cheat = Cheat::of(Case::tiny(1));
        let compiled = cheat.case.compiled.clone();
        let channels = compiled.frozen.architecture.layers[layer].output.c;
        assert_ne!(
            channels % compiled.frozen.layout.fold(),
            0,
            "layer {layer} has such a slot"
        );
        let (column, row) = garbage_cell(&compiled, layer, 0, channels);
        cheat.witness.cells[column][row] = Fr::ONE;
        expect_identity(&cheat, layer);
    }
}

#[test]
fn weight_slot_beyond_the_last_channel_is_rejected() {
    FORMS
        .iter()
        .for_each(|of| weight_slot_beyond_the_last_channel_is_rejected_in(*of));
}

#[track_caller]
fn weight_slot_beyond_the_last_channel_is_rejected_in(of: Of) {
    let mut tried = 0;
    for layer in [0, 2, 3, 5, 7, 9, 11, 13] {
        let mut cheat = Cheat::of(of(tiny_network(10), 1));
        let compiled = cheat.case.compiled.clone();
        let channels = compiled.frozen.architecture.layers[layer].output.c;
        if channels.is_multiple_of(compiled.frozen.layout.weight_columns) {
            continue;
        }
        let (column, row) = chain_cell(&compiled, layer, 1, channels);
        cheat.witness.weights[column][row] = Fr::ONE;
        expect_identity(&cheat, layer);
        tried += 1;
    }
    assert!(tried >= 3, "too few layers with such a slot");
}

/// A phantom channel: kernel slots beyond the last channel, with the garbage that its product would have. Its outputs
/// have no cells, so the kernel must be zero.
#[test]
fn phantom_channel_with_garbage_of_its_own_is_rejected() {
    let layer = 0;
    let mut cheat = Cheat::of(Case::tiny(1));
    let compiled = cheat.case.compiled.clone();
    let arch = &compiled.frozen.architecture;
    let (channels, inputs) = (arch.layers[layer].output.c, arch.input.c);
    let spatial = compiled.floor.garbage[layer].as_ref().unwrap().spatial.clone();
    assert_ne!(channels % compiled.frozen.layout.weight_columns, 0);
    // The phantom channel has the kernel of channel 0.
    for chain in 0..9 * inputs {
        let (column, row) = chain_cell(&compiled, layer, chain, 0);
        let weight = cheat.witness.weights[column][row];
        let (column, row) = chain_cell(&compiled, layer, chain, channels);
        cheat.witness.weights[column][row] = weight;
    }
    for n in 0..spatial.garbage.len() {
        let (column, row) = garbage_cell(&compiled, layer, n, 0);
        let coefficient = cheat.witness.cells[column][row];
        let (column, row) = garbage_cell(&compiled, layer, n, channels);
        cheat.witness.cells[column][row] = coefficient;
    }
    expect_identity(&cheat, layer);
}

/// Weights in the slot beyond the last channel of a group, and outputs of the next group that have them: the architecture says that
/// this group does not read those channels.
#[test]
fn group_that_reads_channels_of_another_is_rejected() {
    FORMS
        .iter()
        .for_each(|of| group_that_reads_channels_of_another_is_rejected_in(*of));
}

#[track_caller]
fn group_that_reads_channels_of_another_is_rejected_in(of: Of) {
    let mut case = of(kernel_network(10), 1);
    let compiled = case.compiled.clone();
    let arch = &compiled.frozen.architecture;
    let is_grouped = |layer: &Layer| matches!(&layer.op, Op::Conv(conv) if matches!(conv.kind, ConvKind::Grouped(..)));
    let layer = arch.layers.iter().position(is_grouped).unwrap();
    let (rows, width) = (compiled.floor.weights[layer], compiled.frozen.layout.weight_columns);
    let (group, tensor) = (rows.slots.group, TensorId(layer));
    assert_ne!(group % width, 0, "a chain has a slot beyond its group");
    let spatial = compiled.floor.garbage[layer].as_ref().unwrap().spatial.clone();
    let output = arch.layers[layer].output;
    let Op::Conv(conv) = &arch.layers[layer].op else {
        panic!("a convolution")
    };
    // Channel 0, which the first group reads, times α^t0·weight: pixel (i, j) moves output (i, j) where there is one.
    let (weight, zero) = (1, i64::from(conv.input_zero));
    let tap = spatial.taps.iter().position(|tap| tap.exponent == spatial.t0).unwrap();
    let x = case.trace.layers[layer - 1].out.clone();
    let shape = arch.shape(tensor);
    let mut moved = Vec::new();
    for (i, j) in (0..shape.h).flat_map(|i| (0..shape.w).map(move |j| (i, j))) {
        let by = weight * (i64::from(x[shape.index(0, i, j)]) - zero);
        if i < output.h && j < output.w {
            let lie = &mut case.trace.layers[layer];
            let index = output.index(group, i, j);
            let t = (i64::from(lie.q_hat[index]) << 10) + i64::from(lie.r[index]) + by;
            (lie.q_hat[index], lie.r[index]) = ((t >> 10) as u32, (t & 1023) as u32);
            lie.out[index] = clip(lie.q_hat[index], 10);
        } else {
            moved.push((spatial.t0 + i * spatial.t + j, by));
        }
    }
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    let chain = rows.start + tap * rows.chain;
    cheat.witness.weights[group % width][chain + group / width] = from_i64(weight);
    for (exponent, by) in moved {
        let n = spatial.garbage.iter().position(|e| *e == exponent).unwrap();
        let (column, row) = garbage_cell(&compiled, layer, n, group);
        cheat.witness.cells[column][row] += from_i64(by);
    }
    expect_identity(&cheat, layer);
}

/// Four activations per row leave tails in maps of width 6, five in the image of width 12.
#[test]
fn tail_slots_enter_no_sum_and_must_be_true_table_entries() {
    for (lanes, tensor) in [
        (4, TensorId(2)),
        (4, TensorId(8)),
        (5, TensorId::IMAGE),
        (5, TensorId(3)),
    ] {
        let frozen = FrozenArchitecture::plan_with(tiny_network(10), lanes, 32).unwrap();
        let case = Case::frozen(frozen, 3);
        let rows = *case.compiled.floor.tensor(tensor);
        let tail = rows.shape.w % lanes;
        assert_ne!(tail, 0, "{lanes} lanes leave a tail");
        let row = rows.line(1, 1) + rows.line_rows - 1;
        let honest = mock_phase_2(&case.compiled, &case.witness());

        for lane in tail..lanes {
            for (q, r, out, is_true) in [
                (512 + 7, 5, 7, true),
                (0, 1023, 0, true),
                (512 + 7, 5, 8, false),
                (519, 1024, 7, false),
            ] {
                let mut cheat = Cheat::of(Case::frozen(case.compiled.frozen.clone(), 3));
                for (n, value) in [q, r, out].into_iter().enumerate() {
                    cheat.witness.cells[3 * lane + n][row] = from_i64(value);
                }
                recount(&cheat.case.compiled, &mut cheat.witness);
                if is_true {
                    assert_eq!(cheat.failures(), []);
                    let phase_2 = mock_phase_2(&cheat.case.compiled, &cheat.witness);
                    let (ours, theirs) = (&phase_2.values, &honest.values);
                    assert!(ours.acc_x == theirs.acc_x && ours.acc_y == theirs.acc_y && ours.acc == theirs.acc);
                } else {
                    expect_unbalanced_lookup(&cheat);
                }
            }
        }
    }
}

/// A model is what it commits to: other folded numbers with outputs of their own are a proof of another model.
#[test]
fn a_consistently_changed_model_is_accepted_as_another_model() {
    let mut case = Case::tiny(9);
    match &mut case.folded.layers[6] {
        FoldedLayer::Add { lhs, .. } => *lhs += 1,
        _ => unreachable!("layer 6 is the add"),
    }
    rerun(&mut case, 6);
    let cheat = Cheat::of(case);
    assert_ne!(
        cheat.witness.weights,
        Case::tiny(9).witness().weights,
        "its weight columns, hence points, differ"
    );
    assert_eq!(cheat.failures(), []);
}
