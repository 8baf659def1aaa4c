//! Corpora: documents that a responder commits to, what sources say of them, and some of them opened to their originals.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `duplicates` | documents that are the same file | nothing |
//! | `originals` | the files that documents are made of | nothing |
//! | [`stored`] | what this machine keeps of a corpus: order, salts, commitments | `originals`, `duplicates` |
//! | [`leaves`] | every leaf of a corpus in a public file | nothing |
//! | [`registry`] | the registry on chain: how far it is known, journals, who signs | nothing |
//! | [`commit`] | responder: a folder committed to | `stored`, `leaves`, `registry` |
//! | [`attest`] | source: a statement about a corpus | `registry` |
//! | [`sample`] | documents drawn at random | `registry` |
//! | [`opening`] | documents opened, and checked by anybody | `originals`, `duplicates`, `stored`, `sample`, `registry` |
//! | [`show`], [`list`] | what the chain says | `registry` |

pub mod attest;
pub mod commit;
mod duplicates;
mod fields;
pub mod leaves;
pub mod list;
pub mod opening;
mod originals;
pub mod registry;
pub mod sample;
pub mod show;
pub mod stored;
