//! The verifier. Bytes from a prover never panic here.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::bundle::ProofBundle;
use super::keys::VerifierKey;
use assay_statement::field::{from_be_bytes, Fr};
use assay_statement::instance;
use assay_transcript::KeccakRead;
use halo2_proofs::halo2curves::bn256::Bn256;
use halo2_proofs::plonk::verify_proof;
use halo2_proofs::poly::commitment::ParamsProver;
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::transcript::TranscriptReadBuffer;

/// Why a proof does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum VerifyError {
    #[error("the proof is for architecture {got}, not {expected}")]
    Architecture { expected: String, got: String },
    #[error("the proof is for verifying key {got}, not {expected}")]
    VerifyingKey { expected: String, got: String },
    #[error("the proof shows {got} weight points, the circuit has {expected}")]
    WeightPoints { expected: usize, got: usize },
    #[error("the proof has {got} public inputs, the circuit has {expected}")]
    Instances { expected: usize, got: usize },
    #[error("a public input is not below the field's modulus")]
    NonCanonical,
    #[error("the proof has bytes beyond its end, or too few")]
    Length,
    #[error("the proof is false")]
    False,
}

/// Checks a proof against the statement it carries.
///
/// The caller compares [`ProofBundle::statement`] (or the logits) with what it expected.
///
/// # Errors
/// Says why the proof does not hold.
pub fn verify(key: &VerifierKey, bundle: &ProofBundle) -> Result<(), VerifyError> {
    if *bundle.arch_id() != key.arch_id() {
        let (expected, got) = (hex::encode(key.arch_id()), hex::encode(bundle.arch_id()));
        return Err(VerifyError::Architecture { expected, got });
    }
    if *bundle.vk_digest() != key.vk_digest() {
        let (expected, got) = (hex::encode(key.vk_digest()), hex::encode(bundle.vk_digest()));
        return Err(VerifyError::VerifyingKey { expected, got });
    }
    let expected = key.compiled.frozen.layout.weight_columns;
    let got = usize::from(bundle.weight_points());
    if got != expected {
        return Err(VerifyError::WeightPoints { expected, got });
    }
    let expected = instance::count(key.compiled.frozen.architecture.outputs());
    let got = bundle.instances().len();
    if got != expected {
        return Err(VerifyError::Instances { expected, got });
    }
    let instances: Option<Vec<Fr>> = bundle.instances().iter().map(from_be_bytes).collect();
    let instances = instances.ok_or(VerifyError::NonCanonical)?;
    let mut transcript = KeccakRead::init(bundle.proof());
    let params = key.srs.params().verifier_params();
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        &key.vk,
        SingleStrategy::new(params),
        &[&[&instances]],
        &mut transcript,
    )
    .map_err(|_| VerifyError::False)?;
    transcript.finish().map_err(|_| VerifyError::Length)
}
