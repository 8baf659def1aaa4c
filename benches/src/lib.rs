//! Measurements of prover, its arithmetic, generated contracts, and of what a provider does with the examples it holds.

pub mod farm;
pub mod held;
pub mod kernels;
mod on_evm;
pub mod paper;
pub mod peers;
mod process;
pub mod prove;
mod stock;
