//! BN254's two fields, eight elements at a time, in the fused 52-bit products of AVX-512 (`vpmadd52luq`, `vpmadd52huq`).
//!
//! The only crate of this workspace with unsafe code; its whole surface is safe functions over slices. A processor is asked once,
//! [`Ifma::detect`] returns a token, and every function with such instructions inside takes it.
//!
//! # Form and bounds
//! An element is five limbs of 52 bits in Montgomery form with radix `2^260`; eight elements are five registers, limb `j` of element `l` in
//! lane `l` of register `j`. Values are kept above `p` on purpose: with `x < A·p` and `y < B·p`,
//!
//! `x·y·2^−260 mod p`, as computed, `< (x·y + (2^260 − 1)·p) / 2^260 < (1 + 0.0119·A·B)·p`
//!
//! because `p / 2^260 < 0.01182` for both primes. Factors must be below `2^260`, which is `84.6·p`. Every function here states what it
//! takes and returns as a multiple of `p`.
//!
//! No constant-time promise is made: branches depend on points that meet.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`modulus`] | the two primes in limbs of 52 bits | nothing |
//! | [`words`] | the four words inside the library's elements | nothing |
//! | [`detect`] | whether this processor has the instructions | nothing |
//! | [`block`] | eight elements between two passes of a transform | nothing |
//! | [`memory`] | prefetches, vectors on huge pages | nothing |
//! | [`single`] | one element at a time, unreduced: the path without lanes | `modulus`, `words` |
//! | [`strided`] | one slice as disjoint columns, for threads | nothing |
//! | `eight` | the arithmetic: products, sums, reductions, transpositions | `block`, `modulus`, `words` |
//! | [`elements`] | slices of elements: products, inversion, evaluation | `detect`, `eight` |
//! | [`fourier`] | passes of a Fourier transform | `block`, `detect`, `eight`, `modulus`, `strided`, `words` |
//! | [`points`] | many affine additions with one inversion | `detect`, `eight`, `memory`, `modulus`, `words` |
//! | [`program`] | register programs over columns | `detect`, `eight`, `modulus` |

// Without the instructions there is nobody to use what is made for them.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_imports))]

pub mod block;
pub mod detect;
#[cfg(target_arch = "x86_64")]
mod eight;
pub mod elements;
pub mod fourier;
pub mod memory;
pub mod modulus;
pub mod points;
pub mod program;
pub mod single;
pub mod strided;
pub mod words;

pub use block::Block;
pub use detect::Ifma;
