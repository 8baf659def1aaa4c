//! What proofs take of a machine. Follows from the sizes of a layout alone, so that nothing is computed for one that is too large.

use super::columns::ColumnCounts;
use crate::circuit::system::census;
use crate::plan::layout::{FrozenArchitecture, Layout};
use assay_engine::Census;
use serde::Serialize;

/// Bytes of a field element.
const ELEMENT: f64 = 32.0;
/// The reference string has two bases of points as large as two elements each, and the engine has its own copy.
const REFERENCE: f64 = 8.0;
/// Of the permutation, which the prover keeps beside its columns: a cell's successor takes four bytes.
const SUCCESSORS: f64 = 0.125;
/// What does not follow the columns, in columns: buffers of the kernels and their roots of unity, the verifying key's domain, and
/// the fixed columns as bytes. This and the two below are fitted to proofs of (0.35, 96) with three, six and eight activations a row, and of
/// (0.5, 224).
const BUFFERS: f64 = 27.0;
/// The same where much is kept, between which the rest finds its place.
const BETWEEN_KEPT: f64 = 5.0;
/// The same whatever the rows: the program, the network, threads, points in buckets.
const BASE: f64 = 120e6;

/// Peaks of a process that proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryBytes {
    /// What is the same in every proof is computed for each.
    pub small: u64,
    /// It is kept from the first proof on.
    pub fast: u64,
}

/// What proofs of an architecture take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Footprint {
    /// Its sizes.
    pub layout: Layout,
    /// Columns of phase 1 that every proof fills anew: activations, limbs, multiplicities.
    pub phase_1: usize,
    /// Columns, and what is done with each.
    pub census: Census,
    /// Estimated from them.
    pub memory: MemoryBytes,
}

impl Footprint {
    /// Nothing is compiled for it.
    pub fn of(frozen: &FrozenArchitecture) -> Self {
        let census = census(frozen);
        let counts = ColumnCounts::of(&frozen.layout, frozen.architecture.cut(), &census);
        Self {
            layout: frozen.layout,
            phase_1: counts.cells + counts.multiplicities,
            census,
            memory: memory(&census, frozen.layout.k),
        }
    }

    /// Rows of each column.
    pub fn rows(&self) -> f64 {
        2f64.powi(self.layout.k as i32)
    }
}

/// The peak is in the division by the vanishing polynomial: everything is there as coefficients, the pieces and the numerator too,
/// and what a pass reads on a coset.
fn memory(census: &Census, k: u32) -> MemoryBytes {
    let of_key = (census.fixed + census.sigma) as f64 + SUCCESSORS * census.sigma as f64;
    let of_proof = census.advice + census.instance + census.products + 1 + census.pieces + 1;
    let common = REFERENCE + of_key + of_proof as f64 + BUFFERS;
    let kept = census.pieces * census.unchanging();
    let bytes = |columns: f64| (BASE + 2f64.powi(k as i32) * ELEMENT * columns) as u64;
    MemoryBytes {
        small: bytes(common + census.live as f64),
        fast: bytes(common + (census.live_beside_kept + kept) as f64 + BETWEEN_KEPT),
    }
}
