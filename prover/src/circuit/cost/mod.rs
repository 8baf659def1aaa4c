//! What proofs of an architecture cost before there is any key: counted from its constraint system.
//!
//! | module | content |
//! |---|---|
//! | `columns` | how many columns there are of each role |
//! | `rows` | what the rows of each group of columns hold, and how many are idle |
//! | `footprint` | what proofs take of a machine: memory, and the work for each row |

mod columns;
mod footprint;
mod rows;

pub use columns::ColumnCounts;
pub use footprint::{Footprint, MemoryBytes};
pub use rows::Region;

use crate::circuit::system::census;
use crate::plan::compiled::Compiled;
use assay_engine::Census;
use serde::Serialize;

const POINT_BYTES: usize = 64;
const SCALAR_BYTES: usize = 32;

/// All of it exact.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Rows of the highest column, without blinding; at most `2^k`.
    pub rows_used: usize,
    /// What the rows hold.
    pub regions: Vec<Region>,
    /// By what they hold.
    pub columns: ColumnCounts,
    /// Columns committed in each proof, both phases together.
    pub advice_columns: usize,
    /// Points that a verifier multiplies: of the proof and of the verifying key.
    pub commitments: usize,
    /// Of the proof alone, without instances and the bundle's header.
    pub proof_bytes: usize,
}

impl Cost {
    /// What proofs of a compiled architecture cost.
    pub fn of(compiled: &Compiled) -> Self {
        let layout = compiled.frozen.layout;
        let census = census(&compiled.frozen);
        let floor = &compiled.floor;
        Self {
            rows_used: floor
                .last_row(&compiled.program)
                .max(floor.weight_end + layout.salt_rows),
            regions: rows::regions(compiled),
            columns: ColumnCounts::of(&layout, compiled.frozen.architecture.cut(), &census),
            advice_columns: census.advice,
            commitments: census.points() + census.fixed + census.sigma,
            proof_bytes: proof_bytes(&census),
        }
    }
}

fn proof_bytes(census: &Census) -> usize {
    POINT_BYTES * census.points() + SCALAR_BYTES * census.evaluations
}
