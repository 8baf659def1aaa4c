//! What a prover could do who knew the challenges before committing. The mock prover's are constants, as those of a
//! broken implementation would be: against it these cheats pass. With other challenges than they were made for they
//! fail, and in a real proof the challenges depend on the cheat.

use crate::cheat::{activation_cell, chain_cell, expect_identity, expect_unbalanced_lookup, garbage_cell, Cheat};
use crate::executor::{rerun, unclipped};
use crate::support::{mock_challenges, recount, Case, FORMS};
use assay_prover::circuit::phase2::{Challenges, Phase2};
use assay_prover::circuit::Compiled;
use assay_prover::model::random::tiny_network;
use assay_prover::model::TensorId;
use assay_prover::reference::requantise::clip;
use assay_prover::witness::Witness;
use assay_statement::field::Fr;
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;

/// An output of a depthwise layer one quotient step too large, balanced by a garbage coefficient at the known α.
pub(crate) fn output_balanced_by_garbage(case: Case, known: &Challenges) -> Cheat {
    let layer = 1;
    let mut case = case;
    let index = unclipped(&case, layer);
    let shape = case.compiled.frozen.architecture.layers[layer].output;
    let (o, i, j) = (index / (shape.h * shape.w), index / shape.w % shape.h, index % shape.w);
    case.trace.layers[layer].q_hat[index] += 1;
    case.trace.layers[layer].out[index] += 1;
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    let compiled = cheat.case.compiled.clone();
    let spatial = &compiled.floor.garbage[layer].as_ref().unwrap().spatial;
    let n = 0;
    let up = spatial.t0 + i * spatial.t + j;
    let down = spatial.garbage[n];
    let (column, row) = garbage_cell(&compiled, layer, n, o);
    cheat.witness.cells[column][row] -= Fr::from(1024) * known.alpha.pow([(up - down) as u64]);
    cheat
}

/// The loser's logit above all others, balanced at the known γ by a weight slot beyond the last channel.
pub(crate) fn class_balanced_by_an_idle_weight(case: Case, known: &Challenges) -> Cheat {
    let mut case = case;
    let last = case.trace.layers.len() - 1;
    let top = case.trace.top1();
    let loser = (top + 3) % 10;
    let raise = case.trace.logits()[top] + 1 - case.trace.logits()[loser];
    let lie = &mut case.trace.layers[last];
    lie.q_hat[loser] += raise;
    lie.out[loser] = clip(lie.q_hat[loser], 10);
    let mut cheat = Cheat::of(case);
    assert_eq!(cheat.instances[instance::OUTPUT], Fr::from(loser as u64));
    let compiled = cheat.case.compiled.clone();
    assert_ne!(
        10 % compiled.frozen.layout.weight_columns,
        0,
        "the chain of biases has a slot for an 11th class"
    );
    // The identity's left side grows by 2^s·raise·γ^loser; S is 1 in the last layer.
    let chains =
        (compiled.floor.weights[last].bias - compiled.floor.weights[last].start) / compiled.floor.weights[last].chain;
    let (column, row) = chain_cell(&compiled, last, chains, 10);
    let back = known.gamma.pow([(10 - loser) as u64]).invert().unwrap();
    cheat.witness.weights[column][row] = Fr::from(1024 * u64::from(raise)) * back;
    cheat
}

/// A remainder below zero, balanced by a multiplicity at the known β.
pub(crate) fn remainder_balanced_by_a_multiplicity(case: Case, known: &Challenges) -> Cheat {
    let layer = 3;
    let mut case = case;
    let index = unclipped(&case, layer);
    case.trace.layers[layer].q_hat[index] += 1;
    case.trace.layers[layer].out[index] += 1;
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    let (row, lane) = activation_cell(&cheat.case.compiled, TensorId::output_of(layer), index);
    cheat.witness.cells[3 * lane + 1][row] -= Fr::from(1024);
    let compiled = cheat.case.compiled.clone();
    recount(&compiled, &mut cheat.witness);
    let defect = Phase2::new(&compiled, &cheat.witness, known).phi[compiled.floor.on_rows];
    let tag = match compiled.floor.narrow {
        None => Fr::ZERO,
        Some(_) => known.theta.square(),
    };
    // Row 7 of the range table holds 7.
    let [_, of_seven] = multiplicities(&compiled, &mut cheat.witness, 7);
    *of_seven += defect * (known.beta + Fr::from(7) + tag);
    cheat
}

/// How often a row of the pair table and one of the range table are looked up.
fn multiplicities<'w>(compiled: &Compiled, witness: &'w mut Witness, row: usize) -> [&'w mut Fr; 2] {
    let Witness {
        pair_multiplicity,
        range_multiplicity,
        cells,
        ..
    } = witness;
    match compiled.floor.narrow {
        None => [&mut pair_multiplicity[row], &mut range_multiplicity[row]],
        Some(rows) => {
            let (pairs, remainders) = cells[0][rows.table..].split_at_mut(compiled.fixed.table_rows);
            [&mut pairs[row], &mut remainders[row]]
        }
    }
}

/// A true quotient with another output, balanced by a multiplicity at the known β and θ.
pub(crate) fn output_balanced_by_a_multiplicity(case: Case, known: &Challenges) -> Cheat {
    let layer = 2;
    let mut case = case;
    let index = unclipped(&case, layer);
    case.trace.layers[layer].out[index] += 1;
    rerun(&mut case, layer + 1);
    let mut cheat = Cheat::of(case);
    let compiled = cheat.case.compiled.clone();
    let defect = Phase2::new(&compiled, &cheat.witness, known).phi[compiled.floor.on_rows];
    let tag = match compiled.floor.narrow {
        None => known.theta.square(),
        Some(_) => Fr::ZERO,
    };
    let [of_zero, _] = multiplicities(&compiled, &mut cheat.witness, 0);
    *of_zero += defect * (known.beta + tag);
    cheat
}

fn other(challenge: impl Fn(&mut Challenges) -> &mut Fr) -> Challenges {
    let mut challenges = mock_challenges();
    *challenge(&mut challenges) += Fr::ONE;
    challenges
}

#[test]
fn known_alpha_would_forge_an_output_and_an_unknown_one_does_not() {
    for of in FORMS {
        let case = || of(tiny_network(10), 1);
        let cheat = output_balanced_by_garbage(case(), &mock_challenges());
        assert_ne!(
            cheat.case.trace.layers[1],
            case().trace.layers[1],
            "the output is wrong"
        );
        assert_eq!(cheat.failures(), [], "it passes at the α it was made for");
        expect_identity(&output_balanced_by_garbage(case(), &other(|c| &mut c.alpha)), 1);
    }
}

#[test]
fn known_gamma_would_forge_the_class_and_an_unknown_one_does_not() {
    for of in FORMS {
        let case = || of(tiny_network(10), 1);
        let cheat = class_balanced_by_an_idle_weight(case(), &mock_challenges());
        assert_ne!(cheat.instances, case().instances(), "the class is wrong");
        assert_eq!(cheat.failures(), [], "it passes at the γ it was made for");
        let last = cheat.case.trace.layers.len() - 1;
        expect_identity(
            &class_balanced_by_an_idle_weight(case(), &other(|c| &mut c.gamma)),
            last,
        );
    }
}

#[test]
fn known_beta_would_forge_a_remainder_and_an_unknown_one_does_not() {
    for of in FORMS {
        let forged = |known: &Challenges| remainder_balanced_by_a_multiplicity(of(tiny_network(10), 1), known);
        assert_eq!(
            forged(&mock_challenges()).failures(),
            [],
            "it passes at the β it was made for"
        );
        expect_unbalanced_lookup(&forged(&other(|c| &mut c.beta)));
    }
}

#[test]
fn known_theta_would_forge_a_clip_and_an_unknown_one_does_not() {
    for of in FORMS {
        let forged = |known: &Challenges| output_balanced_by_a_multiplicity(of(tiny_network(10), 1), known);
        assert_eq!(
            forged(&mock_challenges()).failures(),
            [],
            "it passes at the β and θ it was made for"
        );
        expect_unbalanced_lookup(&forged(&other(|c| &mut c.beta)));
        expect_unbalanced_lookup(&forged(&other(|c| &mut c.theta)));
    }
}
