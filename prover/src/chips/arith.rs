//! The arithmetic region: a small machine whose operands are copied from the running sums.

use super::expression::{cur, fixed, is_kind, next};
use super::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::kinds::{DOT, HORNER};

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("arithmetic", |meta| {
        let kind = fixed(meta, columns.arith_kind);
        let [dot, horner] = [DOT, HORNER].map(|v| is_kind(&kind, v, HORNER));
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
    gates.create("constants", |meta| {
        let [a, b] = [columns.a, columns.b].map(|c| cur(meta, c));
        let value = fixed(meta, columns.constant);
        let boundary = fixed(meta, columns.boundary);
        let [alpha, gamma] = [columns.alpha, columns.gamma].map(|c| meta.query_challenge(c));
        vec![
            ("constant", value.clone() * (a.clone() - value)),
            ("alpha", boundary.clone() * (a - alpha)),
            ("gamma", boundary * (b - gamma)),
        ]
    });
}
