//! Keys of an architecture under a reference string.
//!
//! The verifying key depends on the frozen architecture and the reference string only, never on a model.

use super::machine::{Machine, Phases};
use super::memory::Memory;
use crate::circuit::{
    CircuitParams, Compiled, FloorError, Footprint, FrozenArchitecture, NetworkCircuit, CIRCUIT_VERSION,
};
use crate::srs::Srs;
use assay_durable::cache::{Cache, CacheEvent};
use assay_durable::progress::Progress;
use assay_engine::{EngineError, Key, ReferenceString, Remembered};
use assay_statement::field::to_be_bytes;
use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::plonk::VerifyingKey;
use halo2_proofs::SerdeFormat;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum KeyError {
    #[error(transparent)]
    Floor(#[from] FloorError),
    #[error(
        "the architecture has 2^{needed} rows, the reference string 2^{got}: make or import one of the right size"
    )]
    SrsSize { needed: u32, got: u32 },
    #[error("key generation failed")]
    Engine(#[from] EngineError),
}

/// What a verifier needs.
#[derive(Clone, Debug)]
pub struct VerifierKey {
    pub(super) compiled: Arc<Compiled>,
    pub(super) srs: Arc<Srs>,
    pub(super) vk: VerifyingKey<G1Affine>,
    arch_id: [u8; 32],
    event: Arc<CacheEvent>,
}

impl VerifierKey {
    /// Loads the verifying key from the cache, or generates it.
    ///
    /// # Errors
    /// If the architecture does not compile or the reference string has another size.
    pub fn load_or_build(
        frozen: &FrozenArchitecture,
        srs: Arc<Srs>,
        cache: &Cache,
        progress: &dyn Progress,
    ) -> Result<Self, KeyError> {
        let (needed, got) = (frozen.layout.k, srs.k());
        if needed != got {
            return Err(KeyError::SrsSize { needed, got });
        }
        progress.phase("lay out the circuit", 0);
        let compiled = Arc::new(Compiled::new(frozen.clone())?);
        let circuit = NetworkCircuit::for_keygen(compiled.clone());
        let params = CircuitParams::of(frozen);
        let arch_id = frozen.arch_id();
        let key: [u8; 32] = Sha256::new()
            .chain_update(b"assay.vk.v1")
            .chain_update(CIRCUIT_VERSION.to_be_bytes())
            .chain_update(arch_id)
            .chain_update(srs.id().0)
            .finalize()
            .into();
        let cached = cache.load_or_build(
            "vk",
            &key,
            |reader| VerifyingKey::read::<_, NetworkCircuit<'_>>(reader, SerdeFormat::RawBytes, params),
            || {
                progress.phase("generate the verifying key", 0);
                let phases = Phases(progress);
                let engine = Machine::shared()?.engine(&phases);
                let reference = ReferenceString::new(srs.params())?;
                let key = Key::generate(&engine, &reference, &circuit, false)?;
                Ok::<_, KeyError>(key.verifying_key().clone())
            },
            |vk, writer| vk.write(writer, SerdeFormat::RawBytes),
        )?;
        Ok(Self {
            compiled,
            srs,
            vk: cached.value,
            arch_id,
            event: Arc::new(cached.event),
        })
    }

    /// What the proof's transcript starts with, and the registry stores.
    pub fn vk_digest(&self) -> [u8; 32] {
        to_be_bytes(&self.vk.transcript_repr())
    }

    /// The architecture the key is for, with its layout.
    pub fn arch_id(&self) -> [u8; 32] {
        self.arch_id
    }

    /// The proving system's own key.
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
    }

    /// The circuit without a model.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The reference string the key was made with.
    pub fn srs(&self) -> &Srs {
        &self.srs
    }

    /// Whether the key came from the cache, was generated, or replaced a damaged entry.
    pub fn cache_event(&self) -> &CacheEvent {
        &self.event
    }
}

/// What a prover needs.
#[derive(Debug)]
pub struct Keys {
    pub(super) verifier: VerifierKey,
    pub(super) key: Key,
    pub(super) reference: ReferenceString,
    /// The weight columns, which every proof of a model has in common.
    pub(super) weights: Remembered,
    pub(super) memory: Memory,
}

impl Keys {
    /// Both keys; the proving key is always derived afresh, which is faster than reading its gigabyte.
    ///
    /// # Errors
    /// As [`VerifierKey::load_or_build`]; and if the reference string's next power, which the cache holds beside it, is not that.
    pub fn load_or_build(
        frozen: &FrozenArchitecture,
        srs: Arc<Srs>,
        cache: &Cache,
        progress: &dyn Progress,
    ) -> Result<Self, KeyError> {
        let verifier = VerifierKey::load_or_build(frozen, srs, cache, progress)?;
        progress.phase("derive the proving key", 0);
        let circuit = NetworkCircuit::for_keygen(verifier.compiled.clone());
        let phases = Phases(progress);
        let engine = Machine::shared()?.engine(&phases);
        let reference = ReferenceString::with_top_power(verifier.srs.params(), verifier.srs.top())?;
        let key = Key::derive(&engine, &reference, &verifier.vk, &circuit)?;
        let weights = Remembered::new(0..frozen.layout.weight_columns);
        Ok(Self {
            verifier,
            key,
            reference,
            weights,
            memory: Memory::of_machine(&Footprint::of(frozen).memory),
        })
    }

    /// With another choice of what stays in memory between proofs than the one for this machine
    /// ([`Memory::of_machine`]).
    #[must_use]
    pub fn with_memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// What stays in memory between proofs.
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// What checks the proofs made with these keys.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// That of [`Keys::verifier`].
    pub fn vk_digest(&self) -> [u8; 32] {
        self.verifier.vk_digest()
    }

    /// That of [`Keys::verifier`].
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        self.verifier.verifying_key()
    }
}
