//! The arithmetic region: a small machine whose operands are copied from the running sums, and runs a
//! [`Program`].
//!
//! | kind of row | next `acc` |
//! |---|---|
//! | 0 | free |
//! | 1 | `acc + a·b` |
//! | 2 | `acc·a + b` |
//!
//! Where the constant is not 0, `a` equals it; on a boundary `a` is α and `b` is γ.

use super::expression::{cur, fixed_cur, is_kind, next};
use super::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::{DOT, HORNER};
use crate::plan::program::{Inputs, Operand, Program, Values};
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::Witness;
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// The operations; `last` is the largest kind.
pub(super) fn operations(gates: &mut Gates<'_>, columns: &Columns, last: u64) {
    gates.create("arithmetic", |meta| {
        let kind = fixed_cur(meta, columns.arith_kind);
        let [dot, horner] = [DOT, HORNER].map(|v| is_kind(&kind, v, last));
        let [a, b, acc] = [columns.a, columns.b, columns.acc].map(|c| cur(meta, c));
        let acc_next = next(meta, columns.acc);
        vec![
            (
                "acc' = acc + a·b",
                dot * (acc_next.clone() - acc.clone() - a.clone() * b.clone()),
            ),
            ("acc' = acc·a + b", horner * (acc_next - acc * a - b)),
        ]
    });
}

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    operations(gates, columns, HORNER);
    gates.create("constants", |meta| {
        let [a, b] = [columns.a, columns.b].map(|c| cur(meta, c));
        let value = fixed_cur(meta, columns.constant);
        let boundary = fixed_cur(meta, columns.boundary);
        let [alpha, gamma] = [columns.alpha, columns.gamma].map(|c| meta.query_challenge(c));
        vec![
            ("constant", value.clone() * (a.clone() - value)),
            ("alpha", boundary.clone() * (a - alpha)),
            ("gamma", boundary * (b - gamma)),
        ]
    });
}

pub(crate) fn fixed(floor: &Floor, program: &Program, fixed: &mut Fixed) {
    fixed.boundary = [0, floor.on_rows];
    for step in &program.steps {
        fixed.arith_kind[step.row] = step.kind as u8;
        if let Operand::Constant(value) = step.a {
            fixed.constants.push((step.row, value));
        }
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let values = &mut phase_2.values;
    for boundary in compiled.fixed.boundary {
        values.a[boundary] = challenges.alpha;
        values.b[boundary] = challenges.gamma;
    }
    run(compiled, witness, challenges, values);
}

/// Runs the program on the sums that are there.
pub(super) fn run(compiled: &Compiled, witness: &Witness, challenges: &Challenges, values: &mut Values) {
    let inputs = Inputs {
        alpha: challenges.alpha,
        gamma: challenges.gamma,
        salt: witness.salt,
        context: witness.context,
    };
    compiled.program.run(&inputs, values);
}

impl Program {
    /// Fills `a`, `b` and `acc`, reading the running sums in `values`.
    pub fn run(&self, inputs: &Inputs, values: &mut Values) {
        for step in &self.steps {
            let operand = |operand: Operand, values: &Values| match operand {
                Operand::Idle => Fr::ZERO,
                Operand::Copy(cell) => values.get(cell),
                Operand::Constant(v) => v,
                Operand::Salt => inputs.salt,
                Operand::Context => inputs.context,
            };
            let (a, b) = (operand(step.a, values), operand(step.b, values));
            if step.acc != Operand::Idle {
                values.acc[step.row] = operand(step.acc, values);
            }
            let acc = values.acc[step.row];
            values.a[step.row] = a;
            values.b[step.row] = b;
            match step.kind {
                DOT => values.acc[step.row + 1] = acc + a * b,
                HORNER => values.acc[step.row + 1] = acc * a + b,
                _ => {}
            }
        }
    }
}
