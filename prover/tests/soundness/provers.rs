//! Keys of an architecture, and two provers for them: ours, and the adversary's.

use crate::cheat::Cheat;
use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_prover::circuit::{Compiled, FrozenArchitecture, NetworkCircuit};
use assay_prover::proof::{Keys, ProofBundle};
use assay_prover::srs::Srs;
use assay_statement::field::to_be_bytes;
use assay_transcript::KeccakWrite;
use halo2_proofs::halo2curves::bn256::{Bn256, G1Affine};
use halo2_proofs::plonk::{create_proof, keygen_pk, ProvingKey};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::TranscriptWriterBuffer;
use rand_core::OsRng;
use std::sync::Arc;

pub(crate) struct Setup {
    pub(crate) keys: Keys,
    /// The same proving key, for provers who do not use ours.
    pub(crate) pk: ProvingKey<G1Affine>,
    pub(crate) dir: tempfile::TempDir,
}

impl Setup {
    pub(crate) fn of(compiled: Arc<Compiled>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keys = keys(&dir, &compiled.frozen);
        let circuit = NetworkCircuit::for_keygen(compiled);
        let pk = keygen_pk(keys.verifier().srs().params(), keys.verifying_key().clone(), &circuit).expect("a key");
        Self { keys, pk, dir }
    }

    /// A proof by a prover of the adversary's own, who does not look whether the witness is true.
    pub(crate) fn prove_anyway(&self, cheat: &Cheat) -> ProofBundle {
        let circuit = NetworkCircuit::with_witness(cheat.case.compiled.clone(), cheat.witness.clone())
            .with_phase_2_edits(cheat.edits.clone());
        let mut transcript = KeccakWrite::init(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            self.keys.verifier().srs().params(),
            &self.pk,
            &[circuit],
            &[&[&cheat.instances]],
            OsRng,
            &mut transcript,
        )
        .expect("the library proves anything");
        ProofBundle::new(
            self.keys.verifier().arch_id(),
            self.keys.vk_digest(),
            cheat.witness.weights.len() as u16,
            cheat.instances.iter().map(to_be_bytes).collect(),
            transcript.finalize(),
        )
        .unwrap()
    }
}

pub(crate) fn keys(dir: &tempfile::TempDir, frozen: &FrozenArchitecture) -> Keys {
    let cache = Cache::at(dir.path().join("cache"));
    let srs = Arc::new(Srs::dev(frozen.layout.k, &cache, &Silent).expect("a string"));
    Keys::load_or_build(frozen, srs, &cache, &Silent).expect("keys")
}
