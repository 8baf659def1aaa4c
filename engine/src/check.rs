//! Whether a table satisfies the circuit, and where it does not.

use crate::backend::Inputs;
use crate::engine::Engine;
use crate::error::{Cell, ColumnKind, EngineError};
use crate::table::Table;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Expression;

/// Checks all gates in all rows, the blinded ones too, and all copies.
///
/// The constraints of a row are weighed by powers of `weight`: random, so that a row that breaks some passes with a probability
/// of at most their number over `r`.
///
/// # Errors
/// [`EngineError::Gate`] with the first row and the first constraint that it breaks, [`EngineError::Copy`]; those of
/// [`Backend::run`](crate::Backend::run).
pub(crate) fn check(engine: &Engine<'_>, table: &Table<'_>, challenges: &[Fr], weight: Fr) -> Result<(), EngineError> {
    let (key, program) = (table.key, &table.key.gates);
    let mut scalars = vec![Fr::ZERO; key.scalars.y() + 1];
    scalars[..challenges.len()].copy_from_slice(challenges);
    scalars[key.scalars.y()] = weight;
    let uniforms = program.uniforms(&scalars);
    let mut columns: Vec<&[Fr]> = vec![&[]; key.slots.product(0)];
    for (kind, count) in [
        (ColumnKind::Fixed, key.slots.fixed),
        (ColumnKind::Instance, key.slots.instance),
        (ColumnKind::Advice, key.slots.advice),
    ] {
        (0..count).for_each(|i| columns[key.slots.cell(kind, i)] = table.column(kind, i));
    }
    let inputs = Inputs {
        columns: &columns,
        uniforms: &uniforms,
    };
    let mut sums = vec![Fr::ZERO; key.domain.rows()];
    engine.threads.run(|| engine.backend.run(program, &inputs, &mut sums))?;
    match sums.iter().position(|sum| *sum != Fr::ZERO) {
        Some(row) => Err(broken(table, challenges, row)),
        None => copies(table),
    }
}

/// The first constraint that a row breaks.
fn broken(table: &Table<'_>, challenges: &[Fr], row: usize) -> EngineError {
    for gate in table.key.system().gates() {
        for (i, constraint) in gate.polynomials().iter().enumerate() {
            if value(table, challenges, constraint, row) != Fr::ZERO {
                let mut cells = cells(table, constraint, row);
                cells.sort_unstable();
                cells.dedup();
                return EngineError::Gate {
                    gate: gate.name().to_owned(),
                    constraint: gate.constraint_name(i).to_owned(),
                    row,
                    cells,
                };
            }
        }
    }
    EngineError::Identity
}

fn cell(table: &Table<'_>, kind: ColumnKind, column: usize, row: usize, rotation: i32) -> Cell {
    let domain = &table.key.domain;
    let row = (row + domain.rotation(rotation)) % domain.rows();
    Cell { kind, column, row }
}

fn value(table: &Table<'_>, challenges: &[Fr], constraint: &Expression<Fr>, row: usize) -> Fr {
    let at = |kind, column, rotation| table.value(cell(table, kind, column, row, rotation));
    constraint.evaluate(
        &|constant| constant,
        &|_| Fr::ZERO,
        &|query| at(ColumnKind::Fixed, query.column_index(), query.rotation().0),
        &|query| at(ColumnKind::Advice, query.column_index(), query.rotation().0),
        &|query| at(ColumnKind::Instance, query.column_index(), query.rotation().0),
        &|challenge| challenges[challenge.index()],
        &|a| -a,
        &|a, b| a + b,
        &|a, b| a * b,
        &|a, factor| a * factor,
    )
}

fn cells(table: &Table<'_>, constraint: &Expression<Fr>, row: usize) -> Vec<Cell> {
    let at = |kind, column, rotation| vec![cell(table, kind, column, row, rotation)];
    let both = |a: Vec<Cell>, b: Vec<Cell>| [a, b].concat();
    constraint.evaluate(
        &|_| vec![],
        &|_| vec![],
        &|query| at(ColumnKind::Fixed, query.column_index(), query.rotation().0),
        &|query| at(ColumnKind::Advice, query.column_index(), query.rotation().0),
        &|query| at(ColumnKind::Instance, query.column_index(), query.rotation().0),
        &|_| vec![],
        &|a| a,
        &both,
        &both,
        &|a, _| a,
    )
}

/// # Errors
/// [`EngineError::Copy`] with the first cell that differs from the next of its cycle.
fn copies(table: &Table<'_>) -> Result<(), EngineError> {
    let columns = table.key.system().permutation().get_columns();
    let cell = |place: usize, row: usize| Cell {
        kind: ColumnKind::of(columns[place].column_type()),
        column: columns[place].index(),
        row,
    };
    for place in 0..columns.len() {
        for row in 0..table.key.usable_rows() {
            let next = table.key.copies.successor(place, row);
            let [left, right] = [cell(place, row), cell(next.0, next.1)];
            if left != right && table.value(left) != table.value(right) {
                return Err(EngineError::Copy { left, right });
            }
        }
    }
    Ok(())
}
