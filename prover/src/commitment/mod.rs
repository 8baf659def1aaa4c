//! Commitments to inputs and weights, as plain functions; the circuit computes the same.

pub mod input;
pub mod poseidon;

pub use input::{input_commit, InputSalt, SaltError};
