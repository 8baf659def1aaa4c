//! A prover for any halo2 constraint system without lookups, with KZG on BN254 and SHPLONK, that writes the proof which the
//! library's `create_proof` would write from the same random numbers. The verifier is the library's.
//!
//! ```text
//! circuit ──▶ key                                                         once
//! witness ──▶ phases ──▶ permutation ──▶ quotient ──▶ evaluation ──▶ opening     each proof
//! ```
//!
//! From low to high:
//!
//! | module | content |
//! |---|---|
//! | `error`, `observer` | why there is no proof, who is told |
//! | `domain`, `polynomial` | the rows as powers of a root of unity, cosets; small loops over coefficients |
//! | `program`, `compile` | a polynomial in columns as a program over registers |
//! | `backend`, `stock`, `fast` | the heavy loops: what they compute, the library's, and ours |
//! | `reference`, `engine`, `fractions` | the reference string; loops and threads together; columns of fractions |
//! | `unchanging` | a column that is the same in many proofs |
//! | `draws` | the randomness that is not the caller's |
//! | `copies`, `tables`, `arithmetization`, `slots`, `rows`, `passes`, `constraints`, `key` | what is derived from a circuit once |
//! | `statement`, `witness`, `synthesis`, `remembered`, `phases` | the instance and advice columns |
//! | `table`, `check` | the whole table, and whether it satisfies the circuit |
//! | `permutation`, `quotient`, `vanishing` | the parts of the argument |
//! | `polynomials`, `evaluation`, `opening` | what is opened, where, and how |
//! | `census`, `timing` | what a constraint system's keys and proofs are made of, counted; how fast each of it is done here |
//! | `options`, `prove` | how a proof is made; all of it in order |
//!
//! No constant time is promised: a prover runs on its owner's machine.

mod arithmetization;
mod backend;
mod census;
mod check;
mod compile;
mod constraints;
mod copies;
mod domain;
mod draws;
mod engine;
mod error;
mod evaluation;
mod fast;
mod fractions;
mod key;
mod observer;
mod opening;
mod options;
mod passes;
mod permutation;
mod phases;
mod polynomial;
mod polynomials;
mod program;
mod prove;
mod quotient;
mod reference;
mod remembered;
mod rows;
mod slots;
mod statement;
mod stock;
mod synthesis;
mod table;
mod tables;
mod timing;
mod unchanging;
mod vanishing;
mod witness;

pub use assay_kernels::{return_large_buffers, Path, Threads, ThreadsError, PORTABLE_VARIABLE};
pub use backend::{Backend, Basis, Inputs};
pub use census::Census;
pub use domain::Domain;
pub use engine::Engine;
pub use error::{Cell, ColumnKind, EngineError};
pub use fast::Fast;
pub use key::Key;
pub use observer::{Observer, Silent};
pub use options::Options;
pub use program::{Instruction, Operand, Program, Uniform};
pub use prove::Prover;
pub use reference::{is_next_power, ReferenceString};
pub use remembered::Remembered;
pub use stock::Stock;
pub use timing::Timing;
pub use witness::{Phases, Witness};

#[cfg(test)]
mod tests;
