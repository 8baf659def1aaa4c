//! What opens the commitment to a model's weights: whoever has it recomputes the commitment, and has the weights.
//!
//! ```text
//! "ASSAYOPN"                                           8 bytes
//! version, now 1                                       2, big-endian as all numbers
//! reference string, verifying key, weights commitment  32 each: what it is said to open
//! k, lanes, weight columns, salt rows                  4 each: the layout
//! salt seed, blinder seed                              32 each, bound to this model
//! the model file                                       to the end, see `model::file`
//! SHA-256 of all before                                32
//! ```
//!
//! # What it gives away, and what it does not
//! The weights, for good, under every registration with this commitment. The two seeds are those of [`crate::secret`] *bound
//! to this model*: salts and blinders of its weight columns derive from them and nothing else does. The seeds of the secret
//! file do not follow from them, so other models of the file stay hidden. All other randomness of a proof is the operating
//! system's, fresh in each (`BlindingRng`), so images and activations of this model's proofs, made before or after, are as
//! hidden as they were: to a simulator the weight columns are then public constants of the statement. What the output of a
//! *known* network tells about its input is no matter of the proof: anybody can try candidates.
//!
//! # Soundness
//! Nothing of a file is believed: the commitment is recomputed under the reader's own key. The commitment names points, not
//! what they mean: it opens the weights of a *registered model* only if the verifying key is the registered one, too.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::create::{model_digest, secret_sizes, weights_commit_with_secret, ProveError};
use super::keys::VerifierKey;
use crate::circuit::{FloorError, FrozenArchitecture, Layout};
use crate::model::{Model, ModelFileError};
use crate::secret::{ModelSecret, SecretError};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a file begins with.
pub const MAGIC: &[u8; 8] = b"ASSAYOPN";
const VERSION: u16 = 1;
const HASH: usize = 32;

/// Why bytes are no opening.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum OpeningError {
    #[error("not a model opening: it does not begin with ASSAYOPN")]
    Magic,
    #[error("model opening version {got}, this program reads {expected}")]
    Version { expected: u16, got: u16 },
    #[error("the model opening was cut off")]
    Short,
    #[error("the model opening is corrupted: its SHA-256 does not match")]
    Hash,
    #[error(transparent)]
    Layout(#[from] FloorError),
    #[error(transparent)]
    Model(#[from] ModelFileError),
}

/// Why a commitment cannot be recomputed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum RecomputeError {
    #[error(transparent)]
    Prove(#[from] ProveError),
    #[error(transparent)]
    Sizes(#[from] SecretError),
}

/// A model with what its weights are hidden by, and what it is said to open.
#[derive(Clone, PartialEq, Eq)]
pub struct ModelOpening {
    /// Architecture and weights.
    pub model: Model,
    /// On how many rows and columns.
    pub layout: Layout,
    /// Reference string that the commitment is said to be under.
    pub srs_id: [u8; 32],
    /// Key that the model is said to be proven under.
    pub vk_digest: [u8; 32],
    /// What is said to be opened.
    pub weights_commit: [u8; 32],
    /// Of the salts and of the blinders of the weight columns.
    pub seeds: [[u8; 32]; 2],
}

impl std::fmt::Debug for ModelOpening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelOpening")
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

impl ModelOpening {
    /// Opens the commitment to this model under this secret.
    ///
    /// # Errors
    /// If model or secret do not fit the key.
    pub fn new(key: &VerifierKey, model: Model, secret: &ModelSecret) -> Result<Self, RecomputeError> {
        let seeds = secret.bound_seeds(&model_digest(key, &model, secret)?);
        let mut opening = Self {
            model,
            layout: key.compiled().frozen.layout,
            srs_id: key.srs().id().0,
            vk_digest: key.vk_digest(),
            weights_commit: [0; 32],
            seeds,
        };
        opening.weights_commit = opening.recompute(key)?;
        Ok(opening)
    }

    /// The architecture with its layout, which the key to recompute with is made of.
    pub fn frozen(&self) -> FrozenArchitecture {
        FrozenArchitecture {
            architecture: self.model.architecture.clone(),
            layout: self.layout,
        }
    }

    /// The commitment to these weights with these salts and blinders, whatever is said.
    ///
    /// # Errors
    /// If the model has another architecture than the key, or some image has no proof.
    pub fn recompute(&self, key: &VerifierKey) -> Result<[u8; 32], RecomputeError> {
        Ok(weights_commit_with_secret(key, &self.model, &self.secret(key)?)?)
    }

    /// What whoever has the opening proves with: proofs for the opened commitment.
    ///
    /// # Errors
    /// If no layout has the sizes of the key.
    pub fn secret(&self, key: &VerifierKey) -> Result<ModelSecret, SecretError> {
        let [weight_columns, salt_rows, blinding_rows] = secret_sizes(key);
        ModelSecret::with_seeds(weight_columns, salt_rows, blinding_rows, self.seeds)
    }

    /// Whether the salts are those that everybody knows.
    ///
    /// # Errors
    /// Those of [`ModelOpening::recompute`].
    pub fn has_public_salts(&self, key: &VerifierKey) -> Result<bool, RecomputeError> {
        let [weight_columns, salt_rows, blinding_rows] = secret_sizes(key);
        let public = ModelSecret::public(weight_columns, salt_rows, blinding_rows)?;
        Ok(public.bound_seeds(&model_digest(key, &self.model, &public)?) == self.seeds)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// If the model is not valid.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, OpeningError> {
        let model = Zeroizing::new(self.model.to_bytes()?);
        let mut bytes = Zeroizing::new(Vec::with_capacity(model.len() + 256));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        for stated in [&self.srs_id, &self.vk_digest, &self.weights_commit] {
            bytes.extend_from_slice(stated);
        }
        let Layout {
            k,
            lanes,
            weight_columns,
            salt_rows,
        } = self.layout;
        for size in [k, lanes as u32, weight_columns as u32, salt_rows as u32] {
            bytes.extend_from_slice(&size.to_be_bytes());
        }
        self.seeds.iter().for_each(|seed| bytes.extend_from_slice(seed));
        bytes.extend_from_slice(&model);
        let hash = Sha256::digest(&*bytes);
        bytes.extend_from_slice(&hash);
        Ok(bytes)
    }

    /// Reads what [`ModelOpening::to_bytes`] wrote; whether it opens anything is not looked at.
    ///
    /// # Errors
    /// For all other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpeningError> {
        use OpeningError as E;
        let rest = bytes.strip_prefix(MAGIC).ok_or(E::Magic)?;
        let (version, _) = rest.split_first_chunk().ok_or(E::Short)?;
        let got = u16::from_be_bytes(*version);
        if got != VERSION {
            return Err(E::Version { expected: VERSION, got });
        }
        let (body, hash) = bytes.split_last_chunk::<HASH>().ok_or(E::Short)?;
        if Sha256::digest(body).as_slice() != hash {
            return Err(E::Hash);
        }
        let mut rest = body.get(MAGIC.len() + version.len()..).ok_or(E::Short)?;
        let [srs_id, vk_digest, weights_commit] = words(&mut rest)?;
        let mut size = || -> Result<usize, E> {
            let (size, after) = rest.split_first_chunk().ok_or(E::Short)?;
            rest = after;
            Ok(u32::from_be_bytes(*size) as usize)
        };
        let layout = Layout {
            k: size()? as u32,
            lanes: size()?,
            weight_columns: size()?,
            salt_rows: size()?,
        };
        layout.validate()?;
        let seeds = words(&mut rest)?;
        Ok(Self {
            model: Model::from_bytes(rest)?,
            layout,
            srs_id,
            vk_digest,
            weights_commit,
            seeds,
        })
    }
}

/// Takes so many words off the front.
fn words<const N: usize>(rest: &mut &[u8]) -> Result<[[u8; 32]; N], OpeningError> {
    let mut words = [[0; 32]; N];
    for word in &mut words {
        let (first, after) = rest.split_first_chunk().ok_or(OpeningError::Short)?;
        (*word, *rest) = (*first, after);
    }
    Ok(words)
}
