//! Multi-exponentiation `Σ_i s_i·P_i` on BN254's first group, without tables.
//!
//! A scalar is a sign and a magnitude of at most 253 bits, cut into windows of `c` bits with digits from `−2^(c−1)` to `2^(c−1)`. For every
//! window, the points with equal digits, up to sign, go into one bucket; `B_b` is the sum of bucket `b`, and a window is
//! `Σ_b (b + 1)·B_b`. All additions are affine ones in batches that share an inversion.
//!
//! Columns of a circuit are mostly small numbers with a few full-width rows, so rows are divided by bit length where that is cheaper.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `adder` | what the two paths do differently | nothing here |
//! | `portable`, `lanes` | the two ways to add | `adder` |
//! | `magnitude` | scalars as signs and magnitudes | nothing here |
//! | `windows` | how many windows, and which rows together | `magnitude` |
//! | `digits` | magnitudes cut into windows | `magnitude`, `windows` |
//! | `tree` | sums of many lists of points | `adder` |
//! | `buckets` | digits to sums of buckets | `adder`, `tree`, `windows` |
//! | `weighted` | sums of buckets to windows | `adder`, `tree`, `windows` |
//! | `multiexp` | all of it | all of these |

mod adder;
mod buckets;
mod digits;
mod lanes;
mod magnitude;
mod multiexp;
mod portable;
mod tree;
mod weighted;
mod windows;

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};

use crate::path::Path;

/// Buffers of both paths, of which one is in use.
#[derive(Default)]
pub(crate) struct Buffers {
    portable: multiexp::Buffers<portable::Portable>,
    lanes: multiexp::Buffers<lanes::Lanes>,
}

/// Runs in the current pool.
pub(crate) fn multiexp(path: Path, scalars: &[Fr], bases: &[G1Affine], buffers: &Buffers) -> G1 {
    match path {
        Path::Portable => multiexp::multiexp(&portable::Portable, scalars, bases, &buffers.portable),
        Path::Lanes(ifma) => multiexp::multiexp(&lanes::Lanes(ifma), scalars, bases, &buffers.lanes),
    }
}
