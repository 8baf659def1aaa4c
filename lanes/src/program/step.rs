//! Steps and operands.

/// Rows that are done together.
pub const ROWS_TOGETHER: usize = 64;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A register, set by an earlier step.
    Register(u16),
    /// A constant of the run.
    Constant(u16),
    /// A column `rotation` rows further on, cyclically.
    Column {
        /// Which column of the run.
        column: u16,
        /// Rows, of either sign and any size.
        rotation: i32,
    },
    /// What the output has in this row: from before the run, or from an earlier step of it.
    Output(u16),
}

/// One step, done for all rows of a block before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `to ← a + b`.
    Add {
        /// The register written.
        to: u16,
        /// A summand.
        a: Operand,
        /// A summand.
        b: Operand,
    },
    /// `to ← a − b`.
    Sub {
        /// The register written.
        to: u16,
        /// The minuend.
        a: Operand,
        /// The subtrahend.
        b: Operand,
    },
    /// `to ← a·b`.
    Mul {
        /// The register written.
        to: u16,
        /// A factor.
        a: Operand,
        /// A factor.
        b: Operand,
    },
    /// `to ← a·b + c`: with a challenge for `b`, a step of Horner's rule.
    MulAdd {
        /// The register written.
        to: u16,
        /// A factor.
        a: Operand,
        /// A factor.
        b: Operand,
        /// The summand.
        c: Operand,
    },
    /// Writes an output's rows.
    Store {
        /// Which output of the run.
        output: u16,
        /// What is written.
        from: Operand,
    },
}

impl Step {
    /// The operands.
    pub(super) fn operands(&self) -> impl Iterator<Item = Operand> {
        let operands = match *self {
            Self::Add { a, b, .. } | Self::Sub { a, b, .. } | Self::Mul { a, b, .. } => [Some(a), Some(b), None],
            Self::MulAdd { a, b, c, .. } => [Some(a), Some(b), Some(c)],
            Self::Store { from, .. } => [Some(from), None, None],
        };
        operands.into_iter().flatten()
    }

    /// The register written.
    pub(super) fn register(&self) -> Option<u16> {
        match *self {
            Self::Add { to, .. } | Self::Sub { to, .. } | Self::Mul { to, .. } | Self::MulAdd { to, .. } => Some(to),
            Self::Store { .. } => None,
        }
    }
}
