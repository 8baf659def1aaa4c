//! Lies inside the hash chain of the narrow form: one wrong value, everything after it as the hash says, as in `poseidon`.

use crate::cheat::{edits, expect_constraint, expect_wrong_copy, Cheat};
use crate::support::{mock_phase_2, Case};
use assay_prover::circuit::phase2::Phase2;
use assay_prover::circuit::program::{Cell, Col};
use assay_prover::model::random::{joined_network, tiny_network};
use assay_prover::model::Architecture;
use assay_statement::field::Fr;
use assay_statement::instance;
use assay_statement::poseidon::{self, WIDTH};
use halo2_proofs::halo2curves::ff::Field;

/// A value of one call of the hash.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    /// Word of the state that a round begins with; of round 0 the call does.
    Word(usize, usize),
    /// The square of a word in a round.
    Square(usize, usize),
}

const CALLS: usize = 6;

fn rounds() -> usize {
    poseidon::parameters().rounds()
}

/// First row of a call.
fn start(cheat: &Cheat, call: usize) -> usize {
    cheat.case.compiled.floor.poseidon + call * (rounds() + 1) + 1
}

fn state(of: &Phase2, row: usize) -> [Fr; WIDTH] {
    [of.phi[row], of.values.a[row], of.values.b[row], of.values.acc[row]]
}

fn put(of: &mut Phase2, row: usize, state: [Fr; WIDTH]) {
    [of.phi[row], of.values.a[row], of.values.b[row], of.values.acc[row]] = state;
}

/// The chain of the image with one value larger by one, and the commitment that comes of it.
fn lying(architecture: Architecture, call: usize, value: Value) -> Cheat {
    let mut cheat = Cheat::of(Case::narrow(architecture, 2));
    let compiled = cheat.case.compiled.clone();
    let p = poseidon::parameters();
    let honest = mock_phase_2(&compiled, &cheat.witness);
    let mut forged = mock_phase_2(&compiled, &cheat.witness);
    let wrong = |n: usize, this: Value| Fr::from(u64::from((n, this) == (call, value)));
    let mut hash = None;
    let starts = (compiled.floor.poseidon + 1..compiled.floor.end - 1).step_by(rounds() + 1);
    for (n, first) in starts.enumerate() {
        let mut words = state(&forged, first);
        words[1] = hash.unwrap_or(words[1]);
        for round in 0..=rounds() {
            for (i, word) in words.iter_mut().enumerate() {
                *word += wrong(n, Value::Word(round, i));
            }
            put(&mut forged, first + round, words);
            if round == rounds() {
                break;
            }
            let mut mixed = words;
            for (i, word) in mixed.iter_mut().enumerate() {
                *word += p.constants[round][i];
                if i == 0 || p.is_full(round) {
                    let square = word.square() + wrong(n, Value::Square(round, i));
                    cheat.witness.cells[i][first + round] = square;
                    *word *= square.square();
                }
            }
            words = std::array::from_fn(|i| (0..WIDTH).map(|j| p.mds[i][j] * mixed[j]).sum());
        }
        hash = Some(words[0]);
    }
    let hash = hash.expect("there is a call");
    forged.values.a[compiled.floor.end - 1] = hash;
    forged.values.acc_x[instance::INPUT_COMMIT] = hash;
    if (call, value) == (0, Value::Word(0, 1)) {
        // The row before the first call has the tag, too.
        forged.phi[compiled.floor.poseidon] += Fr::ONE;
    }
    cheat.instances[instance::INPUT_COMMIT] = hash;
    cheat.edits = edits(&compiled, &honest, &forged);
    cheat
}

#[track_caller]
fn stopped_by(call: usize, value: Value, gate: &str, constraint: &str) {
    let cheat = lying(tiny_network(10), call, value);
    let row = match value {
        Value::Word(round, _) => start(&cheat, call) + round - 1,
        Value::Square(round, _) => start(&cheat, call) + round,
    };
    assert_eq!(expect_constraint(&cheat.failures(), gate, constraint), [row]);
}

#[test]
fn wrong_state_in_the_hash_is_rejected() {
    for (call, round) in [(0, 1), (2, 10), (CALLS - 1, rounds())] {
        for word in 0..WIDTH {
            let name = format!("next word {word}");
            stopped_by(call, Value::Word(round, word), "poseidon round", &name);
        }
    }
}

/// Without that a round's squares are free: any commitment is the hash of the image.
#[test]
fn wrong_square_in_the_hash_is_rejected() {
    let last = rounds() - 1;
    for word in 0..WIDTH {
        let name = format!("square of word {word}");
        for (call, round) in [(0, 0), (2, 3), (CALLS - 1, last)] {
            stopped_by(call, Value::Square(round, word), "poseidon round", &name);
        }
    }
    // Partial rounds square one word.
    for (call, round) in [(1, 4), (CALLS - 1, last - 4)] {
        stopped_by(call, Value::Square(round, 0), "poseidon round", "square of word 0");
    }
}

#[test]
fn call_that_begins_with_another_capacity_or_hash_is_rejected() {
    for call in [0, 2, CALLS - 1] {
        stopped_by(call, Value::Word(0, 0), "narrow call", "capacity starts at zero");
    }
    for call in [1, CALLS - 1] {
        stopped_by(call, Value::Word(0, 1), "narrow call", "hash goes on");
    }
}

/// The first call takes the tag, the salt and zero; the others two words of the image.
#[test]
fn input_of_the_hash_that_is_no_copy_is_rejected() {
    for (call, word, col) in [
        (0, 1, Col::A),
        (0, 3, Col::Acc),
        (1, 2, Col::B),
        (1, 3, Col::Acc),
        (CALLS - 1, 2, Col::B),
    ] {
        let cheat = lying(tiny_network(10), call, Value::Word(0, word));
        expect_wrong_copy(&cheat.failures(), Cell::new(col, start(&cheat, call)));
    }
    let salt = lying(tiny_network(10), 0, Value::Word(0, 2));
    assert_eq!(salt.failures(), [], "the salt is any number");
}

/// An odd number of words ends with zero.
#[test]
fn word_behind_the_last_of_an_odd_number_is_rejected() {
    let words = joined_network(10).image_len().div_ceil(31);
    assert_eq!(words % 2, 1);
    let call = words.div_ceil(2);
    let cheat = lying(joined_network(10), call, Value::Word(0, 3));
    assert_eq!(
        start(&cheat, call + 1),
        cheat.case.compiled.floor.end - 1,
        "the last call"
    );
    expect_wrong_copy(&cheat.failures(), Cell::new(Col::Acc, start(&cheat, call)));
}
