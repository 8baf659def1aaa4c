//! Both lookups as one logUp argument in custom gates.
//!
//! Pair table: `(q̂, clip(q̂ − 2^(s−1), 0, 255))`, compressed to `q̂ + θ·out + θ²`. Range table: `r` in `[0, 2^s)`, as itself.
//! `Σ_rows Σ_k 1/(β + f_k) = Σ_rows m_pair/(β + T_pair) + m_range/(β + T_range)`.
//!
//! # Soundness
//! All inputs and multiplicities are in phase 1, β and θ are drawn after them. The tag θ² keeps the tables apart: without
//! it a pair with `out = 0` is a range entry, and any quotient passes with output 0 (`soundness::
//! pair_lookup_cannot_be_met_by_the_range_table`). Multiplicities need no range: a wrong one unbalances a pole.

use super::expression::{constant, cur, fixed, next, Expr};
use super::gates::Gates;
use crate::field::Fr;
use crate::plan::columns::Columns;
use crate::plan::layout::{Layout, INPUTS_PER_HELPER};
use halo2_proofs::plonk::VirtualCells;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, layout: &Layout) {
    gates.create("logup helper", |meta| {
        let on = fixed(meta, columns.on);
        let inputs = inputs(meta, columns, layout);
        // A helper without a constraint could balance any sum.
        assert_eq!(columns.helpers.len(), inputs.len().div_ceil(INPUTS_PER_HELPER));
        inputs
            .chunks(INPUTS_PER_HELPER)
            .zip(&columns.helpers)
            .enumerate()
            .map(|(n, (inputs, helper))| {
                let helper = cur(meta, *helper);
                let product = product(inputs.iter());
                let numerator = (0..inputs.len())
                    .map(|k| product_or_one(inputs.iter().enumerate().filter(|(l, _)| *l != k).map(|(_, f)| f)))
                    .reduce(|a, b| a + b)
                    .expect("at least one input");
                (format!("helper {n}"), on.clone() * (helper * product - numerator))
            })
            .collect()
    });

    gates.create("logup sum", |meta| {
        let on = fixed(meta, columns.on);
        let [beta, theta] = [columns.beta, columns.theta].map(|c| meta.query_challenge(c));
        let table_q = fixed(meta, columns.table_q);
        let pair = beta.clone() + table_q.clone() + theta.clone() * (fixed(meta, columns.table_out) + theta);
        let range = beta + table_q;
        let [m_pair, m_range] = [columns.pair_multiplicity, columns.range_multiplicity].map(|c| cur(meta, c));
        let helpers = columns
            .helpers
            .iter()
            .map(|h| cur(meta, *h))
            .reduce(|a, b| a + b)
            .expect("at least one helper");
        let step = next(meta, columns.phi) - cur(meta, columns.phi) - helpers;
        let balance = step * pair.clone() * range.clone() + m_pair * range + m_range * pair;
        vec![("sum goes on", on * balance)]
    });

    gates.create("logup boundary", |meta| {
        vec![("sum is zero", fixed(meta, columns.boundary) * cur(meta, columns.phi))]
    });
}

/// `β + f` of every input: first the pairs, then the remainders.
fn inputs(meta: &mut VirtualCells<'_, Fr>, columns: &Columns, layout: &Layout) -> Vec<Expr> {
    let [beta, theta] = [columns.beta, columns.theta].map(|c| meta.query_challenge(c));
    let mut inputs = Vec::with_capacity(2 * layout.lanes);
    for lane in columns.cells.chunks(3) {
        let (q, out) = (cur(meta, lane[0]), cur(meta, lane[2]));
        inputs.push(beta.clone() + q + theta.clone() * (out + theta.clone()));
    }
    for lane in columns.cells.chunks(3) {
        inputs.push(beta.clone() + cur(meta, lane[1]));
    }
    inputs
}

fn product<'a>(factors: impl Iterator<Item = &'a Expr>) -> Expr {
    factors.cloned().reduce(|a, b| a * b).expect("at least one factor")
}

fn product_or_one<'a>(factors: impl Iterator<Item = &'a Expr>) -> Expr {
    factors.cloned().reduce(|a, b| a * b).unwrap_or_else(|| constant(1))
}
