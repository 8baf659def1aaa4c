//! Proofs: keys, proving, verification, wire format.
//!
//! | module | content |
//! |---|---|
//! | [`keys`] | proving and verifying keys of an architecture |
//! | [`create`] | a proof of one image |
//! | [`check`] | the verifier |
//! | [`bundle`] | wire format |

pub mod bundle;
pub mod check;
pub mod create;
pub mod keys;

pub use bundle::{BundleError, ProofBundle};
pub use check::{verify, VerifyError};
pub use create::{
    check_secret, prove, prove_with_secret, weights_commit, weights_commit_with_secret, Inference, ProveError,
    ProverInput,
};
pub use keys::{KeyError, Keys, VerifierKey};
