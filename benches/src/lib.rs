//! Measurements of prover, generated contracts, and of what a provider does with the examples it holds.

#![warn(missing_docs)]

pub mod held;
pub mod prove;
