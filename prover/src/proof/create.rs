//! A proof of one image.

use super::bundle::{BundleError, ProofBundle};
use super::keys::{Keys, VerifierKey};
use super::machine::{Machine, Phases};
use super::memory::Memory;
use crate::chips::weights::weight_columns;
use crate::circuit::NetworkCircuit;
use crate::model::{FoldedLayer, FoldedModel, Model, ParamsError};
use crate::reference::{self, ReferenceError};
use crate::secret::{BlindingRng, ModelSecret};
use crate::witness::{Inputs, Witness};
use assay_durable::progress::Progress;
use assay_engine::{EngineError, Options, Prover};
use assay_statement::field::{from_be_bytes, to_be_bytes, Fr};
use assay_statement::input::{input_commit, InputSalt};
use assay_statement::instance::with_outputs;
use assay_statement::weights;
use assay_transcript::KeccakWrite;
use halo2_proofs::halo2curves::bn256::{G1Affine, G1};
use halo2_proofs::halo2curves::ff::PrimeField;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::poly::commitment::{Blind, Params};
use halo2_proofs::transcript::TranscriptWriterBuffer;
use rand_core::RngCore;
use sha2::{Digest, Sha256};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ProveError {
    #[error(transparent)]
    Params(#[from] ParamsError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error("the model has another architecture than the keys")]
    Architecture,
    #[error("the context is not below the field's modulus")]
    Context,
    #[error("{got} salt columns of {rows:?} rows, expected {expected} of {expected_rows}")]
    WeightSalts {
        expected: usize,
        expected_rows: usize,
        got: usize,
        rows: Vec<usize>,
    },
    #[error("the secret has [weight columns, salt rows, blinding rows] {got:?}, the circuit {expected:?}: it is another architecture's")]
    Secret { expected: [usize; 3], got: [usize; 3] },
    #[error("the prover failed")]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// What one proof is about.
#[derive(Clone, Copy)]
pub struct ProverInput<'a> {
    /// What is committed to; its architecture is the keys'.
    pub model: &'a Model,
    /// Salt of each weight column, the same in every proof of the model.
    pub weight_salts: &'a [Vec<Fr>],
    /// Row-major HWC bytes.
    pub image: &'a [u8],
    /// Hides the image behind its commitment.
    pub salt: &'a InputSalt,
    /// Big-endian, below the modulus.
    pub ctx: [u8; 32],
}

impl std::fmt::Debug for ProverInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProverInput(hidden)")
    }
}

/// Proves that the committed model maps the committed image to its output.
///
/// [`prove_with_secret`] is this with all care taken; here `rng` must serve the model's own blinders first and fresh
/// randomness after (see [`ModelSecret::blinding_rng`]): the weight columns are committed with the same blinding in every proof,
/// all others never twice.
///
/// # Errors
/// If model, image or salts do not fit the keys.
pub fn prove(
    keys: &Keys,
    input: &ProverInput<'_>,
    rng: impl RngCore,
    progress: &dyn Progress,
) -> Result<ProofBundle, ProveError> {
    let compiled = &keys.verifier.compiled;
    let frozen = &compiled.frozen;
    check_salts(&keys.verifier, input.weight_salts)?;
    let folded = fold(&keys.verifier, input.model)?;
    let context = from_be_bytes(&input.ctx).ok_or(ProveError::Context)?;
    progress.phase("run the network", 0);
    let trace = reference::run(&frozen.architecture, &folded, input.image)?;
    let outputs = trace.outputs(frozen.architecture.output);
    let outputs = outputs.into_iter().map(Fr::from_u128);
    let instances = with_outputs(context, input_commit(input.image, input.salt), outputs);
    let witness = Witness::new(&Inputs {
        arch: &frozen.architecture,
        layout: &frozen.layout,
        floor: &compiled.floor,
        folded: &folded,
        weight_salts: input.weight_salts,
        trace: &trace,
        image: input.image,
        salt: input.salt,
        context,
    });
    let circuit = NetworkCircuit::with_witness(compiled.clone(), witness).reporting_to(progress);
    let mut transcript = KeccakWrite::init(Vec::new());
    let phases = Phases(progress);
    let prover = Prover {
        engine: Machine::shared()?.engine(&phases),
        key: &keys.key,
        reference: &keys.reference,
        options: Options {
            check: true,
            keep: keys.memory == Memory::Fast,
        },
        remembered: Some(&keys.weights),
    };
    prover.prove_owned(circuit, &[&instances], rng, &mut transcript)?;
    Ok(ProofBundle::new(
        keys.verifier.arch_id(),
        keys.vk_digest(),
        frozen.layout.weight_columns as u16,
        instances.iter().map(to_be_bytes).collect(),
        transcript.finalize(),
    )?)
}

fn fold(key: &VerifierKey, model: &Model) -> Result<FoldedModel, ProveError> {
    if model.architecture != key.compiled.frozen.architecture {
        return Err(ProveError::Architecture);
    }
    let folded = model.fold()?;
    folded.check_total(&model.architecture)?;
    Ok(folded)
}

fn check_salts(key: &VerifierKey, salts: &[Vec<Fr>]) -> Result<(), ProveError> {
    let layout = &key.compiled.frozen.layout;
    if salts.len() == layout.weight_columns && salts.iter().all(|s| s.len() == layout.salt_rows) {
        return Ok(());
    }
    Err(ProveError::WeightSalts {
        expected: layout.weight_columns,
        expected_rows: layout.salt_rows,
        got: salts.len(),
        rows: salts.iter().map(Vec::len).collect(),
    })
}

/// Whose proof it is and what it is about: the input of [`prove_with_secret`].
#[derive(Clone, Copy)]
pub struct Inference<'a> {
    /// What is committed to; its architecture is the keys'.
    pub model: &'a Model,
    /// The model's own: another model's is refused.
    pub secret: &'a ModelSecret,
    /// Row-major HWC bytes.
    pub image: &'a [u8],
    /// Hides the image behind its commitment.
    pub salt: &'a InputSalt,
    /// Big-endian, below the modulus.
    pub ctx: [u8; 32],
}

impl std::fmt::Debug for Inference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inference(hidden)")
    }
}

/// [`prove`] with salts and blinders from the model's secret, bound to the model: what a provider calls.
///
/// The caller has reserved the proof ([`reserve_proof`](crate::secret::reserve_proof)) before.
///
/// # Errors
/// If model, image or secret do not fit the keys.
pub fn prove_with_secret(
    keys: &Keys,
    inference: &Inference<'_>,
    progress: &dyn Progress,
) -> Result<ProofBundle, ProveError> {
    prove_blinded(keys, inference, ModelSecret::blinding_rng, progress)
}

/// As [`prove_with_secret`], for one of several tries that may run on machines that were cloned from one another, see
/// [`ModelSecret::blinding_rng_for`].
///
/// # Errors
/// As there.
pub fn prove_try_with_secret(
    keys: &Keys,
    inference: &Inference<'_>,
    token: &[u8; 16],
    progress: &dyn Progress,
) -> Result<ProofBundle, ProveError> {
    prove_blinded(keys, inference, |secret| secret.blinding_rng_for(token), progress)
}

fn prove_blinded(
    keys: &Keys,
    inference: &Inference<'_>,
    blinding: impl FnOnce(&ModelSecret) -> BlindingRng,
    progress: &dyn Progress,
) -> Result<ProofBundle, ProveError> {
    let Inference {
        model,
        image,
        salt,
        ctx,
        ..
    } = *inference;
    let secret = bound_secret(&keys.verifier, model, inference.secret)?;
    let weight_salts = salts(&secret);
    let input = ProverInput {
        model,
        weight_salts: &weight_salts,
        image,
        salt,
        ctx,
    };
    prove(keys, &input, blinding(&secret), progress)
}

/// [`weights_commit`] with salts and blinders from the model's secret: what every proof of the model shows.
///
/// # Errors
/// If model or secret do not fit the keys.
pub fn weights_commit_with_secret(
    key: &VerifierKey,
    model: &Model,
    secret: &ModelSecret,
) -> Result<[u8; 32], ProveError> {
    let bound = bound_secret(key, model, secret)?;
    weights_commit(key, model, &salts(&bound), bound.blinding_rng())
}

/// Checks that a secret has the circuit's sizes, before a proof is reserved under it.
///
/// # Errors
/// [`ProveError::Secret`].
pub fn check_secret(key: &VerifierKey, secret: &ModelSecret) -> Result<(), ProveError> {
    let expected = secret_sizes(key);
    let got = [secret.weight_columns(), secret.salt_rows(), secret.blinding_rows()];
    if expected == got {
        Ok(())
    } else {
        Err(ProveError::Secret {
            expected: expected.map(|n| n as usize),
            got: got.map(|n| n as usize),
        })
    }
}

/// Weight columns, salt rows and blinding rows of a secret for models of the key's architecture.
pub fn secret_sizes(key: &VerifierKey) -> [u32; 3] {
    let layout = &key.compiled.frozen.layout;
    let blinding_rows = key.vk.cs().blinding_factors() + 1;
    [layout.weight_columns, layout.salt_rows, blinding_rows].map(|n| n as u32)
}

fn bound_secret(key: &VerifierKey, model: &Model, secret: &ModelSecret) -> Result<ModelSecret, ProveError> {
    Ok(secret.bound_to(&model_digest(key, model, secret)?))
}

fn salts(secret: &ModelSecret) -> Vec<Vec<Fr>> {
    (0..secret.weight_columns()).map(|column| secret.salt(column)).collect()
}

/// Identifies the committed numbers: architecture and folded parameters. The secret must have the circuit's sizes.
pub(super) fn model_digest(key: &VerifierKey, model: &Model, secret: &ModelSecret) -> Result<[u8; 32], ProveError> {
    check_secret(key, secret)?;
    let folded = fold(key, model)?;
    let mut hasher = Sha256::new()
        .chain_update(b"assay.model.v1")
        .chain_update(key.arch_id());
    for layer in &folded.layers {
        let numbers: Vec<i64> = match layer {
            FoldedLayer::Conv { weights, bias } => weights.iter().chain(bias).copied().collect(),
            FoldedLayer::Add { lhs, rhs, bias } => vec![*lhs, *rhs, *bias],
            FoldedLayer::Pool { multiplier, bias } => vec![*multiplier, *bias],
            FoldedLayer::Concat => vec![],
        };
        hasher.update((numbers.len() as u64).to_be_bytes());
        numbers.iter().for_each(|n| hasher.update(n.to_be_bytes()));
    }
    Ok(hasher.finalize().into())
}

/// The commitment a model is registered with: the points that every proof of it starts with, hashed.
///
/// `rng` is the one [`prove`] takes; only the blinders of the weight columns are drawn from it.
///
/// # Errors
/// If model or salts do not fit the keys.
pub fn weights_commit(
    key: &VerifierKey,
    model: &Model,
    weight_salts: &[Vec<Fr>],
    mut rng: impl RngCore,
) -> Result<[u8; 32], ProveError> {
    use halo2_proofs::halo2curves::ff::Field;
    check_salts(key, weight_salts)?;
    let folded = fold(key, model)?;
    let compiled = &key.compiled;
    let frozen = &compiled.frozen;
    let params = key.srs.params();
    let domain = key.vk.get_domain();
    let rows = 1usize << frozen.layout.k;
    let blinding_rows = key.vk.cs().blinding_factors() + 1;
    let columns = weight_columns(
        &frozen.architecture,
        &frozen.layout,
        &compiled.floor,
        &folded,
        weight_salts,
    );
    let points: Vec<G1> = columns
        .into_iter()
        .map(|mut column| {
            column.resize(rows - blinding_rows, Fr::zero());
            column.extend((0..blinding_rows).map(|_| Fr::random(&mut rng)));
            params.commit_lagrange(&domain.lagrange_from_vec(column), Blind::default())
        })
        .collect();
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(&points, &mut affine);
    let bytes: Vec<u8> = affine.iter().flat_map(point_bytes).collect();
    Ok(weights::weights_commit(&bytes))
}

/// `x ‖ y`, big-endian, as in the proof.
fn point_bytes(point: &G1Affine) -> Vec<u8> {
    [point.x, point.y]
        .into_iter()
        .flat_map(|c| {
            let mut bytes: [u8; 32] = c.to_repr();
            bytes.reverse();
            bytes
        })
        .collect()
}
