//! Solidity verifiers for halo2-axiom verifying keys: KZG on BN254, SHPLONK, Keccak transcript.
//!
//! | module | |
//! |---|---|
//! | `spec`, `generated` | what to generate a contract for, and what comes of it |
//! | `protocol` | order of transcript, evaluations and openings, read from the verifying key |
//! | `plan` | the contract's memory map |
//! | `contract` | the whole, from specification to source |
//! | `constraints`, `expr` | gates, copy constraints and lookups, and their Yul |
//! | `opening` | SHPLONK |
//! | `key_words`, `vk_data` | the second contract, whose code is the verifying key's data |
//! | [`calldata`] | what the contract is called with |
//! | `template` | the Solidity in `templates/`, filled in |
//! | [`manifest`] | lengths, digests and the memory map as data |
//! | [`gas`] | what a call costs |
//! | `evm` | (feature `evm`) compile and run in process |
//!
//! `VerifyingKey → Protocol → Plan → { constraints, opening, vk_data } → template → Generated`
//!
//! # Soundness
//! A generated contract accepts what halo2's `verify_proof` accepts with [`KeccakRead`](assay_transcript::KeccakRead) read to its end,
//! and nothing else. What an accepted proof means is up to the circuit, and whether the parameters' secret is unknown
//! is up to whoever chose them; neither is established here.

#![warn(clippy::unwrap_used)]

pub mod calldata;
mod constraints;
mod contract;
mod error;
#[cfg(feature = "evm")]
pub mod evm;
mod expr;
pub mod gas;
mod generated;
mod key_words;
pub mod manifest;
mod opening;
mod plan;
mod protocol;
mod spec;
mod template;
mod vk_data;

pub use error::GenerateError;
pub use generated::Generated;
pub use manifest::Manifest;
pub use plan::Region;
pub use spec::{CallWords, Interface, KzgKey, VerifierSpec};
pub use vk_data::MAX_CODE_LEN;
