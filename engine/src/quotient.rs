//! The quotient of all constraints by `X^n − 1`, in pieces of `n` coefficients, one coset at a time.

use crate::backend::{Backend, Inputs};
use crate::domain::Domain;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::key::Key;
use crate::passes::Pass;
use crate::program::Program;
use crate::rows;
use crate::unchanging::{Source, Unchanging};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// Coefficients that are added to the pieces at a time.
const CHUNK: usize = 1 << 12;

/// The pieces `h_i` of `h = Σ_i X^(i·n)·h_i`, if the table satisfies the circuit; else some polynomials that are not it.
///
/// `changing` are the polynomials behind [`Slots::unchanging`](crate::slots::Slots::unchanging), by slot. With `keep`, the values
/// on the cosets of those that are the same in every proof stay with them.
///
/// # Errors
/// Those of [`Backend::run`].
pub(crate) fn pieces(
    engine: &Engine<'_>,
    key: &Key,
    challenges: &[Fr],
    changing: &[Source<'_>],
    keep: bool,
) -> Result<Vec<Vec<Fr>>, EngineError> {
    let (backend, domain) = (engine.backend, &key.domain);
    let programs: Vec<Summand<'_>> = key
        .constraints
        .iter()
        .map(|(pass, program)| (pass, program, program.uniforms(challenges)))
        .collect();
    engine.threads.run(|| {
        let of_the_key = || key.fixed.iter().chain(&key.sigma);
        if keep {
            let changing = changing.iter().filter_map(|source| match source {
                Source::Unchanging(column) => Some(*column),
                Source::Fresh(_) => None,
            });
            let unchanging: Vec<&Unchanging> = of_the_key().chain(changing).collect();
            unchanging
                .par_iter()
                .for_each(|column| column.keep_cosets(backend, domain));
        }
        let before = of_the_key().map(|column| Column::of(Source::Unchanging(column), domain));
        let rows = (0..rows::COUNT).map(|_| Column::Rows);
        let behind = changing.iter().map(|source| Column::of(*source, domain));
        let mut columns = Columns::new(key, before.chain(rows).chain(behind).collect());
        let zeros = || vec![Fr::ZERO; domain.rows()];
        let mut pieces = vec![zeros(); domain.shifts().len()];
        let mut numerator = zeros();
        for coset in 0..pieces.len() {
            numerator.fill(Fr::ZERO);
            for (pass, program, uniforms) in &programs {
                columns.make(backend, coset, &pass.new);
                let inputs = Inputs {
                    columns: &columns.by_slot(coset),
                    uniforms,
                };
                backend.run(program, &inputs, &mut numerator)?;
                columns.forget(&pass.last);
            }
            backend.coset_coefficients(domain, coset, &mut numerator);
            add(key, coset, &numerator, &mut pieces);
        }
        Ok(pieces)
    })
}

/// A pass, its program, and what is the same in every row.
type Summand<'a> = (&'a Pass, &'a Program, Vec<Fr>);

/// Where a column's values on a coset come from.
#[derive(Clone, Copy)]
enum Column<'a> {
    /// They are kept, by coset.
    Kept(&'a [Vec<Fr>]),
    /// From coefficients.
    Coefficients(&'a [Fr]),
    /// One of those in closed form, which are made together.
    Rows,
}

impl<'a> Column<'a> {
    /// Asked once: another proof may keep more meanwhile.
    fn of(source: Source<'a>, domain: &Domain) -> Self {
        let kept = match source {
            Source::Unchanging(column) => column.cosets(domain),
            Source::Fresh(_) => None,
        };
        kept.map_or_else(|| Self::Coefficients(source.coefficients()), Self::Kept)
    }
}

/// All columns, of which few are there at a time.
struct Columns<'a> {
    key: &'a Key,
    /// By slot.
    columns: Vec<Column<'a>>,
    /// By slot: the values of those that are there and not kept.
    made: Vec<Vec<Fr>>,
    /// What was forgotten: memory for others.
    free: Vec<Vec<Fr>>,
}

impl<'a> Columns<'a> {
    fn new(key: &'a Key, columns: Vec<Column<'a>>) -> Self {
        Self {
            key,
            made: vec![vec![]; columns.len()],
            columns,
            free: vec![],
        }
    }

    fn buffer(&mut self) -> Vec<Fr> {
        let rows = self.key.domain.rows();
        self.free.pop().unwrap_or_else(|| vec![Fr::ZERO; rows])
    }

    /// The values of these slots on a coset.
    fn make(&mut self, backend: &dyn Backend, coset: usize, slots: &[usize]) {
        let Key { domain, slots: all, .. } = self.key;
        let mut transformed: Vec<(usize, &[Fr], Vec<Fr>)> = Vec::new();
        for slot in slots {
            if let Column::Coefficients(coefficients) = self.columns[*slot] {
                let buffer = self.buffer();
                transformed.push((*slot, coefficients, buffer));
            }
        }
        transformed.par_iter_mut().for_each(|(_, coefficients, values)| {
            values.copy_from_slice(coefficients);
            backend.coset_values(domain, coset, values);
        });
        for (slot, _, values) in transformed {
            self.made[slot] = values;
        }
        // A pass that reads one of them reads all.
        if slots.contains(&all.first()) {
            let mut rows = [(); rows::COUNT].map(|()| self.buffer());
            rows::on_coset(backend, domain, self.key.usable_rows(), coset, &mut rows);
            for (i, values) in rows.into_iter().enumerate() {
                self.made[all.first() + i] = values;
            }
        }
    }

    fn by_slot(&self, coset: usize) -> Vec<&[Fr]> {
        let columns = self.columns.iter().zip(&self.made);
        columns
            .map(|(column, made)| match column {
                Column::Kept(cosets) => cosets[coset].as_slice(),
                Column::Coefficients(_) | Column::Rows => made,
            })
            .collect()
    }

    fn forget(&mut self, slots: &[usize]) {
        for slot in slots {
            let values = std::mem::take(&mut self.made[*slot]);
            if !values.is_empty() {
                self.free.push(values);
            }
        }
    }
}

fn add(key: &Key, coset: usize, numerator: &[Fr], pieces: &mut [Vec<Fr>]) {
    for (piece, factors) in pieces.iter_mut().zip(key.domain.piece_factors()) {
        let factor = factors[coset];
        let parts = piece.par_chunks_mut(CHUNK).zip(numerator.par_chunks(CHUNK));
        parts.for_each(|(piece, numerator)| {
            for (sum, value) in piece.iter_mut().zip(numerator) {
                *sum += factor * value;
            }
        });
    }
}
