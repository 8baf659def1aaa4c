//! The full table of one proof: what the circuit fixes, the statement and the witness.

use crate::error::{Cell, ColumnKind};
use crate::key::Key;
use halo2_proofs::halo2curves::bn256::Fr;

/// The columns that a proof adds, in the rows.
#[derive(Clone)]
pub(crate) struct ProofRows {
    pub(crate) instance: Vec<Vec<Fr>>,
    pub(crate) advice: Vec<Vec<Fr>>,
}

/// All columns of the circuit in the rows, by kind and index.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) key: &'a Key,
    /// Of the circuit.
    pub(crate) fixed: &'a [Vec<Fr>],
    pub(crate) proof: &'a ProofRows,
}

impl Table<'_> {
    pub(crate) fn column(&self, kind: ColumnKind, index: usize) -> &[Fr] {
        match kind {
            ColumnKind::Fixed => &self.fixed[index],
            ColumnKind::Instance => &self.proof.instance[index],
            ColumnKind::Advice => &self.proof.advice[index],
        }
    }

    pub(crate) fn value(&self, cell: Cell) -> Fr {
        self.column(cell.kind, cell.column)[cell.row]
    }
}
