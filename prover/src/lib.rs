//! From a model file to a proof.
//!
//! ```text
//! ONNX ──import──▶ model ──reference──▶ trace ──witness──▶ circuit ──proof──▶ bundle
//! ```
//!
//! Files and progress are [`assay_durable`]'s, the transcript is [`assay_transcript`]'s.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`secret`] | a model's salts, blinders and proof counter | nothing |
//! | [`srs`] | reference strings: development and imported | nothing |
//! | [`model`] | quantised network: architecture and parameters | nothing |
//! | [`import`] | ONNX → quantised model; the only place with floating point | `model`, `reference` |
//! | [`reference`] | integer executor, the specification of every op | `model` |
//! | [`field`] | the scalar field | nothing |
//! | [`commitment`] | input and weight commitments, natively | `field` |
//! | [`witness`] | reference trace → cells of phase 1; computes, never constrains | `model`, `reference`, `commitment` |
//! | [`circuit`] | columns, gates, layout, identities | `model`, `witness`, `commitment` |

pub mod circuit;
pub mod commitment;
pub mod field;
pub mod import;
pub mod model;
pub mod proof;
pub mod reference;
pub mod secret;
pub mod srs;
pub mod witness;
