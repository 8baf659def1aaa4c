//! Which cells are copies of each other.
//!
//! Cells that are equal form cycles of a permutation of all cells of the columns with equality; joining two cycles swaps the
//! successors of one cell of each. `σ_c(ω^r) = δ^c'·ω^r'` where `(c', r')` is the successor of `(c, r)`, as in the library,
//! whose verifying key commits to `σ`.

use crate::domain::powers;
use crate::domain::Domain;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::PrimeField;

/// The permutation, while it grows and after.
#[derive(Clone, Debug)]
pub(crate) struct Copies {
    rows: usize,
    /// By `column·rows + row`: the next cell of the cycle.
    successor: Vec<u32>,
}

/// Copies are added here.
#[derive(Debug)]
pub(crate) struct CopiesBuilder {
    copies: Copies,
    /// By cell: a cell closer to the one that stands for its cycle.
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl CopiesBuilder {
    /// No copies. `columns·rows` is below `2^32`.
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        let cells: Vec<u32> = (0..columns * rows).map(|cell| cell as u32).collect();
        Self {
            size: vec![1; cells.len()],
            parent: cells.clone(),
            copies: Copies { rows, successor: cells },
        }
    }

    /// Makes two cells, `(column of the permutation, row)`, copies of each other.
    pub(crate) fn join(&mut self, left: (usize, usize), right: (usize, usize)) {
        let rows = self.copies.rows;
        let [left, right] = [left, right].map(|(column, row)| column * rows + row);
        let [mut keep, mut lose] = [left, right].map(|cell| self.standing_for(cell));
        if keep == lose {
            return;
        }
        if self.size[keep] < self.size[lose] {
            std::mem::swap(&mut keep, &mut lose);
        }
        self.parent[lose] = keep as u32;
        self.size[keep] += self.size[lose];
        self.copies.successor.swap(left, right);
    }

    fn standing_for(&mut self, mut cell: usize) -> usize {
        while self.parent[cell] as usize != cell {
            let above = self.parent[self.parent[cell] as usize];
            self.parent[cell] = above;
            cell = above as usize;
        }
        cell
    }

    pub(crate) fn finish(self) -> Copies {
        self.copies
    }
}

impl Copies {
    /// How many columns the permutation has.
    pub(crate) fn columns(&self) -> usize {
        self.successor.len() / self.rows
    }

    /// The next cell of a cell's cycle: itself if it has no copies.
    pub(crate) fn successor(&self, column: usize, row: usize) -> (usize, usize) {
        let cell = self.successor[column * self.rows + row] as usize;
        (cell / self.rows, cell % self.rows)
    }

    /// `σ`, by column, in the rows.
    pub(crate) fn sigma(&self, domain: &Domain) -> Vec<Vec<Fr>> {
        let omegas: Vec<Fr> = powers(domain.omega()).take(self.rows).collect();
        let deltas: Vec<Fr> = powers(Fr::DELTA).take(self.columns()).collect();
        let value = |column: usize, row: usize| {
            let (column, row) = self.successor(column, row);
            deltas[column] * omegas[row]
        };
        (0..self.columns())
            .map(|column| (0..self.rows).map(|row| value(column, row)).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_cells_are_one_cycle_and_joining_again_changes_nothing() {
        let mut builder = CopiesBuilder::new(2, 4);
        builder.join((0, 0), (1, 1));
        builder.join((1, 1), (0, 3));
        builder.join((0, 3), (0, 0));
        let copies = builder.finish();
        let mut cell = (0, 0);
        let mut cycle = Vec::new();
        loop {
            cycle.push(cell);
            cell = copies.successor(cell.0, cell.1);
            if cell == (0, 0) {
                break;
            }
        }
        cycle.sort_unstable();
        assert_eq!(cycle, [(0, 0), (0, 3), (1, 1)]);
        assert_eq!(copies.successor(1, 2), (1, 2));
    }
}
