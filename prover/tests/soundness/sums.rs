//! Running sums that do not start at zero or add something else than the cells: each is offset so that the layers see
//! what the prover wants, and each is stopped by its own gate alone.

use crate::cheat::{activation_cell, edits, expect_constraint, expect_wrong_copy, Cheat};
use crate::executor::{rerun, unclipped};
use crate::support::{mock_phase_2, recount, Case, Of, FORMS, TWO_LIMBS};
use assay_prover::circuit::program::{Cell, Col, Operand, Program};
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use assay_prover::model::{FoldedLayer, TensorId};
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// The layer after `layer` reads a pixel that is not there, by a sum that starts at an offset in the last row of a line.
#[track_caller]
fn next_layer_reads_another_pixel(layer: usize, column_of_map: usize, constraint: &str) {
    let tensor = TensorId::output_of(layer);
    let mut case = Case::tiny(1);
    let shape = case.compiled.frozen.architecture.layers[layer].output;
    let index = shape.index(shape.c - 1, 1, column_of_map);
    let (row, _) = activation_cell(&case.compiled, tensor, index);
    assert_eq!(
        case.compiled.fixed.coefficients[2][row], 0,
        "the sum starts in row {row}"
    );
    case.trace.layers[layer].out[index] ^= 1;
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    let pretended = cheat.witness.clone();
    let [_, _, out] = cheat.activation(tensor, index);
    let (zero, one) = (Fr::ZERO, Fr::ONE);
    let seen = *out;
    // The committed cell holds the true byte.
    let even = crate::support::small(&seen).is_some_and(|v| v % 2 == 0);
    *out += if even { one } else { zero - one };
    cheat.pretend(&pretended);
    assert_eq!(
        expect_constraint(&cheat.failures(), "outputs as input of the next layer", constraint),
        [row]
    );
}

#[test]
fn sum_of_inputs_not_started_at_zero_is_rejected() {
    next_layer_reads_another_pixel(0, 4, "sum of out");
    // Read with stride 2: the last row of a line of six starts with an odd column.
    next_layer_reads_another_pixel(7, 3, "sum of out");
}

#[test]
fn sum_of_odd_columns_not_started_at_zero_is_rejected() {
    next_layer_reads_another_pixel(7, 4, "sum of out, odd columns");
}

#[test]
fn sum_of_outputs_not_started_at_zero_is_rejected() {
    for layer in [0, 3, 6, 9] {
        let mut cheat = Cheat::of(Case::tiny(2));
        let honest = cheat.witness.clone();
        let shape = cheat.case.compiled.frozen.architecture.layers[layer].output;
        let index = shape.index(1, 1, shape.w - 1);
        let (row, _) = activation_cell(&cheat.case.compiled, TensorId::output_of(layer), index);
        assert_eq!(
            cheat.case.compiled.fixed.coefficients[2][row], 0,
            "the sum starts in row {row}"
        );
        let [_, r, _] = cheat.activation(TensorId::output_of(layer), index);
        *r = if *r == Fr::ZERO { Fr::ONE } else { *r - Fr::ONE };
        recount(&cheat.case.compiled, &mut cheat.witness);
        cheat.pretend(&honest);
        assert_eq!(
            expect_constraint(
                &cheat.failures(),
                "outputs of this layer",
                "sum of quotients and remainders"
            ),
            [row]
        );
    }
}

/// The network runs with another weight than the committed one, in either form.
#[track_caller]
fn other_weight(layer: usize, lie: impl Fn(&mut FoldedLayer), constraint: &str) {
    for of in FORMS {
        other_weight_in(of, layer, &lie, constraint);
    }
}

#[track_caller]
fn other_weight_in(of: Of, layer: usize, lie: impl Fn(&mut FoldedLayer), constraint: &str) {
    let mut case = of(tiny_network(10), 3);
    let registered = case.witness().weights;
    lie(&mut case.folded.layers[layer]);
    rerun(&mut case, layer);
    let mut cheat = Cheat::of(case);
    let pretended = cheat.witness.clone();
    let differs = |row: &usize| (0..registered.len()).any(|c| registered[c][*row] != pretended.weights[c][*row]);
    let rows: Vec<usize> = (0..registered[0].len()).filter(differs).collect();
    cheat.witness.weights = registered;
    cheat.pretend(&pretended);
    assert_eq!(expect_constraint(&cheat.failures(), "weights", constraint), rows);
}

fn weight(layer: &mut FoldedLayer, index: impl Fn(usize) -> usize) {
    match layer {
        FoldedLayer::Conv { weights, .. } => {
            let index = index(weights.len());
            weights[index] += 1;
        }
        _ => unreachable!("a convolution"),
    }
}

#[test]
fn sum_of_weights_not_started_at_zero_is_rejected() {
    // The last output channel stands in the row in which the chain starts.
    for layer in [0, 3, 7, 13] {
        other_weight(layer, |l| weight(l, |len| len - 1), "chain ends");
    }
    let bias = |l: &mut FoldedLayer| match l {
        FoldedLayer::Conv { bias, .. } => *bias.last_mut().unwrap() += 1,
        _ => unreachable!("a convolution"),
    };
    for layer in [0, 1, 8, 13] {
        other_weight(layer, bias, "chain ends");
    }
}

#[test]
fn weight_that_differs_from_the_committed_column_is_rejected() {
    other_weight(13, |l| weight(l, |_| 0), "chain goes on");
    for layer in [1, 4, 10] {
        other_weight(layer, |l| weight(l, |len| len / 2), "kernel row");
    }
    other_weight(8, |l| weight(l, |len| len / 2), "single weight");
}

#[test]
fn residual_multiplier_changed_in_one_proof_is_rejected() {
    let change = |n: usize| {
        move |l: &mut FoldedLayer| match l {
            FoldedLayer::Add { lhs, rhs, bias } => *[lhs, rhs, bias][n] += 1,
            _ => unreachable!("the add"),
        }
    };
    for n in 0..3 {
        other_weight(6, change(n), "single weight");
    }
}

#[test]
fn pool_multiplier_changed_in_one_proof_is_rejected() {
    let change = |n: usize| {
        move |l: &mut FoldedLayer| match l {
            FoldedLayer::Pool { multiplier, bias } => *[multiplier, bias][n] += 1,
            _ => unreachable!("the pool"),
        }
    };
    for n in 0..2 {
        other_weight(12, change(n), "single weight");
    }
}

/// A remainder below 0, and what the lookup's sum is short of.
fn unbalanced(lanes: usize) -> (Cheat, Fr) {
    let frozen = FrozenArchitecture::plan_with(tiny_network(10), lanes, 32).unwrap();
    unbalanced_case(Case::frozen(frozen, 4))
}

/// Of two limbs the high one.
fn unbalanced_case(mut case: Case) -> (Cheat, Fr) {
    let index = unclipped(&case, 3);
    case.trace.layers[3].q_hat[index] += 1;
    case.trace.layers[3].out[index] += 1;
    rerun(&mut case, 4);
    let mut cheat = Cheat::of(case);
    match cheat.case.compiled.frozen.architecture.cut().limbs() {
        1 => *cheat.activation(TensorId(4), index)[1] -= Fr::from(1024),
        _ => *cheat.high(TensorId(4), index) -= Fr::from(256),
    }
    recount(&cheat.case.compiled, &mut cheat.witness);
    let phase_2 = mock_phase_2(&cheat.case.compiled, &cheat.witness);
    let defect = phase_2.phi[cheat.case.compiled.floor.on_rows];
    assert_ne!(defect, Fr::ZERO);
    (cheat, defect)
}

#[test]
fn lookup_sum_not_started_at_zero_is_rejected() {
    let (mut cheat, defect) = unbalanced(3);
    let rows = cheat.case.compiled.floor.on_rows;
    cheat.forge(|p| p.phi[..=rows].iter_mut().for_each(|phi| *phi -= defect));
    assert_eq!(
        expect_constraint(&cheat.failures(), "logup boundary", "sum is zero"),
        [0]
    );
}

#[test]
fn lookup_sum_that_skips_a_row_is_rejected() {
    let (mut cheat, defect) = unbalanced(3);
    let rows = cheat.case.compiled.floor.on_rows;
    cheat.forge(|p| p.phi[101..=rows].iter_mut().for_each(|phi| *phi -= defect));
    assert_eq!(expect_constraint(&cheat.failures(), "logup sum", "sum goes on"), [100]);
}

/// Every helper, whatever the number of activations per row: one without a constraint could balance any lie.
#[test]
fn lookup_helper_that_is_no_sum_of_inverses_is_rejected() {
    for lanes in 3usize..=8 {
        let row = 200;
        for helper in 0..(2 * lanes).div_ceil(3) {
            let cheat = balanced_by(helper, row, unbalanced(lanes));
            assert_eq!(
                expect_constraint(&cheat.failures(), "logup helper", &format!("helper {helper}")),
                [row],
                "helper {helper} of {lanes} lanes"
            );
        }
    }
}

/// The same with two limbs: pairs, low limbs, high limbs.
#[test]
fn lookup_helper_of_high_limbs_that_is_no_sum_of_inverses_is_rejected() {
    for lanes in 3usize..=8 {
        let row = 200;
        for helper in 0..lanes {
            let frozen = FrozenArchitecture::plan_with(tiny_network(TWO_LIMBS), lanes, 32).unwrap();
            let cheat = balanced_by(helper, row, unbalanced_case(Case::frozen(frozen, 4)));
            let name = match 3 * (helper + 1) > 2 * lanes {
                true => format!("with high limbs, helper {helper}"),
                false => format!("helper {helper}"),
            };
            let rows = expect_constraint(&cheat.failures(), "logup helper", &name);
            assert_eq!(rows, [row], "helper {helper} of {lanes} lanes");
        }
    }
}

/// One helper, in one row, takes what the sum lacks.
fn balanced_by(helper: usize, row: usize, (mut cheat, defect): (Cheat, Fr)) -> Cheat {
    let last = cheat.case.compiled.floor.on_rows;
    cheat.forge(|p| {
        p.helpers[helper][row] -= defect;
        p.phi[row + 1..=last].iter_mut().for_each(|phi| *phi -= defect);
    });
    cheat
}

fn in_both_forms<T: Copy>(all: impl IntoIterator<Item = T>) -> impl Iterator<Item = (T, Of)> {
    all.into_iter().flat_map(|each| FORMS.map(|of| (each, of)))
}

/// The steps that end in the right side of a layer's identity: from the one whose accumulator is set to the last.
fn closing_chain(program: &Program, layer: usize) -> std::ops::RangeInclusive<usize> {
    let right = program.identities[layer].1;
    assert_eq!(right.col, Col::Acc);
    let last = program
        .steps
        .iter()
        .position(|s| s.row + 1 == right.row)
        .expect("a step computes it");
    let first = (0..=last)
        .rev()
        .find(|n| program.steps[*n].acc != Operand::Idle)
        .expect("the chain starts");
    first..=last
}

/// A wrong output of a layer, and by how much the sides of its identity differ.
fn wrong_output(of: Of, layer: usize) -> (Cheat, Fr) {
    let mut case = of(tiny_network(10), 5);
    let index = unclipped(&case, layer);
    case.trace.layers[layer].q_hat[index] += 1;
    case.trace.layers[layer].out[index] += 1;
    rerun(&mut case, layer + 1);
    let cheat = Cheat::of(case);
    let values = mock_phase_2(&cheat.case.compiled, &cheat.witness).values;
    let (left, right) = cheat.case.compiled.program.identities[layer];
    let defect = values.get(left) - values.get(right);
    assert_ne!(defect, Fr::ZERO);
    (cheat, defect)
}

#[test]
fn arithmetic_sum_not_started_at_zero_is_rejected() {
    for (layer, of) in in_both_forms([2, 6, 12]) {
        let (mut cheat, defect) = wrong_output(of, layer);
        let compiled = cheat.case.compiled.clone();
        let chain = closing_chain(&compiled.program, layer);
        let honest = mock_phase_2(&compiled, &cheat.witness);
        let start = compiled.program.steps[*chain.start()].row;
        let mut forged = mock_phase_2(&compiled, &cheat.witness);
        cheat.rerun_program(&mut forged.values, |program| {
            program.steps[*chain.start()].acc = Operand::Constant(honest.values.acc[start] + defect);
        });
        cheat.edits = edits(&compiled, &honest, &forged);
        expect_wrong_copy(&cheat.failures(), Cell::new(Col::Acc, start));
    }
}

#[test]
fn arithmetic_operand_that_is_no_copy_is_rejected() {
    let operands = [1, 2, 7].into_iter().flat_map(|l| [(l, Col::A), (l, Col::B)]);
    for ((layer, col), of) in in_both_forms(operands) {
        let (mut cheat, defect) = wrong_output(of, layer);
        let compiled = cheat.case.compiled.clone();
        let last = *closing_chain(&compiled.program, layer).end();
        let row = compiled.program.steps[last].row;
        let honest = mock_phase_2(&compiled, &cheat.witness);
        let mut forged = mock_phase_2(&compiled, &cheat.witness);
        // The last product makes up for the difference.
        let (a, b) = (forged.values.a[row], forged.values.b[row]);
        cheat.rerun_program(&mut forged.values, |program| {
            let step = &mut program.steps[last];
            match col {
                Col::A => step.a = Operand::Constant(a + defect * b.invert().unwrap()),
                _ => step.b = Operand::Constant(b + defect * a.invert().unwrap()),
            }
        });
        cheat.edits = edits(&compiled, &honest, &forged);
        expect_wrong_copy(&cheat.failures(), Cell::new(col, row));
    }
}

/// The last step of a layer's right side, and of a pointwise layer's left side, which is Horner's. Nothing reads the
/// results but the identity.
#[test]
fn arithmetic_step_with_another_result_is_rejected() {
    for (layer, of) in in_both_forms(0..13) {
        let (mut cheat, defect) = wrong_output(of, layer);
        let right = cheat.case.compiled.program.identities[layer].1;
        cheat.forge(|p| p.values.acc[right.row] += defect);
        assert_eq!(
            expect_constraint(&cheat.failures(), "arithmetic", "acc' = acc + a·b"),
            [right.row - 1]
        );
    }
    for (layer, of) in in_both_forms([2, 3, 5, 9, 11]) {
        let (mut cheat, defect) = wrong_output(of, layer);
        let left = cheat.case.compiled.program.identities[layer].0;
        cheat.forge(|p| p.values.acc[left.row] -= defect);
        assert_eq!(
            expect_constraint(&cheat.failures(), "arithmetic", "acc' = acc·a + b"),
            [left.row - 1]
        );
    }
}

/// A garbage coefficient as the layer wants it, in the sum and not in its cell.
#[test]
fn sum_of_garbage_that_is_not_its_cells_is_rejected() {
    for (layer, of) in in_both_forms([0, 1, 4, 7, 8, 10, 12]) {
        let (mut cheat, defect) = wrong_output(of, layer);
        let compiled = cheat.case.compiled.clone();
        let row = compiled.floor.garbage[layer].as_ref().unwrap().start;
        let with = |by: Fr| {
            let mut phase_2 = mock_phase_2(&compiled, &cheat.witness);
            phase_2.values.acc_x[row] += by;
            cheat.rerun_program(&mut phase_2.values, |_| {});
            phase_2
        };
        let (left, right) = compiled.program.identities[layer];
        let one = with(Fr::ONE).values;
        let slope = one.get(left) - one.get(right) - defect;
        let forged = with(-defect * slope.invert().unwrap());
        cheat.edits = edits(&compiled, &with(Fr::ZERO), &forged);
        let gate = match compiled.floor.narrow {
            None => "folded lanes",
            Some(_) => "narrow fold",
        };
        assert_eq!(expect_constraint(&cheat.failures(), gate, "fold by gamma"), [row]);
    }
}

/// The witness a prover pretends to have is only a way to write the cheats down: without edits nothing is wrong with it.
#[test]
fn pretending_to_have_the_honest_witness_changes_nothing() {
    let mut cheat = Cheat::of(Case::tiny(1));
    let honest: Witness = cheat.witness.clone();
    cheat.pretend(&honest);
    assert!(cheat.edits.is_empty());
    assert_eq!(cheat.failures(), []);
}
