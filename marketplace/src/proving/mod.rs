//! The prover library in the words of this program: one place to change when its interface does.

pub mod bundle;
pub mod measured;
pub mod promises;
pub mod reference_string;
pub mod stated;

use crate::proving::promises::{Promises, Speed};
use crate::proving::reference_string::{warn_cache, ReferenceString, SrsUse};
use alloy::primitives::{B256, U256};
use assay_chain::client::Chain;
use assay_chain::error::{hinted, usage};
use assay_durable::cache::Cache;
use assay_durable::file::write_atomic;
use assay_durable::report::{Estimate, Reporter};
use assay_prover::circuit::{Footprint, FrozenArchitecture};
use assay_prover::model::{Architecture, FoldedModel, Model};
use assay_prover::proof::{self, Keys, Memory, Speed as MachineSpeed, VerifierKey};
use assay_prover::secret::ModelSecret;
use assay_statement::input::{self};
use eyre::WrapErr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Message words that one call of the input hash absorbs.
pub const WORDS_PER_HASH: u32 = assay_statement::poseidon::RATE as u32;

/// Number of 31-byte words of an image of `bytes` bytes.
pub fn input_words(bytes: usize) -> u32 {
    input::word_count(bytes) as u32
}

/// The architecture file: the public part of a model, with its layout.
pub fn load_arch(path: &Path) -> eyre::Result<FrozenArchitecture> {
    let text = std::fs::read(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let frozen: FrozenArchitecture =
        serde_json::from_slice(&text).wrap_err_with(|| format!("{} is no architecture file", path.display()))?;
    frozen
        .architecture
        .validate()
        .wrap_err_with(|| format!("{} holds an invalid architecture", path.display()))?;
    Ok(frozen)
}

/// Writes an architecture with its layout, whole or not at all.
pub fn save_arch(path: &Path, frozen: &FrozenArchitecture) -> eyre::Result<()> {
    Ok(write_atomic(path, &serde_json::to_vec(frozen)?, false)?)
}

/// # Errors
/// If the file cannot be read, or holds no model that passes its checks; `path` is in the error.
pub fn load_model(path: &Path) -> eyre::Result<Model> {
    Model::load(path).wrap_err_with(|| format!("cannot load model {}", path.display()))
}

/// The verifying key of an architecture.
pub fn verifier_key(frozen: &FrozenArchitecture, string: ReferenceString, out: &Reporter) -> eyre::Result<VerifierKey> {
    let key = VerifierKey::load_or_build(frozen, string.into_srs(), &Cache::user()?, &out.phases())?;
    warn_cache(key.cache_event(), out);
    Ok(key)
}

/// What a proof about an image reveals, by the integer reference: one number, or one per class.
fn outputs(architecture: &Architecture, folded: &FoldedModel, image_hwc: &[u8]) -> eyre::Result<Vec<U256>> {
    let trace = assay_prover::reference::run(architecture, folded, image_hwc)?;
    Ok(trace.outputs(architecture.output).into_iter().map(U256::from).collect())
}

/// The one word that a proof about an image says as its output.
///
/// # Errors
/// If the image has another size or no witness, or the model shows logits.
pub fn output(architecture: &Architecture, folded: &FoldedModel, image_hwc: &[u8]) -> eyre::Result<U256> {
    match outputs(architecture, folded, image_hwc)?.as_slice() {
        [word] => Ok(*word),
        words => Err(usage(format!(
            "the model shows {} logits, no single output",
            words.len()
        ))),
    }
}

/// About how long one proof of the model takes on this machine.
pub fn estimated_proof_time(model: &Model) -> eyre::Result<Duration> {
    planned_proof_time(&Footprint::of(&FrozenArchitecture::plan(model.architecture.clone())?))
}

/// About how long one proof takes on this machine, in the memory that it would take.
pub fn planned_proof_time(footprint: &Footprint) -> eyre::Result<Duration> {
    let (machine, _) = MachineSpeed::of_machine(&Cache::user()?)?;
    Ok(machine.proof(footprint, Memory::of_machine(&footprint.memory), false))
}

/// The secret file of a model for which no other is named.
pub fn secret_beside(model: &Path) -> PathBuf {
    model.with_extension("secret")
}

/// What becomes of a secret file that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingSecret {
    /// The work needs the model's own.
    Missed,
    /// One is drawn: the weights are hidden.
    Drawn,
    /// It gets the public salts: whoever has the model recomputes its commitment. One that is there must have them.
    Public,
}

/// The files of a model, and what is needed to prove with it.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// Written by `assay model`.
    pub model: PathBuf,
    /// Planned from the model if there is none.
    pub arch: Option<PathBuf>,
    /// Salts, blinders and proof counter; the model file's name with `.secret` if none is named.
    pub secret: Option<PathBuf>,
    /// The reference string that the keys are made under.
    pub srs: SrsUse,
    /// What stays in memory between proofs; as much as suits the machine if nothing is said.
    pub memory: Option<Memory>,
}

impl ModelFiles {
    /// The named secret file, else the one beside the model.
    pub fn secret_path(&self) -> PathBuf {
        self.secret.clone().unwrap_or_else(|| secret_beside(&self.model))
    }

    /// Fails fast, before the keys are loaded, if one of the files is not what it should be.
    pub fn require_files(&self) -> eyre::Result<()> {
        load_model(&self.model)?;
        if let Some(arch) = &self.arch {
            load_arch(arch)?;
        }
        ModelSecret::open(&self.secret_path())?;
        Ok(())
    }

    /// The architecture with its layout: from its file, or planned.
    pub fn frozen(&self, model: &Model) -> eyre::Result<FrozenArchitecture> {
        let Some(path) = &self.arch else {
            return Ok(FrozenArchitecture::plan(model.architecture.clone())?);
        };
        let frozen = load_arch(path)?;
        if frozen.architecture != model.architecture {
            return Err(usage(format!(
                "{} is not the architecture of {}",
                path.display(),
                self.model.display()
            )));
        }
        Ok(frozen)
    }

    /// Loads or derives everything, to prove on this chain.
    ///
    /// # Errors
    /// Those of [`SrsUse::load`], and if a file is not what it should be.
    pub fn prover(&self, chain: &Chain, missing: MissingSecret, out: &Reporter) -> eyre::Result<Prover> {
        let (model, frozen) = self.network()?;
        self.require_secret(missing)?;
        let string = self.srs.load(chain, frozen.layout.k, out)?;
        self.with_string(model, frozen, string, missing, out)
    }

    /// As [`ModelFiles::prover`] for work that needs no node, see [`SrsUse::load_off_chain`]; makes a missing secret.
    ///
    /// # Errors
    /// Those of [`ModelFiles::prover`].
    pub async fn prover_off_chain(
        &self,
        named_chain: impl AsyncFnOnce() -> eyre::Result<Option<Chain>>,
        out: &Reporter,
    ) -> eyre::Result<Prover> {
        let (model, frozen) = self.network()?;
        self.require_secret(MissingSecret::Drawn)?;
        let string = self.srs.load_off_chain(named_chain, frozen.layout.k, out).await?;
        self.with_string(model, frozen, string, MissingSecret::Drawn, out)
    }

    /// As [`ModelFiles::prover`] for a machine that proves what others ask for, and asks no node: they say under which key, and verify
    /// what comes back. The secret must be there.
    ///
    /// # Errors
    /// If a file is not what it should be.
    pub async fn prover_for_others(&self, out: &Reporter) -> eyre::Result<Prover> {
        let (model, frozen) = self.network()?;
        self.require_secret(MissingSecret::Missed)?;
        let string = self.srs.load_off_chain(async || Ok(None), frozen.layout.k, out).await?;
        self.with_string(model, frozen, string, MissingSecret::Missed, out)
    }

    /// The model, and its architecture with its layout.
    ///
    /// # Errors
    /// If a file is not what it should be.
    pub fn network(&self) -> eyre::Result<(Model, FrozenArchitecture)> {
        let model = load_model(&self.model)?;
        let frozen = self.frozen(&model)?;
        Ok((model, frozen))
    }

    /// The secret file is read before the keys are derived, which may take minutes: one that is there is whole, and one that is missed
    /// is missed now.
    fn require_secret(&self, missing: MissingSecret) -> eyre::Result<()> {
        let secret = self.secret_path();
        if missing == MissingSecret::Missed || secret.exists() {
            ModelSecret::open(&secret)?;
        }
        Ok(())
    }

    fn with_string(
        &self,
        model: Model,
        frozen: FrozenArchitecture,
        string: ReferenceString,
        missing: MissingSecret,
        out: &Reporter,
    ) -> eyre::Result<Prover> {
        let keys = Keys::load_or_build(&frozen, string.into_srs(), &Cache::user()?, &out.phases())?;
        let keys = match self.memory {
            Some(memory) => keys.with_memory(memory),
            None => keys,
        };
        warn_cache(keys.verifier().cache_event(), out);
        let secret = self.secret_path();
        settle_secret(&secret, keys.verifier(), missing, out)?;
        let folded = model.fold()?;
        let planned = planned_proof_time(&Footprint::of(&frozen))?;
        // Counter, promises and locks are beside the file itself, by whatever name it is given. One that is missing is missed
        // later.
        let secret = secret.canonicalize().unwrap_or(secret);
        Ok(Prover {
            folded,
            model,
            frozen,
            keys,
            secret,
            planned,
            commit: Mutex::default(),
        })
    }
}

/// Makes the secret file that is missing, unless it is missed later, and refuses a secret one where public salts are asked for.
fn settle_secret(path: &Path, key: &VerifierKey, missing: MissingSecret, out: &Reporter) -> eyre::Result<()> {
    let [weight_columns, salt_rows, blinding_rows] = proof::secret_sizes(key);
    match (missing, path.exists()) {
        (MissingSecret::Missed, _) => {}
        // One that cannot be read is missed later.
        (MissingSecret::Drawn, true) => {
            if ModelSecret::open(path).is_ok_and(|secret| secret.is_public() || secret.is_opened()) {
                out.note(format_args!(
                    "{} has salts that are not secret: the commitment hides nothing of the weights",
                    path.display()
                ));
            }
        }
        (MissingSecret::Drawn, false) => {
            ModelSecret::create(path, weight_columns, salt_rows, blinding_rows)?;
            out.note(format_args!(
                "wrote {}: back it up, without it this model cannot prove",
                path.display()
            ));
        }
        (MissingSecret::Public, true) if ModelSecret::open(path)?.is_public() => {}
        (MissingSecret::Public, true) => {
            return Err(usage(format!(
                "{} holds secret salts; name another file with --secret for public ones, or open the commitment with \
                 assay model open",
                path.display()
            )));
        }
        (MissingSecret::Public, false) => {
            ModelSecret::public(weight_columns, salt_rows, blinding_rows)?.write_new(path)?;
            out.note(format_args!(
                "wrote {} with the public salts: the commitment hides nothing of the weights",
                path.display()
            ));
        }
    }
    Ok(())
}

/// The public part of a model, which checks its proofs.
#[derive(Debug, Clone)]
pub struct PublicModel {
    /// Architecture with its layout.
    pub arch: PathBuf,
    /// The reference string that the key is made under.
    pub srs: SrsUse,
}

impl PublicModel {
    /// The key that checks proofs on this chain.
    pub fn key(&self, chain: &Chain, out: &Reporter) -> eyre::Result<VerifierKey> {
        let frozen = load_arch(&self.arch)?;
        let string = self.srs.load(chain, frozen.layout.k, out)?;
        verifier_key(&frozen, string, out)
    }
}

/// A model with its keys and secret.
#[derive(Debug)]
pub struct Prover {
    pub(crate) model: Model,
    folded: FoldedModel,
    /// Architecture with its layout.
    pub frozen: FrozenArchitecture,
    pub(crate) keys: Keys,
    pub(crate) secret: PathBuf,
    /// What one proof takes, before any was made.
    planned: Duration,
    /// The weights' commitment under the secret with this fingerprint.
    commit: Mutex<Option<([u8; 32], U256)>>,
}

impl Prover {
    /// Checks this model's proofs; has nothing secret.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.keys.verifier()
    }

    /// What verifiers are listed under in an address book.
    pub fn arch_id(&self) -> B256 {
        self.frozen.arch_id().into()
    }

    /// Names the verifying key, as in the model's record.
    pub fn vk_digest(&self) -> B256 {
        self.keys.vk_digest().into()
    }

    /// Bytes.
    pub fn image_len(&self) -> usize {
        self.model.architecture.image_len()
    }

    /// What a proof takes.
    pub fn footprint(&self) -> Footprint {
        Footprint::of(&self.frozen)
    }

    /// The commitment the model is registered with: computed once for as long as the secret file is the same.
    pub fn weights_commit(&self) -> eyre::Result<U256> {
        let secret = ModelSecret::open(&self.secret)?;
        let mut known = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, commit)) = known.filter(|(of, _)| *of == secret.fingerprint()) {
            return Ok(commit);
        }
        let commit = U256::from_be_bytes(proof::weights_commit_with_secret(
            self.verifier_key(),
            &self.model,
            &secret,
        )?);
        *known = Some((secret.fingerprint(), commit));
        Ok(commit)
    }

    /// Fails if the secret file here is a counter of its own that this farm's numbers are not taken from: two of them would show the
    /// weights.
    ///
    /// # Errors
    /// Naming the remedy.
    pub fn require_counted_by(&self, farm: &str) -> eyre::Result<()> {
        let promises = Promises::open(&self.secret)?;
        let secret = ModelSecret::open(&self.secret)?;
        let is_owner = promises.allotted().is_some_and(|allotted| allotted.id == farm);
        if is_owner || promises.remaining() == 0 || secret.is_opened() || secret.is_public() {
            return Ok(());
        }
        Err(hinted(
            format!("{} counts proofs by itself, not with farm {farm}", self.secret.display()),
            "if it is a copy, use one of assay farm copy instead; on the machine that owns it, run assay farm submit first",
        ))
    }

    /// Proofs that the weights commitment still carries.
    pub fn remaining(&self) -> eyre::Result<u64> {
        let secret = ModelSecret::open(&self.secret)?;
        Ok(secret.budget().saturating_sub(secret.counter()))
    }

    /// What a proof about this image reveals, by the integer reference: one number, or one per class.
    pub fn outputs_of(&self, image_hwc: &[u8]) -> eyre::Result<Vec<U256>> {
        outputs(&self.model.architecture, &self.folded, image_hwc)
    }

    /// The one word that a proof about an image says as its output. If there is one, there is a witness too.
    ///
    /// # Errors
    /// If the image has another size or no witness, or the model shows logits.
    pub fn output_of(&self, image_hwc: &[u8]) -> eyre::Result<U256> {
        output(&self.model.architecture, &self.folded, image_hwc)
    }

    /// Where salts, blinders and proof counter are.
    pub fn secret_path(&self) -> &Path {
        &self.secret
    }

    /// How long earlier proofs of this model took here.
    fn measured(&self) -> Option<Speed> {
        // Whoever reserves a proof hears of promises that cannot be read.
        Promises::open(&self.secret).ok()?.measured()
    }

    /// What to count with for one proof: as measured, or twice the plan before there was one.
    pub fn speed(&self) -> Speed {
        self.measured().unwrap_or_else(|| Speed::Estimated(2 * self.planned))
    }

    /// How long a proof will take: as long as earlier ones of this model here, or what the plan says before there was one.
    pub(crate) fn expected(&self) -> Estimate {
        let (time, basis) = match self.measured() {
            Some(speed) => (speed.of_one(), "earlier proofs"),
            None => (self.planned, "the plan"),
        };
        Estimate {
            what: "proving",
            time,
            basis,
        }
    }
}
