//! The marketplace as functions: no files, no clock, no node.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`abi`] | the contracts' types, calls, events and errors | nothing |
//! | [`ids`] | what the contracts hash: leaves, identifiers, contexts | `abi` |
//! | [`merkle`] | positional Merkle trees | `ids` |
//! | [`testset`] | labelled examples with their salts, and what they commit to | `ids`, `merkle` |
//! | [`transfer`] | encrypted hand-over of a test set, and evidence about it | `abi`, `ids`, `merkle`, `testset` |
//! | [`target`] | the accuracy that an offer asks for, in words | nothing |
//! | [`units`] | amounts and times in words | nothing |
//! | [`accuracy`] | accuracy engagements: what a party does next | `abi` |
//! | [`prediction`] | rounds of contested predictions | `abi`, `accuracy`, `ids`, `merkle` |
//! | [`retrieval`] | corpora and audits of them | `abi`, `accuracy`, `ids`, `merkle`, `testset`, `transfer` |
//! | [`standing`] | whose move it is, and what follows if nobody makes one | `abi`, `accuracy` |
//! | [`page`] | what the verdict page takes from here, for one JSON file | `abi`, `ids`, `prediction`, `retrieval` |

pub mod abi;
pub mod accuracy;
pub mod ids;
pub mod merkle;
pub mod page;
pub mod prediction;
pub mod retrieval;
pub mod standing;
pub mod target;
pub mod testset;
pub mod transfer;
pub mod units;
