//! `logits`: every `q̂_j`, one instance per class.
//!
//! Row `j` of the logits holds `q̂_j` in lane 0; column `acc` repeats it there, where it can be copied to the instance:
//!
//! `acc_j = q̂_j`
//!
//! # Soundness
//! The layer's identity leaves one `q̂_j` for the committed numbers and image ([`identities`](crate::plan::identities)), the
//! pair table bounds it, and `acc_j` is bound to the instance of class `j` and to no other. Lanes 1 and up of these rows are
//! idle.

use super::expression::{cur, fixed_cur};
use super::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::witness::phase2::Phase2;
use crate::witness::Witness;

/// Cell column: quotient of lane 0.
const LOGIT: usize = 0;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("logits", |meta| {
        let on = fixed_cur(meta, columns.logits);
        let [exposed, logit] = [columns.acc, columns.cells[LOGIT]].map(|c| cur(meta, c));
        vec![("exposed is the logit", on * (exposed - logit))]
    });
}

pub(crate) fn fixed(floor: &Floor, fixed: &mut Fixed) {
    fixed.logits = floor.logits().rows().map(|row| (row, 1)).collect();
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, phase_2: &mut Phase2) {
    for row in compiled.floor.logits().rows() {
        phase_2.values.acc[row] = witness.cells[LOGIT][row];
    }
}
