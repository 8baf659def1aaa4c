//! A small circuit to try a reference string on; every test file uses a part.
#![allow(dead_code, reason = "each test program uses a part, some all of it")]

use assay_prover::srs::Srs;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine};
use halo2_proofs::halo2curves::pairing::Engine;
use halo2_proofs::plonk::{
    create_proof, keygen_pk, keygen_vk, verify_proof, Advice, Circuit, Column, ConstraintSystem, Error, Selector,
};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer};
use rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};

/// Whether every power is τ times the one before, by pairings one at a time.
pub(crate) fn tau_pairs_up(srs: &Srs) -> bool {
    let (g, g2) = (srs.g(), G2Affine::generator());
    g[0] == G1Affine::generator()
        && g.windows(2)
            .all(|p| Bn256::pairing(&p[1], &g2) == Bn256::pairing(&p[0], &srs.params().s_g2()))
}

/// Whether the point behind the powers is the next one.
pub(crate) fn next_power_pairs_up(srs: &Srs) -> bool {
    let last = srs.g().last().expect("a power");
    Bn256::pairing(&srs.top(), &G2Affine::generator()) == Bn256::pairing(last, &srs.params().s_g2())
}

/// The name of the cache entry of a string as it was written before there was a next power in it.
pub(crate) fn entry_without_top(parts: &[&[u8]; 3]) -> [u8; 32] {
    let mut hasher = Sha256::new().chain_update(b"assay srs payload v1");
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// `y·y = x`, nothing else. In x, the first column, the gate is linear, as gates are in weights: were x squared, the
/// highest piece of the quotient would be a function of x and its blinders alone and repeat with them.
#[derive(Clone)]
struct Square;

#[derive(Clone)]
struct SquareConfig {
    x: Column<Advice>,
    y: Column<Advice>,
    q_square: Selector,
}

impl Circuit<Fr> for Square {
    type Config = SquareConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> SquareConfig {
        let config = SquareConfig {
            x: meta.advice_column(),
            y: meta.advice_column(),
            q_square: meta.selector(),
        };
        meta.create_gate("y·y = x", |meta| {
            let x = meta.query_advice(config.x, Rotation::cur());
            let y = meta.query_advice(config.y, Rotation::cur());
            vec![meta.query_selector(config.q_square) * (y.clone() * y - x)]
        });
        config
    }

    fn synthesize(&self, config: SquareConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "square",
            |mut region| {
                config.q_square.enable(&mut region, 0)?;
                region.assign_advice(config.x, 0, Value::known(Fr::from(25)));
                region.assign_advice(config.y, 0, Value::known(Fr::from(5)));
                Ok(())
            },
        )
    }
}

/// Keys, a proof and its verification under `params`, which need k ≥ 4 or so.
pub(crate) fn prove_and_verify(params: &ParamsKZG<Bn256>) {
    verify(params, &prove(params, OsRng));
}

/// Rows at the end of every column that the proving system blinds.
pub(crate) fn blinding_rows(params: &ParamsKZG<Bn256>) -> u32 {
    keygen_vk(params, &Square).expect("vk").cs().blinding_factors() as u32 + 1
}

/// A proof with compressed points, 32 bytes per word.
pub(crate) fn prove(params: &ParamsKZG<Bn256>, rng: impl RngCore + Send + Sync) -> Vec<u8> {
    let vk = keygen_vk(params, &Square).expect("vk");
    let pk = keygen_pk(params, vk, &Square).expect("pk");
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<_>, _, _, _, _>(
        params,
        &pk,
        &[Square],
        &[&[]],
        rng,
        &mut transcript,
    )
    .expect("proof");
    transcript.finalize()
}

/// Verifies a proof of [`prove`].
pub(crate) fn verify(params: &ParamsKZG<Bn256>, proof: &[u8]) {
    let vk = keygen_vk(params, &Square).expect("vk");
    let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<_>, _, _, _>(
        params,
        &vk,
        SingleStrategy::new(params),
        &[&[]],
        &mut transcript,
    )
    .expect("the proof verifies");
}
