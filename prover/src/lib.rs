//! From a model file to a proof.
//!
//! ```text
//! ONNX ──import──▶ model ──reference──▶ trace ──witness──▶ circuit ──proof──▶ bundle
//! ```
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`cache`] | files that can be computed again, verified by hash | nothing |
//! | [`durable`] | small files that are never half written | nothing |
//! | [`secret`] | a model's salts, blinders and proof counter | `durable` |
//! | [`srs`] | reference strings: development and imported | `cache` |
//! | [`model`] | quantised network: architecture and parameters | nothing |
//! | [`import`] | ONNX → quantised model; the only place with floating point | `model`, `reference` |
//! | [`reference`] | integer executor, the specification of every op | `model` |
//! | [`field`] | the scalar field | nothing |
//! | [`commitment`] | input and weight commitments, natively | `field` |
//! | [`witness`] | the witness as plain columns | `model`, `reference`, `plan`, `commitment` |
//! | [`plan`] | layout, rows, columns, identities: what follows from an architecture alone | `model`, `commitment` |
//! | [`chips`] | gates, one file a topic | `plan`, `commitment`, `field` |
//! | [`circuit`] | fixed columns, phase 2 | `model`, `plan`, `witness`, `commitment` |

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
