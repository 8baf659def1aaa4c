//! Numbers in range that the output is made with, see [`narrow_statement`](crate::plan::narrow_statement): rows of the tensors' kind
//! without a successor.

use crate::model::Architecture;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::ACTIVATION;
use crate::plan::narrow_statement::range_rows;
use crate::witness::{Inputs, Witness};
use assay_statement::field::from_i64;

pub(crate) fn fixed(arch: &Architecture, floor: &Floor, fixed: &mut Fixed) {
    let first = floor.narrow.expect("the floor is of the narrow form").ranges;
    fixed.kind_of_row()[first..first + range_rows(arch)].fill(ACTIVATION as u8);
}

pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs { arch, floor, trace, .. } = *inputs;
    let rows = floor.narrow.expect("the floor is of the narrow form");
    let logits = trace.layers.last().expect("there are logits");
    let (n, chosen, modulus) = (logits.q_hat.len(), trace.top1(), 1i64 << arch.shift);
    let maximum = i64::from(logits.q_hat[chosen]);
    let mut put = |row: usize, number: i64| {
        let (q, r) = (number.div_euclid(modulus), number.rem_euclid(modulus));
        let out = (q - modulus / 2).clamp(0, 255);
        for (column, value) in witness.cells.iter_mut().zip([q, r, out]) {
            column[row] = from_i64(value);
        }
    };
    for j in 0..n {
        let t = i64::from(logits.q_hat[j]) * modulus + i64::from(logits.r[j]);
        put(rows.chosen(j), i64::from(j == chosen));
        put(rows.gap(n, j), (maximum + 1 - i64::from(j < chosen)) * modulus - 1 - t);
    }
    put(rows.maximum(n), maximum);
    put(rows.excess(n), i64::from(logits.r[chosen]));
}
