//! Solidity verifiers for halo2-axiom verifying keys (KZG on BN254, SHPLONK, Keccak transcript).

pub mod transcript;
