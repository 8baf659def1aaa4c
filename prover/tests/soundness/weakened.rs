//! The changes of `scripts/mutate --circuit`: what they are, and that they change something.

use crate::argmax::choose;
use crate::cheat::{edits, Cheat};
use crate::support::weakening::changes::changes;
use crate::support::weakening::Weakened;
use crate::support::{mock_phase_2, tiny_with, Case, SALT_ROWS, TWO_LIMBS};
use assay_prover::circuit::{FrozenArchitecture, NetworkCircuit};
use assay_prover::model::random::{joined_network, kernel_network, tiny_network};
use assay_prover::model::OutputMode;
use assay_statement::field::Fr;
use assay_statement::instance;
use halo2_proofs::dev::MockProver;
use halo2_proofs::halo2curves::ff::Field;
use std::collections::BTreeSet;

/// Prints them, one a line after `change: `. The numbers of activations are those of the sweeps.
#[test]
fn every_change_has_a_name() {
    let mut all = BTreeSet::new();
    for (lanes, shift) in [3, 4, 5]
        .into_iter()
        .flat_map(|lanes| [(lanes, 10), (lanes, TWO_LIMBS)])
    {
        let frozen = FrozenArchitecture::plan_with(tiny_network(shift), lanes, SALT_ROWS).unwrap();
        all.extend(changes(&Case::frozen(frozen, 1).compiled));
    }
    for output in [OutputMode::Top5, OutputMode::Logits] {
        all.extend(changes(&Case::tiny_with(output, 1).compiled));
    }
    all.extend(changes(&Case::of(kernel_network(10), 1).compiled));
    all.extend(changes(&Case::of(joined_network(10), 1).compiled));
    for network in [
        tiny_network(10),
        kernel_network(10),
        joined_network(10),
        tiny_with(OutputMode::Bit),
    ] {
        all.extend(changes(&Case::narrow(network, 1).compiled));
    }
    for kind in ["constraint", "fixed", "false", "copies", "instance"] {
        let prefix = format!("{kind}, ");
        assert!(all.iter().any(|name| name.starts_with(&prefix)), "{kind}");
    }
    for name in all {
        println!("change: {name}");
    }
}

/// Whether the mock prover accepts the cheat with a change of the circuit.
fn passes(cheat: &Cheat, change: &str) -> bool {
    let compiled = &cheat.case.compiled;
    assert!(changes(compiled).iter().any(|name| name == change), "{change}");
    let circuit =
        NetworkCircuit::with_witness(compiled.clone(), cheat.witness.clone()).with_phase_2_edits(cheat.edits.clone());
    let circuit = Weakened::new(circuit, compiled, change);
    let prover = MockProver::run(cheat.case.k(), &circuit, vec![cheat.instances.clone()]).expect("synthesis");
    prover.verify().is_ok()
}

#[test]
fn circuit_without_a_binding_accepts_any_class() {
    let mut cheat = Cheat::of(Case::tiny(1));
    cheat.instances[instance::OUTPUT] += Fr::ONE;
    assert!(!passes(&cheat, "instance, 0"));
    assert!(passes(&cheat, "instance, 2"));
}

#[test]
fn circuit_without_a_copy_accepts_what_only_that_copy_stops() {
    let mut cheat = Cheat::of(Case::tiny(1));
    choose(&mut cheat, Fr::from(1023), &[]);
    assert!(!passes(&cheat, "copies, count starts at zero"));
    assert!(passes(&cheat, "copies, one is chosen"));
}

#[test]
fn circuit_with_a_selector_off_accepts_what_only_that_row_stops() {
    let mut cheat = Cheat::of(Case::tiny(1));
    let compiled = cheat.case.compiled.clone();
    let after = compiled.floor.logits().rows().end;
    let honest = mock_phase_2(&compiled, &cheat.witness);
    let mut forged = mock_phase_2(&compiled, &cheat.witness);
    forged.values.acc[after] += Fr::ONE;
    cheat.instances[instance::OUTPUT] += Fr::ONE;
    cheat.edits = edits(&compiled, &honest, &forged);
    assert!(!passes(&cheat, "fixed, argmax: first row"));
    assert!(passes(&cheat, "fixed, argmax: last row"));
}
