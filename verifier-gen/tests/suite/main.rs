//! The generator from outside: generated contracts run in an EVM against halo2's own verifier.
//!
//! One binary, because every binary compiles halo2's prover once more.

#![expect(unreachable_pub, reason = "modules of one program")]

mod circuit;
mod differential;
mod harness;
mod model;
mod mutation;
mod oracle;
mod snapshot;
mod unsupported;
