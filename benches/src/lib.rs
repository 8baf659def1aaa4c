//! Measurements of prover, generated contracts, and of what a provider does with the examples it holds.

pub mod held;
pub mod prove;
mod stock;
