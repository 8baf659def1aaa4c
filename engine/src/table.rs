//! The full table of one proof: what the circuit fixes, the statement and the witness.

use crate::error::{Cell, ColumnKind};
use crate::key::Key;
use halo2_proofs::halo2curves::bn256::Fr;

/// All columns in the rows, by kind and index.
#[derive(Clone)]
pub(crate) struct Table<'a> {
    pub(crate) key: &'a Key,
    pub(crate) instance: Vec<Vec<Fr>>,
    pub(crate) advice: Vec<Vec<Fr>>,
}

impl Table<'_> {
    pub(crate) fn column(&self, kind: ColumnKind, index: usize) -> &[Fr] {
        match kind {
            ColumnKind::Fixed => &self.key.fixed[index].values,
            ColumnKind::Instance => &self.instance[index],
            ColumnKind::Advice => &self.advice[index],
        }
    }

    pub(crate) fn value(&self, cell: Cell) -> Fr {
        self.column(cell.kind, cell.column)[cell.row]
    }
}
