//! What two proofs of one statement have in common.

use super::circuits::RandomCircuit;
use super::setup::{engine, params, proof, prover, threads, top, verifies};
use super::shapes::Shape;
use crate::draws::Draws;
use crate::{EngineError, Key, Options, ReferenceString, Stock};
use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use rand::rngs::StdRng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;

const K: u32 = 6;

/// The first bytes from one generator, all others from another.
struct Switching {
    first: StdRng,
    left: usize,
    then: StdRng,
}

impl RngCore for Switching {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut one = [0];
            if self.left > 0 {
                self.left -= 1;
                self.first.fill_bytes(&mut one);
            } else {
                self.then.fill_bytes(&mut one);
            }
            *byte = one[0];
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

fn words(proof: &[u8]) -> BTreeSet<[u8; 32]> {
    proof.chunks_exact(32).map(|word| word.try_into().unwrap()).collect()
}

fn shape(seed: u64) -> Shape {
    Shape {
        seed,
        k: K,
        phases: 2,
        degree: 3 + seed as usize % 3,
        instance_columns: 1,
        minimum: true,
        repeated: false,
    }
}

#[test]
fn blinded_proofs_verify_and_share_what_was_drawn_alike_and_no_other_word() {
    let params = params(K);
    let reference = ReferenceString::with_top_power(&params, top(K)).unwrap();
    let (stock, threads) = (Stock::default(), threads(2));
    for seed in 0..9 {
        let circuit = RandomCircuit::new(shape(seed));
        let config = circuit.config();
        let instances = circuit.plan(&config).instances();
        let instances: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
        let key = Key::generate(&engine(&stock, &threads), &reference, &circuit, false).unwrap();
        let prover = prover(engine(&stock, &threads), &key, &reference, Options::default());
        let first_phase = key
            .system()
            .advice_column_phase()
            .iter()
            .filter(|phase| **phase == 0)
            .count();
        // 64 bytes for each row behind the usable ones and for one blind of each column.
        let drawn = first_phase * (key.system().blinding_factors() + 2) * 64;
        let prove = |left: usize, then: u64| {
            let rng = Switching {
                first: StdRng::seed_from_u64(1),
                left,
                then: StdRng::seed_from_u64(then),
            };
            let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
            prover.prove(&circuit, &instances, rng, &mut transcript).unwrap();
            let proof = transcript.finalize();
            assert!(
                verifies(&params, key.verifying_key(), &instances, &proof),
                "seed {seed}"
            );
            words(&proof)
        };
        let common = |a: &BTreeSet<[u8; 32]>, b: &BTreeSet<[u8; 32]>| a.intersection(b).count();
        assert_eq!(common(&prove(0, 2), &prove(0, 3)), 0, "seed {seed}");
        assert_eq!(common(&prove(drawn, 2), &prove(drawn, 3)), first_phase, "seed {seed}");
    }
}

/// Draws that differ in the blinders alone.
struct Blinders(u64);

impl Draws for Blinders {
    fn polynomial(&self, rows: usize) -> Vec<Fr> {
        let mut rng = StdRng::seed_from_u64(5);
        (0..rows).map(|_| Fr::random(&mut rng)).collect()
    }

    fn blinders(&self, count: usize) -> Vec<Fr> {
        let mut rng = StdRng::seed_from_u64(self.0);
        (0..count).map(|_| Fr::random(&mut rng)).collect()
    }

    fn weight(&self) -> Fr {
        Fr::one()
    }
}

#[test]
fn blinders_change_every_piece_and_nothing_before() {
    let params = params(K);
    let reference = ReferenceString::with_top_power(&params, top(K)).unwrap();
    let plain = ReferenceString::new(&params).unwrap();
    let (stock, threads) = (Stock::default(), threads(1));
    for seed in 0..3 {
        let circuit = RandomCircuit::new(shape(seed));
        let config = circuit.config();
        let instances = circuit.plan(&config).instances();
        let instances: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
        let key = Key::generate(&engine(&stock, &threads), &plain, &circuit, false).unwrap();
        let prove = |reference, blinders| {
            let prover = prover(engine(&stock, &threads), &key, reference, Options::default());
            proof(&prover, &circuit, &instances, 4, Some(&Blinders(blinders))).unwrap()
        };
        let proofs = [prove(&reference, 1), prove(&reference, 2), prove(&plain, 1)];
        // Advice columns, permutation products and the random polynomial come before.
        let before = key.slots.advice + key.slots.product + 1;
        let pieces = key.domain.degree() - 1;
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            for (word, (left, right)) in proofs[a].chunks(32).zip(proofs[b].chunks(32)).enumerate() {
                if word < before {
                    assert_eq!(left, right, "seed {seed}, word {word}");
                } else if word < before + pieces {
                    assert_ne!(left, right, "seed {seed}, word {word}");
                }
            }
        }
    }
}

#[test]
fn a_point_that_is_not_the_next_power_is_refused() {
    let params = params(K);
    for wrong in [top(K + 1), G1Affine::default(), -top(K)] {
        let result = ReferenceString::with_top_power(&params, wrong);
        assert!(matches!(result, Err(EngineError::TopPower)));
    }
    // Of points that are all the identity, it is the next power; and no pairing is asked of what is not on the curve.
    let nothing = vec![G1Affine::default(); 1 << K];
    let empty = params.from_parts(K, nothing.clone(), Some(nothing), params.g2(), params.s_g2());
    let mut beside = top(K);
    beside.y += Fq::one();
    for (params, wrong) in [(&empty, G1Affine::default()), (&params, beside)] {
        let result = ReferenceString::with_top_power(params, wrong);
        assert!(matches!(result, Err(EngineError::TopPower)));
    }
    assert_eq!(
        ReferenceString::with_top_power(&params, top(K)).unwrap().top(),
        Some(top(K))
    );
}
