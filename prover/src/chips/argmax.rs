//! `top1`, and `bit` over two classes: the class with the largest logit, the lowest index among equals.
//!
//! Row `j` of the logits holds `q̂_j` in lane 0; `m − q̂_j − [j < k]` as the remainder of lane 1, so that the range table
//! bounds it; the maximum `m` as the quotient of lane 1; the boolean `b_j` as the quotient of lane 2. Column `b` counts
//! the booleans before the row, `acc` the classes before the chosen one, which is the index itself.
//!
//! # Soundness
//! One boolean is 1 (the count starts at 0 and ends at 1), there `q̂_k = m`; before it `q̂_j < m`, after it `q̂_j ≤ m`. Exactly
//! one `k` satisfies that.
//!
//! That `b_j` is boolean is redundant: as the quotient of a pair of the table it is in `[0, 2^b)`, and so few such numbers
//! add up to 1 only if one of them is 1 and the others 0. A lie that this constraint alone stops does not exist.

use super::expression::{constant, cur, fixed_cur, next};
use super::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::witness::phase2::Phase2;
use crate::witness::{Inputs, Witness};
use assay_statement::field::{from_i64, Fr};
use halo2_proofs::halo2curves::ff::Field;

/// Cell columns: quotient of lane 0, quotient and remainder of lane 1, quotient of lane 2.
const LOGIT: usize = 0;
const MAXIMUM: usize = 3;
const GAP: usize = 4;
const CHOSEN: usize = 6;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("argmax", |meta| {
        let on = fixed_cur(meta, columns.logits);
        let [logit, maximum, gap, chosen] = [LOGIT, MAXIMUM, GAP, CHOSEN].map(|i| cur(meta, columns.cells[i]));
        let maximum_next = next(meta, columns.cells[MAXIMUM]);
        let [count, index] = [columns.b, columns.acc].map(|c| cur(meta, c));
        let [count_next, index_next] = [columns.b, columns.acc].map(|c| next(meta, c));
        let before = constant(1) - count.clone() - chosen.clone();
        vec![
            (
                "chosen is boolean",
                on.clone() * chosen.clone() * (constant(1) - chosen.clone()),
            ),
            ("chosen so far", on.clone() * (count_next - count - chosen.clone())),
            ("one maximum", on.clone() * (maximum_next - maximum.clone())),
            (
                "chosen is the maximum",
                on.clone() * chosen * (maximum.clone() - logit.clone()),
            ),
            (
                "gap to the maximum",
                on.clone() * (gap - maximum + logit + before.clone()),
            ),
            ("index of the chosen", on * (index_next - index - before)),
        ]
    });
}

pub(crate) fn fixed(floor: &Floor, fixed: &mut Fixed) {
    fixed.logits = floor.logits().rows().map(|row| (row, 1)).collect();
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs { arch, floor, trace, .. } = *inputs;
    let logits = &trace.layers.last().expect("there are logits").q_hat;
    let chosen = trace.top1();
    let maximum = i64::from(logits[chosen]);
    let half = arch.cut().half();
    let start = floor.logits().start;
    for row in 0..=logits.len() {
        witness.cells[MAXIMUM][start + row] = from_i64(maximum);
        witness.cells[MAXIMUM + 2][start + row] = from_i64((maximum - half).clamp(0, 255));
    }
    for (j, logit) in logits.iter().enumerate() {
        witness.cells[GAP][start + j] = from_i64(maximum - i64::from(*logit) - i64::from(j < chosen));
        witness.cells[CHOSEN][start + j] = from_i64(i64::from(j == chosen));
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, phase_2: &mut Phase2) {
    let values = &mut phase_2.values;
    for row in compiled.floor.logits().rows() {
        let chosen = witness.cells[CHOSEN][row];
        let before = Fr::ONE - values.b[row] - chosen;
        values.b[row + 1] = values.b[row] + chosen;
        values.acc[row + 1] = values.acc[row] + before;
    }
}
