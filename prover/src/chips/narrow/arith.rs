//! The arithmetic region of the narrow form, and the rows that hold what comes from outside.
//!
//! | kind of row | |
//! |---|---|
//! | 1, 2 | as in the [wide form](crate::chips::arith), with `x`, `y` and `w` for `a`, `b` and `acc` |
//! | 3 | `x` is the row's constant |
//! | block 3 | `φ` and `φ'` are 0, `x` is the statement's word, `y` is α where F2 is 1 and γ where it is 0 |
//!
//! # Soundness
//! The rows of block 3 are the first three and the one behind the tables. The statement has three words: on the fourth row the instance
//! polynomial is 0, for the library's verifier and the contract alike, and so is `x`, of which nothing is copied. φ' is 0 on the third
//! row, which is φ where the lookup begins, and φ on the fourth one, where it ends. `w` is the weights' on these rows.

use crate::chips::arith::{operations, run};
use crate::chips::expression::{cur, fixed_cur, is_kind, next};
use crate::chips::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::{BOUNDARY, CONSTANT};
use crate::plan::narrow_floor::STATEMENT_ROWS;
use crate::plan::program::{Col, Operand, Program};
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::Witness;
use assay_statement::instance;
use halo2_proofs::poly::Rotation;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    operations(gates, columns, CONSTANT);
    gates.create("narrow constants", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.arith_kind), CONSTANT, CONSTANT);
        let value = cur(meta, columns.a) - fixed_cur(meta, columns.constant);
        vec![("constant", on * value)]
    });
    gates.create("narrow boundary", |meta| {
        let on = is_kind(&fixed_cur(meta, columns.boundary), BOUNDARY, BOUNDARY);
        let [alpha, gamma] = [columns.alpha, columns.gamma].map(|c| meta.query_challenge(c));
        let is_alpha = fixed_cur(meta, columns.coefficients[1]);
        let challenge = cur(meta, columns.acc_y) - gamma.clone() - is_alpha * (alpha - gamma);
        let word = cur(meta, columns.acc_x) - meta.query_instance(columns.instance, Rotation::cur());
        vec![
            ("sum is zero", on.clone() * cur(meta, columns.phi)),
            ("sum begins at zero", on.clone() * next(meta, columns.phi)),
            ("challenge", on.clone() * challenge),
            ("word of the statement", on * word),
        ]
    });
}

pub(crate) fn fixed(floor: &Floor, program: &Program, fixed: &mut Fixed) {
    for row in (0..STATEMENT_ROWS).chain([floor.on_rows]) {
        fixed.block[row] = BOUNDARY as u8;
    }
    fixed.coefficients[1][0] = 1;
    for step in &program.steps {
        fixed.arith_kind[step.row] = step.kind as u8;
        if let Operand::Constant(value) = step.a {
            fixed.arith_kind[step.row] = CONSTANT as u8;
            fixed.constants.push((step.row, value));
        }
    }
}

/// The challenges, and the operations.
pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let values = &mut phase_2.values;
    values.acc_x[instance::CTX] = witness.context;
    for row in (0..STATEMENT_ROWS).chain([compiled.floor.on_rows]) {
        values.acc_y[row] = challenges.gamma;
    }
    values.acc_y[0] = challenges.alpha;
    run(compiled, witness, challenges, values);
}

/// What the others made of the statement.
pub(crate) fn statement(compiled: &Compiled, phase_2: &mut Phase2) {
    let values = &mut phase_2.values;
    for (_, from, to) in &compiled.program.equal {
        if to.col == Col::AccX && to.row < STATEMENT_ROWS {
            values.acc_x[to.row] = values.get(*from);
        }
    }
}
