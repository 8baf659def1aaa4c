//! Poseidon as in the wide form, one round a row, with the state in `φ, x, y, w` and the squares in the cell columns.
//!
//! A call begins on the row behind the boundary that ends the one before it: its capacity is 0, its first input the hash so far, and the
//! others are copies of words, on that very row. The first call's first input is a copy of the tag, and the row before it, which no
//! call ends on, has the tag in φ. The hash of the last call is in `x` behind it.
//!
//! # Soundness
//! The state is in phase 2 and depends on no challenge: it follows from the copied words, which are the bytes of phase 1, and from the
//! salt, which the statement does not name.

use crate::chips::expression::{cur, fixed_cur, is_kind, next};
use crate::chips::gates::Gates;
use crate::chips::poseidon as rounds;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::kinds::{BOUNDARY, CALL_BOUNDARY};
use crate::witness::phase2::Phase2;
use crate::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use assay_statement::input;
use assay_statement::poseidon::{self, WIDTH};

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    let state = [columns.phi, columns.acc_x, columns.acc_y, columns.acc_w];
    rounds::rounds(gates, columns, &state, &columns.cells[..WIDTH]);
    gates.create("narrow call", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.block), CALL_BOUNDARY, BOUNDARY);
        let hash = next(meta, columns.acc_x) - cur(meta, columns.phi);
        vec![
            ("capacity starts at zero", on.clone() * next(meta, columns.phi)),
            ("hash goes on", on * hash),
        ]
    });
}

/// The squares.
pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs { floor, image, salt, .. } = *inputs;
    let p = poseidon::parameters();
    for (call, inputs) in input::calls(image, salt).iter().enumerate() {
        let first = floor.poseidon + call * (p.rounds() + 1) + 1;
        for (r, (state, constants)) in poseidon::trace(inputs).iter().zip(&p.constants).enumerate() {
            for i in (0..WIDTH).filter(|i| *i == 0 || p.is_full(r)) {
                witness.cells[i][first + r] = (state[i] + constants[i]).square();
            }
        }
    }
}

/// The states, from what the arithmetic has put on the first rows of the calls.
pub(crate) fn phase_2(compiled: &Compiled, phase_2: &mut Phase2) {
    let floor = &compiled.floor;
    let Phase2 { phi, values, .. } = phase_2;
    let each = poseidon::parameters().rounds() + 1;
    let last = floor.end - 1;
    let mut hash: Fr = values.a[floor.poseidon + 1];
    phi[floor.poseidon] = hash;
    for first in (floor.poseidon + 1..last).step_by(each) {
        let states = poseidon::trace(&[hash, values.b[first], values.acc[first]]);
        for (row, state) in (first..).zip(&states) {
            [phi[row], values.a[row], values.b[row], values.acc[row]] = *state;
        }
        hash = phi[first + each - 1];
    }
    values.a[last] = hash;
}
