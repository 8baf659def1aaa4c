//! Programs whose registers are set before they are read.

use super::bounds::{bounded, Bounded, LANES, SINGLES};
use super::step::{Operand, Step};

/// Why steps are no program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// A register is read that no earlier step writes.
    #[error("step {step} reads register {register}, which no earlier step sets")]
    Unset {
        /// The step's index.
        step: usize,
        /// The register.
        register: u16,
    },
}

/// Steps in order, and how many registers, constants, columns and outputs they name.
#[derive(Debug, Clone)]
pub struct Program {
    steps: Vec<Step>,
    bounded: Vec<Bounded>,
    singles: Vec<Bounded>,
    registers: usize,
    constants: usize,
    columns: usize,
    outputs: usize,
}

impl Program {
    /// Checks the steps and follows the bounds of their registers.
    ///
    /// # Errors
    /// [`ProgramError::Unset`].
    pub fn new(steps: Vec<Step>) -> Result<Self, ProgramError> {
        let (mut constants, mut columns, mut outputs) = (0, 0, 0);
        let mut set: Vec<bool> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            for operand in step.operands() {
                match operand {
                    Operand::Register(register) if !set.get(register as usize).is_some_and(|set| *set) => {
                        return Err(ProgramError::Unset { step: index, register });
                    }
                    Operand::Register(_) => {}
                    Operand::Constant(constant) => constants = constants.max(constant as usize + 1),
                    Operand::Column { column, .. } => columns = columns.max(column as usize + 1),
                    Operand::Output(output) => outputs = outputs.max(output as usize + 1),
                }
            }
            if let Step::Store { output, .. } = step {
                outputs = outputs.max(*output as usize + 1);
            }
            if let Some(register) = step.register() {
                set.resize(set.len().max(register as usize + 1), false);
                set[register as usize] = true;
            }
        }
        let (bounded, singles) = (bounded(&steps, set.len(), &LANES), bounded(&steps, set.len(), &SINGLES));
        Ok(Self {
            steps,
            bounded,
            singles,
            registers: set.len(),
            constants,
            columns,
            outputs,
        })
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Registers named: the highest number and one.
    #[must_use]
    pub fn registers(&self) -> usize {
        self.registers
    }

    /// Constants named.
    #[must_use]
    pub fn constants(&self) -> usize {
        self.constants
    }

    /// Columns named.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Outputs named.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The steps with bounds and reductions for single elements.
    #[must_use]
    pub fn singles(&self) -> &[Bounded] {
        &self.singles
    }

    /// The steps with bounds and reductions for lanes.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn bounded(&self) -> &[Bounded] {
        &self.bounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_that_nothing_sets_is_refused() {
        let one = Operand::Constant(4);
        let good = Step::Add {
            to: 2,
            a: one,
            b: Operand::Column {
                column: 7,
                rotation: -1,
            },
        };
        let store = |register| Step::Store {
            output: 1,
            from: Operand::Register(register),
        };
        let program = Program::new(vec![good, store(2)]).unwrap();
        assert_eq!(
            (
                program.registers(),
                program.constants(),
                program.columns(),
                program.outputs()
            ),
            (3, 5, 8, 2)
        );
        assert_eq!(
            Program::new(vec![good, store(1)]).unwrap_err(),
            ProgramError::Unset { step: 1, register: 1 }
        );
        assert_eq!(
            Program::new(vec![store(2), good]).unwrap_err(),
            ProgramError::Unset { step: 0, register: 2 }
        );
        let counts = |program: Program| [program.constants(), program.columns(), program.outputs()];
        assert_eq!(counts(Program::new(Vec::new()).unwrap()), [0; 3]);
        // An output that is read, not written.
        let from = Operand::Output(2);
        assert_eq!(
            counts(Program::new(vec![Step::Store { output: 1, from }]).unwrap()),
            [0, 0, 3]
        );
        let itself = Step::Mul {
            to: 0,
            a: Operand::Register(0),
            b: one,
        };
        assert_eq!(
            Program::new(vec![itself]).unwrap_err(),
            ProgramError::Unset { step: 0, register: 0 }
        );
    }
}
