//! The library's own loops.

use crate::backend::{Backend, Basis, Inputs};
use crate::domain::Domain;
use crate::error::EngineError;
use crate::program::{Instruction, Operand, Program};
use halo2_proofs::arithmetic::{best_fft, best_multiexp};
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};
use halo2_proofs::halo2curves::group::Group;
use halo2_proofs::poly::{EvaluationDomain, LagrangeCoeff, Polynomial};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows in a register.
const BLOCK: usize = 128;
/// Values inverted together.
const INVERTED: usize = 1 << 12;

/// Plain loops, and halo2's multi-exponentiation and Fourier transform: correct, not fast.
#[derive(Debug, Default)]
pub struct Stock {
    /// The library's tables of roots of unity, by `k`.
    domains: Mutex<HashMap<u32, Arc<EvaluationDomain<Fr>>>>,
}

impl Stock {
    fn library(&self, domain: &Domain) -> Arc<EvaluationDomain<Fr>> {
        let kept = self.domains().get(&domain.k()).cloned();
        if let Some(kept) = kept {
            return kept;
        }
        // Made while the lock is open: the library computes in parallel, and a thread that waits for others may take up work
        // that asks for the same lock. Two threads may make the same; the first one is kept. Degree 2: without an extended
        // domain.
        let made = Arc::new(EvaluationDomain::new(2, domain.k()));
        self.domains().entry(domain.k()).or_insert(made).clone()
    }

    fn domains(&self) -> MutexGuard<'_, HashMap<u32, Arc<EvaluationDomain<Fr>>>> {
        // The table is whole after every insertion, even if another thread died.
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Stock {
    fn multi_exponentiation(&self, _: Basis, points: &[G1Affine], scalars: &[Fr]) -> G1 {
        assert!(scalars.len() <= points.len(), "more scalars than points");
        let (scalars, points): (Vec<Fr>, Vec<G1Affine>) = scalars
            .iter()
            .zip(points)
            .filter(|(scalar, _)| !scalar.is_zero_vartime())
            .map(|(scalar, point)| (*scalar, *point))
            .unzip();
        if scalars.is_empty() {
            return G1::identity();
        }
        best_multiexp(&scalars, &points)
    }

    fn transform(&self, domain: &Domain, values: &mut [Fr]) {
        let library = self.library(domain);
        best_fft(
            values,
            domain.omega(),
            domain.k(),
            library.get_fft_data(values.len()),
            false,
        );
    }

    fn inverse_transform(&self, domain: &Domain, values: &mut [Fr]) {
        let polynomial = Polynomial::<Fr, LagrangeCoeff>::new(values.to_vec());
        let coefficients = self.library(domain).lagrange_to_coeff(polynomial);
        values.copy_from_slice(&coefficients);
    }

    fn invert(&self, values: &mut [Fr]) {
        values.par_chunks_mut(INVERTED).for_each(|chunk| {
            chunk.iter_mut().batch_invert();
        });
    }

    fn run(&self, program: &Program, inputs: &Inputs<'_>, output: &mut [Fr]) -> Result<(), EngineError> {
        output.par_chunks_mut(BLOCK).enumerate().for_each_init(
            || vec![Fr::ZERO; program.registers() * BLOCK],
            |registers, (block, output)| run_block(program, inputs, registers, block * BLOCK, output),
        );
        Ok(())
    }
}

/// The registers of one block, one after the other.
struct Registers<'a> {
    cells: &'a mut [Fr],
    uniforms: &'a [Fr],
    rows: usize,
}

impl Registers<'_> {
    fn get(&self, operand: Operand, row: usize) -> Fr {
        match operand {
            Operand::Register(register) => self.cells[register * BLOCK + row],
            Operand::Uniform(uniform) => self.uniforms[uniform],
        }
    }

    fn set(&mut self, to: usize, value: impl Fn(&Self, usize) -> Fr) {
        for row in 0..self.rows {
            self.cells[to * BLOCK + row] = value(self, row);
        }
    }
}

fn run_block(program: &Program, inputs: &Inputs<'_>, cells: &mut [Fr], start: usize, output: &mut [Fr]) {
    let mut registers = Registers {
        cells,
        uniforms: inputs.uniforms,
        rows: output.len(),
    };
    for instruction in program.instructions() {
        match *instruction {
            Instruction::Load { to, slot, rotation } => {
                let column = inputs.columns[slot];
                registers.set(to, |_, row| column[(start + row + rotation) % column.len()]);
            }
            Instruction::Negate { to, value } => registers.set(to, |known, row| -known.get(value, row)),
            Instruction::Add { to, left, right } => {
                registers.set(to, |known, row| known.get(left, row) + known.get(right, row));
            }
            Instruction::Subtract { to, left, right } => {
                registers.set(to, |known, row| known.get(left, row) - known.get(right, row));
            }
            Instruction::Multiply { to, left, right } => {
                registers.set(to, |known, row| known.get(left, row) * known.get(right, row));
            }
        }
    }
    for (row, output) in output.iter_mut().enumerate() {
        *output += registers.get(program.output(), row);
    }
}
