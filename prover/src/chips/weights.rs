//! Running evaluations over the weight columns.
//!
//! A chain holds one number per output channel, `acc_w = Σ_o γ^o·W[o]`, whole in its first row. Slots beyond the last
//! channel stand at powers γ^o at which no output lives: whatever they hold, the identity of output `o` does not see it,
//! and where an output would stand their contribution has to vanish.
//! Kernel rows (three taps, `Σ_j α^j·W_j`) and single numbers use only the columns named here.

use super::expression::{cur, fixed, horner, is_kind, next, Expr};
use super::gates::Gates;
use crate::plan::columns::Columns;
use crate::plan::kinds::{CHAIN_ENDS, CHAIN_GOES_ON, KERNEL_ROW, SINGLE};

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("weights", |meta| {
        let kind = fixed(meta, columns.weight_kind);
        let [goes_on, ends, kernel_row, single] =
            [CHAIN_GOES_ON, CHAIN_ENDS, KERNEL_ROW, SINGLE].map(|v| is_kind(&kind, v, SINGLE));
        let [alpha, gamma] = [columns.alpha, columns.gamma].map(|c| meta.query_challenge(c));
        let weights: Vec<Expr> = columns.weights.iter().map(|c| cur(meta, *c)).collect();
        let acc = cur(meta, columns.acc_w);
        let acc_next = next(meta, columns.acc_w);
        let chain = horner(&weights, &gamma, None);
        let chain_goes_on = horner(&weights, &gamma, Some(acc_next));
        vec![
            ("chain goes on", goes_on * (acc.clone() - chain_goes_on)),
            ("chain ends", ends * (acc.clone() - chain)),
            (
                "kernel row",
                kernel_row * (acc.clone() - horner(&weights[..3], &alpha, None)),
            ),
            ("single weight", single * (acc - weights[0].clone())),
        ]
    });
}
