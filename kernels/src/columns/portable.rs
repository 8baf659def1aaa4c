//! One run over some rows, one element at a time.

use assay_lanes::program::{Operand, Program, Step, ROWS_TOGETHER};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// The registers. One a thread.
pub(super) type Registers = Vec<[Fr; ROWS_TOGETHER]>;

/// What operands are read from.
struct Sources<'a, 'b> {
    columns: &'a [&'a [Fr]],
    constants: &'a [Fr],
    outputs: &'a mut [&'b mut [Fr]],
    /// Of the outputs.
    row: usize,
    /// Of the columns.
    column_row: usize,
}

/// As [`assay_lanes::program::run`], for any number of rows.
pub(super) fn run(
    program: &Program,
    columns: &[&[Fr]],
    constants: &[Fr],
    first_row: usize,
    outputs: &mut [&mut [Fr]],
    registers: &mut Registers,
) {
    registers.resize(program.registers(), [Fr::ZERO; ROWS_TOGETHER]);
    let rows = outputs.first().map_or(0, |output| output.len());
    for row in (0..rows).step_by(ROWS_TOGETHER) {
        let count = (rows - row).min(ROWS_TOGETHER);
        let mut sources = Sources {
            columns,
            constants,
            outputs,
            row,
            column_row: first_row + row,
        };
        for step in program.steps() {
            execute(*step, count, registers, &mut sources);
        }
    }
}

fn execute(step: Step, count: usize, registers: &mut Registers, sources: &mut Sources<'_, '_>) {
    for i in 0..count {
        let read = |operand| sources.read(operand, i, registers);
        let (to, value) = match step {
            Step::Add { to, a, b } => (to, read(a) + read(b)),
            Step::Sub { to, a, b } => (to, read(a) - read(b)),
            Step::Mul { to, a, b } => (to, read(a) * read(b)),
            Step::MulAdd { to, a, b, c } => (to, read(a) * read(b) + read(c)),
            Step::Store { output, from } => {
                let value = read(from);
                sources.outputs[output as usize][sources.row + i] = value;
                continue;
            }
        };
        registers[to as usize][i] = value;
    }
}

impl Sources<'_, '_> {
    #[inline]
    fn read(&self, operand: Operand, i: usize, registers: &Registers) -> Fr {
        match operand {
            Operand::Register(register) => registers[register as usize][i],
            Operand::Constant(constant) => self.constants[constant as usize],
            Operand::Output(output) => self.outputs[output as usize][self.row + i],
            Operand::Column { column, rotation } => {
                let column = self.columns[column as usize];
                let row = (self.column_row + i) as i64 + i64::from(rotation);
                match usize::try_from(row).ok().and_then(|row| column.get(row)) {
                    Some(element) => *element,
                    None => column[row.rem_euclid(column.len() as i64) as usize],
                }
            }
        }
    }
}
