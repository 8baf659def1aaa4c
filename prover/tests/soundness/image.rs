//! Lies about the image: bytes out of range, words that are not its bytes, another image behind the commitment.

use crate::cheat::{activation_cell, expect_constraint, expect_unbalanced_lookup, expect_unequal, garbage_cell, Cheat};
use crate::executor::{accumulators, requantise, rerun, tensor};
use crate::poseidon::write_chain;
use crate::support::{mock_phase_2, recount, Case, SALT_ROWS};
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::{kernel_network, tiny_network};
use assay_prover::model::{FoldedLayer, TensorId};
use assay_prover::reference;
use assay_statement::field::{from_i64, Fr};
use assay_statement::input::{self, input_commit};
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;

/// The case with another image.
fn with_image(mut case: Case, image: Vec<u8>) -> Case {
    case.trace = reference::run(&case.compiled.frozen.architecture, &case.folded, &image).unwrap();
    case.image = image;
    case
}

/// Index of byte `f` of the row-major HWC image in the channel-major tensor.
fn element(case: &Case, f: usize) -> (usize, usize, usize) {
    let w = case.compiled.frozen.architecture.input.w;
    (f % 3, f / 3 / w, f / 3 % w)
}

/// Column and row of byte slot `slot` of word `word`; slot 31 is the one that must be zero.
fn word_cell(case: &Case, word: usize, slot: usize) -> (usize, usize) {
    let fold = case.compiled.frozen.layout.fold();
    (
        slot % fold,
        case.compiled.floor.words + word * (32 / fold) + slot / fold,
    )
}

/// Runs the network on pixels that are no bytes: in the tensor, in the words, in the first layer and its garbage, and in
/// everything after it.
fn with_pixels(mut case: Case, pixels: &[(usize, i64)]) -> Cheat {
    let compiled = case.compiled.clone();
    let arch = &compiled.frozen.architecture;
    let mut image = tensor(&case.trace, TensorId::IMAGE);
    let mut changes = Vec::new();
    for (f, value) in pixels {
        let (c, y, x) = element(&case, *f);
        let old = std::mem::replace(&mut image[arch.input.index(c, y, x)], *value);
        changes.push((c, y, x, value - old));
    }
    let t = accumulators(arch, &case.folded, 0, |_| image.clone());
    requantise(&mut case.trace, 0, &t, arch.shift);
    rerun(&mut case, 1);
    let mut cheat = Cheat::of(case);
    for (f, value) in pixels {
        let (c, y, x) = element(&cheat.case, *f);
        let [q, _, out] = cheat.activation(TensorId::IMAGE, arch.input.index(c, y, x));
        (*q, *out) = (from_i64(value + 512), from_i64(*value));
        let (column, row) = word_cell(&cheat.case, f / 31, f % 31);
        cheat.witness.cells[column][row] = from_i64(*value);
    }
    let spatial = &compiled.floor.garbage[0].as_ref().unwrap().spatial;
    let FoldedLayer::Conv { weights, .. } = &cheat.case.folded.layers[0] else {
        unreachable!("a convolution")
    };
    for (c, y, x, change) in changes {
        for tap in spatial.taps.iter().filter(|tap| tap.part == 2 * (y % 2) + x % 2) {
            let exponent = tap.exponent + y / 2 * spatial.t + x / 2;
            let Some(n) = spatial.garbage.iter().position(|e| *e == exponent) else {
                continue;
            };
            for o in 0..arch.layers[0].output.c {
                let (column, row) = garbage_cell(&compiled, 0, n, o);
                cheat.witness.cells[column][row] += from_i64(weights[9 * (3 * o + c) + 3 * tap.a + tap.b] * change);
            }
        }
    }
    recount(&compiled, &mut cheat.witness);
    cheat
}

/// Puts the hash of other words into the circuit and its instance.
fn rehash(cheat: &mut Cheat, words: &[Fr]) {
    let mut calls = vec![[input::tag(words.len()), cheat.witness.salt, Fr::ZERO]];
    // The first input of the later ones is the hash before them.
    calls.extend(
        words
            .chunks(2)
            .map(|pair| [Fr::ZERO, pair[0], pair.get(1).copied().unwrap_or(Fr::ZERO)]),
    );
    write_chain(cheat, &calls, None);
}

/// The image as tensor and as words differ, and nothing else is wrong.
#[track_caller]
fn expect_unequal_images(cheat: &Cheat) {
    let equal = &cheat.case.compiled.program.equal;
    let link = equal.iter().find(|(what, ..)| *what == "image is its words");
    let (_, as_tensor, as_words) = *link.expect("the image is linked");
    expect_unequal(&cheat.failures(), (as_tensor, as_words));
}

/// Two images behind one commitment, if bytes had no range: a carry from one byte to its neighbour leaves the word.
#[test]
fn image_byte_of_256_is_rejected() {
    for f in [4, 100, 285] {
        let mut image = Case::tiny(1).image;
        (image[f], image[f + 1]) = (8, 0);
        let case = with_image(Case::tiny(1), image);
        let commit = input_commit(&case.image, &case.salt);
        let cheat = with_pixels(case, &[(f, 7), (f + 1, 256)]);
        assert_eq!(cheat.instances[instance::INPUT_COMMIT], commit);
        expect_unbalanced_lookup(&cheat);
    }
}

#[test]
fn image_byte_of_minus_one_is_rejected() {
    for f in [4, 100, 285] {
        let mut image = Case::tiny(1).image;
        (image[f], image[f + 1]) = (8, 255);
        let case = with_image(Case::tiny(1), image);
        let commit = input_commit(&case.image, &case.salt);
        let cheat = with_pixels(case, &[(f, 9), (f + 1, -1)]);
        assert_eq!(cheat.instances[instance::INPUT_COMMIT], commit);
        expect_unbalanced_lookup(&cheat);
    }
}

#[test]
fn true_table_entries_that_clip_are_no_image_bytes() {
    for lanes in [3, 5] {
        let frozen = FrozenArchitecture::plan_with(tiny_network(10), lanes, SALT_ROWS).unwrap();
        for (lane, (byte, step)) in (0..lanes).flat_map(|lane| [(lane, (255, Fr::ONE)), (lane, (0, -Fr::ONE))]) {
            let honest = Case::frozen(frozen.clone(), 1);
            let shape = honest.compiled.frozen.architecture.input;
            let (c, y, x) = (2, 1, lane);
            let mut image = honest.image.clone();
            image[3 * (y * shape.w + x) + c] = byte;
            let mut cheat = Cheat::of(with_image(honest, image));
            let index = shape.index(c, y, x);
            let [q, _, _] = cheat.activation(TensorId::IMAGE, index);
            *q += step;
            recount(&cheat.case.compiled, &mut cheat.witness);
            let (row, _) = activation_cell(&cheat.case.compiled, TensorId::IMAGE, index);
            let name = format!("byte of lane {lane}");
            assert_eq!(expect_constraint(&cheat.failures(), "image byte", &name), [row]);
        }
    }
}

/// Slot 31 of a word stands at the exponent of the next word's first byte: what moves there leaves the image as it is
/// and changes its hash.
#[test]
fn byte_32_of_a_word_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(2));
    let moved = Fr::from(3);
    let (column, row) = word_cell(&cheat.case, 4, 31);
    cheat.witness.cells[column][row] = moved;
    let (next_column, next_row) = word_cell(&cheat.case, 5, 0);
    cheat.witness.cells[next_column][next_row] -= moved;
    let mut words = input::words(&cheat.case.image);
    words[4] += moved * Fr::from(256).invert().unwrap();
    words[5] -= moved * Fr::from(256).pow([30]);
    rehash(&mut cheat, &words);
    assert_ne!(cheat.instances, cheat.case.instances());
    assert_eq!(
        expect_constraint(&cheat.failures(), "folded lanes", "byte 32 of a word is zero"),
        [row]
    );
}

/// As large a number in a word as the field has: the bytes of another image, packed with a borrow.
#[test]
fn word_that_is_not_its_bytes_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(2));
    // Digit 7 of word 3 one larger, digit 8 lower by 256: the word stays, the image's polynomial does not.
    for (slot, change) in [(7, Fr::ONE), (8, -Fr::from(256))] {
        let (column, row) = word_cell(&cheat.case, 3, slot);
        cheat.witness.cells[column][row] += change;
    }
    expect_unequal_images(&cheat);
}

#[test]
fn byte_beyond_the_images_end_is_rejected() {
    let case = Case::tiny(2);
    let (length, words) = (case.image.len(), input::word_count(case.image.len()));
    assert_eq!((length, words), (288, 10));
    for slot in [length % 31, 30] {
        let mut cheat = Cheat::of(Case::tiny(2));
        let (column, row) = word_cell(&cheat.case, words - 1, slot);
        cheat.witness.cells[column][row] = Fr::from(5);
        let mut words = input::words(&cheat.case.image);
        *words.last_mut().unwrap() += Fr::from(5) * Fr::from(256).pow([30 - slot as u64]);
        rehash(&mut cheat, &words);
        expect_unequal_images(&cheat);
    }
}

#[test]
fn network_run_on_another_image_than_the_committed_one_is_rejected() {
    let mut committed = Case::tiny(2).image;
    committed[17] ^= 1;
    let mut case = Case::tiny(2);
    // Words, hash and instance are of this image, the trace of the other.
    case.image = committed;
    let cheat = Cheat::of(case);
    expect_unequal_images(&cheat);
}

/// The same where the image's rows have one sum.
#[test]
fn network_that_reads_its_image_whole_is_run_on_the_committed_one() {
    for f in [0, 17, 32, 3 * 99 - 1] {
        let mut case = Case::of(kernel_network(10), 2);
        case.image[f] ^= 1;
        expect_unequal_images(&Cheat::of(case));
    }
}

#[test]
fn channels_or_rows_exchanged_between_tensor_and_words_are_rejected() {
    let case = Case::tiny(2);
    let w = case.compiled.frozen.architecture.input.w;
    let by_channel: Vec<u8> = case.image.chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
    let upside_down: Vec<u8> = case.image.chunks(3 * w).rev().flatten().copied().collect();
    for image in [by_channel, upside_down] {
        let mut case = Case::tiny(2);
        case.image = image;
        expect_unequal_images(&Cheat::of(case));
    }
}

/// The network ran on one image, another one is committed to; both as honest cases. They differ in one byte.
fn two_images() -> (Case, Case) {
    let mut committed = Case::tiny(2).image;
    committed[40] ^= 1;
    (Case::tiny(2), with_image(Case::tiny(2), committed))
}

/// A prover with the tensor of `seen`, the words and the hash of `committed`.
fn seen_and_committed(mut seen: Case, committed: &Case) -> Cheat {
    seen.image.clone_from(&committed.image);
    Cheat::of(seen)
}

#[test]
fn digits_that_are_not_the_bytes_of_a_word_are_rejected() {
    let (seen, committed) = two_images();
    let (theirs, compiled) = (committed.witness(), seen.compiled.clone());
    let rows = compiled.floor.words..compiled.floor.poseidon;
    let digits = mock_phase_2(&compiled, &theirs).values.acc_y[rows.clone()].to_vec();
    // Tensor and bytes of the words are those of the image seen; the hash is that of the other.
    let mut cheat = Cheat::of(seen);
    for (own, theirs) in cheat.witness.cells.iter_mut().zip(&theirs.cells) {
        own[rows.end..compiled.floor.end].copy_from_slice(&theirs[rows.end..compiled.floor.end]);
    }
    cheat.instances = committed.instances();
    cheat.instances[instance::OUTPUT] = Fr::from(cheat.case.trace.top1() as u64);
    let inputs = cheat.inputs();
    cheat.forge(|p| {
        p.values.acc_y[rows].copy_from_slice(&digits);
        compiled.program.run(&inputs, &mut p.values);
    });
    let (_, row) = word_cell(&cheat.case, 40 / 31, 40 % 31);
    assert_eq!(
        expect_constraint(&cheat.failures(), "folded lanes", "digits of a word"),
        [row]
    );
}

#[test]
fn sum_of_a_word_that_is_not_its_bytes_is_rejected() {
    let (seen, committed) = two_images();
    let compiled = seen.compiled.clone();
    let rows = compiled.floor.words..compiled.floor.poseidon;
    let sums = mock_phase_2(&compiled, &seen.witness()).values.acc_x[rows.clone()].to_vec();
    let mut cheat = seen_and_committed(seen, &committed);
    let inputs = cheat.inputs();
    cheat.forge(|p| {
        p.values.acc_x[rows].copy_from_slice(&sums);
        compiled.program.run(&inputs, &mut p.values);
    });
    let (_, row) = word_cell(&cheat.case, 40 / 31, 40 % 31);
    assert_eq!(
        expect_constraint(&cheat.failures(), "folded lanes", "fold by gamma"),
        [row]
    );
}

#[test]
fn sum_of_image_bytes_that_is_not_that_of_the_tensor_is_rejected() {
    let (seen, committed) = two_images();
    let compiled = seen.compiled.clone();
    let rows = compiled.floor.tensor(TensorId::IMAGE).rows();
    let sums = mock_phase_2(&compiled, &committed.witness()).values.acc_y[rows.clone()].to_vec();
    let (c, y, x) = element(&seen, 40);
    let index = compiled.frozen.architecture.input.index(c, y, x);
    let (row, _) = activation_cell(&compiled, TensorId::IMAGE, index);
    let mut cheat = seen_and_committed(seen, &committed);
    let inputs = cheat.inputs();
    cheat.forge(|p| {
        p.values.acc_y[rows].copy_from_slice(&sums);
        compiled.program.run(&inputs, &mut p.values);
    });
    assert_eq!(
        expect_constraint(
            &cheat.failures(),
            "outputs of this layer",
            "sum of quotients and remainders"
        ),
        [row]
    );
}
