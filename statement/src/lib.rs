//! What a proof says, and the words it is said in: one definition for prover, verifiers, command line and generator.
//!
//! | module | content | uses |
//! |---|---|---|
//! | [`field`] | the scalar field and its words | nothing |
//! | [`poseidon`] | the hash inside the circuit | `field` |
//! | [`input`] | the commitment to an image | `field`, `poseidon` |
//! | [`weights`] | the commitment to a model's weights | `field` |
//! | [`instance`] | order of the public inputs | nothing |
//! | [`statement`] | all words of a proof and the orders they are written in | `field`, `instance` |
//!
//! Below everything but halo2's field: no crate of the workspace is used here.

pub mod field;
pub mod input;
pub mod instance;
pub mod poseidon;
pub mod statement;
pub mod weights;

pub use statement::Statement;
