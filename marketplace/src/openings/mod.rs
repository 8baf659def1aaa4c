//! Commitments that are opened to everybody, and how anybody checks that: what is hidden becomes public, for good.
//!
//! Whether model or inputs are hidden is decided by opening their commitment or not; the proofs are the same in all settings.
//! What is public from the start has salts that everybody knows ([`InputSalt::public`](assay_statement::input::InputSalt::public),
//! [`ModelSecret::public`](assay_prover::secret::ModelSecret::public)) and needs no opening.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `file` | openings written, and told why they open nothing | nothing |
//! | [`input`] | of the inputs of rounds and test sets | `file` |
//! | [`model`] | of weights | `file` |

pub(crate) mod file;
pub mod input;
pub mod model;
