//! The arithmetic below a BN254 prover: Fourier transforms, multi-exponentiations, inversions and programs over columns.
//!
//! ```text
//! assay_lanes ──▶ paths, threads ──▶ fourier, curve, columns ──▶ Kernels
//! ```
//!
//! Everything goes through [`Kernels`], which knows two paths: the portable one, and the one with the lanes of [`assay_lanes`] where the
//! processor has them. Both return the same field elements and points; tests compare them with each other and with halo2. No result
//! depends on the number of threads. No constant-time promise is made: the prover runs on its owner's machine.
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`threads`] | the pool that work is done in | nothing |
//! | [`path`](mod@path) | which of the two paths, and how it is chosen | nothing |
//! | `spare` | buffers that are kept | nothing |
//! | `columns` | programs, inversions and values over columns | `path`, `spare` |
//! | `curve` | multi-exponentiation | `path`, `spare` |
//! | [`fourier`] | Fourier transforms of any power of two | `path`, `spare` |
//! | [`kernels`](mod@kernels) | every operation behind one structure | all of these |

mod columns;
mod curve;
pub mod fourier;
pub mod kernels;
pub mod path;
mod spare;
pub mod threads;

pub use assay_lanes::memory::return_large_buffers;
pub use assay_lanes::program::{Operand, Program, ProgramError, Step};
pub use fourier::Plan;
pub use kernels::Kernels;
pub use path::{Path, PORTABLE_VARIABLE};
pub use threads::{Threads, ThreadsError, THREADS_VARIABLE};
