//! From a model file to a proof.
//!
//! ```text
//! ONNX ──import──▶ model ──reference──▶ trace ──chips──▶ witness ──circuit──▶ proof ──▶ bundle
//! ```
//!
//! From low to high (`tests/arrows.rs` compares the last column with the code):
//!
//! | module | content | uses |
//! |---|---|---|
//! | [`cache`] | files that can be computed again, verified by hash | nothing |
//! | [`durable`] | small files that are never half written | nothing |
//! | [`progress`] | how long work reports where it is | nothing |
//! | [`field`] | the scalar field | nothing |
//! | [`secret`] | a model's salts, blinders and proof counter | `durable` |
//! | [`srs`] | reference strings: development and imported | `cache`, `progress` |
//! | [`commitment`] | input and weight commitments, natively | `field` |
//! | [`model`] | quantised network: architecture and parameters | `durable` |
//! | [`reference`] | integer executor, the specification of every op | `model` |
//! | [`import`] | ONNX → quantised model; the only place with floating point | `model`, `progress`, `reference` |
//! | [`plan`] | what follows from an architecture alone: layout, rows, columns, identities | `commitment`, `field`, `model` |
//! | [`witness`] | both phases of the witness as plain columns | `commitment`, `field`, `model`, `plan`, `reference` |
//! | [`chips`] | one file a topic: gates, fixed columns and witness | `commitment`, `field`, `model`, `plan`, `reference`, `witness` |
//! | [`circuit`] | the chips in order, copies, instances, costs | `chips`, `commitment`, `field`, `plan`, `progress`, `witness` |
//! | [`proof`] | keys, proving, verification, wire format | `cache`, `chips`, `circuit`, `commitment`, `durable`, `field`, `model`, `progress`, `reference`, `secret`, `srs`, `witness` |

pub mod cache;
pub mod chips;
pub mod circuit;
pub mod commitment;
pub mod durable;
pub mod field;
pub mod import;
pub mod model;
pub mod plan;
pub mod progress;
pub mod proof;
pub mod reference;
pub mod secret;
pub mod srs;
pub mod witness;
