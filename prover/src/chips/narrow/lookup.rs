//! Both lookups as one logUp sum, inputs and tables on rows of their own.
//!
//! Pair table: `(q̂, clip(q̂ − 2^(s−1), 0, 255))`, compressed to `q̂ + θ·out`. Range table: `r` in `[0, 2^s)`, compressed to `r + θ²`.
//!
//! | row | φ' − φ |
//! |---|---|
//! | activation, byte | `1/(β + q̂ + θ·out) + 1/(β + r + θ²)` |
//! | entry | `−q/(β + F1 + θ·F2 + θ²·F3)`; `q` is how often the entry is looked up |
//!
//! # Soundness
//! φ is 0 on the first row that looks something up and on the row behind the tables, and the rows between them are all of one kind or
//! the other, so the sum over all of them is 0. Inputs and multiplicities are in phase 1, β and θ are drawn after them: as rational
//! functions the fractions of the inputs cancel against those of the entries, pole by pole. The tag θ² keeps the tables apart: a pair's
//! pole has none and a remainder's has one, whatever the cells hold. There are fewer inputs than the field's order, so no pole of an
//! input vanishes by itself, and multiplicities need no range: a wrong one unbalances a pole.

use crate::chips::expression::{constant, cur, fixed_cur, is_kind, next};
use crate::chips::gates::Gates;
use crate::chips::lookup::{pair, small};
use crate::plan::columns::Columns;
use crate::plan::compiled::Compiled;
use crate::plan::fixed::Fixed;
use crate::plan::floor::Floor;
use crate::plan::kinds::ENTRY;
use crate::plan::narrow_floor::STATEMENT_ROWS;
use crate::witness::phase2::{Challenges, Phase2};
use crate::witness::{Inputs, Witness};
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::BatchInvert;
use rayon::prelude::*;

pub(crate) fn configure(gates: &mut Gates<'_>, columns: &Columns) {
    gates.create("narrow lookup", |meta| {
        let kind = fixed_cur(meta, columns.on);
        let [beta, theta] = [columns.beta, columns.theta].map(|c| meta.query_challenge(c));
        let [q, r, out] = [0, 1, 2].map(|n| cur(meta, columns.cells[n]));
        let [number, second, tag] = [0, 1, 2].map(|n| fixed_cur(meta, columns.coefficients[n]));
        let step = next(meta, columns.phi) - cur(meta, columns.phi);
        // Not 0 on activations and bytes.
        let looks_up = kind.clone() * (constant(ENTRY) - kind.clone());
        let of_pair = beta.clone() + q.clone() + theta.clone() * out;
        let of_remainder = beta.clone() + r + theta.clone() * theta.clone();
        let of_entry = beta + number + theta.clone() * (second + theta * tag);
        let inputs = step.clone() * of_pair.clone() * of_remainder.clone() - of_pair - of_remainder;
        vec![
            ("pair and remainder", looks_up * inputs),
            ("entry", is_kind(&kind, ENTRY, ENTRY) * (step * of_entry + q)),
        ]
    });
}

pub(crate) fn fixed(floor: &Floor, fixed: &mut Fixed) {
    let rows = floor.narrow.expect("the floor is of the narrow form");
    fixed.table_rows = (floor.on_rows - rows.table) / 2;
    fixed.kind_of_row()[rows.table..floor.on_rows].fill(ENTRY as u8);
}

/// The entries of both tables with their tags, in the order of their rows.
pub(crate) fn entries(table_rows: usize) -> impl Iterator<Item = [u64; 3]> {
    let pairs = (0..table_rows).filter_map(move |row| pair(table_rows, row).map(|(q, out)| [q, out, 0]));
    pairs.chain((0..table_rows as u64).map(|r| [r, 0, 1]))
}

/// Counts what the other chips have put on the rows before the tables.
pub(crate) fn phase_1(inputs: &Inputs<'_>, witness: &mut Witness) {
    let (floor, table_rows) = (inputs.floor, inputs.arch.cut().table_rows());
    let table = floor.narrow.expect("the floor is of the narrow form").table;
    for (n, first) in [(0, table), (1, table + table_rows)] {
        let mut counts = vec![0u64; table_rows];
        for value in &witness.cells[n][STATEMENT_ROWS..table] {
            if let Some(count) = small(value).and_then(|v| counts.get_mut(v)) {
                *count += 1;
            }
        }
        for (cell, count) in witness.cells[0][first..].iter_mut().zip(counts) {
            *cell = Fr::from(count);
        }
    }
}

pub(crate) fn phase_2(compiled: &Compiled, witness: &Witness, challenges: &Challenges, phase_2: &mut Phase2) {
    const ROWS: usize = 4096;
    let Compiled { floor, fixed, .. } = compiled;
    let Challenges { beta, theta, .. } = *challenges;
    let tag = theta.square();
    let table = floor.narrow.expect("the floor is of the narrow form").table;
    let [q, r, out] = [0, 1, 2].map(|n| &witness.cells[n]);
    let of_inputs = (STATEMENT_ROWS..table).flat_map(|row| [beta + q[row] + theta * out[row], beta + r[row] + tag]);
    let of_entries = entries(fixed.table_rows).map(|entry| {
        let [number, second, tagged] = entry.map(Fr::from);
        beta + number + theta * (second + theta * tagged)
    });
    let mut inverses: Vec<Fr> = of_inputs.chain(of_entries).collect();
    inverses.par_chunks_mut(ROWS).for_each(|chunk| {
        chunk.batch_invert();
    });
    let (inputs, entries) = inverses.split_at(2 * (table - STATEMENT_ROWS));
    let phi = &mut phase_2.phi;
    for (row, of_row) in (STATEMENT_ROWS..table).zip(inputs.chunks(2)) {
        phi[row + 1] = phi[row] + of_row[0] + of_row[1];
    }
    for (row, of_row) in (table..floor.on_rows).zip(entries) {
        phi[row + 1] = phi[row] - q[row] * of_row;
    }
}
