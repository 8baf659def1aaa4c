//! Lies about a constant or a challenge in the arithmetic region.
//!
//! What such a lie unbalances, a prover who knew the challenges could balance by committed numbers that no range binds: a
//! bias of each layer and a byte of the first word. Hash, commitment and class are made to match. What is left is the lie.

use crate::argmax::{choose_from, count_from, tie};
use crate::cheat::{expect_constraint, Cheat};
use crate::poseidon::write_chain;
use crate::support::{mock_phase_2, Case};
use assay_prover::circuit::phase2::Phase2;
use assay_prover::circuit::program::{Cell, Operand, Program};
use assay_prover::model::Op;
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use assay_statement::input;
use assay_statement::instance;
use assay_statement::poseidon::{self, INPUTS};
use halo2_proofs::halo2curves::ff::Field;

/// What the prover puts where the circuit wants something else.
#[derive(Clone, Copy, Debug)]
enum Lie {
    /// Another constant, in this row.
    Constant(usize, Fr),
    Alpha,
    Gamma,
}

/// Phase 2 of a witness by a prover with this lie.
fn lying_phase_2(cheat: &Cheat, witness: &Witness, lie: Lie) -> Phase2 {
    let compiled = &cheat.case.compiled;
    let mut phase_2 = mock_phase_2(compiled, witness);
    let mut program = Program {
        steps: compiled.program.steps.clone(),
        ..Program::default()
    };
    match lie {
        Lie::Constant(row, value) => {
            let step = program.steps.iter_mut().find(|step| step.row == row);
            step.expect("a step is there").a = Operand::Constant(value);
        }
        Lie::Alpha => phase_2.values.a[0] += Fr::ONE,
        Lie::Gamma => phase_2.values.b[0] += Fr::ONE,
    }
    program.run(&cheat.inputs(), &mut phase_2.values);
    phase_2
}

/// By how much the two sides of each equality differ that closes a sum.
fn defects(cheat: &Cheat, witness: &Witness, lie: Lie) -> Vec<Fr> {
    let values = lying_phase_2(cheat, witness, lie).values;
    closing(&cheat.case)
        .map(|(l, r)| values.get(l) - values.get(r))
        .collect()
}

/// The layers' equalities, then the image's.
fn closing(case: &Case) -> impl Iterator<Item = (Cell, Cell)> + '_ {
    let program = &case.compiled.program;
    let equal = program.equal[..=program.identities.len()].iter();
    equal.map(|(_, left, right)| (*left, *right))
}

/// Moves the sides of each equality apart: by a bias, and by a byte of the first word.
fn move_all(case: &Case, witness: &mut Witness, by: &[Fr]) {
    let floor = &case.compiled.floor;
    let (image, layers) = by.split_last().expect("there are layers and the image");
    for (n, by) in layers.iter().enumerate() {
        let bias = match case.compiled.frozen.architecture.layers[n].op {
            Op::Conv(_) => floor.weights[n].bias,
            // The last of its single numbers.
            Op::Add { .. } | Op::GlobalAvgPool { .. } => floor.weights[n].bias - 1,
            Op::Concat { .. } => unreachable!("the network joins nothing"),
        };
        witness.weights[0][bias] += by;
    }
    witness.cells[3][floor.words] += image;
}

/// What the prover shows: the lie, and everything else in order.
fn balanced(mut cheat: Cheat, lie: Lie) -> Cheat {
    let before = defects(&cheat, &cheat.witness, lie);
    let mut moved = cheat.witness.clone();
    move_all(&cheat.case, &mut moved, &vec![Fr::ONE; before.len()]);
    let after = defects(&cheat, &moved, lie);
    let solution: Vec<Fr> = (before.iter().zip(after))
        .map(|(before, after)| before * (before - after).invert().expect("the cell moves the sum"))
        .collect();
    move_all(&cheat.case, &mut cheat.witness, &solution);

    let values = lying_phase_2(&cheat, &cheat.witness, lie).values;
    let calls: Vec<[Fr; INPUTS]> = (0..=input::call_count(cheat.case.image.len()))
        .map(|call| cheat.case.compiled.floor.poseidon + call * (poseidon::parameters().rounds() + 1))
        .map(|row| [values.acc[row], values.a[row], values.b[row]])
        .collect();
    write_chain(&mut cheat, &calls, None);

    let mut forged = lying_phase_2(&cheat, &cheat.witness, lie).values;
    let (_, zero, _) = cheat.case.compiled.program.equal[before.len()];
    count_from(forged.get(zero), &cheat, &mut forged);
    cheat.forge(|p| p.values = forged);
    cheat
}

#[track_caller]
fn stopped_by(cheat: Cheat, lie: Lie, constraint: &str, row: usize) {
    let failures = balanced(cheat, lie).failures();
    assert_eq!(expect_constraint(&failures, "constants", constraint), [row], "{lie:?}");
}

#[test]
fn constant_that_is_another_number_is_rejected() {
    let constants = Case::tiny(1).compiled.fixed.constants.clone();
    // 1 and -1, two zero points, four powers of 256, the tag.
    assert_eq!(constants.len(), 9);
    for (row, value) in constants {
        let mut cheat = Cheat::of(Case::tiny(1));
        let mut lie = value + Fr::ONE;
        if value == Fr::ONE {
            // Two chosen classes are what is called one.
            let (case, low, high) = tie();
            cheat = Cheat::of(case);
            let maximum = Fr::from(u64::from(cheat.case.trace.logits()[low]));
            choose_from(&mut cheat, Fr::ZERO, maximum, &[low, high]);
        } else if value == -Fr::ONE {
            // 1 + 1·0 is called zero: one class is chosen before the first, and whatever the logits, it is class 1.
            lie = Fr::ZERO;
            choose_from(&mut cheat, Fr::ONE, Fr::from(1023), &[]);
            assert_eq!(cheat.instances[instance::OUTPUT], Fr::ONE);
        }
        stopped_by(cheat, Lie::Constant(row, lie), "constant", row);
    }
}

#[test]
fn layers_closed_at_another_point_than_the_challenges_are_rejected() {
    for (lie, constraint) in [(Lie::Alpha, "alpha"), (Lie::Gamma, "gamma")] {
        stopped_by(Cheat::of(Case::tiny(1)), lie, constraint, 0);
    }
}

/// Nobody reads them there; the constraints come with the row that closes the lookup.
#[test]
fn challenges_after_the_tensors_are_bound_as_well() {
    let row = Case::tiny(1).compiled.floor.on_rows;
    for constraint in ["alpha", "gamma"] {
        let mut cheat = Cheat::of(Case::tiny(1));
        cheat.forge(|p| {
            let column = if constraint == "alpha" {
                &mut p.values.a
            } else {
                &mut p.values.b
            };
            column[row] += Fr::ONE;
        });
        assert_eq!(expect_constraint(&cheat.failures(), "constants", constraint), [row]);
    }
}
