//! Accuracy engagements.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`anybody`] | verdicts, timeouts, agreed splits | nothing |
//! | [`provider`] | what a model provider does | `anybody` |
//! | [`consumer`] | what a model consumer does | `anybody`, `provider` |

pub mod anybody;
pub mod consumer;
pub mod provider;
