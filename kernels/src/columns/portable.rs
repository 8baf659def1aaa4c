//! One run over some rows, one element at a time. Bounds: see [`Program::singles`].

use assay_lanes::program::{Bounded, Operand, Program, Step, ROWS_TOGETHER};
use assay_lanes::single::Single;
use halo2_proofs::halo2curves::bn256::Fr;

/// One register: 64 rows of values below `4·p`.
type Register = Vec<Single<Fr>>;

/// The registers, and where a step writes before its register is exchanged for that. One a thread.
#[derive(Debug, Default)]
pub(super) struct Registers {
    registers: Vec<Register>,
    out: Register,
    /// For rows that pass the end of a column, one an operand.
    wrapped: [Register; 3],
}

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

/// As [`assay_lanes::program::run`], for any number of rows, of one output at least.
pub(super) fn run(
    program: &Program,
    columns: &[&[Fr]],
    constants: &[Fr],
    first_row: usize,
    outputs: &mut [&mut [Fr]],
    work: &mut Registers,
) {
    let empty = || vec![Single::ZERO; ROWS_TOGETHER];
    work.registers.resize_with(program.registers(), empty);
    work.out.resize(ROWS_TOGETHER, Single::ZERO);
    for wrapped in &mut work.wrapped {
        wrapped.resize(ROWS_TOGETHER, Single::ZERO);
    }
    let rows = outputs[0].len();
    for row in (0..rows).step_by(ROWS_TOGETHER) {
        let count = (rows - row).min(ROWS_TOGETHER);
        let mut sources = Sources {
            columns,
            constants,
            outputs,
            row,
            column_row: first_row + row,
        };
        for step in program.singles() {
            match *step {
                Bounded::Reduce(register) => {
                    for value in &mut work.registers[register as usize][..count] {
                        *value = value.lower_by::<2>();
                    }
                }
                Bounded::Step(step, multiple) => execute(step, multiple, count, work, &mut sources),
            }
        }
    }
}

/// One step for up to 64 rows; a difference adds the multiple of `p`.
fn execute(step: Step, multiple: u64, count: usize, work: &mut Registers, sources: &mut Sources<'_, '_>) {
    let Registers {
        registers,
        out,
        wrapped: [first, second, third],
    } = work;
    let rows = out[..count].iter_mut().enumerate();
    let to = match step {
        Step::Add { to, a, b } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            rows.for_each(|(i, out)| *out = a.at(i).plus(b.at(i)));
            to
        }
        Step::Sub { to, a, b } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            match multiple {
                1 => rows.for_each(|(i, out)| *out = a.at(i).minus_below::<1>(b.at(i))),
                2 => rows.for_each(|(i, out)| *out = a.at(i).minus_below::<2>(b.at(i))),
                // Both together are at most 4.
                _ => rows.for_each(|(i, out)| *out = a.at(i).minus_below::<3>(b.at(i))),
            }
            to
        }
        Step::Mul { to, a, b } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            rows.for_each(|(i, out)| *out = a.at(i).times(b.at(i)));
            to
        }
        Step::MulAdd { to, a, b, c } => {
            let (a, b) = (
                sources.view(a, count, registers, first),
                sources.view(b, count, registers, second),
            );
            let c = sources.view(c, count, registers, third);
            rows.for_each(|(i, out)| *out = a.at(i).times(b.at(i)).plus(c.at(i)));
            to
        }
        Step::Store { output, from } => {
            let from = sources.view(from, count, registers, first);
            rows.for_each(|(i, out)| *out = from.at(i));
            let stored = &mut sources.outputs[output as usize][sources.row..sources.row + count];
            for (element, value) in stored.iter_mut().zip(out.iter()) {
                *element = value.store();
            }
            return;
        }
    };
    std::mem::swap(&mut registers[to as usize], out);
}

/// An operand's rows: neighbours, or one element for all.
#[derive(Clone, Copy)]
struct View<'a> {
    elements: &'a [Single<Fr>],
    /// 1, or 0 for one element.
    stride: usize,
}

impl<'a> View<'a> {
    #[inline]
    fn at(self, row: usize) -> Single<Fr> {
        self.elements[row * self.stride]
    }
}

impl Sources<'_, '_> {
    /// `count` rows of an operand; `wrapped` is for rows that pass the end of a column.
    fn view<'a>(
        &'a self,
        operand: Operand,
        count: usize,
        registers: &'a [Register],
        wrapped: &'a mut [Single<Fr>],
    ) -> View<'a> {
        match operand {
            Operand::Register(register) => View {
                elements: &registers[register as usize][..count],
                stride: 1,
            },
            Operand::Constant(constant) => View {
                elements: Single::slice(&self.constants[constant as usize..][..1]),
                stride: 0,
            },
            Operand::Output(output) => View {
                elements: Single::slice(&self.outputs[output as usize][self.row..self.row + count]),
                stride: 1,
            },
            Operand::Column { column, rotation } => {
                let column = self.columns[column as usize];
                let row = (self.column_row as i64 + i64::from(rotation)).rem_euclid(column.len() as i64) as usize;
                if row + count <= column.len() {
                    return View {
                        elements: Single::slice(&column[row..row + count]),
                        stride: 1,
                    };
                }
                for (i, element) in wrapped[..count].iter_mut().enumerate() {
                    *element = Single::load(&column[(row + i) % column.len()]);
                }
                View {
                    elements: wrapped,
                    stride: 1,
                }
            }
        }
    }
}
