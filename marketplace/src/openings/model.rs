//! The weights of a model, opened by its provider and checked by anybody.

use crate::openings::file::{refuted, write_opening};
use crate::proving::{load_model, verifier_key, ModelFiles};
use crate::verifier::check::compare;
use crate::verifier::record::Determined;
use alloy::primitives::B256;
use assay_chain::client::Chain;
use assay_chain::error::usage;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_protocol::abi::ModelRecord;
use assay_prover::model::Model;
use assay_prover::proof::{opening, secret_sizes, weights_commit_with_secret, ModelOpening, VerifierKey};
use assay_prover::secret::ModelSecret;
use assay_prover::srs::SrsId;
use eyre::WrapErr;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Far above the largest network that has a proof.
pub const MAX_BYTES: u64 = 256 << 20;

/// What is to be opened.
#[derive(Debug, Clone)]
pub enum Claim {
    /// The weights of a registered model.
    Registered {
        /// In the registry.
        id: B256,
        /// As the registry has it.
        record: Box<ModelRecord>,
        /// Where the registry and the model's verifier are.
        chain: Chain,
    },
    /// A commitment, whatever architecture it is said to be of.
    Commitment(B256),
    /// Weights that nobody has committed to yet: what audits ask for is published from the start.
    Predicate,
}

impl Claim {
    fn weights_commit(&self) -> Option<B256> {
        match self {
            Self::Registered { record, .. } => Some(record.weightsCommit.into()),
            Self::Commitment(commit) => Some(*commit),
            Self::Predicate => None,
        }
    }

    fn id(&self) -> Option<B256> {
        match self {
            Self::Registered { id, .. } => Some(*id),
            Self::Commitment(_) | Self::Predicate => None,
        }
    }

    /// The stated key must be the registered one, before one of any size is made.
    fn check_stated(&self, vk_digest: B256) -> eyre::Result<()> {
        match self {
            Self::Registered { record, .. } if record.vkDigest != vk_digest => Err(refuted(format!(
                "the architecture differs, or the reference string: the opening is under verifying key {vk_digest}, the model is \
                 registered with {}",
                record.vkDigest
            ))),
            _ => Ok(()),
        }
    }

    /// The verifier must be the one of the key: what another accepts says nothing of these weights.
    async fn check_verifier(&self, key: &VerifierKey, out: &Reporter) -> eyre::Result<()> {
        let Self::Registered { record, chain, .. } = self else {
            return Ok(());
        };
        compare(chain, record, key, out).await?.map_err(refuted)
    }

    /// The key must be the registered one: a commitment names points, and only the architecture says what they mean.
    fn check_key(&self, key: &VerifierKey) -> eyre::Result<()> {
        let Self::Registered { record, .. } = self else {
            return Ok(());
        };
        let determined = Determined::by_key(key)?;
        // First what another reference string would not change.
        let but_key = Determined {
            vk_digest: record.vkDigest,
            ..determined
        };
        but_key
            .check(record)
            .map_err(|e| refuted(format!("the architecture differs: {e}")))?;
        determined.check(record).map_err(|e| {
            refuted(format!(
                "the architecture differs, or the reference string that the model was registered under (--srs): {e}"
            ))
        })
    }

    /// `commit` was recomputed.
    fn check_commit(&self, commit: B256) -> eyre::Result<()> {
        let Some(claimed) = self.weights_commit().filter(|claimed| *claimed != commit) else {
            return Ok(());
        };
        Err(refuted(format!(
            "the weights differ, or what they were salted with: they have commitment {commit}, not {claimed}"
        )))
    }
}

/// The result of opening a model's commitment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelOpened {
    /// What anybody needs to check it.
    pub opening: PathBuf,
    /// In the registry, if it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<B256>,
    /// What is opened.
    pub weights_commit: B256,
    /// Names the verifying key.
    pub vk_digest: B256,
    /// Names the reference string.
    pub srs_id: String,
    /// Of the file.
    pub bytes: u64,
    #[serde(skip)]
    is_predicate: bool,
}

impl std::fmt::Display for ModelOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "weights     {}", self.weights_commit)?;
        writeln!(f, "opening     {}, {} bytes", self.opening.display(), self.bytes)?;
        if self.is_predicate {
            return write!(
                f,
                "next        ask with it: assay audit request CORPUS --predicate {}",
                self.opening.display()
            );
        }
        write!(
            f,
            "next        anybody checks it: assay model check {}",
            self.opening.display()
        )?;
        match self.model_id {
            Some(id) => write!(f, " --model-id {id}"),
            None => write!(f, " --commitment {}", self.weights_commit),
        }
    }
}

/// What `open` is about to give away; made before anybody is asked.
#[derive(Debug)]
pub struct Prepared {
    opening: ModelOpening,
    srs_id: String,
    model_id: Option<B256>,
    is_predicate: bool,
}

impl Prepared {
    /// What is opened.
    pub fn weights_commit(&self) -> B256 {
        self.opening.weights_commit.into()
    }

    /// Writes the opening: from here on the weights are whoever's has the file.
    ///
    /// # Errors
    /// If another file is there.
    pub fn write(self, to: &Path) -> eyre::Result<ModelOpened> {
        let bytes = self.opening.to_bytes()?;
        write_opening(to, &bytes)?;
        Ok(ModelOpened {
            opening: to.to_owned(),
            model_id: self.model_id,
            weights_commit: self.weights_commit(),
            vk_digest: self.opening.vk_digest.into(),
            srs_id: self.srs_id,
            bytes: bytes.len() as u64,
            is_predicate: self.is_predicate,
        })
    }
}

/// Makes the opening of the claimed commitment; of a predicate without a secret file that of its commitment under public salts.
///
/// # Errors
/// If model and secret file do not open it.
pub async fn prepare(
    files: &ModelFiles,
    claim: &Claim,
    named_chain: impl AsyncFnOnce() -> eyre::Result<Option<Chain>>,
    out: &Reporter,
) -> eyre::Result<Prepared> {
    let model = load_model(&files.model)?;
    let path = files.secret_path();
    let is_predicate = matches!(claim, Claim::Predicate);
    // Fails before the key is made.
    let drawn = match is_predicate && !path.exists() {
        true => None,
        false => Some(ModelSecret::open(&path)?),
    };
    let frozen = files.frozen(&model)?;
    let string = files.srs.load_off_chain(named_chain, frozen.layout.k, out).await?;
    let key = verifier_key(&frozen, string, out)?;
    claim.check_key(&key)?;
    let secret = match drawn {
        Some(secret) => secret,
        None => {
            let [weight_columns, salt_rows, blinding_rows] = secret_sizes(&key);
            ModelSecret::public(weight_columns, salt_rows, blinding_rows)?
        }
    };
    let opening = ModelOpening::new(&key, model, &secret)?;
    claim.check_commit(opening.weights_commit.into())?;
    Ok(Prepared {
        opening,
        srs_id: key.srs().id().to_string(),
        model_id: claim.id(),
        is_predicate,
    })
}

/// A model that everybody may have, with what its commitment is recomputed by.
#[derive(Debug)]
enum Given {
    /// The model file alone: its salts are the public ones.
    Plain(Model),
    /// An opening.
    Opened(Box<ModelOpening>),
}

/// Reads an opening; whether it opens anything is not looked at.
///
/// # Errors
/// Of kind rejected if the file is none.
pub fn load(path: &Path) -> eyre::Result<ModelOpening> {
    let bytes = read(path)?;
    ModelOpening::from_bytes(&bytes)
        .map_err(refuted)
        .wrap_err_with(|| path.display().to_string())
}

fn read(path: &Path) -> eyre::Result<Vec<u8>> {
    read_regular(path, MAX_BYTES).wrap_err_with(|| format!("cannot read {}", path.display()))
}

impl Given {
    fn load(path: &Path) -> eyre::Result<Self> {
        let bytes = read(path)?;
        if bytes.starts_with(opening::MAGIC) {
            return Ok(Self::Opened(load(path)?.into()));
        }
        let model = Model::from_bytes(&bytes);
        Ok(Self::Plain(model.wrap_err_with(|| {
            format!("{} is neither a model opening nor a model file", path.display())
        })?))
    }
}

/// The result of a check.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelChecked {
    /// In the registry, if it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<B256>,
    /// Recomputed, and what was claimed.
    pub weights_commit: B256,
    /// Of the key that the check was made with; the registered one, if a model was named.
    pub vk_digest: B256,
    /// Names the reference string.
    pub srs_id: String,
    /// Whether the salts are those that everybody knows.
    pub public_salts: bool,
    /// Numbers of the network, quantised.
    pub parameters: usize,
}

impl std::fmt::Display for ModelChecked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let salts = if self.public_salts { ", public salts" } else { "" };
        match self.model_id {
            Some(id) => writeln!(
                f,
                "these are the weights of model {id}, and its verifier is the one of its key"
            )?,
            None => writeln!(
                f,
                "these weights have that commitment; what it was registered for is not known without --model-id"
            )?,
        }
        write!(
            f,
            "weights     {}, {} parameters{salts}",
            self.weights_commit, self.parameters
        )
    }
}

/// Recomputes the commitment from an opening, or from the plain file of a model with public salts, and compares it with the
/// claim. Of `files` the model is what is checked, and the secret is not read.
///
/// # Errors
/// Of kind rejected, naming what differs.
pub async fn check(
    files: &ModelFiles,
    claim: &Claim,
    named_chain: impl AsyncFnOnce() -> eyre::Result<Option<Chain>>,
    out: &Reporter,
) -> eyre::Result<ModelChecked> {
    let given = Given::load(&files.model)?;
    let frozen = match &given {
        Given::Plain(model) => files.frozen(model)?,
        Given::Opened(_) if files.arch.is_some() => {
            return Err(usage("an opening has its architecture with it: leave --arch out"));
        }
        Given::Opened(opening) => {
            claim.check_stated(opening.vk_digest.into())?;
            opening.frozen()
        }
    };
    let string = files.srs.load_off_chain(named_chain, frozen.layout.k, out).await?;
    let key = verifier_key(&frozen, string, out)?;
    let (model, commit, public_salts) = match &given {
        Given::Plain(model) => {
            let [weight_columns, salt_rows, blinding_rows] = secret_sizes(&key);
            let secret = ModelSecret::public(weight_columns, salt_rows, blinding_rows)?;
            claim.check_key(&key)?;
            (model, weights_commit_with_secret(&key, model, &secret)?, true)
        }
        Given::Opened(opening) => {
            let (stated, own) = (SrsId(opening.srs_id), key.srs().id());
            if stated != own {
                return Err(refuted(format!(
                    "the reference string differs: the opening is under {stated}, --srs names {own}"
                )));
            }
            claim.check_key(&key)?;
            if opening.vk_digest != key.vk_digest() {
                return Err(refuted(
                    "the opening states another verifying key than its architecture has",
                ));
            }
            let commit = opening.recompute(&key).map_err(refuted)?;
            let public_salts = opening.has_public_salts(&key).map_err(refuted)?;
            (&opening.model, commit, public_salts)
        }
    };
    claim.check_commit(commit.into())?;
    claim.check_verifier(&key, out).await?;
    Ok(ModelChecked {
        model_id: claim.id(),
        weights_commit: commit.into(),
        vk_digest: key.vk_digest().into(),
        srs_id: key.srs().id().to_string(),
        public_salts,
        parameters: model.architecture.parameter_count(),
    })
}
