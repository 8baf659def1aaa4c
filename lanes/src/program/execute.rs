//! One run over some rows.

use halo2_proofs::halo2curves::bn256::Fr;

use super::check::Program;
use crate::detect::{with_lanes, Ifma};

#[cfg(target_arch = "x86_64")]
use super::{
    bounds::{Bounded, HIGHEST},
    step::{Operand, Step, ROWS_TOGETHER},
};
#[cfg(target_arch = "x86_64")]
use crate::eight::{arithmetic::spread, Eight};
#[cfg(target_arch = "x86_64")]
use crate::modulus::{Limbs, Prime};

/// Registers of eight elements that one register of a program takes.
#[cfg(target_arch = "x86_64")]
const EIGHTS: usize = ROWS_TOGETHER / 8;

/// `K·p` for every `K` that a difference may add.
#[cfg(target_arch = "x86_64")]
static MULTIPLES: [Limbs; HIGHEST as usize + 1] = multiples();

#[cfg(target_arch = "x86_64")]
const fn multiples() -> [Limbs; HIGHEST as usize + 1] {
    let mut out = [[0; 5]; HIGHEST as usize + 1];
    let mut times = 1;
    while times <= HIGHEST {
        out[times as usize] = spread(Fr::LIMBS, times);
        times += 1;
    }
    out
}

/// The registers, 2.5 kB each, and the constants. One a thread.
#[derive(Debug, Default)]
pub struct Registers {
    #[cfg(target_arch = "x86_64")]
    registers: Vec<[Eight<Fr>; EIGHTS]>,
    #[cfg(target_arch = "x86_64")]
    constants: Vec<Eight<Fr>>,
}

/// Runs `program` for the rows from `first_row` on, as many as the `outputs` have; row `i` of an output is row `first_row + i` of the columns.
///
/// # Panics
/// If there are fewer columns, constants or outputs than the program names; if columns differ in length, or outputs do; if the columns have
/// fewer than eight rows; if the rows of the outputs are no multiple of eight or pass the end of the columns.
pub fn run(
    ifma: Ifma,
    program: &Program,
    columns: &[&[Fr]],
    constants: &[Fr],
    first_row: usize,
    outputs: &mut [&mut [Fr]],
    registers: &mut Registers,
) {
    assert!(
        columns.len() >= program.columns()
            && constants.len() >= program.constants()
            && outputs.len() >= program.outputs()
    );
    let rows = outputs.first().map_or(0, |output| output.len());
    assert!(
        rows.is_multiple_of(8) && outputs.iter().all(|output| output.len() == rows),
        "rows of outputs"
    );
    if let Some(length) = columns.first().map(|column| column.len()) {
        assert!(
            length >= 8 && columns.iter().all(|column| column.len() == length) && first_row + rows <= length,
            "rows of columns"
        );
    }
    with_lanes!(
        ifma,
        run_in_lanes(program, columns, constants, first_row, outputs, registers)
    );
}

/// What operands are read from.
#[cfg(target_arch = "x86_64")]
struct Sources<'a, 'b> {
    columns: &'a [&'a [Fr]],
    outputs: &'a mut [&'b mut [Fr]],
    constants: &'a [Eight<Fr>],
    /// Of the outputs.
    row: usize,
    /// Of the columns.
    column_row: usize,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn run_in_lanes(
    program: &Program,
    columns: &[&[Fr]],
    constants: &[Fr],
    first_row: usize,
    outputs: &mut [&mut [Fr]],
    work: &mut Registers,
) {
    work.registers.resize(program.registers(), [Eight::zero(); EIGHTS]);
    work.constants.clear();
    for &constant in constants {
        work.constants.push(Eight::load(&[constant; 8]).canonical());
    }
    let rows = outputs.first().map_or(0, |output| output.len());
    for row in (0..rows).step_by(ROWS_TOGETHER) {
        let eights = (rows - row).min(ROWS_TOGETHER) / 8;
        let mut sources = Sources {
            columns,
            outputs,
            constants: &work.constants,
            row,
            column_row: first_row + row,
        };
        for step in program.bounded() {
            match *step {
                Bounded::Reduce(register) => {
                    for value in &mut work.registers[register as usize][..eights] {
                        *value = value.reduced();
                    }
                }
                Bounded::Step(step, multiple) => execute(step, multiple, eights, &mut work.registers, &mut sources),
            }
        }
    }
}

/// One step for up to 64 rows. Bounds: see `bounds`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn execute(
    step: Step,
    multiple: u64,
    eights: usize,
    registers: &mut [[Eight<Fr>; EIGHTS]],
    sources: &mut Sources<'_, '_>,
) {
    match step {
        Step::Add { to, a, b } => {
            for i in 0..eights {
                let value = sources.read(a, i, registers).plus(sources.read(b, i, registers));
                registers[to as usize][i] = value.normal();
            }
        }
        Step::Sub { to, a, b } => {
            let multiple = Eight::splat(&MULTIPLES[multiple as usize]);
            for i in 0..eights {
                let value = sources
                    .read(a, i, registers)
                    .plus(multiple)
                    .minus(sources.read(b, i, registers));
                registers[to as usize][i] = value.normal();
            }
        }
        Step::Mul { to, a, b } => {
            for i in 0..eights {
                let value = sources.read(a, i, registers).times(sources.read(b, i, registers));
                registers[to as usize][i] = value;
            }
        }
        Step::MulAdd { to, a, b, c } => {
            for i in 0..eights {
                let product = sources.read(a, i, registers).times(sources.read(b, i, registers));
                registers[to as usize][i] = product.plus(sources.read(c, i, registers)).normal();
            }
        }
        Step::Store { output, from } => {
            for i in 0..eights {
                let value = sources.read(from, i, registers);
                let row = sources.row + 8 * i;
                value.store(
                    sources.outputs[output as usize][row..]
                        .first_chunk_mut()
                        .expect("eight rows"),
                );
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Sources<'_, '_> {
    /// Rows `8·i` to `8·i + 7` of the block.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn read(&self, operand: Operand, i: usize, registers: &[[Eight<Fr>; EIGHTS]]) -> Eight<Fr> {
        match operand {
            Operand::Register(register) => registers[register as usize][i],
            Operand::Constant(constant) => self.constants[constant as usize],
            Operand::Output(output) => Eight::load(
                self.outputs[output as usize][self.row + 8 * i..]
                    .first_chunk()
                    .expect("eight rows"),
            ),
            Operand::Column { column, rotation } => {
                let column = self.columns[column as usize];
                let row = rotated(self.column_row + 8 * i, rotation, column.len());
                match column[row..].first_chunk() {
                    Some(eight) => Eight::load(eight),
                    None => {
                        let mut eight = [column[0]; 8];
                        for (l, element) in eight.iter_mut().enumerate() {
                            *element = column[(row + l) % column.len()];
                        }
                        Eight::load(&eight)
                    }
                }
            }
        }
    }
}

/// `row + rotation`, cyclically.
#[cfg(target_arch = "x86_64")]
#[inline]
fn rotated(row: usize, rotation: i32, length: usize) -> usize {
    let moved = row as i64 + i64::from(rotation);
    if (0..length as i64).contains(&moved) {
        moved as usize
    } else {
        moved.rem_euclid(length as i64) as usize
    }
}
