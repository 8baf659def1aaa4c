//! Proofs: keys, proving, verification, wire format.
//!
//! | module | content |
//! |---|---|
//! | `machine`, [`memory`] | what both are computed on, and how much memory that may take |
//! | [`speed`] | how long keys and proofs take on it |
//! | [`keys`] | proving and verifying keys of an architecture |
//! | [`create`] | a proof of one image |
//! | [`check`] | the verifier |
//! | [`bundle`] | wire format |
//!
//! # Examples
//! A provider proves what its model says about an image, and anyone who has the verifying key checks it:
//! ```
//! use assay_durable::{cache::Cache, progress::Silent};
//! use assay_prover::model::{random::tiny_network, Model};
//! use assay_prover::plan::layout::FrozenArchitecture;
//! use assay_prover::proof::{prove_with_secret, verify, weights_commit_with_secret, Inference, Keys, ProofBundle};
//! use assay_prover::secret::{reserve_proof, ModelSecret};
//! use assay_prover::{reference, srs::Srs};
//! use assay_statement::field::{to_be_bytes, Fr};
//! use assay_statement::input::{input_commit, InputSalt};
//!
//! let folder = tempfile::tempdir()?;
//! let model = Model::random(tiny_network(10), 1)?;
//! // 32 salt rows: a model that is meant to be used has `Layout::DEFAULT_SALT_ROWS`.
//! let frozen = FrozenArchitecture::plan_with(model.architecture.clone(), 3, 32)?;
//! let cache = Cache::at(folder.path().join("cache"));
//! // Whoever reads its source can forge proofs under this string.
//! let srs = Srs::dev(frozen.layout.k, &cache, &Silent)?;
//! let keys = Keys::load_or_build(&frozen, srs.into(), &cache, &Silent)?;
//!
//! // Once per model.
//! let path = folder.path().join("model.secret");
//! let blinding_rows = keys.verifying_key().cs().blinding_factors() + 1;
//! let secret = ModelSecret::create(&path, frozen.layout.weight_columns as u32, 32, blinding_rows as u32)?;
//! let registered = weights_commit_with_secret(keys.verifier(), &model, &secret)?;
//!
//! // Once per image.
//! let image = vec![7; frozen.architecture.image_len()];
//! let salt = InputSalt::random();
//! let ctx = to_be_bytes(&Fr::from(42));
//! reserve_proof(&path)?;
//! let inference = Inference { model: &model, secret: &secret, image: &image, salt: &salt, ctx };
//! let bundle = prove_with_secret(&keys, &inference, &Silent)?;
//!
//! // The other side.
//! let received = ProofBundle::from_bytes(&bundle.to_bytes())?;
//! verify(keys.verifier(), &received)?;
//! let statement = received.statement().expect("a statement");
//! assert_eq!(statement.ctx, ctx);
//! assert_eq!(statement.weights_commit, registered);
//! assert_eq!(statement.input_commit, to_be_bytes(&input_commit(&image, &salt)));
//! let class = reference::run(&model.architecture, &model.fold()?, &image)?.top1();
//! assert_eq!(statement.output, to_be_bytes(&Fr::from(class as u64)));
//!
//! // The same proof for another image is false.
//! let mut words = statement.instances().expect("field elements").map(|word| to_be_bytes(&word));
//! words[1] = to_be_bytes(&input_commit(&image, &InputSalt::random()));
//! let (arch_id, vk_digest) = (*bundle.arch_id(), *bundle.vk_digest());
//! let other = ProofBundle::new(arch_id, vk_digest, bundle.weight_points(), words.to_vec(), bundle.proof().to_vec())?;
//! assert!(verify(keys.verifier(), &other).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bundle;
pub mod check;
pub mod create;
pub mod keys;
mod machine;
pub mod memory;
pub mod opening;
pub mod speed;

pub use bundle::{BundleError, ProofBundle};
pub use check::{verify, VerifyError};
pub use create::{
    check_secret, prove, prove_try_with_secret, prove_with_secret, secret_sizes, weights_commit,
    weights_commit_with_secret, Inference, ProveError, ProverInput,
};
pub use keys::{KeyError, Keys, VerifierKey};
pub use machine::{has_lanes, only_portable, uses_lanes};
pub use memory::Memory;
pub use opening::{ModelOpening, OpeningError};
pub use speed::{Speed, SpeedDamage, SpeedSource};

/// Set to 1, this environment variable forces the path without AVX-512, as [`only_portable`] does.
pub use assay_engine::PORTABLE_VARIABLE;
