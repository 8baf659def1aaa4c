//! The heavy loops of the prover, which a machine may have faster ones for.
//!
//! Every function computes exactly what it says, so that two backends give the same proof; [`Stock`](crate::Stock) is the
//! reference that a faster one is compared with. They are called inside the prover's own threads: parallel loops use
//! those. No constant time is promised by any of them.

use crate::domain::{powers, Domain};
use crate::error::EngineError;
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// Which points of the reference string are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// `τ^i·G`: the scalars are coefficients.
    Powers,
    /// `l_i(τ)·G`: the scalars are values in the rows.
    Lagrange,
}

/// What a program runs over.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// By slot, each of `n` rows; a column that the program never loads may be empty.
    pub columns: &'a [&'a [Fr]],
    /// [`Program::uniforms`] under the proof's challenges.
    pub uniforms: &'a [Fr],
}

/// Rows of `Fr` that are scaled by powers at a time.
const CHUNK: usize = 1 << 12;

/// Multi-exponentiation, Fourier transforms, batch inversion and programs.
pub trait Backend: Send + Sync {
    /// `Σ scalars[i]·points[i]`. There may be fewer scalars than points, never more; zeros are worth skipping in the Lagrange basis.
    ///
    /// # Panics
    /// May panic if there are more scalars than points; it never leaves the rest out.
    fn multi_exponentiation(&self, basis: Basis, points: &[G1Affine], scalars: &[Fr]) -> G1;

    /// From `n` coefficients to the values at `1, ω, …, ω^(n−1)`, in that order.
    fn transform(&self, domain: &Domain, values: &mut [Fr]);

    /// From the values at `1, ω, …, ω^(n−1)` to `n` coefficients.
    fn inverse_transform(&self, domain: &Domain, values: &mut [Fr]);

    /// Replaces each value by its inverse, and zero by zero.
    fn invert(&self, values: &mut [Fr]);

    /// Runs a program over `output.len() = n` rows and adds its results to `output`.
    ///
    /// # Errors
    /// [`EngineError::ProgramSize`], if it is one that the backend cannot run.
    fn run(&self, program: &Program, inputs: &Inputs<'_>, output: &mut [Fr]) -> Result<(), EngineError>;

    /// From `n` coefficients to the values at `c, c·ω, …, c·ω^(n−1)`, where `c` is the shift of one of the domain's cosets.
    fn coset_values(&self, domain: &Domain, coset: usize, values: &mut [Fr]) {
        scale_by_powers(values, domain.shifts()[coset]);
        self.transform(domain, values);
    }

    /// From the values at `c, c·ω, …, c·ω^(n−1)` to `n` coefficients, where `c` is the shift of one of the domain's cosets.
    fn coset_coefficients(&self, domain: &Domain, coset: usize, values: &mut [Fr]) {
        self.inverse_transform(domain, values);
        scale_by_powers(values, domain.shift_inverse(coset));
    }
}

/// `values[i] *= base^i`.
fn scale_by_powers(values: &mut [Fr], base: Fr) {
    values.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
        let start = base.pow_vartime([(chunk * CHUNK) as u64]);
        for (value, power) in values.iter_mut().zip(powers(base)) {
            *value *= start * power;
        }
    });
}
