//! Register programs over columns, for what is computed row by row: quotients, running products, linear combinations.
//!
//! A program is a list of steps on registers, run once for every row of columns of one length, 64 rows at a time: a step's cost of being
//! interpreted is shared by 64 elements, and a register of 2.5 kB stays in the cache. Operands are registers, constants (challenges and
//! their powers, given at every run), columns at a rotation (cyclic) and the outputs themselves.
//!
//! Values are kept unreduced. When a program is made, every register's bound is followed through its steps; where a sum would pass `84·p` in
//! lanes, or `4·p` without them, a reduction is put in.
//!
//! | module | content | may use |
//! |---|---|---|
//! | `step` | steps and operands | nothing here |
//! | `check` | programs whose registers are set before they are read | `bounds`, `step` |
//! | `bounds` | steps with bounds and reductions | `step` |
//! | `execute` | one run over some rows | `bounds`, `check`, `step` |

mod bounds;
mod check;
mod execute;
mod step;

#[cfg(all(test, target_arch = "x86_64"))]
mod tests;

pub use bounds::Bounded;
pub use check::{Program, ProgramError};
pub use execute::{run, Registers};
pub use step::{Operand, Step, ROWS_TOGETHER};
