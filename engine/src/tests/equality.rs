//! The engine's proofs are the library's, byte for byte.
//!
//! The library cannot prove a circuit of three phases: it ends the third with a step to a fourth, which panics. Proofs of those
//! are the verifier's to judge.

use super::circuits::RandomCircuit;
use super::oracle::stock_proof;
use super::plain::{Nothing, Twins};
use super::setup::{backends, engine, params, proof, prover, threads, verifies};
use super::shapes::Shape;
use crate::draws::Draws;
use crate::{Backend, Key, Options, ReferenceString, Threads};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{keygen_pk, keygen_vk_custom, Circuit, VerifyingKey};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::SerdeFormat;
use rand::rngs::StdRng;
use rand_core::SeedableRng;

struct Bench {
    params: ParamsKZG<Bn256>,
    reference: ReferenceString,
    pools: [(Threads, [Box<dyn Backend>; 3]); 3],
}

impl Bench {
    fn new(k: u32) -> Self {
        let params = params(k);
        Self {
            reference: ReferenceString::new(&params).unwrap(),
            params,
            pools: [1, 2, 5].map(|count| {
                let threads = threads(count);
                let backends = backends(&threads);
                (threads, backends)
            }),
        }
    }

    /// Proves with both provers, or with the engine alone; the seed chooses among the ways to do so.
    fn compare<C: Circuit<Fr>>(&self, circuit: &C, instances: &[&[Fr]], seed: u64, with_library: bool) {
        let compress = seed % 2 == 1;
        let vk = keygen_vk_custom(&self.params, circuit, compress).unwrap();
        let expected = with_library.then(|| {
            let pk = keygen_pk(&self.params, vk.clone(), circuit).unwrap();
            stock_proof(&self.params, &pk, circuit, instances, StdRng::seed_from_u64(seed))
        });
        let (threads, backends) = &self.pools[seed as usize / 2 % 3];
        let engine = engine(&*backends[seed as usize % 3], threads);
        let generated = Key::generate(&engine, &self.reference, circuit, compress).unwrap();
        let bytes = |vk: &VerifyingKey<G1Affine>| vk.to_bytes(SerdeFormat::RawBytes);
        assert_eq!(bytes(generated.verifying_key()), bytes(&vk), "seed {seed}");
        assert_eq!(generated.verifying_key().transcript_repr(), vk.transcript_repr());

        let key = Key::derive(&engine, &self.reference, &vk, circuit).unwrap();
        let ways: &[bool] = if self.reference.k() < 6 {
            &[false, true]
        } else {
            &[compress]
        };
        for keep in ways.iter().copied() {
            let options = Options {
                check: !seed.is_multiple_of(3),
                keep,
            };
            let prover = prover(engine, &key, &self.reference, options);
            let draws = expected.as_ref().map(|(_, replay)| replay as &dyn Draws);
            let got = proof(&prover, circuit, instances, seed, draws).unwrap();
            if let Some((expected, _)) = &expected {
                assert!(got == *expected, "seed {seed}");
            }
            assert!(verifies(&self.params, &vk, instances, &got), "seed {seed}");
        }
    }

    fn compare_random(&self, seeds: std::ops::Range<u64>) {
        for seed in seeds {
            let circuit = RandomCircuit::new(Shape::random(seed, self.reference.k()));
            let config = circuit.config();
            let instances = circuit.plan(&config).instances();
            let instances: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
            self.compare(&circuit, &instances, seed, circuit.shape.phases < 3);
        }
    }
}

#[test]
fn proofs_of_32_rows_are_the_librarys() {
    Bench::new(5).compare_random(0..30);
}

#[test]
fn more_proofs_of_32_rows_are_the_librarys() {
    Bench::new(5).compare_random(30..60);
}

#[test]
fn proofs_of_64_rows_are_the_librarys() {
    Bench::new(6).compare_random(100..130);
}

#[test]
fn proofs_of_128_and_256_rows_are_the_librarys() {
    Bench::new(7).compare_random(200..212);
    Bench::new(8).compare_random(300..308);
}

#[test]
fn proofs_of_512_and_1024_rows_are_the_librarys() {
    Bench::new(9).compare_random(400..405);
    Bench::new(10).compare_random(500..504);
}

#[test]
fn proofs_of_4096_rows_are_the_librarys() {
    Bench::new(12).compare_random(600..602);
}

#[test]
fn a_circuit_without_columns_is_proved_as_the_library_does() {
    let bench = Bench::new(4);
    (0..4).for_each(|seed| bench.compare(&Nothing, &[], seed, true));
}

#[test]
fn equal_columns_are_opened_apart_as_the_library_does() {
    let bench = Bench::new(4);
    let statement = [Fr::from(5), Fr::from(25)];
    (0..4).for_each(|seed| bench.compare(&Twins, &[&statement, &statement], seed, true));
}
