//! A proof of one image.

use super::bundle::{self, BundleError, ProofBundle};
use super::Keys;
use crate::circuit::{NetworkCircuit, instance};
use crate::commitment::{input_commit, InputSalt};
use crate::field::{from_be_bytes, to_be_bytes, Fr};
use crate::model::{FoldedModel, Model, ParamsError};
use crate::progress::Progress;
use crate::reference::{self, ReferenceError, Trace};
use crate::witness::{weight_columns, Statement, Witness};
use assay_verifier_gen::transcript::KeccakWrite;
use halo2_proofs::halo2curves::bn256::{Bn256, G1Affine, G1};
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::plonk::create_proof;
use halo2_proofs::poly::commitment::{Blind, Params};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::TranscriptWriterBuffer;
use rand_core::RngCore;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    WeightSalts { expected: usize, expected_rows: usize, got: usize, rows: Vec<usize> },
    #[error("the prover failed: {0}")]
    Prover(String),
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// What one proof is about.
#[derive(Clone, Copy)]
pub struct ProverInput<'a> {
    pub model: &'a Model,
    /// Salt of each weight column, the same in every proof of the model.
    pub weight_salts: &'a [Vec<Fr>],
    /// Row-major HWC bytes.
    pub image: &'a [u8],
    pub salt: &'a InputSalt,
    /// Big-endian, below the modulus.
    pub ctx: [u8; 32],
}

impl std::fmt::Debug for ProverInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProverInput(hidden)")
    }
}

/// Proves that the committed model maps the committed image to its class.
///
/// `rng` must serve the model's own blinders first and fresh randomness after (see
/// [`ModelSecret`](crate::secret::ModelSecret)): the weight columns are committed with the same blinding in every proof,
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
    check_salts(keys, input.weight_salts)?;
    let folded = fold(keys, input.model)?;
    let context = from_be_bytes(&input.ctx).ok_or(ProveError::Context)?;
    progress.phase("run the network", 0);
    let trace = reference::run(&frozen.architecture, &folded, input.image)?;
    let instances = instances(input, &trace, context);
    let witness = Witness::new(&Statement {
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
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        keys.verifier.srs.params(),
        &keys.pk,
        &[circuit],
        &[&[&instances]],
        rng,
        &mut transcript,
    )
    .map_err(|e| ProveError::Prover(e.to_string()))?;
    Ok(ProofBundle::new(
        keys.verifier.arch_id(),
        keys.vk_digest(),
        frozen.layout.weight_columns as u16,
        instances.iter().map(to_be_bytes).collect(),
        transcript.finalize(),
    )?)
}

fn instances(input: &ProverInput<'_>, trace: &Trace, context: Fr) -> Vec<Fr> {
    let mut instances = vec![Fr::zero(); instance::COUNT];
    instances[instance::CTX] = context;
    instances[instance::INPUT_COMMIT] = input_commit(input.image, input.salt);
    instances[instance::OUTPUT] = Fr::from(trace.top1() as u64);
    instances
}

fn fold(keys: &Keys, model: &Model) -> Result<FoldedModel, ProveError> {
    if model.architecture != keys.verifier.compiled.frozen.architecture {
        return Err(ProveError::Architecture);
    }
    let folded = model.fold()?;
    folded.check_total(&model.architecture)?;
    Ok(folded)
}

fn check_salts(keys: &Keys, salts: &[Vec<Fr>]) -> Result<(), ProveError> {
    let layout = &keys.verifier.compiled.frozen.layout;
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

/// The commitment a model is registered with: the points that every proof of it starts with, hashed.
///
/// `rng` is the one [`prove`] takes; only the blinders of the weight columns are drawn from it.
///
/// # Errors
/// If model or salts do not fit the keys.
pub fn weights_commit(
    keys: &Keys,
    model: &Model,
    weight_salts: &[Vec<Fr>],
    mut rng: impl RngCore,
) -> Result<[u8; 32], ProveError> {
    use halo2_proofs::halo2curves::ff::Field;
    check_salts(keys, weight_salts)?;
    let folded = fold(keys, model)?;
    let compiled = &keys.verifier.compiled;
    let frozen = &compiled.frozen;
    let params = keys.verifier.srs.params();
    let domain = keys.verifying_key().get_domain();
    let rows = 1usize << frozen.layout.k;
    let blinding_rows = keys.verifying_key().cs().blinding_factors() + 1;
    let columns = weight_columns(&frozen.architecture, &frozen.layout, &compiled.floor, &folded, weight_salts);
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
    Ok(bundle::weights_commit(&bytes))
}

/// `x ‖ y`, big-endian, as in the proof.
fn point_bytes(point: &G1Affine) -> Vec<u8> {
    use halo2_proofs::halo2curves::ff::PrimeField;
    [point.x, point.y]
        .into_iter()
        .flat_map(|c| {
            let mut bytes: [u8; 32] = c.to_repr();
            bytes.reverse();
            bytes
        })
        .collect()
}
