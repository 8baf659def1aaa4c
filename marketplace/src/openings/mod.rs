//! Commitments that are opened to everybody, and how anybody checks that: what is hidden becomes public, for good.
//!
//! Whether model or inputs are hidden is decided by opening their commitment or not; the proofs are the same in all settings.
//! What is public from the start has salts that everybody knows ([`InputSalt::public`](assay_statement::input::InputSalt::public),
//! [`ModelSecret::public`](assay_prover::secret::ModelSecret::public)) and needs no opening.

mod file;
pub mod input;
pub mod model;
