//! The full table of one proof: what the circuit fixes, the statement and the witness.

use crate::circuit_rows::CircuitRows;
use crate::error::{Cell, ColumnKind};
use crate::key::Key;
use halo2_proofs::halo2curves::bn256::Fr;

/// The columns that a proof adds, in the rows.
#[derive(Clone)]
pub(crate) struct ProofRows {
    pub(crate) instance: Vec<Vec<Fr>>,
    pub(crate) advice: Vec<Vec<Fr>>,
}

/// All columns in the rows, by kind and index.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) key: &'a Key,
    pub(crate) circuit: &'a CircuitRows,
    pub(crate) proof: &'a ProofRows,
}

impl Table<'_> {
    pub(crate) fn column(&self, kind: ColumnKind, index: usize) -> &[Fr] {
        match kind {
            ColumnKind::Fixed => &self.circuit.fixed[index],
            ColumnKind::Instance => &self.proof.instance[index],
            ColumnKind::Advice => &self.proof.advice[index],
        }
    }

    pub(crate) fn value(&self, cell: Cell) -> Fr {
        self.column(cell.kind, cell.column)[cell.row]
    }
}
