//! Measurements of prover, its arithmetic, generated contracts, and of what a provider does with the examples it holds.

pub mod held;
pub mod kernels;
pub mod paper;
pub mod prove;
mod stock;
