//! Proofs: keys, proving, verification, wire format.

pub mod bundle;
