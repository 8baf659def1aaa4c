//! What is no circuit, no key or no reference string for the engine ends with its own error.

use super::bench::{assert_error, cell, statement, Bench, K};
use super::faults::{Fault, Faulty};
use super::plain::Wide;
use super::setup::{engine, other_params, params, proof, prover, threads};
use crate::arithmetization::configure;
use crate::tables::Tables;
use crate::{Basis, ColumnKind, Domain, EngineError, Key, Options, ReferenceString, Stock};
use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::{keygen_vk, VerifyingKey};
use halo2_proofs::poly::EvaluationDomain;

#[test]
fn lookups_are_refused_by_name() {
    let bench = Bench::new();
    assert_error!(bench.generate(&Faulty(Fault::Lookup)), EngineError::Lookups { count: 1, name } if name == "small");
}

#[test]
fn a_gate_above_the_librarys_limit_is_refused() {
    let bench = Bench::new();
    assert!(bench.derive(Fault::Degree(5), Fault::Degree(5)).is_ok());
    // The library makes a verifying key of degree 5, under which no proof is valid.
    assert_error!(
        bench.derive(Fault::Degree(6), Fault::Degree(6)),
        EngineError::GateDegree { gate, degree: 6, allowed: 5 } if gate == "high"
    );
    assert_error!(
        bench.generate(&Faulty(Fault::Degree(9))),
        EngineError::GateDegree { degree: 9, .. }
    );
}

#[test]
fn rotations_that_meet_are_refused() {
    let bench = Bench::new();
    assert!(bench.generate(&Faulty(Fault::Rotation(31))).is_ok());
    for rotation in [32, -32, 64] {
        assert_error!(
            bench.generate(&Faulty(Fault::Rotation(rotation))),
            EngineError::Rotations {
                kind: ColumnKind::Advice,
                column: 1
            }
        );
    }
}

#[test]
fn a_table_without_room_is_refused() {
    let (stock, threads) = (Stock::default(), threads(1));
    let reference = ReferenceString::new(&params(2)).unwrap();
    assert_error!(
        Key::generate(&engine(&stock, &threads), &reference, &Faulty(Fault::None), false),
        EngineError::Rows { needed: 8, rows: 4 }
    );
}

#[test]
fn a_permutation_beyond_32_bits_is_refused() {
    let (config, system) = configure(&Wide);
    let of = |k| Tables::of(&Wide, config, &system, &Domain::new(k, 3).unwrap());
    assert!(of(4).is_ok());
    assert_error!(of(24), EngineError::DomainSize { k: 24, degree: 3 });
}

#[test]
fn parameters_that_are_not_of_their_size_are_refused() {
    let params = params(K);
    let [powers, lagrange] = [Basis::Powers, Basis::Lagrange].map(|basis| {
        let string = ReferenceString::new(&params).unwrap();
        string.points(basis).to_vec()
    });
    let with = |k: u32, lagrange: Vec<G1Affine>| {
        let parts = params.from_parts(k, powers.clone(), Some(lagrange), params.g2(), params.s_g2());
        ReferenceString::new(&parts)
    };
    assert!(with(K, lagrange.clone()).is_ok());
    for k in [K - 1, K + 1, K + 64] {
        assert_error!(with(k, lagrange.clone()), EngineError::Reference(_));
    }
    assert_error!(with(K, lagrange[1..].to_vec()), EngineError::Reference(_));
}

#[test]
fn reference_strings_of_other_sizes_are_refused() {
    let bench = Bench::new();
    let (key, vk) = (bench.key(), keygen_vk(&bench.params, &Faulty(Fault::None)).unwrap());
    for k in [4, 6] {
        let other = ReferenceString::new(&params(k)).unwrap();
        let engine = engine(&bench.stock, &bench.threads);
        let derived = Key::derive(&engine, &other, &vk, &Faulty(Fault::None));
        assert_error!(derived, EngineError::ReferenceSize { needed: K, got } if got == k);
        let prover = prover(engine, &key, &other, Options::default());
        let proved = proof(&prover, &Faulty(Fault::None), &[&statement()], 3, None);
        assert_error!(proved, EngineError::ReferenceSize { needed: K, got } if got == k);
    }
}

#[test]
fn another_reference_string_is_refused() {
    let bench = Bench::new();
    let key = bench.key();
    let other = ReferenceString::new(&other_params(K)).unwrap();
    let prover = prover(engine(&bench.stock, &bench.threads), &key, &other, Options::default());
    assert_error!(
        proof(&prover, &Faulty(Fault::None), &[&statement()], 3, None),
        EngineError::OtherReference
    );
    let vk = key.verifying_key();
    let derived = Key::derive(&engine(&bench.stock, &bench.threads), &other, vk, &Faulty(Fault::None));
    assert_error!(derived, EngineError::OtherCircuit { .. });
}

#[test]
fn another_circuits_verifying_key_is_refused() {
    let bench = Bench::new();
    for (fault, expected) in [
        (Fault::OtherConstraint, "constraints"),
        (Fault::OtherFixed, "fixed columns"),
        (Fault::OtherCopy, "copies"),
        (Fault::OtherEquality, "copies"),
    ] {
        assert_error!(bench.derive(fault, Fault::None), EngineError::OtherCircuit { part } if part == expected);
        assert_error!(bench.derive(Fault::None, fault), EngineError::OtherCircuit { part } if part == expected);
    }
    let with_table = bench.derive(Fault::Lookup, Fault::None);
    assert_error!(with_table, EngineError::OtherCircuit { part: "fixed columns" });
    let proved = bench.prove(&bench.key(), Fault::OtherConstraint, &[&statement()]);
    assert_error!(proved, EngineError::OtherCircuit { part: "constraints" });
}

#[test]
fn a_circuit_that_differs_in_its_phases_alone_is_refused() {
    let bench = Bench::new();
    let [first, second] = [false, true].map(|second| Fault::Unused { second });
    for (own, other) in [(first, second), (second, first)] {
        let key = bench.derive(own, own).unwrap();
        assert_error!(bench.derive(own, other), EngineError::OtherCircuit { part: "phases" });
        let proved = bench.prove(&key, other, &[&statement()]);
        assert_error!(proved, EngineError::OtherCircuit { part: "constraints" });
    }
}

/// As if the library's limit on degrees had been another one when the verifying key was made.
#[test]
fn a_verifying_key_of_another_degree_is_refused() {
    let bench = Bench::new();
    let vk = keygen_vk(&bench.params, &Faulty(Fault::None)).unwrap();
    let with_degree = |degree: usize| {
        let other = VerifyingKey::from_parts(
            EvaluationDomain::new(degree as u32, K),
            vk.fixed_commitments().clone(),
            vk.permutation().clone(),
            vk.cs().clone(),
            vec![],
            false,
        );
        let engine = engine(&bench.stock, &bench.threads);
        Key::derive(&engine, &bench.reference, &other, &Faulty(Fault::None))
    };
    let own = vk.cs().degree();
    assert!(with_degree(own).is_ok());
    for degree in [own + 1, own + 2] {
        assert_error!(
            with_degree(degree),
            EngineError::OtherDegree { key, circuit } if key == degree && circuit == own
        );
    }
}

#[test]
fn circuits_that_leave_their_table_are_refused() {
    let bench = Bench::new();
    let key = |fault| bench.generate(&Faulty(fault));
    assert_error!(key(Fault::FixedOutside), EngineError::OutsideTable(at) if at == cell(ColumnKind::Fixed, 0, 1000));
    assert_error!(key(Fault::CopyOutside), EngineError::OutsideTable(at) if at == cell(ColumnKind::Advice, 0, 1000));
    assert_error!(
        key(Fault::CopyWithoutEquality),
        EngineError::NotInPermutation(at) if at == cell(ColumnKind::Advice, 1, 0)
    );
    assert_error!(
        key(Fault::SelectorOutside),
        EngineError::OutsideSelectors { selector: 2, row: 1 }
    );
    assert_error!(key(Fault::Synthesis), EngineError::Synthesis(_));
    let key = bench.key();
    let proved = bench.prove(&key, Fault::AdviceOutside, &[&statement()]);
    assert_error!(proved, EngineError::OutsideTable(at) if at == cell(ColumnKind::Advice, 1, 1000));
    assert_error!(
        bench.prove(&key, Fault::Synthesis, &[&statement()]),
        EngineError::Synthesis(_)
    );
}
