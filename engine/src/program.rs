//! A program over registers: one polynomial in columns, compiled once for each key and run over many rows.
//!
//! A register holds a block of consecutive rows. What is the same in every row is computed once before
//! ([`Program::uniforms`]) and is an operand like a register.

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;

/// Where an instruction takes a value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A block of rows, in the register of this index.
    Register(usize),
    /// The value of this index among [`Program::uniforms`], the same in every row.
    Uniform(usize),
}

/// What is done with a block of rows. A target may be the register of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// `to[i] = columns[slot][(row_i + rotation) mod n]`, with the rotation below `n`.
    Load {
        /// Target register.
        to: usize,
        /// Which column.
        slot: usize,
        /// By how many rows the read row is behind the written one.
        rotation: usize,
    },
    /// `to = −value`.
    Negate {
        /// Target register.
        to: usize,
        /// Never uniform.
        value: Operand,
    },
    /// `to = left + right`.
    Add {
        /// Target register.
        to: usize,
        /// Not uniform if `right` is.
        left: Operand,
        /// Not uniform if `left` is.
        right: Operand,
    },
    /// `to = left − right`.
    Subtract {
        /// Target register.
        to: usize,
        /// Not uniform if `right` is.
        left: Operand,
        /// Not uniform if `left` is.
        right: Operand,
    },
    /// `to = left·right`.
    Multiply {
        /// Target register.
        to: usize,
        /// Not uniform if `right` is.
        left: Operand,
        /// Not uniform if `left` is.
        right: Operand,
    },
}

/// How a value that is the same in every row is made, from those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniform {
    /// A number of the circuit.
    Constant(Fr),
    /// The challenge of this index.
    Challenge(usize),
    /// `−value`.
    Negate(usize),
    /// Sum.
    Add(usize, usize),
    /// First minus second.
    Subtract(usize, usize),
    /// Product.
    Multiply(usize, usize),
}

/// A polynomial in columns and challenges.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) uniforms: Vec<Uniform>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) registers: usize,
    pub(crate) output: Operand,
}

impl Program {
    /// What is done with each block, in order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Sums and products for each row. Loads are part of the step that uses what is loaded.
    pub fn steps(&self) -> usize {
        let loads = |instruction: &&Instruction| !matches!(instruction, Instruction::Load { .. });
        self.instructions.iter().filter(loads).count()
    }

    /// How many registers there are.
    pub fn registers(&self) -> usize {
        self.registers
    }

    /// Where the result is after the last instruction.
    pub fn output(&self) -> Operand {
        self.output
    }

    /// The values that are the same in every row, under these challenges.
    pub fn uniforms(&self, challenges: &[Fr]) -> Vec<Fr> {
        let mut values: Vec<Fr> = Vec::with_capacity(self.uniforms.len());
        for uniform in &self.uniforms {
            let value = match *uniform {
                Uniform::Constant(value) => value,
                Uniform::Challenge(i) => challenges[i],
                Uniform::Negate(i) => -values[i],
                Uniform::Add(i, j) => values[i] + values[j],
                Uniform::Subtract(i, j) => values[i] - values[j],
                Uniform::Multiply(i, j) => values[i] * values[j],
            };
            values.push(value);
        }
        values
    }

    /// The program's value in a single row, whose columns `load` tells by slot and rotation.
    pub fn value(&self, uniforms: &[Fr], load: impl Fn(usize, usize) -> Fr) -> Fr {
        let mut registers = vec![Fr::ZERO; self.registers];
        let get = |registers: &[Fr], operand: Operand| match operand {
            Operand::Register(i) => registers[i],
            Operand::Uniform(i) => uniforms[i],
        };
        for instruction in &self.instructions {
            match *instruction {
                Instruction::Load { to, slot, rotation } => registers[to] = load(slot, rotation),
                Instruction::Negate { to, value } => registers[to] = -get(&registers, value),
                Instruction::Add { to, left, right } => {
                    registers[to] = get(&registers, left) + get(&registers, right);
                }
                Instruction::Subtract { to, left, right } => {
                    registers[to] = get(&registers, left) - get(&registers, right);
                }
                Instruction::Multiply { to, left, right } => {
                    registers[to] = get(&registers, left) * get(&registers, right);
                }
            }
        }
        get(&registers, self.output)
    }
}
