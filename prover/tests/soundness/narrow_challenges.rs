//! Layers of the narrow form closed at another point than the challenges: as in `constants`, what the lie unbalances a bias of each
//! layer balances, which no range binds. What is left is the lie.

use crate::cheat::{edits, expect_constraint, Cheat};
use crate::support::{mock_phase_2, Case};
use assay_prover::circuit::phase2::Phase2;
use assay_prover::model::random::tiny_network;
use assay_prover::model::Op;
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// Phase 2 of a witness by a prover whose α or γ, in this row, is larger by one.
fn lying_phase_2(cheat: &Cheat, witness: &Witness, row: usize) -> Phase2 {
    let compiled = &cheat.case.compiled;
    let mut lying = mock_phase_2(compiled, witness);
    lying.values.acc_y[row] += Fr::ONE;
    cheat.rerun_program(&mut lying.values, |_| {});
    lying
}

/// By how much the two sides of each layer's identity differ.
fn defects(cheat: &Cheat, witness: &Witness, row: usize) -> Vec<Fr> {
    let values = lying_phase_2(cheat, witness, row).values;
    let identities = cheat.case.compiled.program.identities.iter();
    identities.map(|(l, r)| values.get(*l) - values.get(*r)).collect()
}

/// Moves the sides of each identity apart, by a bias.
fn move_all(case: &Case, witness: &mut Witness, by: &[Fr]) {
    for (n, by) in by.iter().enumerate() {
        let bias = case.compiled.floor.weights[n].bias;
        let row = match case.compiled.frozen.architecture.layers[n].op {
            Op::Conv(_) => bias,
            // The last of its single numbers.
            Op::Add { .. } | Op::GlobalAvgPool { .. } => bias - 1,
            Op::Concat { .. } => unreachable!("the network joins nothing"),
        };
        witness.weights[0][row] += by;
    }
}

#[test]
fn layers_closed_at_another_point_than_the_challenges_are_rejected() {
    for row in [0, 1] {
        let mut cheat = Cheat::of(Case::narrow(tiny_network(10), 1));
        let before = defects(&cheat, &cheat.witness, row);
        let mut moved = cheat.witness.clone();
        move_all(&cheat.case, &mut moved, &vec![Fr::ONE; before.len()]);
        let after = defects(&cheat, &moved, row);
        let solution: Vec<Fr> = (before.iter().zip(after))
            .map(|(before, after)| before * (before - after).invert().expect("the bias moves the sum"))
            .collect();
        move_all(&cheat.case, &mut cheat.witness, &solution);
        assert!(defects(&cheat, &cheat.witness, row).iter().all(|d| *d == Fr::ZERO));

        let honest = mock_phase_2(&cheat.case.compiled, &cheat.witness);
        let forged = lying_phase_2(&cheat, &cheat.witness, row);
        cheat.edits = edits(&cheat.case.compiled, &honest, &forged);
        let rows = expect_constraint(&cheat.failures(), "narrow boundary", "challenge");
        assert_eq!(rows, [row]);
    }
}
