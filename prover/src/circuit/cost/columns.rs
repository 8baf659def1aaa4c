//! How many columns there are of each role.

use crate::model::Cut;
use crate::plan::layout::Layout;
use assay_engine::Census;
use serde::Serialize;

/// Columns and polynomials of one proof, and those of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnCounts {
    /// Secret weights, the same in every proof of a model.
    pub weights: usize,
    /// Activations with their remainders, and what else is hashed or folded.
    pub cells: usize,
    /// How often each row of the tables is looked up.
    pub multiplicities: usize,
    /// Of the lookup: helpers, and their running sum.
    pub lookup: usize,
    /// Running evaluations of activations and weights.
    pub accumulators: usize,
    /// Of the arithmetic region: operands and accumulator.
    pub arithmetic: usize,
    /// Products that show that copies are equal.
    pub permutation: usize,
    /// Pieces of the quotient.
    pub quotient: usize,
    /// The random polynomial, and two points of the opening.
    pub opening: usize,
    /// Of the verifying key: what each row is, tables, constants.
    pub fixed: usize,
    /// Of the verifying key: which cells are copies.
    pub copies: usize,
}

impl ColumnCounts {
    const ACCUMULATORS: usize = 3;

    pub(super) fn of(layout: &Layout, cut: Cut, census: &Census) -> Self {
        let (weights, cells) = (layout.weight_columns, layout.cell_columns() + layout.high_columns(cut));
        Self {
            weights,
            cells,
            multiplicities: layout.multiplicities(),
            lookup: layout.helpers(cut) + 1,
            accumulators: Self::ACCUMULATORS,
            arithmetic: layout.arithmetic(),
            permutation: census.products,
            quotient: census.pieces,
            opening: census.points() - census.advice - census.products - census.pieces,
            fixed: census.fixed,
            copies: census.sigma,
        }
    }
}
