//! Every operation behind one structure.

use std::fmt;
use std::sync::Arc;

use assay_lanes::program::Program;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};

use crate::columns;
use crate::curve::{self, multiexp};
use crate::fourier::{self, transform, Plan};
use crate::path::Path;
use crate::threads::Threads;

/// A path and the pool to take it in. Clones share the pool and the buffers that are kept between operations: as many as were in use at
/// once, for each transform its length in elements, for each multi-exponentiation some 160 bytes a row.
#[derive(Clone)]
pub struct Kernels {
    path: Path,
    threads: Threads,
    buffers: Arc<Buffers>,
}

#[derive(Default)]
struct Buffers {
    fourier: fourier::Buffers,
    curve: curve::Buffers,
    columns: columns::Buffers,
}

impl fmt::Debug for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernels")
            .field("path", &self.path)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Kernels {
    /// The best path of this machine; see [`Path::detect`].
    #[must_use]
    pub fn detect(threads: Threads) -> Self {
        Self {
            path: Path::detect(),
            threads,
            buffers: Arc::default(),
        }
    }

    /// The portable path.
    #[must_use]
    pub fn portable(threads: Threads) -> Self {
        Self {
            path: Path::Portable,
            threads,
            buffers: Arc::default(),
        }
    }

    /// The path taken.
    #[must_use]
    pub fn path(&self) -> Path {
        self.path
    }

    /// The pool.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The transform of `plan`, in place and in natural order on both sides.
    ///
    /// # Panics
    /// If `elements` does not have the plan's length.
    pub fn transform(&self, plan: &Plan, elements: &mut [Fr]) {
        self.threads
            .run(|| transform(self.path, plan, elements, &self.buffers.fourier));
    }

    /// `Σ scalars_i·bases_i`, as halo2's `best_multiexp`. Zeros cost nothing, small scalars of either sign little, also between full-width
    /// ones. Bases may repeat, be opposite or be infinity.
    ///
    /// # Panics
    /// If the lengths differ or are `2^31` or more.
    #[must_use]
    pub fn multiexp(&self, scalars: &[Fr], bases: &[G1Affine]) -> G1 {
        self.threads
            .run(|| multiexp(self.path, scalars, bases, &self.buffers.curve))
    }

    /// Runs `program` over all rows. Columns and outputs have one length, which rotations wrap around. More columns, constants and outputs
    /// than the program names may be given.
    ///
    /// ```
    /// use assay_kernels::{Kernels, Operand, Program, Step, Threads};
    /// use halo2_proofs::halo2curves::bn256::Fr;
    ///
    /// // out = (a·a(ωX) − b)·y + out
    /// let a = |rotation| Operand::Column { column: 0, rotation };
    /// let b = Operand::Column { column: 1, rotation: 0 };
    /// let program = Program::new(vec![
    ///     Step::Mul { to: 0, a: a(0), b: a(1) },
    ///     Step::Sub { to: 0, a: Operand::Register(0), b },
    ///     Step::MulAdd { to: 0, a: Operand::Register(0), b: Operand::Constant(0), c: Operand::Output(0) },
    ///     Step::Store { output: 0, from: Operand::Register(0) },
    /// ])?;
    /// let kernels = Kernels::detect(Threads::of_machine()?);
    /// let column = |start: u64| (start..start + 16).map(Fr::from).collect::<Vec<_>>();
    /// let (a, b, mut out) = (column(3), column(5), column(7));
    /// kernels.run(&program, &[&a, &b], &[Fr::from(10)], &mut [&mut out]);
    /// assert_eq!(out[15], (Fr::from(18 * 3) - Fr::from(20)) * Fr::from(10) + Fr::from(22));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If lengths differ or something that the program names is not given.
    pub fn run(&self, program: &Program, columns: &[&[Fr]], constants: &[Fr], outputs: &mut [&mut [Fr]]) {
        self.threads
            .run(|| columns::run(self.path, program, columns, constants, outputs, &self.buffers.columns));
    }

    /// `a_i ← 1/a_i`, many with one inversion; zeros stay zero.
    pub fn invert(&self, a: &mut [Fr]) {
        self.threads.run(|| columns::invert(self.path, a));
    }

    /// `a_i ← a_i·factor`.
    pub fn scale(&self, a: &mut [Fr], factor: Fr) {
        self.threads.run(|| columns::scale(self.path, a, factor));
    }

    /// `a_i ← a_i + factor·b_i`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add_scaled(&self, a: &mut [Fr], factor: Fr, b: &[Fr]) {
        self.threads.run(|| columns::add_scaled(self.path, a, factor, b));
    }

    /// `Σ coefficients_i·x^i`.
    #[must_use]
    pub fn evaluate(&self, coefficients: &[Fr], x: Fr) -> Fr {
        self.threads.run(|| columns::evaluate(self.path, coefficients, x))
    }
}
