//! Lies about the logits as they are exposed.

use crate::cheat::{expect_constraint, Cheat, Failure};
use crate::support::Case;
use assay_prover::model::OutputMode;
use assay_statement::field::Fr;
use assay_statement::instance;
use halo2_proofs::halo2curves::ff::Field;

fn cheat() -> Cheat {
    Cheat::of(Case::tiny_with(OutputMode::Logits, 1))
}

#[test]
fn exposed_are_the_logits_in_the_order_of_the_classes() {
    let cheat = cheat();
    let logits: Vec<Fr> = cheat
        .case
        .trace
        .logits()
        .iter()
        .map(|q| Fr::from(u64::from(*q)))
        .collect();
    assert_eq!(cheat.instances[instance::OUTPUT..], logits);
    assert_eq!(cheat.failures(), []);
}

/// The cell that is exposed is a copy of its own: a prover may write there what it likes.
#[test]
fn exposed_value_that_is_no_logit_is_rejected() {
    for class in 0..10 {
        let mut cheat = cheat();
        let row = cheat.case.compiled.floor.logits().start + class;
        let lie = cheat.instances[instance::OUTPUT + class] + Fr::ONE;
        cheat.forge(|p| p.values.acc[row] = lie);
        cheat.instances[instance::OUTPUT + class] = lie;
        let failures = cheat.failures();
        assert_eq!(expect_constraint(&failures, "logits", "exposed is the logit"), [row]);
    }
}

#[test]
fn logits_of_two_classes_exchanged_are_rejected() {
    let mut cheat = cheat();
    let first = cheat.case.compiled.floor.logits().start;
    let outputs = &mut cheat.instances[instance::OUTPUT..];
    assert_ne!(outputs[2], outputs[7]);
    outputs.swap(2, 7);
    let lies = outputs.to_vec();
    cheat.forge(|p| p.values.acc[first..first + 10].copy_from_slice(&lies));
    let rows = expect_constraint(&cheat.failures(), "logits", "exposed is the logit");
    assert_eq!(rows, [first + 2, first + 7]);
}

#[test]
fn instance_that_differs_from_the_exposed_value_is_rejected() {
    for class in 0..10 {
        let mut cheat = cheat();
        cheat.instances[instance::OUTPUT + class] += Fr::ONE;
        let failures = cheat.failures();
        let at = Failure::Instance(instance::OUTPUT + class);
        assert!(failures.contains(&at) && failures.len() <= 2, "{failures:?}");
        assert!(
            !failures.iter().any(|f| matches!(f, Failure::Gate { .. })),
            "{failures:?}"
        );
    }
}
