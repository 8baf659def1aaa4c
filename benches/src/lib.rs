//! Measurements of prover and generated contracts.

pub mod prove;
