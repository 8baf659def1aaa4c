//! Keys and proofs by the library's own prover: what the engine is compared with.

use assay_durable::cache::Cache;
use assay_durable::progress::Progress;
use assay_prover::circuit::{Compiled, FrozenArchitecture, NetworkCircuit};
use assay_prover::model::Model;
use assay_prover::proof::{ProofBundle, VerifierKey};
use assay_prover::reference;
use assay_prover::srs::Srs;
use assay_prover::witness::{Inputs, Witness};
use assay_statement::field::{from_be_bytes, to_be_bytes, Fr, Word};
use assay_statement::input::{input_commit, InputSalt};
use assay_statement::instance::with_outputs;
use assay_transcript::KeccakWrite;
use eyre::{eyre, WrapErr};
use halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::plonk::{create_proof, keygen_pk, keygen_vk_custom, ProvingKey};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::TranscriptWriterBuffer;
use rand::rngs::OsRng;
use std::sync::Arc;
use std::time::Instant;

/// The library's proving key, and ours to verify with.
pub(crate) struct StockKeys {
    compiled: Arc<Compiled>,
    pk: ProvingKey<G1Affine>,
    pub(crate) verifier: VerifierKey,
    /// Of the library's keys, both.
    pub(crate) keygen_s: f64,
}

impl StockKeys {
    pub(crate) fn generate(
        frozen: &FrozenArchitecture,
        srs: Arc<Srs>,
        cache: &Cache,
        progress: &dyn Progress,
    ) -> eyre::Result<Self> {
        let compiled = Arc::new(Compiled::new(frozen.clone())?);
        let circuit = NetworkCircuit::for_keygen(compiled.clone());
        let start = Instant::now();
        progress.phase("generate the verifying key by the library", 0);
        let vk = keygen_vk_custom(srs.params(), &circuit, false).wrap_err("the library has no verifying key")?;
        progress.phase("generate the proving key by the library", 0);
        let pk = keygen_pk(srs.params(), vk, &circuit).wrap_err("the library has no proving key")?;
        let keygen_s = start.elapsed().as_secs_f64();
        Ok(Self {
            verifier: VerifierKey::load_or_build(frozen, srs, cache, progress)?,
            compiled,
            pk,
            keygen_s,
        })
    }

    /// As [`assay_prover::proof::prove`], with salts of its own.
    pub(crate) fn prove(
        &self,
        model: &Model,
        image: &[u8],
        salt: &InputSalt,
        ctx: Word,
        progress: &dyn Progress,
    ) -> eyre::Result<ProofBundle> {
        let frozen = &self.compiled.frozen;
        let folded = model.fold()?;
        let context = from_be_bytes(&ctx).ok_or_else(|| eyre!("the context is not below the modulus"))?;
        progress.phase("run the network", 0);
        let trace = reference::run(&frozen.architecture, &folded, image)?;
        let outputs = trace.outputs(frozen.architecture.output).into_iter().map(Fr::from_u128);
        let instances = with_outputs(context, input_commit(image, salt), outputs);
        let drawn = |_| (0..frozen.layout.salt_rows).map(|_| Fr::random(OsRng)).collect();
        let weight_salts: Vec<Vec<Fr>> = (0..frozen.layout.weight_columns).map(drawn).collect();
        let witness = Witness::new(&Inputs {
            arch: &frozen.architecture,
            layout: &frozen.layout,
            floor: &self.compiled.floor,
            folded: &folded,
            weight_salts: &weight_salts,
            trace: &trace,
            image,
            salt,
            context,
        });
        let circuit = NetworkCircuit::with_witness(self.compiled.clone(), witness);
        let mut transcript = KeccakWrite::init(Vec::new());
        progress.phase("prove by the library", 0);
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            self.verifier.srs().params(),
            &self.pk,
            &[circuit],
            &[&[&instances]],
            OsRng,
            &mut transcript,
        )
        .wrap_err("the library has no proof")?;
        Ok(ProofBundle::new(
            self.verifier.arch_id(),
            self.verifier.vk_digest(),
            frozen.layout.weight_columns as u16,
            instances.iter().map(to_be_bytes).collect(),
            transcript.finalize(),
        )?)
    }
}
