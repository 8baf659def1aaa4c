//! Lies inside the hash chain: one wrong value, everything before and after it as the hash says. The commitment is then
//! one of the prover's making.

use crate::cheat::{expect_constraint, expect_wrong_copy, Cheat};
use crate::support::Case;
use assay_prover::circuit::program::{Cell, Col};
use assay_statement::field::Fr;
use assay_statement::input;
use assay_statement::instance;
use assay_statement::poseidon::{self, INPUTS, WIDTH};
use halo2_proofs::halo2curves::ff::Field;

/// A value of one call of the hash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// Word of the state that the call starts with.
    Start(usize),
    Square {
        round: usize,
        word: usize,
    },
    /// Word of the state that a round ends with.
    Next {
        round: usize,
        word: usize,
    },
}

const CALLS: usize = 6;

fn rounds() -> usize {
    poseidon::parameters().rounds()
}

/// Row on which call `call` begins: its inputs and the hash before it.
fn boundary(cheat: &Cheat, call: usize) -> usize {
    cheat.case.compiled.floor.poseidon + call * (rounds() + 1)
}

/// Writes the chain of these calls into the circuit, with one value of one call larger by one. Of all calls but the first
/// the first input is the hash before it.
pub(crate) fn write_chain(cheat: &mut Cheat, calls: &[[Fr; INPUTS]], lie: Option<(usize, Value)>) {
    let p = poseidon::parameters();
    let mut hash = None;
    for (call, inputs) in calls.iter().enumerate() {
        let wrong = |value: Value| Fr::from(u64::from(lie == Some((call, value))));
        let first = boundary(cheat, call) + 1;
        let [before, second, third] = *inputs;
        let mut state = [Fr::ZERO, hash.unwrap_or(before), second, third];
        for (i, word) in state.iter_mut().enumerate() {
            *word += wrong(Value::Start(i));
        }
        let cells = &mut cheat.witness.cells;
        for round in 0..p.rounds() {
            let mut mixed = [Fr::ZERO; WIDTH];
            for word in 0..WIDTH {
                cells[word][first + round] = state[word];
                mixed[word] = state[word] + p.constants[round][word];
                if word == 0 || p.is_full(round) {
                    let square = mixed[word].square() + wrong(Value::Square { round, word });
                    cells[WIDTH + word][first + round] = square;
                    mixed[word] *= square.square();
                }
            }
            state = std::array::from_fn(|word| {
                let next: Fr = (0..WIDTH).map(|j| p.mds[word][j] * mixed[j]).sum();
                next + wrong(Value::Next { round, word })
            });
        }
        for word in 0..WIDTH {
            cells[word][first + p.rounds()] = state[word];
        }
        hash = Some(state[0]);
    }
    cheat.instances[instance::INPUT_COMMIT] = hash.expect("there is a call");
}

/// The chain of the case's image with a lie.
fn lying(call: usize, value: Value) -> Cheat {
    let mut cheat = Cheat::of(Case::tiny(2));
    let calls = input::calls(&cheat.case.image, &cheat.case.salt);
    assert_eq!(calls.len(), CALLS);
    write_chain(&mut cheat, &calls, Some((call, value)));
    cheat
}

#[track_caller]
fn stopped_by(call: usize, value: Value, constraint: &str) {
    let cheat = lying(call, value);
    let (gate, row) = match value {
        Value::Start(_) => ("poseidon call", boundary(&cheat, call)),
        Value::Square { round, .. } | Value::Next { round, .. } => {
            ("poseidon round", boundary(&cheat, call) + 1 + round)
        }
    };
    assert_eq!(expect_constraint(&cheat.failures(), gate, constraint), [row]);
}

#[test]
fn an_honest_chain_is_accepted_when_written_here() {
    let mut cheat = Cheat::of(Case::tiny(2));
    let calls = input::calls(&cheat.case.image, &cheat.case.salt);
    write_chain(&mut cheat, &calls, None);
    assert_eq!(cheat.instances, cheat.case.instances());
    assert_eq!(cheat.failures(), []);
}

#[test]
fn wrong_square_in_a_round_is_rejected() {
    let last = rounds() - 1;
    for word in 0..WIDTH {
        let name = format!("square of word {word}");
        // Full rounds of the first half and of the second.
        for (call, round) in [(0, 0), (2, 3), (CALLS - 1, last)] {
            stopped_by(call, Value::Square { round, word }, &name);
        }
    }
    // Partial rounds square one word.
    for (call, round) in [(1, 4), (3, 30), (CALLS - 1, last - 4)] {
        stopped_by(call, Value::Square { round, word: 0 }, "square of word 0");
    }
}

#[test]
fn wrong_state_after_a_round_is_rejected() {
    let last = rounds() - 1;
    for word in 0..WIDTH {
        let name = format!("next word {word}");
        // Full and partial rounds, and where one kind follows the other.
        for (call, round) in [(0, 0), (1, 3), (2, 4), (3, 40), (4, last - 4), (CALLS - 1, last)] {
            stopped_by(call, Value::Next { round, word }, &name);
        }
    }
}

#[test]
fn call_that_starts_with_other_words_than_its_inputs_is_rejected() {
    for call in [0, 1, CALLS - 1] {
        stopped_by(call, Value::Start(0), "capacity starts at zero");
        for input in 0..INPUTS {
            stopped_by(call, Value::Start(1 + input), &format!("input word {input}"));
        }
    }
}

#[test]
fn commitment_that_is_not_the_first_word_of_the_state_is_rejected() {
    let mut cheat = Cheat::of(Case::tiny(2));
    let row = boundary(&cheat, CALLS);
    cheat.forge(|p| p.values.acc_x[row] += Fr::ONE);
    cheat.instances[instance::INPUT_COMMIT] += Fr::ONE;
    assert_eq!(
        expect_constraint(&cheat.failures(), "poseidon call", "hash is the first word"),
        [row]
    );
}

#[test]
fn hash_that_is_not_passed_on_to_the_next_call_is_rejected() {
    for call in [1, CALLS - 1] {
        let mut cheat = lying(call, Value::Start(1));
        let row = boundary(&cheat, call);
        cheat.forge(|p| {
            p.values.acc_x[row] += Fr::ONE;
            p.values.acc[row] += Fr::ONE;
        });
        assert_eq!(
            expect_constraint(&cheat.failures(), "poseidon call", "hash is the first word"),
            [row]
        );
    }
}

/// The first call takes the tag, the salt and zero; the others the hash so far and two words.
#[test]
fn input_of_the_hash_that_is_no_copy_is_rejected() {
    for call in [0, 1, CALLS - 1] {
        for (input, col) in [Col::Acc, Col::A, Col::B].into_iter().enumerate() {
            let mut cheat = lying(call, Value::Start(1 + input));
            let row = boundary(&cheat, call);
            cheat.forge(|p| {
                let column = match col {
                    Col::Acc => &mut p.values.acc,
                    Col::A => &mut p.values.a,
                    _ => &mut p.values.b,
                };
                column[row] += Fr::ONE;
            });
            if (call, col) == (0, Col::A) {
                assert_eq!(cheat.failures(), [], "the salt is any number");
            } else {
                expect_wrong_copy(&cheat.failures(), Cell::new(col, row));
            }
        }
    }
}
