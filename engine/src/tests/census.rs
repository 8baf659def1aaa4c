//! What is counted of a constraint system, compared with keys and proofs.

use super::circuits::RandomCircuit;
use super::setup::{engine, params, proof, prover, threads};
use super::shapes::Shape;
use crate::{Census, EngineError, Key, Options, ReferenceString, Stock};
use halo2_proofs::plonk::Circuit;

/// Of a point as of a scalar, in the library's own transcript.
const WORD: usize = 32;

#[test]
fn points_and_values_are_counted_as_they_are_written() {
    let params = params(7);
    let reference = ReferenceString::new(&params).unwrap();
    let (threads, stock) = (threads(1), Stock::default());
    let engine = engine(&stock, &threads);
    for seed in 0..12 {
        let circuit = RandomCircuit::new(Shape::random(seed, 7));
        let key = Key::generate(&engine, &reference, &circuit, false).unwrap();
        let census = Census::of(key.system(), 0..1).unwrap();
        let config = circuit.config();
        let instances = circuit.plan(&config).instances();
        let instances: Vec<&[_]> = instances.iter().map(Vec::as_slice).collect();
        let proof = proof(
            &prover(engine, &key, &reference, Options::default()),
            &circuit,
            &instances,
            seed,
            None,
        );
        assert_eq!(
            proof.unwrap().len(),
            WORD * (census.points() + census.evaluations),
            "seed {seed}"
        );
        assert_eq!(census.fixed, key.fixed.len());
        assert_eq!(census.pieces, key.domain.shifts().len());
        // What is kept is not computed, and the four columns of single rows are never kept.
        assert!(census.live_beside_kept <= census.live);
        assert!(census.live <= census.on_cosets() + 4);
        assert!(census.live >= census.live_beside_kept);
    }
}

#[test]
fn a_system_with_selectors_is_not_counted() {
    let mut system = halo2_proofs::plonk::ConstraintSystem::default();
    let circuit = RandomCircuit::new(Shape::random(1, 7));
    RandomCircuit::configure_with_params(&mut system, circuit.shape.clone());
    system.selector();
    let refused = Census::of(&system, 0..0).unwrap_err();
    assert!(matches!(refused, EngineError::Selectors { .. }), "{refused}");
}
