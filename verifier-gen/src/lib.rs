//! Solidity verifiers for halo2-axiom verifying keys.
