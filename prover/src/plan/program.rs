//! The arithmetic region as a program: which cells hold which operands.
//!
//! A step on row `n` holds operands `a`, `b` and an accumulator; its result is the accumulator of row `n + 1`. Operands are
//! copies of other cells, so an operation costs a row whatever it connects. The program depends on the architecture
//! only; [`Program::run`] computes the values.

use super::error::FloorError;
use super::kinds::{DOT, HORNER};
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::Field;
use std::collections::HashMap;
use std::ops::Range;

/// The columns under the permutation argument, instances apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Col {
    /// [`Columns::acc_x`](super::columns::Columns::acc_x).
    AccX,
    /// [`Columns::acc_y`](super::columns::Columns::acc_y).
    AccY,
    /// [`Columns::acc_w`](super::columns::Columns::acc_w).
    AccW,
    /// [`Columns::a`](super::columns::Columns::a).
    A,
    /// [`Columns::b`](super::columns::Columns::b).
    B,
    /// [`Columns::acc`](super::columns::Columns::acc).
    Acc,
}

/// A cell that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Its column.
    pub col: Col,
    /// Its row, from 0.
    pub row: usize,
}

impl Cell {
    /// Row `row` of `col`.
    pub const fn new(col: Col, row: usize) -> Self {
        Self { col, row }
    }
}

/// Where a cell of the arithmetic region gets its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    /// Zero by convention, in no constraint.
    Idle,
    /// Equal to another cell, by the permutation argument.
    Copy(Cell),
    /// Column `a` only.
    Constant(Fr),
    /// The salt of the input, free.
    Salt,
    /// The context of the proof, free; bound to the instance.
    Context,
}

/// One row of the arithmetic region.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What the step is for; steps that serve one purpose share it.
    pub what: &'static str,
    /// Row of the operands; the result is on the next.
    pub row: usize,
    /// `DOT`, `HORNER`, or 0: no operation.
    pub kind: u64,
    /// First operand.
    pub a: Operand,
    /// Second operand.
    pub b: Operand,
    /// `Idle` where the step before this row computes it.
    pub acc: Operand,
}

/// Rows, operands and equalities of the arithmetic region.
#[derive(Debug, Default)]
pub struct Program {
    /// At most one per row, in no order of rows.
    pub steps: Vec<Step>,
    /// Equalities besides the operands' copies, and what each is for.
    pub equal: Vec<(&'static str, Cell, Cell)>,
    /// Cells bound to the instance column.
    pub instances: Vec<(Cell, usize)>,
    /// The equality that closes each layer.
    pub identities: Vec<(Cell, Cell)>,
}

/// Values that enter the program from outside.
#[derive(Clone, Copy, Debug)]
pub struct Inputs {
    /// The challenge α.
    pub alpha: Fr,
    /// The challenge γ.
    pub gamma: Fr,
    /// Salt of the input.
    pub salt: Fr,
    /// What the proof is bound to.
    pub context: Fr,
}

/// Columns under the permutation argument, instances apart.
#[derive(Debug)]
pub struct Values {
    /// [`Columns::acc_x`](super::columns::Columns::acc_x), by row.
    pub acc_x: Vec<Fr>,
    /// [`Columns::acc_y`](super::columns::Columns::acc_y), by row.
    pub acc_y: Vec<Fr>,
    /// [`Columns::acc_w`](super::columns::Columns::acc_w), by row.
    pub acc_w: Vec<Fr>,
    /// [`Columns::a`](super::columns::Columns::a), by row.
    pub a: Vec<Fr>,
    /// [`Columns::b`](super::columns::Columns::b), by row.
    pub b: Vec<Fr>,
    /// [`Columns::acc`](super::columns::Columns::acc), by row.
    pub acc: Vec<Fr>,
}

impl Values {
    /// Value of a cell.
    ///
    /// # Panics
    /// Below the last row.
    pub fn get(&self, cell: Cell) -> Fr {
        let column = match cell.col {
            Col::AccX => &self.acc_x,
            Col::AccY => &self.acc_y,
            Col::AccW => &self.acc_w,
            Col::A => &self.a,
            Col::B => &self.b,
            Col::Acc => &self.acc,
        };
        column[cell.row]
    }
}

impl Program {
    /// Every equality the permutation argument enforces.
    pub fn copies(&self) -> impl Iterator<Item = (Cell, Cell)> + '_ {
        self.named_copies().map(|(_, from, to)| (from, to))
    }

    /// As [`Program::copies`], each with what its step is for.
    pub fn named_copies(&self) -> impl Iterator<Item = (&'static str, Cell, Cell)> + '_ {
        let operands = self.steps.iter().flat_map(|step| {
            [(Col::A, step.a), (Col::B, step.b), (Col::Acc, step.acc)]
                .into_iter()
                .filter_map(|(col, operand)| match operand {
                    Operand::Copy(from) => Some((step.what, from, Cell::new(col, step.row))),
                    _ => None,
                })
        });
        operands.chain(self.equal.iter().copied())
    }
}

/// Builds a [`Program`], giving out rows.
#[derive(Debug)]
pub struct Builder {
    program: Program,
    ranges: Vec<Range<usize>>,
    rows_needed: usize,
    rows_available: usize,
    /// The last result, if its row can take another operation.
    open: Option<Cell>,
    constants: HashMap<[u8; 32], Cell>,
    alpha_powers: HashMap<usize, Cell>,
    /// A cell that is α.
    pub alpha: Cell,
    /// A cell that is γ.
    pub gamma: Cell,
    /// A cell that is 0.
    pub zero: Cell,
    /// A cell that is 1.
    pub one: Cell,
}

impl Builder {
    /// A program on the rows of `ranges`, with cells that are α and γ.
    pub fn new(ranges: impl IntoIterator<Item = Range<usize>>, [alpha, gamma]: [Cell; 2]) -> Self {
        let ranges: Vec<_> = ranges.into_iter().collect();
        let nowhere = Cell::new(Col::A, usize::MAX);
        let mut builder = Self {
            program: Program::default(),
            rows_available: ranges.iter().map(|r| r.len()).sum(),
            ranges,
            rows_needed: 0,
            open: None,
            constants: HashMap::new(),
            alpha_powers: HashMap::new(),
            alpha,
            gamma,
            zero: nowhere,
            one: nowhere,
        };
        builder.one = builder.constant("one", Fr::ONE);
        let minus_one = builder.constant("minus one", -Fr::ONE);
        builder.zero = builder.dot("zero", builder.one, &[(builder.one, minus_one)]);
        builder
    }

    /// The program; `k` is for the message.
    ///
    /// # Errors
    /// If the rows given were too few.
    pub fn finish(self, k: u32) -> Result<Program, FloorError> {
        if self.ranges.is_empty() {
            let (needed, available) = (self.rows_needed, self.rows_available);
            return Err(FloorError::Rows {
                what: "the arithmetic",
                needed,
                available,
                k,
            });
        }
        Ok(self.program)
    }

    /// Rows given out, or counted after the last was.
    pub fn rows_used(&self) -> usize {
        self.rows_needed
    }

    /// `n` neighbouring rows. After the last range is used up, rows are only counted.
    fn rows(&mut self, n: usize) -> usize {
        self.open = None;
        self.rows_needed += n;
        while let Some(range) = self.ranges.first_mut() {
            if range.len() >= n {
                let row = range.start;
                range.start += n;
                return row;
            }
            self.ranges.remove(0);
        }
        0
    }

    /// A cell that equals `value`, which is not zero.
    pub fn constant(&mut self, what: &'static str, value: Fr) -> Cell {
        assert!(!bool::from(value.is_zero()), "zero has a cell of its own");
        let key = assay_statement::field::to_be_bytes(&value);
        if let Some(cell) = self.constants.get(&key) {
            return *cell;
        }
        let row = self.rows(1);
        self.load(what, row, Operand::Idle, Operand::Constant(value), Operand::Idle);
        let cell = Cell::new(Col::A, row);
        self.constants.insert(key, cell);
        cell
    }

    /// A cell that is bound to an instance and to nothing else.
    pub fn context(&mut self, index: usize) {
        let row = self.rows(1);
        self.load("context", row, Operand::Idle, Operand::Context, Operand::Idle);
        self.program.instances.push((Cell::new(Col::A, row), index));
    }

    fn chain(&mut self, what: &'static str, kind: u64, start: Cell, operands: &[(Cell, Cell)]) -> Cell {
        if operands.is_empty() {
            return start;
        }
        let goes_on = self.open == Some(start) && self.ranges.first().is_some_and(|r| r.len() >= operands.len());
        let (row, acc) = if goes_on {
            self.rows(operands.len());
            (start.row, Operand::Idle)
        } else {
            (self.rows(operands.len() + 1), Operand::Copy(start))
        };
        if self.ranges.is_empty() {
            // Only counted: what has no rows is not kept.
            return start;
        }
        for (n, (a, b)) in operands.iter().enumerate() {
            let acc = if n == 0 { acc } else { Operand::Idle };
            self.program.steps.push(Step {
                what,
                row: row + n,
                kind,
                a: Operand::Copy(*a),
                b: Operand::Copy(*b),
                acc,
            });
        }
        let result = Cell::new(Col::Acc, row + operands.len());
        self.open = Some(result);
        result
    }

    /// `start + Σ a·b`.
    pub fn dot(&mut self, what: &'static str, start: Cell, pairs: &[(Cell, Cell)]) -> Cell {
        self.chain(what, DOT, start, pairs)
    }

    /// `start + Σ_(i ≤ j) a_i·b_i` for each `j`.
    pub fn running_dot(&mut self, what: &'static str, start: Cell, pairs: &[(Cell, Cell)]) -> Vec<Cell> {
        let last = self.dot(what, start, pairs);
        let above = |n: usize| last.row.saturating_sub(n);
        (0..pairs.len()).rev().map(|n| Cell::new(last.col, above(n))).collect()
    }

    /// `a·b`.
    pub fn mul(&mut self, what: &'static str, a: Cell, b: Cell) -> Cell {
        self.dot(what, self.zero, &[(a, b)])
    }

    /// `Σ_i factor^i·terms[i]`; at least one term.
    pub fn horner(&mut self, what: &'static str, factor: Cell, terms: &[Cell]) -> Cell {
        let (last, rest) = terms.split_last().expect("at least one term");
        let pairs: Vec<_> = rest.iter().rev().map(|term| (factor, *term)).collect();
        self.chain(what, HORNER, *last, &pairs)
    }

    /// `acc = acc·factor + term`, for each pair in turn.
    pub fn chain_horner(&mut self, what: &'static str, start: Cell, pairs: &[(Cell, Cell)]) -> Cell {
        self.chain(what, HORNER, start, pairs)
    }

    /// `Σ_i α^exponent[i]·terms[i]` for ascending exponents.
    pub fn sparse(&mut self, what: &'static str, terms: &[(usize, Cell)]) -> Cell {
        let (last, rest) = terms.split_last().expect("at least one term");
        let mut above = last.0;
        let mut pairs = Vec::with_capacity(terms.len());
        for (exponent, term) in rest.iter().rev() {
            pairs.push((self.alpha_power(above - exponent), *term));
            above = *exponent;
        }
        if above > 0 {
            pairs.push((self.alpha_power(above), self.zero));
        }
        self.chain(what, HORNER, last.1, &pairs)
    }

    /// α^n.
    pub fn alpha_power(&mut self, n: usize) -> Cell {
        match n {
            0 => return self.one,
            1 => return self.alpha,
            _ => {}
        }
        if let Some(cell) = self.alpha_powers.get(&n) {
            return *cell;
        }
        let cell = if n.is_multiple_of(2) {
            let half = self.alpha_power(n / 2);
            self.mul("power of α", half, half)
        } else {
            let below = self.alpha_power(n - 1);
            self.mul("power of α", below, self.alpha)
        };
        self.alpha_powers.insert(n, cell);
        cell
    }

    /// `base^exponent` by squaring.
    pub fn power(&mut self, what: &'static str, mut base: Cell, mut exponent: usize) -> Cell {
        let mut power = self.one;
        while exponent > 0 {
            if exponent % 2 == 1 {
                power = self.mul(what, power, base);
            }
            base = self.mul(what, base, base);
            exponent /= 2;
        }
        power
    }

    /// Makes two cells equal.
    pub fn equal(&mut self, what: &'static str, a: Cell, b: Cell) {
        self.program.equal.push((what, a, b));
    }

    /// The equality that makes a layer's identity hold.
    pub fn identity(&mut self, what: &'static str, left: Cell, right: Cell) {
        self.equal(what, left, right);
        self.program.identities.push((left, right));
    }

    /// Binds a cell to word `index` of the instance.
    pub fn instance(&mut self, cell: Cell, index: usize) {
        self.program.instances.push((cell, index));
    }

    /// Operands of a row without an operation.
    pub fn load(&mut self, what: &'static str, row: usize, acc: Operand, a: Operand, b: Operand) {
        self.program.steps.push(Step {
            what,
            row,
            kind: 0,
            a,
            b,
            acc,
        });
    }
}
