//! `top5`: the five classes with the largest logits, the lowest indices among equals, as one word.
//!
//! Class `i` is above class `j` if `q̂_i > q̂_j`, or `q̂_i = q̂_j` and `i < j`. The threshold is the fifth class `k` and its logit
//! `m = q̂_k`. Row `j` of the logits, of class `j`:
//!
//! | cell | holds |
//! |---|---|
//! | quotient of lane 0 | `q̂_j` |
//! | quotient of lane 1 | `m` |
//! | remainder of lane 1, so that the range table bounds it | chosen: `q̂_j − m − [j > k]`; other: `m − q̂_j − [j < k]` |
//! | quotient of lane 2 | `b_j`: whether `j = k` |
//! | remainder of lane 2 | `c_j`: whether `j` is one of the five |
//! | `b` | the thresholds before the row, so `[j > k]` |
//! | `a` | the scale: `2^16` to the number of classes chosen before the row |
//! | `acc` | the word of the classes chosen before the row |
//! | fixed `logits` | `j + 1`, which switches the gate on too |
//!
//! `b_(j+1) = b_j + [j = k]`, from 0 to 1; `a_(j+1) = a_j·(1 + (2^16 − 1)·c_j)`, from 1 to 2^80; `acc_(j+1) = acc_j + c_j·a_j·j`,
//! from 0 to the output.
//!
//! # Soundness
//! One `b_j` is 1 and the others are 0: as quotients of pairs of the table they are in `[0, 2^b)`, and so few such numbers add
//! up to 1 in no other way. With `c_j` boolean and the gaps in range, chosen are exactly the classes above the threshold, and
//! itself: a chosen `j < k` has `q̂_j ≥ m`, a chosen `j > k` has `q̂_j > m`, of the others it is the contrary, and for each
//! class one of the two holds. The scale is 2^(16n) for n chosen, modulo
//! the field's order, and of all n up to 65,536 only five give 2^80 (tested): there are five, `k` the fifth. Index after index
//! takes 16 bits of the word, ascending as the rows are, each below 2^16 as there are at most as many classes. So the word is
//! below 2^80 and does not wrap.
//!
//! `c_j` must be boolean by a constraint of its own: between 0 and 2^b no other number takes the scale from 1 to 2^80 as an
//! integer, but the scale is one modulo the field's order, and who has a thousand classes may look for factors.
//!
//! That `m` is the threshold's logit, and the threshold chosen, leaves one witness; any `m` and `k` that part the five from the
//! rest would give the same word.

use super::expression::{constant, cur, fixed_cur, next};
use super::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::witness::phase2::Phase2;
use crate::witness::{Inputs, Witness};
use assay_statement::field::{from_i64, Fr};

/// Cell columns: quotient of lane 0, all of lane 1, quotient and remainder of lane 2.
const LOGIT: usize = 0;
const THRESHOLD: usize = 3;
const GAP: usize = 4;
const THRESHOLD_CLIPPED: usize = 5;
const IS_THRESHOLD: usize = 6;
const CHOSEN: usize = 7;

/// What a chosen class adds to the scale, as a multiple of it.
const SCALE_STEP: u64 = (1 << 16) - 1;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("top5", |meta| {
        let on = fixed_cur(meta, columns.logits);
        let [logit, threshold, gap, is_threshold, chosen] =
            [LOGIT, THRESHOLD, GAP, IS_THRESHOLD, CHOSEN].map(|i| cur(meta, columns.cells[i]));
        let threshold_next = next(meta, columns.cells[THRESHOLD]);
        let [after, scale, word] = [columns.b, columns.a, columns.acc].map(|c| cur(meta, c));
        let [after_next, scale_next, word_next] = [columns.b, columns.a, columns.acc].map(|c| next(meta, c));
        let before = constant(1) - after.clone() - is_threshold.clone();
        let other = constant(1) - chosen.clone();
        let above = logit.clone() - threshold.clone();
        let expected_gap = chosen.clone() * (above.clone() - after.clone()) - other.clone() * (above.clone() + before);
        let index = on.clone() - constant(1);
        let moved = chosen.clone() * scale.clone();
        vec![
            ("chosen is boolean", on.clone() * chosen * other.clone()),
            (
                "threshold so far",
                on.clone() * (after_next - after - is_threshold.clone()),
            ),
            ("one threshold", on.clone() * (threshold_next - threshold)),
            (
                "threshold is its class's logit",
                on.clone() * is_threshold.clone() * above,
            ),
            ("threshold is chosen", on.clone() * is_threshold * other),
            ("gap to the threshold", on.clone() * (gap - expected_gap)),
            (
                "scale moves on at the chosen",
                on.clone() * (scale_next - scale - constant(SCALE_STEP) * moved.clone()),
            ),
            ("chosen in the word", on * (word_next - word - moved * index)),
        ]
    });
}

pub(crate) fn fixed(floor: &Floor, fixed: &mut Fixed) {
    fixed.logits = floor.logits().rows().zip(1..).collect();
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs { arch, floor, trace, .. } = *inputs;
    let logits = trace.logits();
    let best = trace.top5();
    let fifth = *best.last().expect("there are classes");
    let threshold = i64::from(logits[fifth]);
    let half = arch.cut().half();
    let start = floor.logits().start;
    for row in start..=start + logits.len() {
        witness.cells[THRESHOLD][row] = from_i64(threshold);
        witness.cells[THRESHOLD_CLIPPED][row] = from_i64((threshold - half).clamp(0, 255));
    }
    for (j, logit) in logits.iter().enumerate() {
        let chosen = best.contains(&j);
        let above = i64::from(*logit) - threshold;
        let gap = if chosen {
            above - i64::from(j > fifth)
        } else {
            -above - i64::from(j < fifth)
        };
        witness.cells[GAP][start + j] = from_i64(gap);
        witness.cells[IS_THRESHOLD][start + j] = from_i64(i64::from(j == fifth));
        witness.cells[CHOSEN][start + j] = from_i64(i64::from(chosen));
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, phase_2: &mut Phase2) {
    let values = &mut phase_2.values;
    let rows = compiled.floor.logits().rows();
    values.a[rows.start] = Fr::one();
    for (class, row) in rows.enumerate() {
        let moved = witness.cells[CHOSEN][row] * values.a[row];
        values.b[row + 1] = values.b[row] + witness.cells[IS_THRESHOLD][row];
        values.a[row + 1] = values.a[row] + Fr::from(SCALE_STEP) * moved;
        values.acc[row + 1] = values.acc[row] + moved * Fr::from(class as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::halo2curves::ff::Field;

    #[test]
    fn the_scale_tells_five_from_every_other_number_of_classes() {
        let (lane, end) = (Fr::from(1 << 16), Fr::from(2).pow([80]));
        let mut scale = Fr::ONE;
        for chosen in 0..=1u32 << 16 {
            assert_eq!(scale == end, chosen == 5, "{chosen}");
            scale *= lane;
        }
    }
}
