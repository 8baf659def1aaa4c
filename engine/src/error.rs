//! Why there is no key or no proof.

use halo2_proofs::plonk::Any;
use std::fmt;

/// A cell of a circuit's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Which table.
    pub kind: ColumnKind,
    /// Which of its columns, from 0.
    pub column: usize,
    /// From 0, below `2^k`.
    pub row: usize,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} column {} at row {}", self.kind, self.column, self.row)
    }
}

/// Who fills a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnKind {
    /// The circuit; the same in every proof. Selectors become such columns, behind the circuit's own.
    Fixed,
    /// The witness.
    Advice,
    /// The statement.
    Instance,
}

impl ColumnKind {
    /// The kind of one of the library's columns.
    pub fn of(any: &Any) -> Self {
        match any {
            Any::Fixed => Self::Fixed,
            Any::Advice(_) => Self::Advice,
            Any::Instance => Self::Instance,
        }
    }
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "fixed",
            Self::Advice => "advice",
            Self::Instance => "instance",
        })
    }
}

/// Why there is no key or no proof. A transcript that was written to before the error is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum EngineError {
    #[error("the circuit has {count} lookup arguments, the first {name:?}: this prover has none")]
    Lookups { count: usize, name: String },
    #[error("gate {gate:?} has degree {degree}, the domain of the key allows {allowed}")]
    GateDegree {
        gate: String,
        degree: usize,
        allowed: usize,
    },
    #[error("the key's degree is {degree}, a permutation needs 3")]
    DomainDegree { degree: usize },
    #[error(
        "the key's degree is {key}, the circuit's {circuit}: the library's limit was another one when the key was made"
    )]
    OtherDegree { key: usize, circuit: usize },
    #[error("2^{k} rows at degree {degree} are beyond the field's roots of unity or the sizes of this prover")]
    DomainSize { k: u32, degree: usize },
    #[error("the circuit needs {needed} rows, blinding included, and has {rows}")]
    Rows { needed: usize, rows: usize },
    #[error("{kind} column {column} is queried at two rotations that are one modulo the number of rows")]
    Rotations { kind: ColumnKind, column: usize },
    #[error("the key has 2^{needed} rows, the reference string 2^{got}")]
    ReferenceSize { needed: u32, got: u32 },
    #[error("the key was made with another reference string")]
    OtherReference,
    #[error("the reference string cannot be read")]
    Reference(#[source] std::io::Error),
    #[error("the point beside the reference string is not its next power")]
    TopPower,
    #[error("the constraint system has {count} selectors, which are no columns yet")]
    Selectors { count: usize },
    #[error("the circuit is not the key's: {part}")]
    OtherCircuit { part: &'static str },
    #[error("a program of {instructions} instructions, {registers} registers and {uniforms} uniform values is larger than the loops can run")]
    ProgramSize {
        instructions: usize,
        registers: usize,
        uniforms: usize,
    },
    #[error("{got} instance columns, the circuit has {expected}")]
    InstanceColumns { expected: usize, got: usize },
    #[error("instance column {column} has {got} values, at most {max} fit")]
    InstanceLength { column: usize, max: usize, got: usize },
    #[error("the circuit cannot be synthesized")]
    Synthesis(#[source] halo2_proofs::plonk::Error),
    #[error("the circuit assigns {0}, which it does not have")]
    OutsideTable(Cell),
    #[error("the circuit copies {0}, whose column has no equality enabled")]
    NotInPermutation(Cell),
    #[error("the circuit enables selector {selector} at row {row}, which it does not have")]
    OutsideSelectors { selector: usize, row: usize },
    #[error("{0} is assigned an unknown value: it is unknown to the circuit, is read before its challenge, or is read back from an assigned cell, which this prover does not keep")]
    UnknownValue(Cell),
    #[error("phase {phase} has {expected} advice columns, the witness {got}")]
    PhaseColumns { phase: u8, expected: usize, got: usize },
    #[error("the witness has more phases than the circuit's {phases}")]
    PhaseBeyond { phases: u8 },
    #[error("the witness ends before phase {phase} of {phases}")]
    PhaseMissing { phase: u8, phases: u8 },
    #[error("phase {phase} failed while it was written and cannot be committed again")]
    PhaseBegun { phase: u8 },
    #[error("advice column {column} has {got} values, at most {max} fit")]
    AdviceLength { column: usize, max: usize, got: usize },
    #[error("{got} values are to be committed, the reference string has {max} points")]
    CommittedLength { max: usize, got: usize },
    #[error("constraint {constraint:?} of gate {gate:?} does not hold at row {row}: {}", list(.cells))]
    Gate {
        gate: String,
        constraint: String,
        row: usize,
        cells: Vec<Cell>,
    },
    #[error("{left} and {right} are copies of each other and differ")]
    Copy { left: Cell, right: Cell },
    #[error("the opened values do not satisfy the circuit's identity")]
    Identity,
    #[error("a challenge of the transcript is one of the few values at which nothing can be opened: prove again")]
    Challenge,
    #[error("the system has no randomness")]
    Randomness(#[source] rand::Error),
    #[error("the transcript cannot be written")]
    Transcript(#[from] std::io::Error),
    #[error("the threads cannot be started")]
    Threads(#[from] assay_kernels::ThreadsError),
}

fn list(cells: &[Cell]) -> String {
    let names: Vec<String> = cells.iter().map(Cell::to_string).collect();
    names.join(", ")
}
