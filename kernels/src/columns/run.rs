//! All rows.

use assay_lanes::program::{self, Program};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::portable;
use crate::path::Path;
use crate::spare::Spare;

/// Rows of a task.
const ROWS_OF_A_TASK: usize = 1 << 10;

/// Registers of both paths, of which one is in use.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    lanes: Spare<program::Registers>,
    portable: Spare<portable::Registers>,
}

/// Runs in the current pool.
pub(crate) fn run(
    path: Path,
    program: &Program,
    columns: &[&[Fr]],
    constants: &[Fr],
    outputs: &mut [&mut [Fr]],
    buffers: &Buffers,
) {
    assert!(
        columns.len() >= program.columns(),
        "a column for each that the program names"
    );
    assert!(
        constants.len() >= program.constants(),
        "a constant for each that the program names"
    );
    assert!(
        outputs.len() >= program.outputs(),
        "an output for each that the program names"
    );
    let rows = outputs.first().map_or(0, |output| output.len());
    assert!(
        outputs.iter().all(|output| output.len() == rows),
        "outputs of one length"
    );
    assert!(
        columns.iter().all(|column| column.len() == rows),
        "columns as long as the outputs"
    );
    // Each task gets its rows of every output.
    let mut tasks: Vec<Vec<&mut [Fr]>> = Vec::new();
    for output in outputs.iter_mut() {
        for (task, rows) in output.chunks_mut(ROWS_OF_A_TASK).enumerate() {
            if task == tasks.len() {
                tasks.push(Vec::new());
            }
            tasks[task].push(rows);
        }
    }
    tasks.into_par_iter().enumerate().for_each(|(task, mut outputs)| {
        let first_row = task * ROWS_OF_A_TASK;
        match path {
            Path::Lanes(ifma) if rows >= 8 && rows.is_multiple_of(8) => buffers
                .lanes
                .with(|registers| program::run(ifma, program, columns, constants, first_row, &mut outputs, registers)),
            _ => buffers
                .portable
                .with(|registers| portable::run(program, columns, constants, first_row, &mut outputs, registers)),
        }
    });
}
