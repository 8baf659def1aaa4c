//! Both lookups as one logUp argument in custom gates.
//!
//! Pair table: `(q̂, clip(q̂ − 2^(b−1), 0, 255))` for q̂ in `[0, 2^b)`, compressed to `q̂ + θ·out + θ²`. Range table: `[0, 2^b)`, as itself.
//!
//! | of an activation | looked up as |
//! |---|---|
//! | quotient and output | the pair `(q̂, out)` |
//! | remainder of one limb, or the low limb of two | `r₀` in the range table |
//! | the high limb, if there are two | the pair `(r₁ + 2^(b−1), r₁)` |
//!
//! `Σ_rows Σ_k 1/(β + f_k) = Σ_rows m_pair/(β + T_pair) + m_range/(β + T_range)`.
//!
//! # Soundness
//! All inputs and multiplicities are in phase 1, β and θ are drawn after them. The tag θ² keeps the tables apart: without
//! it a pair with `out = 0` is a range entry, and any quotient passes with output 0 (`soundness::
//! pair_lookup_cannot_be_met_by_the_range_table`). Multiplicities need no range: a wrong one unbalances a pole.
//!
//! *The high limb* is a byte: its pair is a pair of the table only if `clip(r₁, 0, 255) = r₁` for the field element `r₁`, and outputs of the
//! table are 0 to 255 as integers. Conversely every byte has one, as `b ≥ 9`. Its pair has the tag, so the range table cannot meet it. One cell
//! is read as both numbers, so no gate is needed, and a high limb of an unused cell, which is 0, is the pair `(2^(b−1), 0)`.
//! Looked up in the range table alone it would be below 2^b, and `r₁·2^b + r₀` would have the quotient's lowest bits in it.

use super::expression::{constant, cur, fixed_cur, next, Expr};
use super::gates::Gates;
use crate::model::{Architecture, Cut};
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::layout::INPUTS_PER_HELPER;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::{to_be_bytes, Fr};
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};
use halo2_proofs::plonk::VirtualCells;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns, cut: Cut) {
    gates.create("logup helper", |meta| {
        let on = fixed_cur(meta, columns.on);
        let inputs = inputs(meta, columns, cut);
        let first_high = inputs.len() - columns.high.len();
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
                let name = if (n + 1) * INPUTS_PER_HELPER > first_high && !columns.high.is_empty() {
                    format!("with high limbs, helper {n}")
                } else {
                    format!("helper {n}")
                };
                (name, on.clone() * (helper * product - numerator))
            })
            .collect()
    });

    gates.create("logup sum", |meta| {
        let on = fixed_cur(meta, columns.on);
        let [beta, theta] = [columns.beta, columns.theta].map(|c| meta.query_challenge(c));
        let table_q = fixed_cur(meta, columns.table_q);
        let pair = beta.clone() + table_q.clone() + theta.clone() * (fixed_cur(meta, columns.table_out) + theta);
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
        vec![(
            "sum is zero",
            fixed_cur(meta, columns.boundary) * cur(meta, columns.phi),
        )]
    });
}

/// `β + f` of every input: first the pairs, then the remainders, then the pairs of high limbs.
fn inputs(meta: &mut VirtualCells<'_, Fr>, columns: &Columns, cut: Cut) -> Vec<Expr> {
    let [beta, theta] = [columns.beta, columns.theta].map(|c| meta.query_challenge(c));
    let mut inputs = Vec::new();
    for lane in columns.cells.chunks(3) {
        let (q, out) = (cur(meta, lane[0]), cur(meta, lane[2]));
        inputs.push(beta.clone() + q + theta.clone() * (out + theta.clone()));
    }
    for lane in columns.cells.chunks(3) {
        inputs.push(beta.clone() + cur(meta, lane[1]));
    }
    for high in &columns.high {
        let high = cur(meta, *high);
        let quotient = high.clone() + constant(cut.half() as u64);
        inputs.push(beta.clone() + quotient + theta.clone() * (high + theta.clone()));
    }
    inputs
}

fn product<'a>(factors: impl Iterator<Item = &'a Expr>) -> Expr {
    factors.cloned().reduce(|a, b| a * b).expect("at least one factor")
}

fn product_or_one<'a>(factors: impl Iterator<Item = &'a Expr>) -> Expr {
    factors.cloned().reduce(|a, b| a * b).unwrap_or_else(|| constant(1))
}

pub(crate) fn fixed(arch: &Architecture, fixed: &mut Fixed) {
    fixed.table_rows = arch.cut().table_rows();
}

/// `(q̂, out)` in a row of the pair table; none beyond it, where both columns hold the true entry (0, 0).
pub(crate) fn pair(table_rows: usize, row: usize) -> Option<(u64, u64)> {
    let (q, half) = (row as u64, table_rows as u64 / 2);
    (row < table_rows).then(|| (q, q.saturating_sub(half).min(255)))
}

/// Counts what the other chips have put on the tensor rows.
pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let Inputs {
        arch, layout, floor, ..
    } = *inputs;
    let (entries, half) = (arch.cut().table_rows(), arch.cut().half() as usize);
    let mut counts = [vec![0u64; entries], vec![0u64; entries]];
    for row in 0..floor.on_rows {
        for lane in 0..layout.lanes {
            for (n, counts) in counts.iter_mut().enumerate() {
                if let Some(count) = small(&witness.cells[3 * lane + n][row]).and_then(|v| counts.get_mut(v)) {
                    *count += 1;
                }
            }
        }
    }
    for column in &witness.high {
        for high in column[..floor.on_rows].iter().filter_map(small) {
            if let Some(count) = counts[0].get_mut(high.saturating_add(half)) {
                *count += 1;
            }
        }
    }
    let [pair, range] = counts;
    for (column, counts) in [
        (&mut witness.pair_multiplicity, pair),
        (&mut witness.range_multiplicity, range),
    ] {
        for (row, count) in counts.into_iter().enumerate() {
            column[row] = Fr::from(count);
        }
    }
}

/// A field element below 2^32 as an index.
pub(super) fn small(v: &Fr) -> Option<usize> {
    let bytes = to_be_bytes(v);
    let (high, low) = bytes.split_at(28);
    (high.iter().all(|b| *b == 0)).then(|| low.iter().fold(0, |acc, b| (acc << 8) | usize::from(*b)))
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    let Compiled {
        frozen, floor, fixed, ..
    } = compiled;
    let Challenges { beta, theta, .. } = *challenges;
    let tag = theta.square();
    let w = frozen.layout.lanes;
    let rows = floor.on_rows;
    let cut = frozen.architecture.cut();
    let half = Fr::from(cut.half() as u64);
    // Inverses of β + f, row by row: the pairs of all lanes, the remainders of all lanes, the high limbs, both tables.
    let looked_up = cut.lookups() * w;
    let stride = looked_up + 2;
    let mut inverses = vec![Fr::ZERO; rows * stride];
    let fill = |row: usize, slot: &mut [Fr]| {
        for lane in 0..w {
            let cell = |n: usize| witness.cells[3 * lane + n][row];
            slot[lane] = beta + cell(0) + theta * cell(2) + tag;
            slot[w + lane] = beta + cell(1);
        }
        for (lane, column) in witness.high.iter().enumerate() {
            slot[2 * w + lane] = beta + half + column[row] + theta * column[row] + tag;
        }
        let (q, out) =
            pair(fixed.table_rows, row).map_or((Fr::ZERO, Fr::ZERO), |(q, out)| (Fr::from(q), Fr::from(out)));
        slot[looked_up] = beta + q + theta * out + tag;
        slot[looked_up + 1] = beta + q;
    };
    {
        use rayon::prelude::*;
        const ROWS: usize = 4096;
        inverses
            .par_chunks_mut(stride * ROWS)
            .enumerate()
            .for_each(|(n, chunk)| {
                for (i, slot) in chunk.chunks_mut(stride).enumerate() {
                    fill(n * ROWS + i, slot);
                }
                chunk.batch_invert();
            });
    }
    let Phase2 { helpers, phi, .. } = phase_2;
    for row in 0..rows {
        let slot = &inverses[row * stride..(row + 1) * stride];
        let mut sum = Fr::ZERO;
        for (helper, inputs) in helpers.iter_mut().zip(slot[..looked_up].chunks(INPUTS_PER_HELPER)) {
            helper[row] = inputs.iter().sum();
            sum += helper[row];
        }
        let table =
            witness.pair_multiplicity[row] * slot[looked_up] + witness.range_multiplicity[row] * slot[looked_up + 1];
        phi[row + 1] = phi[row] + sum - table;
    }
}
