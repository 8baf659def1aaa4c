//! What the tests run on.

use crate::draws::Draws;
use crate::{Backend, Engine, EngineError, Fast, Key, Options, Prover, ReferenceString, Silent, Stock, Threads};
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{verify_proof, Circuit, VerifyingKey};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer};
use rand::rngs::StdRng;
use rand_core::SeedableRng;
use std::num::NonZeroUsize;

const SETUP_SEED: u64 = 7;

pub(super) fn params(k: u32) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, StdRng::seed_from_u64(SETUP_SEED))
}

/// With another `τ`.
pub(super) fn other_params(k: u32) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, StdRng::seed_from_u64(SETUP_SEED + 1))
}

/// `τ^(2^k)·G` of [`params`], whose only draw is `τ`.
pub(super) fn top(k: u32) -> G1Affine {
    use halo2_proofs::halo2curves::ff::Field;
    use halo2_proofs::halo2curves::group::Curve;
    let tau = Fr::random(StdRng::seed_from_u64(SETUP_SEED));
    (G1Affine::generator() * tau.pow_vartime([1u64 << k])).to_affine()
}

pub(super) fn threads(count: usize) -> Threads {
    Threads::new(NonZeroUsize::new(count).unwrap()).unwrap()
}

/// The library's loops and ours, on both paths if the machine has both; all on this pool.
pub(super) fn backends(threads: &Threads) -> [Box<dyn Backend>; 3] {
    [
        Box::new(Stock::default()),
        Box::new(Fast::portable(threads)),
        Box::new(Fast::detect(threads)),
    ]
}

pub(super) fn engine<'a>(backend: &'a dyn Backend, threads: &'a Threads) -> Engine<'a> {
    Engine {
        backend,
        threads,
        observer: &Silent,
    }
}

/// A proof under the caller's generator and the given or the system's draws.
pub(super) fn proof<C: Circuit<Fr>>(
    prover: &Prover<'_>,
    circuit: &C,
    instances: &[&[Fr]],
    seed: u64,
    draws: Option<&dyn Draws>,
) -> Result<Vec<u8>, EngineError> {
    let rng = StdRng::seed_from_u64(seed);
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
    match draws {
        Some(draws) => prover.prove_with_draws(circuit, instances, rng, &mut transcript, draws)?,
        None => prover.prove(circuit, instances, rng, &mut transcript)?,
    }
    Ok(transcript.finalize())
}

pub(super) fn verifies(
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    instances: &[&[Fr]],
    proof: &[u8],
) -> bool {
    let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
    let strategy = SingleStrategy::new(params);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        vk,
        strategy,
        &[instances],
        &mut transcript,
    )
    .is_ok()
}

pub(super) fn prover<'a>(
    engine: Engine<'a>,
    key: &'a Key,
    reference: &'a ReferenceString,
    options: Options,
) -> Prover<'a> {
    Prover {
        engine,
        key,
        reference,
        options,
        remembered: None,
    }
}
