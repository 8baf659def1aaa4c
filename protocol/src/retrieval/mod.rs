//! Trustless retrieval: what a responder commits to, what an audit hashes, samples, delivers and pays, and what a party does next.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`corpora`] | documents, their leaves and the tree over them | `ids`, `merkle`, `testset`, `transfer` |
//! | [`statement`] | what audits hash | `abi`, `ids` |
//! | [`answers`] | pages of answers, ranks | `corpora`, `statement`, `transfer` |
//! | [`posted`] | answersHash from the calls that answered | `answers`, `statement` |
//! | [`sample`] | what has to be proven | `answers`, `transfer` |
//! | [`group`] | points of BN254 | `abi` |
//! | [`shared_key`] | the key of a delivery, and the proof that shows it | `abi`, `group`, `ids`, `transfer` |
//! | [`delivery`] | demanded documents, encrypted and opened | `corpora`, `shared_key`, `transfer` |
//! | [`amounts`], [`windows`] | what an audit holds and pays, and how long everything may take | `abi`, `answers` |
//! | [`policy`] | what a responder takes on, and what a requester must hold | `abi`, `corpora`, `windows` |
//! | [`decide`] | what a party does next | `abi`, `accuracy::decide` |
//! | [`verdict`] | what a verdict says | `abi` |

pub mod amounts;
pub mod answers;
pub mod corpora;
pub mod decide;
pub mod delivery;
pub mod group;
pub mod policy;
pub mod posted;
pub mod sample;
pub mod shared_key;
pub mod statement;
pub mod verdict;
pub mod windows;

pub use corpora::MAX_DOCUMENTS;
