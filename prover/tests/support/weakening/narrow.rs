//! Fixed cells of the narrow form that may be left out or let in, by what their rows are for.

use super::changes::{arithmetic_classes, garbage_name, position, weight_classes, FixedCell};
use assay_prover::circuit::program::Step;
use assay_prover::circuit::{Columns, Compiled};
use assay_statement::field::Fr;
use assay_statement::poseidon;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::{Column, Fixed};
use std::collections::HashMap;

/// Rows of the statement.
const STATEMENT: usize = 3;

/// What a row that looks something up is.
fn lookup_name(compiled: &Compiled, row: usize) -> &'static str {
    let (floor, entries) = (&compiled.floor, compiled.fixed.table_rows);
    let rows = floor.narrow.expect("the narrow form");
    let tensors = &floor.tensors;
    match tensors.iter().position(|t| t.rows().contains(&row)) {
        Some(0) if tensors[0].strided => "image",
        Some(0) => "image read whole",
        Some(t) if t + 1 == tensors.len() => "logits",
        Some(t) if tensors[t].strided => "strided tensor",
        Some(_) => "plain tensor",
        None if row < rows.table => "number in range",
        None if row < rows.table + entries => "pair",
        None => "remainder",
    }
}

/// The assigned fixed cells, each with the class in which it is switched off.
pub(super) fn fixed_classes(compiled: &Compiled, columns: &Columns) -> Vec<(FixedCell, String)> {
    let Compiled { floor, fixed, .. } = compiled;
    let mut all = Vec::new();
    let (kinds, data) = columns.coefficients.split_last().expect("there are coefficients");
    for row in STATEMENT..floor.on_rows {
        all.push(((*kinds, row), format!("lookup: {}", lookup_name(compiled, row))));
    }
    let table = floor.narrow.expect("the narrow form").table;
    for (n, (column, values)) in data.iter().zip(&fixed.coefficients).enumerate() {
        for row in (STATEMENT..table).filter(|row| values[*row] != 0) {
            let class = format!("continuation {n}: {}", lookup_name(compiled, row));
            all.push(((*column, row), class));
        }
        for row in (floor.on_rows + 1..floor.words).filter(|row| values[*row] != 0) {
            let class = format!("garbage chain goes on: {}", garbage_name(compiled, row));
            all.push(((*column, row), class));
        }
    }
    all.push(((data[1], 0), "boundary: α".to_owned()));
    for row in table + 1..floor.on_rows {
        let class = format!("entry, number: {}", lookup_name(compiled, row));
        all.push(((data[0], row), class));
    }
    for row in table + fixed.table_rows / 2 + 1..table + fixed.table_rows {
        all.push(((data[1], row), "entry, clip".to_owned()));
    }
    for row in table + fixed.table_rows..floor.on_rows {
        all.push(((data[2], row), "entry, tag".to_owned()));
    }
    let rounds = poseidon::parameters().rounds();
    for (row, round) in &fixed.round_constants {
        let kind = fixed.round[*row];
        for (word, column) in data.iter().enumerate() {
            let class = format!("constant of word {word}: round of kind {kind}");
            all.push(((*column, *row), class));
        }
        let which = position(*round == 0, *round + 1 == rounds);
        all.push(((columns.round, *row), format!("round of kind {kind}: {which}")));
    }
    for (row, value) in fixed.block.iter().enumerate().filter(|(_, v)| **v != 0) {
        let class = match value {
            1 => format!("fold: {}", garbage_name(compiled, row)),
            2 => format!("call: {}", position(row == floor.poseidon, row + 2 == floor.end)),
            _ if row < STATEMENT => format!("boundary: row {row}"),
            _ => "boundary: behind the tables".to_owned(),
        };
        all.push(((columns.block, row), class));
    }
    weight_classes(compiled, columns, &mut all);
    let steps: HashMap<usize, &Step> = compiled.program.steps.iter().map(|step| (step.row, step)).collect();
    arithmetic_classes(compiled, columns, &steps, &mut all);
    for (row, _) in &fixed.constants {
        let what = steps[row].what;
        all.push(((columns.arith_kind, *row), format!("constant: {what}")));
    }
    all
}

/// Fixed cells that let something in: continuations where a sum or a word ends, and entries that are in no table.
pub(super) fn false_cells(compiled: &Compiled, columns: &Columns) -> Vec<(String, Vec<(FixedCell, Fr)>)> {
    let Compiled { floor, fixed, .. } = compiled;
    let rows = floor.narrow.expect("the narrow form");
    let mut continuations: HashMap<String, Vec<(FixedCell, Fr)>> = HashMap::new();
    for tensor in &floor.tensors {
        let image = tensor.start == floor.tensors[0].start;
        let read: &[usize] = match (image, tensor.strided) {
            (true, _) => &[0, 1],
            (false, false) => &[0, 2],
            (false, true) => &[1, 2],
        };
        for row in tensor.rows() {
            for n in read.iter().filter(|n| fixed.coefficients[**n][row] == 0) {
                let class = format!("continuation {n}: {}", lookup_name(compiled, row));
                let cell = ((columns.coefficients[*n], row), Fr::ONE);
                continuations.entry(class).or_default().push(cell);
            }
        }
    }
    let entries = fixed.table_rows;
    let (pairs, remainders, half) = (rows.table, rows.table + entries, entries / 2);
    let entry = |column: Column<Fixed>, row: usize, value: usize| vec![((column, row), Fr::from(value as u64))];
    let [number, clip, tag] = [0, 1, 2].map(|n| columns.coefficients[n]);
    let tables = [
        ("entry: clip of 0", entry(clip, pairs, 1)),
        ("entry: clip where it begins", entry(clip, pairs + half, 1)),
        ("entry: clip where it ends", entry(clip, pairs + half + 256, 256)),
        ("entry: clip of the last", entry(clip, remainders - 1, 0)),
        ("entry: last pair", entry(number, remainders - 1, entries)),
        ("entry: last remainder", entry(number, floor.on_rows - 1, entries)),
        ("entry: tag of a pair", entry(tag, pairs + 1, 1)),
        ("entry: no tag of a remainder", entry(tag, remainders + 1, 0)),
    ];
    let tables = tables.into_iter().map(|(name, cells)| (name.to_owned(), cells));
    continuations.into_iter().chain(tables).collect()
}
