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
pub use create::{prove, weights_commit, ProveError, ProverInput};
pub use keys::{KeyError, Keys, VerifierKey};
