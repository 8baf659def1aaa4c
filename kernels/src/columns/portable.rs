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

/// One step for up to 64 rows.
fn execute(step: Step, count: usize, registers: &mut Registers, sources: &mut Sources<'_, '_>) {
    let mut out = [Fr::ZERO; ROWS_TOGETHER];
    let mut wrapped = [[Fr::ZERO; ROWS_TOGETHER]; 3];
    let [first, second, third] = &mut wrapped;
    let rows = out[..count].iter_mut().enumerate();
    match step {
        Step::Add { to, a, b } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            rows.for_each(|(i, out)| *out = a.at(i) + b.at(i));
            registers[to as usize] = out;
        }
        Step::Sub { to, a, b } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            rows.for_each(|(i, out)| *out = a.at(i) - b.at(i));
            registers[to as usize] = out;
        }
        Step::Mul { to, a, b } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            rows.for_each(|(i, out)| *out = a.at(i) * b.at(i));
            registers[to as usize] = out;
        }
        Step::MulAdd { to, a, b, c } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            let c = sources.view(c, count, registers, third);
            rows.for_each(|(i, out)| *out = a.at(i) * b.at(i) + c.at(i));
            registers[to as usize] = out;
        }
        Step::Store { output, from } => {
            let from = sources.view(from, count, registers, first);
            rows.for_each(|(i, out)| *out = *from.at(i));
            sources.outputs[output as usize][sources.row..sources.row + count].copy_from_slice(&out[..count]);
        }
    }
}

/// An operand's rows: neighbours, or one element for all.
#[derive(Clone, Copy)]
struct View<'a> {
    elements: &'a [Fr],
    /// 1, or 0 for one element.
    stride: usize,
}

impl<'a> View<'a> {
    #[inline]
    fn at(self, row: usize) -> &'a Fr {
        &self.elements[row * self.stride]
    }
}

impl Sources<'_, '_> {
    /// `wrapped` is for rows that pass the end of a column.
    fn view<'a>(
        &'a self,
        operand: Operand,
        count: usize,
        registers: &'a Registers,
        wrapped: &'a mut [Fr; ROWS_TOGETHER],
    ) -> View<'a> {
        match operand {
            Operand::Register(register) => View {
                elements: &registers[register as usize],
                stride: 1,
            },
            Operand::Constant(constant) => View {
                elements: &self.constants[constant as usize..][..1],
                stride: 0,
            },
            Operand::Output(output) => View {
                elements: &self.outputs[output as usize][self.row..],
                stride: 1,
            },
            Operand::Column { column, rotation } => {
                let column = self.columns[column as usize];
                let row = (self.column_row as i64 + i64::from(rotation)).rem_euclid(column.len() as i64) as usize;
                if row + count <= column.len() {
                    return View {
                        elements: &column[row..row + count],
                        stride: 1,
                    };
                }
                for (i, element) in wrapped[..count].iter_mut().enumerate() {
                    *element = column[(row + i) % column.len()];
                }
                View {
                    elements: wrapped,
                    stride: 1,
                }
            }
        }
    }
}
