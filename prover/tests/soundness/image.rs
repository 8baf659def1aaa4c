//! Lies about the image: bytes out of range, words that are not its bytes, another image behind the commitment.

use crate::cheat::{activation_cell, expect_constraint, expect_unbalanced_lookup, expect_unequal, garbage_cell, Cheat};
use crate::executor::{accumulators, requantise, rerun, tensor};
use crate::support::{recount, Case};
use assay_prover::circuit::instance;
use assay_prover::commitment::poseidon::{self, WIDTH};
use assay_prover::commitment::{input, input_commit};
use assay_prover::field::{from_i64, Fr};
use assay_prover::model::{FoldedLayer, TensorId};
use assay_prover::reference;
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
    let p = poseidon::parameters();
    let floor = &cheat.case.compiled.floor;
    let mut inputs = [input::tag(words.len()), cheat.witness.salt, Fr::ZERO];
    for (call, pair) in std::iter::once(None).chain(words.chunks(2).map(Some)).enumerate() {
        if let Some(pair) = pair {
            inputs = [
                poseidon::hash(&inputs),
                pair[0],
                pair.get(1).copied().unwrap_or(Fr::ZERO),
            ];
        }
        let first = floor.poseidon + call * (p.rounds() + 1) + 1;
        for (r, state) in poseidon::trace(&inputs).iter().enumerate() {
            for i in 0..WIDTH {
                cheat.witness.cells[i][first + r] = state[i];
                if r < p.rounds() && (i == 0 || p.is_full(r)) {
                    cheat.witness.cells[WIDTH + i][first + r] = (state[i] + p.constants[r][i]).square();
                }
            }
        }
    }
    cheat.instances[instance::INPUT_COMMIT] = poseidon::hash(&inputs);
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
    // Three neighbours of one image row: every lane once.
    let tries = [38, 41, 44]
        .into_iter()
        .flat_map(|f| [(f, 255, Fr::ONE), (f, 0, -Fr::ONE)]);
    for (n, (f, byte, step)) in tries.enumerate() {
        let mut image = Case::tiny(1).image;
        image[f] = byte;
        let mut cheat = Cheat::of(with_image(Case::tiny(1), image));
        let (c, y, x) = element(&cheat.case, f);
        let index = cheat.case.compiled.frozen.architecture.input.index(c, y, x);
        let [q, _, _] = cheat.activation(TensorId::IMAGE, index);
        *q += step;
        recount(&cheat.case.compiled, &mut cheat.witness);
        let (row, lane) = activation_cell(&cheat.case.compiled, TensorId::IMAGE, index);
        assert_eq!(lane, n / 2);
        let name = format!("byte of lane {lane}");
        assert_eq!(expect_constraint(&cheat.failures(), "image byte", &name), [row]);
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

#[test]
fn commitment_to_another_salt_or_image_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(2));
    cheat.instances[instance::INPUT_COMMIT] += Fr::ONE;
    let compiled = cheat.case.compiled.clone();
    let (cell, _) = compiled
        .program
        .instances
        .iter()
        .find(|(_, i)| *i == instance::INPUT_COMMIT)
        .unwrap();
    crate::cheat::expect_wrong_copy(&cheat.failures(), *cell);
}

/// A state of the hash that the round does not reach.
#[test]
fn skipped_or_changed_hash_round_is_rejected() {
    let rounds = poseidon::parameters().rounds();
    for (column, r) in [
        (0, 1),
        (2, 30),
        (3, rounds - 1),
        (WIDTH, 5),
        (WIDTH + 2, 2),
        (WIDTH + 3, rounds - 1),
    ] {
        let mut cheat = Cheat::of(Case::tiny(2));
        let row = cheat.case.compiled.floor.poseidon + 1 + r;
        cheat.witness.cells[column][row] += Fr::ONE;
        let failures = cheat.failures();
        assert!(!failures.is_empty());
        assert!(failures.iter().all(
            |f| matches!(f, crate::cheat::Failure::Gate { gate, row: n, .. } if gate == "poseidon round" && (*n == row || *n + 1 == row))
        ));
    }
    // The capacity of a call must start at zero.
    let mut cheat = Cheat::of(Case::tiny(2));
    let row = cheat.case.compiled.floor.poseidon + 1;
    cheat.witness.cells[0][row] += Fr::ONE;
    let failures = cheat.failures();
    let name = (
        "poseidon call".to_owned(),
        "capacity starts at zero".to_owned(),
        row - 1,
    );
    assert!(failures
        .iter()
        .any(|f| matches!(f, crate::cheat::Failure::Gate { gate, constraint, row }
        if (gate, constraint, *row) == (&name.0, &name.1, name.2))));
}
