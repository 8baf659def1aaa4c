//! The fixed columns as plain values.

use super::floor::Floor;
use super::layout::Layout;
use assay_statement::field::Fr;

/// The fixed columns; small kinds as bytes, constants as field elements.
#[derive(Debug)]
pub struct Fixed {
    /// Rows of the lookup tables; beyond them the tables hold the true entries (0, 0) and 0.
    pub table_rows: usize,
    /// `coefficients[i][row]`: see [`Columns::coefficients`](super::columns::Columns::coefficients).
    pub coefficients: Vec<Vec<u8>>,
    /// Round constants of a Poseidon row, by row.
    pub round_constants: Vec<(usize, usize)>,
    /// By row: see [`Columns::round`](super::columns::Columns::round).
    pub round: Vec<u8>,
    /// By row: see [`Columns::block`](super::columns::Columns::block).
    pub block: Vec<u8>,
    /// By row: see [`Columns::weight_kind`](super::columns::Columns::weight_kind).
    pub weight_kind: Vec<u8>,
    /// By row: see [`Columns::arith_kind`](super::columns::Columns::arith_kind).
    pub arith_kind: Vec<u8>,
    /// Row and value of each cell of the column of constants that is not 0.
    pub constants: Vec<(usize, Fr)>,
    /// The first row, and the row after the last tensor row.
    pub boundary: [usize; 2],
    /// Row and value on the rows of the logits: see [`Columns::logits`](super::columns::Columns::logits).
    pub logits: Vec<(usize, u64)>,
}

impl Fixed {
    /// What the lookup of the narrow form does on each row.
    pub(crate) fn kind_of_row(&mut self) -> &mut [u8] {
        self.coefficients.last_mut().expect("there are coefficients")
    }

    /// What the lookup of the narrow form does on a row.
    pub(crate) fn kind(&self, row: usize) -> u64 {
        self.coefficients.last().expect("there are coefficients")[row].into()
    }

    /// Zero everywhere, to be filled chip by chip.
    pub(crate) fn zero(layout: &Layout, floor: &Floor) -> Self {
        let column = || vec![0u8; floor.usable];
        Self {
            table_rows: 0,
            coefficients: (0..layout.coefficients()).map(|_| column()).collect(),
            round_constants: Vec::new(),
            round: column(),
            block: column(),
            weight_kind: column(),
            arith_kind: column(),
            constants: Vec::new(),
            boundary: [0; 2],
            logits: Vec::new(),
        }
    }
}
