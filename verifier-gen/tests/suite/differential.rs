//! The contract accepts exactly what halo2's verifier accepts, over circuits with every feature.

use crate::{
    circuit::Shape,
    harness::{deploy, prove, raw_calldata, reason, words, CALLDATA, PAIRING, POINT, SCALAR},
    mutation::{mutations, ProofShape},
};
use std::collections::BTreeSet;

use assay_verifier_gen::{Interface, MAX_CODE_LEN};

/// Proves, deploys, and compares both verifiers on the honest proof and on every mutation of it.
fn both_verifiers_agree(shape: Shape) {
    let proven = prove(shape);
    let mut chain = deploy(&proven.spec(Interface::Raw, "ToyVerifier"));
    assert!(chain.verifier.code_len <= MAX_CODE_LEN);
    let manifest = &chain.generated.manifest;
    assert_eq!(manifest.proof_len, proven.proof.len());
    let proof_shape = ProofShape {
        points: manifest.proof_points,
        scalars: manifest.proof_scalars,
    };
    let instances = words(&proven.instances);

    let honest = chain.call(&raw_calldata(&instances, &proven.proof));
    assert!(honest.accepted(), "{shape:?}: {honest:?}");
    assert!(proven.accepted_by_halo2(&instances, &proven.proof));

    let mut reasons = BTreeSet::new();
    for mutation in mutations(&instances, &proven.proof, proof_shape) {
        let native = proven.accepted_by_halo2(&mutation.instances, &mutation.proof);
        let outcome = chain.call(&raw_calldata(&mutation.instances, &mutation.proof));
        assert_eq!(outcome.accepted(), native, "{shape:?}: {}: {outcome:?}", mutation.what);
        assert!(!native, "{shape:?}: {} is accepted", mutation.what);
        let expected = proof_shape.reason(&mutation.instances, &mutation.proof);
        assert_eq!(reason(&outcome), expected, "{shape:?}: {}: {outcome:?}", mutation.what);
        reasons.insert(expected);
    }
    // Among the changes are some of every kind: those that only the equation refuses are what this is about.
    assert_eq!(reasons, BTreeSet::from([CALLDATA, POINT, SCALAR, PAIRING]), "{shape:?}");
}

#[test]
fn gates_only() {
    both_verifiers_agree(Shape::PLAIN);
}

#[test]
fn no_instances() {
    both_verifiers_agree(Shape {
        instances: 0,
        ..Shape::PLAIN
    });
}

#[test]
fn copy_constraints_with_instance_column() {
    both_verifiers_agree(Shape {
        permuted: 2,
        instances: 3,
        ..Shape::PLAIN
    });
}

#[test]
fn several_permutation_products() {
    both_verifiers_agree(Shape {
        bits: 6,
        permuted: 6,
        ..Shape::PLAIN
    });
}

#[test]
fn instance_column_read_by_a_gate_and_forty_five_instances() {
    both_verifiers_agree(Shape {
        instances: 45,
        instance_gate: true,
        ..Shape::PLAIN
    });
}

#[test]
fn lookups() {
    both_verifiers_agree(Shape {
        lookups: 2,
        permuted: 2,
        ..Shape::PLAIN
    });
}

#[test]
fn two_phases_with_two_challenges() {
    both_verifiers_agree(Shape {
        phases: 2,
        challenges: 2,
        permuted: 1,
        ..Shape::PLAIN
    });
}

#[test]
fn two_phases_with_lookup_and_three_challenges() {
    both_verifiers_agree(Shape {
        phases: 2,
        challenges: 3,
        lookups: 1,
        permuted: 3,
        instances: 2,
        ..Shape::PLAIN
    });
}

#[test]
fn fixed_column_of_zeros() {
    both_verifiers_agree(Shape {
        zero_fixed: true,
        permuted: 1,
        ..Shape::PLAIN
    });
}

#[test]
fn advice_column_that_is_never_opened() {
    both_verifiers_agree(Shape {
        unread: true,
        ..Shape::PLAIN
    });
}

#[test]
fn far_rotations() {
    both_verifiers_agree(Shape {
        far_rotations: true,
        bits: 5,
        permuted: 5,
        ..Shape::PLAIN
    });
}
