//! Garbage coefficients, one a row, folded by γ: `x = q + γ·F2·x'`, channel after channel, whole in the first row of a chain.
//!
//! # Soundness
//! As of the [`garbage`](crate::chips::garbage) of the wide form: the cells are free, and stand at exponents of their own.

use crate::chips::expression::{cur, fixed_cur, is_kind, next};
use crate::chips::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::kinds::{BOUNDARY, FOLDED_LANES};
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::Witness;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("narrow fold", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.block), FOLDED_LANES, BOUNDARY);
        let gamma = meta.query_challenge(columns.gamma);
        let goes_on = fixed_cur(meta, columns.coefficients[1]);
        let tail = gamma * (goes_on * next(meta, columns.acc_x));
        let x = cur(meta, columns.acc_x) - cur(meta, columns.cells[0]) - tail;
        vec![("fold by gamma", on * x)]
    });
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let Compiled { floor, fixed, .. } = compiled;
    let x = &mut phase_2.values.acc_x;
    for row in (floor.on_rows + 1..floor.words).rev() {
        x[row] = witness.cells[0][row];
        if fixed.coefficients[1][row] == 1 {
            x[row] = x[row] + challenges.gamma * x[row + 1];
        }
    }
}
