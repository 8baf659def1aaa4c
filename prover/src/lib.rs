//! From a model file to a proof.
//!
//! ```text
//! ONNX ──import──▶ model ──reference──▶ trace ──witness──▶ circuit ──proof──▶ bundle
//! ```
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`model`] | quantised network: architecture and parameters | nothing |

pub mod model;
pub mod progress;
