//! The small circuit's key and proofs, and errors by pattern.

use super::faults::{Fault, Faulty, VALUES};
use super::setup::{engine, params, proof, prover, threads, verifies};
use crate::{Cell, ColumnKind, EngineError, Key, Options, Prover, ReferenceString, Stock, Threads, Witness};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{keygen_vk, Circuit};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use rand::rngs::StdRng;
use rand_core::SeedableRng;

pub(super) const K: u32 = 5;

pub(super) struct Bench {
    pub(super) params: ParamsKZG<Bn256>,
    pub(super) reference: ReferenceString,
    pub(super) stock: Stock,
    pub(super) threads: Threads,
}

impl Bench {
    pub(super) fn new() -> Self {
        let params = params(K);
        Self {
            reference: ReferenceString::new(&params).unwrap(),
            params,
            stock: Stock::default(),
            threads: threads(1),
        }
    }

    pub(super) fn generate<C: Circuit<Fr>>(&self, circuit: &C) -> Result<Key, EngineError> {
        Key::generate(&engine(&self.stock, &self.threads), &self.reference, circuit, false)
    }

    /// The key of the whole circuit.
    pub(super) fn key(&self) -> Key {
        self.generate(&Faulty(Fault::None)).unwrap()
    }

    pub(super) fn derive(&self, vk_of: Fault, circuit: Fault) -> Result<Key, EngineError> {
        let vk = keygen_vk(&self.params, &Faulty(vk_of)).unwrap();
        Key::derive(
            &engine(&self.stock, &self.threads),
            &self.reference,
            &vk,
            &Faulty(circuit),
        )
    }

    pub(super) fn prover<'a>(&'a self, key: &'a Key) -> Prover<'a> {
        prover(
            engine(&self.stock, &self.threads),
            key,
            &self.reference,
            Options::default(),
        )
    }

    pub(super) fn prove(&self, key: &Key, circuit: Fault, instances: &[&[Fr]]) -> Result<Vec<u8>, EngineError> {
        proof(&self.prover(key), &Faulty(circuit), instances, 3, None)
    }

    pub(super) fn prove_witness(&self, witness: &dyn Witness) -> Result<Vec<u8>, EngineError> {
        let key = self.key();
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
        let rng = StdRng::seed_from_u64(3);
        self.prover(&key)
            .prove_witness(witness, &[&statement()], rng, &mut transcript)?;
        let proof = transcript.finalize();
        assert!(verifies(&self.params, key.verifying_key(), &[&statement()], &proof));
        Ok(proof)
    }
}

pub(super) fn statement() -> Vec<Fr> {
    vec![Fr::from(VALUES[0])]
}

pub(super) fn cell(kind: ColumnKind, column: usize, row: usize) -> Cell {
    Cell { kind, column, row }
}

macro_rules! assert_error {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $result {
            Err($pattern) $(if $guard)? => {}
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("not refused"),
        }
    };
}

pub(super) use assert_error;
