//! The narrow form, whose columns serve several purposes: which rows are of which kind, and lies that one of its own constraints
//! stops alone. What it shares with the wide form is attacked beside that one: the layers in `requantise`.

use crate::cheat::{
    activation_cell, edits, expect_constraint, expect_unbalanced_lookup, expect_wrong_copy, Cheat, Failure,
};
use crate::executor::rerun;
use crate::recorder::Recorder;
use crate::support::{configure, mock_phase_2, recount, Case};
use assay_prover::circuit::phase2::Phase2;
use assay_prover::circuit::program::{Cell, Col};
use assay_prover::circuit::{Compiled, FrozenArchitecture, Layout};
use assay_prover::model::random::{joined_network, kernel_network, mobilenet_v2, tiny_network};
use assay_prover::model::{Architecture, TensorId};
use assay_statement::field::Fr;
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;
use std::collections::HashSet;
use std::sync::Arc;

fn layouts() -> Vec<Arc<Compiled>> {
    let small = [tiny_network(10), kernel_network(10), joined_network(10)];
    let frozen = |architecture, salt_rows| FrozenArchitecture::plan_with(architecture, Layout::NARROW, salt_rows);
    let small = small.map(|architecture| frozen(architecture, 32).unwrap());
    let large = frozen(mobilenet_v2(0.35, 32, 10), Layout::DEFAULT_SALT_ROWS).unwrap();
    small
        .into_iter()
        .chain([large])
        .map(|frozen| Arc::new(Compiled::new(frozen).unwrap()))
        .collect()
}

fn tiny(seed: u64) -> Cheat {
    Cheat::of(Case::narrow(tiny_network(10), seed))
}

/// Rows on which something is done, by what the fixed columns say as a key is made of them.
struct Kinds {
    lookup: Vec<Fr>,
    round: Vec<Fr>,
    arithmetic: Vec<Fr>,
    block: Vec<Fr>,
    weight: Vec<Fr>,
}

impl Kinds {
    fn of(compiled: &Arc<Compiled>) -> Self {
        let (_, columns) = configure(compiled);
        let recorder = Recorder::new(compiled);
        let of = |index: usize| recorder.fixed[index].clone();
        Self {
            lookup: of(columns.on.index()),
            round: of(columns.round.index()),
            arithmetic: of(columns.arith_kind.index()),
            block: of(columns.block.index()),
            weight: of(columns.weight_kind.index()),
        }
    }
}

/// Purposes share columns, so a row that were two of them would bind one cell twice, or leave what it should bind to another.
#[test]
fn no_row_is_of_two_kinds() {
    for compiled in layouts() {
        let kinds = Kinds::of(&compiled);
        let floor = &compiled.floor;
        for row in 0..kinds.lookup.len() {
            let is = |column: &[Fr]| usize::from(column[row] != Fr::ZERO);
            let [lookup, round, arithmetic, block, weight] = [
                &kinds.lookup,
                &kinds.round,
                &kinds.arithmetic,
                &kinds.block,
                &kinds.weight,
            ]
            .map(|column| is(column));
            assert!(lookup + round + arithmetic + block <= 1, "row {row}");
            let call_ends = kinds.block[row] == Fr::from(2);
            assert!(weight + round + arithmetic + usize::from(call_ends) <= 1, "row {row}");
            // `w` and its successor are the weights' alone.
            assert!(weight == 0 || row < floor.poseidon, "row {row}");
            assert!(round + arithmetic == 0 || row > floor.poseidon, "row {row}");
            let usable = row < floor.usable;
            assert!(usable || lookup + round + arithmetic + block + weight == 0, "row {row}");
        }
    }
}

/// What a row takes from the rows behind it is of its own kind, or a result that no other row makes.
#[test]
fn what_rows_read_behind_them_is_their_own() {
    for compiled in layouts() {
        let kinds = Kinds::of(&compiled);
        let (_, columns) = configure(&compiled);
        let fixed = Recorder::new(&compiled).fixed;
        let data = |n: usize, row: usize| fixed[columns.coefficients[n].index()][row] != Fr::ZERO;
        let floor = &compiled.floor;
        let image = floor.tensors[0];
        let to_next_byte = if image.strided { 6 } else { 3 };
        let mut reads = HashSet::new();
        for row in 0..floor.usable {
            let same = |to: usize, kind: &[Fr]| {
                assert_eq!(kind[row], kind[to], "row {row} reads {to}");
            };
            if kinds.lookup[row] == Fr::from(1) {
                (data(0, row) || data(2, row)).then(|| same(row + 1, &kinds.lookup));
                data(1, row).then(|| same(row + 2, &kinds.lookup));
                let tensor = floor.tensors.iter().find(|tensor| tensor.rows().contains(&row));
                let line = |row: usize| tensor.map(|t| (row - t.start) / t.shape.w);
                assert!(
                    !(data(0, row) || data(2, row)) || line(row) == line(row + 1),
                    "row {row}"
                );
                assert!(!data(1, row) || line(row) == line(row + 2), "row {row}");
                assert!(
                    tensor.is_some() || !(data(0, row) || data(1, row) || data(2, row)),
                    "row {row}"
                );
            }
            if kinds.lookup[row] == Fr::from(2) {
                let line = |row: usize| (row - image.start) / (3 * image.shape.w);
                assert!(!data(0, row) || line(row) == line(row + to_next_byte), "row {row}");
                let word = |row: usize| (row - image.start) / 31;
                assert!(!data(1, row) || word(row) == word(row + 1), "row {row}");
                data(0, row).then(|| same(row + to_next_byte, &kinds.lookup));
                data(1, row).then(|| same(row + 1, &kinds.lookup));
            }
            // The lookup's sum ends on the row behind the tables, and begins behind the statement.
            if kinds.lookup[row] != Fr::ZERO {
                assert!((3..floor.on_rows).contains(&row), "row {row}");
            }
            if kinds.block[row] == Fr::from(1) && data(1, row) {
                same(row + 1, &kinds.block);
            }
            if kinds.arithmetic[row] == Fr::from(1) || kinds.arithmetic[row] == Fr::from(2) {
                reads.insert(row + 1);
                assert!(row + 1 < floor.usable, "row {row}");
                assert_ne!(
                    kinds.arithmetic[row + 1],
                    Fr::from(3),
                    "a constant's row takes no result"
                );
            }
            if kinds.round[row] != Fr::ZERO {
                let goes_on = kinds.round[row + 1] != Fr::ZERO || kinds.block[row + 1] == Fr::from(2);
                assert!(goes_on, "row {row}");
            }
        }
        assert!(
            (3..floor.on_rows).all(|row| kinds.lookup[row] != Fr::ZERO),
            "no gap in the sum"
        );
        assert_eq!(kinds.block[2], Fr::from(3));
        assert_eq!(kinds.block[floor.on_rows], Fr::from(3));
        // An accumulator is copied to where a chain begins, and to no row that takes a result.
        let begun = compiled.program.named_copies().filter(|(_, _, to)| to.col == Col::Acc);
        let operands = compiled
            .program
            .equal
            .iter()
            .map(|(_, _, to)| *to)
            .collect::<HashSet<_>>();
        for (what, _, to) in begun {
            assert!(operands.contains(&to) || !reads.contains(&to.row), "{what}: {to:?}");
        }
    }
}

#[test]
fn statement_is_bound_by_a_gate() {
    for index in [instance::CTX, instance::INPUT_COMMIT, instance::OUTPUT] {
        let mut cheat = tiny(1);
        cheat.instances[index] += Fr::ONE;
        let rows = expect_constraint(&cheat.failures(), "narrow boundary", "word of the statement");
        assert_eq!(rows, [index]);
    }
}

#[test]
fn word_of_the_statement_that_is_no_result_is_rejected() {
    for index in [instance::INPUT_COMMIT, instance::OUTPUT] {
        let mut cheat = tiny(1);
        cheat.instances[index] += Fr::ONE;
        cheat.forge(|phase_2| phase_2.values.acc_x[index] += Fr::ONE);
        expect_wrong_copy(&cheat.failures(), Cell::new(Col::AccX, index));
    }
}

#[test]
fn multiplicity_that_is_no_count_is_rejected() {
    for entry in [0, 1, 1023, 1024, 2047] {
        let mut cheat = tiny(1);
        let table = cheat.case.compiled.floor.narrow.unwrap().table;
        cheat.witness.cells[0][table + entry] += Fr::ONE;
        expect_unbalanced_lookup(&cheat);
    }
}

/// Without the tag, a pair whose second number is 0 is a remainder: any quotient would pass with output 0.
#[test]
fn pair_cannot_be_met_by_the_range_table_nor_a_remainder_by_the_pairs() {
    let mut cheat = tiny(1);
    let compiled = cheat.case.compiled.clone();
    let (pairs, remainders) = (
        compiled.floor.narrow.unwrap().table,
        compiled.floor.narrow.unwrap().table + 1024,
    );
    let cells = &mut cheat.witness.cells;
    // Nothing reads what a logit is clipped to.
    let mut logits = compiled.floor.logits().rows();
    let row = logits
        .find(|row| cells[2][*row] != Fr::ZERO)
        .expect("a logit above the clip");
    cells[2][row] = Fr::ZERO;
    let q = crate::support::small(&cells[0][row]).unwrap() as usize;
    cells[0][pairs + q] -= Fr::ONE;
    cells[0][remainders + q] += Fr::ONE;
    expect_unbalanced_lookup(&cheat);

    let mut cheat = tiny(1);
    cheat.witness.cells[0][remainders] -= Fr::ONE;
    cheat.witness.cells[0][pairs] += Fr::ONE;
    expect_unbalanced_lookup(&cheat);
}

#[test]
fn sum_of_the_lookup_that_jumps_is_rejected() {
    let compiled = tiny(1).case.compiled;
    let (floor, table) = (&compiled.floor, compiled.floor.narrow.unwrap().table);
    let unbalanced = || {
        let mut cheat = tiny(1);
        cheat.witness.cells[0][table + 5] += Fr::ONE;
        cheat
    };
    for (row, gate, constraint) in [
        (2, "narrow boundary", "sum begins at zero"),
        (3, "narrow lookup", "pair and remainder"),
        (table - 1, "narrow lookup", "pair and remainder"),
        (table, "narrow lookup", "entry"),
        (floor.on_rows - 1, "narrow lookup", "entry"),
    ] {
        let mut cheat = unbalanced();
        cheat.forge(|phase_2| {
            let defect = phase_2.phi[floor.on_rows];
            for phi in &mut phase_2.phi[row + 1..=floor.on_rows] {
                *phi -= defect;
            }
        });
        assert_eq!(expect_constraint(&cheat.failures(), gate, constraint), [row]);
    }
}

/// The layers that read a tensor see another element than the committed one, by a sum that takes something else.
#[track_caller]
fn readers_see_another(architecture: Architecture, tensor: TensorId, index: usize, gate: &str, constraint: &str) {
    let mut case = Case::narrow(architecture, 1);
    let compiled = case.compiled.clone();
    let (row, _) = activation_cell(&compiled, tensor, index);
    let committed = Fr::from(u64::from(case.trace.tensor(tensor)[index]));
    match tensor.0.checked_sub(1) {
        None => case.trace.image[index] ^= 1,
        Some(layer) => case.trace.layers[layer].out[index] ^= 1,
    }
    rerun(&mut case, tensor.0);
    let mut cheat = Cheat::of(case);
    let pretended = cheat.witness.clone();
    let [q, _, out] = cheat.activation(tensor, index);
    if tensor == TensorId::IMAGE {
        *q += committed - *out;
    }
    *out = committed;
    recount(&compiled, &mut cheat.witness);
    let honest = mock_phase_2(&compiled, &cheat.witness);
    let mut forged = mock_phase_2(&compiled, &pretended);
    forged.phi.clone_from(&honest.phi);
    what_is_hashed(&compiled, &honest, &mut forged);
    cheat.edits = edits(&compiled, &honest, &forged);
    assert_eq!(expect_constraint(&cheat.failures(), gate, constraint), [row]);
}

/// Takes over what the commitment to the image is made of: the bytes' digits, the words and the hash.
fn what_is_hashed(compiled: &Compiled, from: &Phase2, to: &mut Phase2) {
    let floor = &compiled.floor;
    for row in floor.tensors[0].rows() {
        to.values.acc_y[row] = from.values.acc_y[row];
    }
    let words = compiled.program.steps.iter().filter(|step| step.what == "word");
    let words = words.flat_map(|step| [step.row, step.row + 1]);
    for row in words.chain(floor.poseidon..floor.end) {
        to.phi[row] = from.phi[row];
        to.values.a[row] = from.values.a[row];
        to.values.b[row] = from.values.b[row];
        to.values.acc[row] = from.values.acc[row];
    }
    to.values.acc_x[instance::INPUT_COMMIT] = from.values.acc_x[instance::INPUT_COMMIT];
}

/// The hash is of another image than the network's.
#[test]
fn commitment_to_another_byte_than_the_networks_is_rejected() {
    let architecture = tiny_network(10);
    // The first byte of a word, the last one of it, and the last of all.
    for byte in [0, 30, 31, architecture.image_len() - 1] {
        let mut cheat = tiny(1);
        let compiled = cheat.case.compiled.clone();
        let mut other = Case::narrow(architecture.clone(), 1);
        other.image[byte] ^= 1;
        let (pixel, shape) = (byte / 3, architecture.input);
        let index = shape.index(byte % 3, pixel / shape.w, pixel % shape.w);
        other.trace.image[index] ^= 1;
        rerun(&mut other, 0);
        cheat.instances[instance::INPUT_COMMIT] = other.instances()[instance::INPUT_COMMIT];
        let pretended = other.witness();
        for row in compiled.floor.poseidon..compiled.floor.end {
            for (ours, theirs) in cheat.witness.cells.iter_mut().zip(&pretended.cells) {
                ours[row] = theirs[row];
            }
        }
        cheat.forge(|phase_2| what_is_hashed(&compiled, &mock_phase_2(&compiled, &pretended), phase_2));
        let rows = expect_constraint(&cheat.failures(), "narrow image", "digits of a word");
        assert_eq!(rows, [compiled.floor.tensors[0].start + byte]);
    }
}

#[test]
fn sum_of_inputs_that_takes_something_else_is_rejected() {
    let architecture = tiny_network(10);
    for layer in 0..architecture.layers.len() - 1 {
        let shape = architecture.layers[layer].output;
        // The first pixel, and the last two, of which one ends the even columns and one the odd ones.
        for column in HashSet::from([0, shape.w - 1, shape.w.saturating_sub(2)]) {
            let index = shape.index(shape.c - 1, shape.h - 1, column);
            let tensor = TensorId::output_of(layer);
            readers_see_another(architecture.clone(), tensor, index, "narrow tensor", "sum of out");
        }
    }
}

#[test]
fn network_that_sees_another_byte_than_the_committed_one_is_rejected() {
    // Read with stride 2, whole, and joined with others.
    for architecture in [tiny_network(10), kernel_network(10), joined_network(10)] {
        let last = architecture.image_len() - 1;
        for index in [0, 1, last - 1, last] {
            readers_see_another(
                architecture.clone(),
                TensorId::IMAGE,
                index,
                "narrow image",
                "sum of bytes",
            );
        }
    }
}

/// Another number than the cells say, at the end of a line.
#[test]
fn sum_of_outputs_that_takes_something_else_is_rejected() {
    for layer in [0, 3, 6, 9] {
        let mut cheat = tiny(2);
        let honest = cheat.witness.clone();
        let shape = cheat.case.compiled.frozen.architecture.layers[layer].output;
        let index = shape.index(1, 1, shape.w - 1);
        let (row, _) = activation_cell(&cheat.case.compiled, TensorId::output_of(layer), index);
        let [_, r, _] = cheat.activation(TensorId::output_of(layer), index);
        *r = if *r == Fr::ZERO { Fr::ONE } else { *r - Fr::ONE };
        recount(&cheat.case.compiled, &mut cheat.witness);
        cheat.pretend(&honest);
        let rows = expect_constraint(&cheat.failures(), "narrow tensor", "sum of quotients and remainders");
        assert_eq!(rows, [row]);
    }
}

/// The first channel of a chain, one within, and the last, where nothing goes on.
#[test]
fn garbage_that_is_not_what_was_committed_is_rejected() {
    let compiled = tiny(1).case.compiled;
    let garbage = compiled.floor.garbage.iter().enumerate();
    for (layer, garbage) in garbage.filter_map(|(layer, garbage)| Some((layer, garbage.as_ref()?))) {
        let (channels, exponents) = (garbage.chain, garbage.spatial.garbage.len());
        for (n, o) in [(0, 0), (exponents / 2, channels / 2), (exponents - 1, channels - 1)] {
            let mut cheat = tiny(1);
            let honest = cheat.witness.clone();
            let (column, row) = crate::cheat::garbage_cell(&compiled, layer, n, o);
            assert_eq!(column, 0);
            cheat.witness.cells[column][row] += Fr::ONE;
            cheat.pretend(&honest);
            let rows = expect_constraint(&cheat.failures(), "narrow fold", "fold by gamma");
            assert_eq!(rows, [row]);
        }
    }
}

#[test]
fn zero_and_challenges_are_not_the_provers_to_choose() {
    let on_rows = tiny(1).case.compiled.floor.on_rows;
    let mut cheat = tiny(1);
    cheat.forge(|phase_2| phase_2.values.acc_x[on_rows] += Fr::ONE);
    let rows = expect_constraint(&cheat.failures(), "narrow boundary", "word of the statement");
    assert_eq!(rows, [on_rows]);
    for row in [0, 1] {
        let mut cheat = tiny(1);
        cheat.forge(|phase_2| phase_2.values.acc_y[row] += Fr::ONE);
        let failures = cheat.failures();
        let challenge = Failure::Gate {
            gate: "narrow boundary".into(),
            constraint: "challenge".into(),
            row,
        };
        assert!(failures.contains(&challenge), "{failures:?}");
    }
}
