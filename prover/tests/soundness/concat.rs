//! Joined channels: a concatenation has no cells, so that nothing can be said in them. What a prover could try is to run the readers on
//! other channels than those that were computed; outputs, garbage and everything after them fit the lie.

use crate::cheat::{identity, Cheat, Failure};
use crate::executor::rerun;
use crate::support::{Case, Of, FORMS};
use assay_prover::model::random::joined_network;
use assay_prover::model::{Op, TensorId};
use std::collections::BTreeSet;

const SEED: u64 = 5;

/// The layers of the test network that join, each with the layers that read what they join.
fn joining() -> Vec<(usize, Vec<usize>)> {
    let layers = joined_network(10).layers;
    let readers = |joined: usize| {
        let tensor = TensorId::output_of(joined);
        let reads = |layer: &usize| layers[*layer].op.inputs().contains(&tensor);
        (0..layers.len()).filter(reads).collect()
    };
    let joins = (0..layers.len()).filter(|layer| matches!(layers[*layer].op, Op::Concat { .. }));
    joins.map(|layer| (layer, readers(layer))).collect()
}

/// The readers of the concatenation read these bytes: their identities fail, each, and nothing else does.
#[track_caller]
fn expect_readers_fail(layer: usize, readers: &[usize], lie: impl Fn(&Case) -> Vec<u8>) {
    FORMS
        .iter()
        .for_each(|of| expect_readers_fail_in(*of, layer, readers, &lie));
}

#[track_caller]
fn expect_readers_fail_in(of: Of, layer: usize, readers: &[usize], lie: impl Fn(&Case) -> Vec<u8>) {
    let mut case = of(joined_network(10), SEED);
    let bytes = lie(&case);
    assert_eq!(bytes.len(), case.trace.layers[layer].out.len());
    assert_ne!(bytes, case.trace.layers[layer].out, "layer {layer}: no lie");
    case.trace.layers[layer].out = bytes;
    rerun(&mut case, layer + 1);
    let cheat = Cheat::of(case);
    let mut failing = BTreeSet::new();
    for failure in cheat.failures() {
        let reader = readers.iter().find(|reader| {
            let (left, right) = identity(&cheat.case.compiled, **reader);
            [left, right].map(Failure::Copy).contains(&failure)
        });
        failing.insert(*reader.unwrap_or_else(|| panic!("layer {layer}: {failure:?}")));
    }
    assert_eq!(failing, readers.iter().copied().collect(), "layer {layer}");
}

/// The bytes of a tensor, channel by channel.
fn channels(case: &Case, tensor: TensorId) -> Vec<Vec<u8>> {
    let shape = case.compiled.frozen.architecture.shape(tensor);
    let maps = case.trace.tensor(tensor).chunks(shape.h * shape.w);
    maps.map(<[u8]>::to_vec).collect()
}

#[test]
fn the_network_joins_and_reads_in_every_way() {
    let joining = joining();
    assert_eq!(joining.len(), 5);
    assert!(joining.iter().all(|(_, readers)| !readers.is_empty()));
    assert!(joining.iter().any(|(_, readers)| readers.len() == 2));
}

#[test]
fn reader_of_joined_channels_in_another_order_is_rejected() {
    for (layer, readers) in joining() {
        let channels = |case: &Case| channels(case, TensorId::output_of(layer));
        // All of them moved on, and two exchanged.
        expect_readers_fail(layer, &readers, |case| {
            let mut moved = channels(case);
            moved.rotate_left(1);
            moved.concat()
        });
        expect_readers_fail(layer, &readers, |case| {
            let mut exchanged = channels(case);
            exchanged.swap(1, 4);
            exchanged.concat()
        });
    }
}

#[test]
fn reader_of_a_joined_channel_twice_is_rejected() {
    for (layer, readers) in joining() {
        for (from, to) in [(0, 1), (4, 0), (2, 5)] {
            expect_readers_fail(layer, &readers, |case| {
                let mut channels = channels(case, TensorId::output_of(layer));
                channels[to] = channels[from].clone();
                channels.concat()
            });
        }
    }
}

/// Of the same size, and computed before: only the architecture says that it is not joined.
#[test]
fn reader_of_a_channel_of_a_tensor_that_is_not_joined_is_rejected() {
    let mut tried = 0;
    for (layer, readers) in joining() {
        let arch = joined_network(10);
        let tensor = TensorId::output_of(layer);
        let joined = arch.parts(tensor);
        let same_size = |other: &TensorId| {
            let (shape, joined) = (arch.shape(*other), arch.shape(tensor));
            (shape.h, shape.w) == (joined.h, joined.w) && arch.parts(*other) == [*other]
        };
        let others = (0..tensor.0).map(TensorId).filter(same_size);
        for other in others.filter(|other| !joined.contains(other)) {
            expect_readers_fail(layer, &readers, |case| {
                let mut bytes = channels(case, tensor);
                bytes[2] = channels(case, other)[0].clone();
                bytes.concat()
            });
            tried += 1;
        }
    }
    assert!(tried > 3, "{tried}");
}

/// Of a tensor that is joined twice the second place has the bytes of the first; of one that others read, those that they read.
#[test]
fn reader_of_another_byte_than_was_computed_is_rejected() {
    for (layer, readers) in joining() {
        let count = Case::of(joined_network(10), SEED).trace.layers[layer].out.len();
        for place in [0, count / 3, count / 2, count - 1] {
            expect_readers_fail(layer, &readers, |case| {
                let mut bytes = case.trace.layers[layer].out.clone();
                bytes[place] ^= 1;
                bytes
            });
        }
    }
}
