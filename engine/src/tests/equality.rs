//! The engine's proofs are the library's, byte for byte.
//!
//! The library cannot prove a circuit of three phases: it ends the third with a step to a fourth, which panics. Proofs of those
//! are the verifier's to judge.

use super::circuits::RandomCircuit;
use super::oracle::stock_proof;
use super::setup::{engine, params, proof, prover, threads, verifies};
use super::shapes::Shape;
use crate::draws::Draws;
use crate::{Key, Options, ReferenceString, Stock};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::{keygen_pk, keygen_vk_custom};
use halo2_proofs::SerdeFormat;
use rand::rngs::StdRng;
use rand_core::SeedableRng;

/// Proves random circuits with both provers.
fn compare(k: u32, seeds: std::ops::Range<u64>) {
    let params = params(k);
    let reference = ReferenceString::new(&params).unwrap();
    let stock = Stock::default();
    let pools = [threads(1), threads(2)];
    for seed in seeds {
        let circuit = RandomCircuit::new(Shape::random(seed, k));
        let config = circuit.config();
        let instances = circuit.plan(&config).instances();
        let instances: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
        let compress = seed % 2 == 1;
        let vk = keygen_vk_custom(&params, &circuit, compress).unwrap();
        let expected = (circuit.shape.phases < 3).then(|| {
            let pk = keygen_pk(&params, vk.clone(), &circuit).unwrap();
            stock_proof(&params, &pk, &circuit, &instances, StdRng::seed_from_u64(seed))
        });

        let engine = engine(&stock, &pools[seed as usize / 2 % 2]);
        let generated = Key::generate(&engine, &reference, &circuit, compress).unwrap();
        let bytes = |vk: &halo2_proofs::plonk::VerifyingKey<_>| vk.to_bytes(SerdeFormat::RawBytes);
        assert_eq!(bytes(generated.verifying_key()), bytes(&vk), "seed {seed}");
        assert_eq!(generated.verifying_key().transcript_repr(), vk.transcript_repr());

        let key = Key::derive(&engine, &reference, &vk, &circuit).unwrap();
        for keep_cosets in [false, true] {
            let options = Options {
                check: seed % 3 != 0,
                keep_cosets,
            };
            let prover = prover(engine, &key, &reference, options);
            let draws = expected.as_ref().map(|(_, replay)| replay as &dyn Draws);
            let got = proof(&prover, &circuit, &instances, seed, draws).unwrap();
            if let Some((expected, _)) = &expected {
                assert!(got == *expected, "seed {seed}, {:?}", circuit.shape);
            }
            assert!(verifies(&params, &vk, &instances, &got), "seed {seed}");
        }
    }
}

#[test]
fn proofs_of_32_rows_are_the_librarys() {
    compare(5, 0..60);
}

#[test]
fn proofs_of_64_rows_are_the_librarys() {
    compare(6, 100..130);
}

#[test]
fn proofs_of_128_and_256_rows_are_the_librarys() {
    compare(7, 200..212);
    compare(8, 300..308);
}

#[test]
fn proofs_of_512_and_1024_rows_are_the_librarys() {
    compare(9, 400..405);
    compare(10, 500..504);
}

#[test]
fn proofs_of_4096_rows_are_the_librarys() {
    compare(12, 600..602);
}
