//! From a model file to a proof.
//!
//! ```text
//! ONNX ──import──▶ model ──reference──▶ trace ──chips──▶ witness ──circuit──▶ proof ──▶ bundle
//! ```
//!
//! Files, caches and progress are [`assay_durable`]'s, the transcript is [`assay_transcript`]'s, field words and commitments are
//! [`assay_statement`]'s. From low to high (`tests/arrows.rs` compares the last column with the code):
//!
//! | module | content | uses |
//! |---|---|---|
//! | [`secret`] | a model's salts, blinders and proof counter | nothing |
//! | [`srs`] | reference strings: development and imported | nothing |
//! | [`model`] | quantised network: architecture and parameters | nothing |
//! | [`reference`](mod@reference) | integer executor, the specification of every op | `model` |
//! | [`import`] | ONNX → quantised model; the only place with floating point | `model`, `reference` |
//! | [`plan`] | what follows from an architecture alone: layout, rows, columns, identities | `model` |
//! | [`witness`] | both phases of the witness as plain columns | `model`, `plan`, `reference` |
//! | [`chips`] | one file a topic: gates, fixed columns and witness | `model`, `plan`, `reference`, `witness` |
//! | [`circuit`] | the chips in order, copies, instances, costs | `chips`, `model`, `plan`, `witness` |
//! | [`proof`] | keys, proving, verification, wire format | `chips`, `circuit`, `model`, `reference`, `secret`, `srs`, `witness` |

pub mod chips;
pub mod circuit;
pub mod import;
pub mod model;
pub mod plan;
pub mod proof;
pub mod reference;
pub mod secret;
pub mod srs;
pub mod witness;
