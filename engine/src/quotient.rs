//! The quotient of all constraints by `X^n − 1`, in pieces of `n` coefficients, one coset at a time.

use crate::backend::{Backend, Inputs};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::key::Key;
use crate::rows;
use crate::unchanging::Source;
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
    let uniforms = key.constraints.uniforms(challenges);
    let of_the_key = key.fixed.iter().chain(&key.sigma).map(Source::Unchanging);
    let sources: Vec<Source<'_>> = of_the_key.chain(changing.iter().copied()).collect();
    engine.threads.run(|| {
        if keep {
            sources.par_iter().for_each(|source| {
                if let Source::Unchanging(column) = source {
                    column.keep_cosets(backend, domain);
                }
            });
        }
        let columns = Columns::of(key, &sources);
        let zeros = || vec![Fr::ZERO; domain.rows()];
        let mut pieces = vec![zeros(); domain.shifts().len()];
        // Columns that are not kept, of one coset after the other. In one piece, which goes back to the system whole.
        let mut fresh = vec![Fr::ZERO; columns.fresh.len() * domain.rows()];
        let mut numerator = zeros();
        for coset in 0..pieces.len() {
            columns.transform(backend, coset, &mut fresh);
            let rows = rows::on_coset(backend, domain, key.usable_rows(), coset);
            let inputs = Inputs {
                columns: &columns.by_slot(coset, &fresh, &rows),
                uniforms: &uniforms,
            };
            backend.run(&key.constraints, &inputs, &mut numerator)?;
            backend.coset_coefficients(domain, coset, &mut numerator);
            add(key, coset, &numerator, &mut pieces);
        }
        Ok(pieces)
    })
}

/// Which of the columns are kept on the cosets, which not.
struct Columns<'a> {
    key: &'a Key,
    /// By slot, but without the rows' polynomials; none are to be transformed.
    kept: Vec<Option<&'a [Vec<Fr>]>>,
    /// The coefficients of those that are not kept, in the same order.
    fresh: Vec<&'a [Fr]>,
}

impl<'a> Columns<'a> {
    fn of(key: &'a Key, sources: &[Source<'a>]) -> Self {
        let domain = &key.domain;
        // Asked once: another proof may keep more meanwhile.
        let kept: Vec<Option<&[Vec<Fr>]>> = sources
            .iter()
            .map(|source| match source {
                Source::Unchanging(column) => column.cosets(domain),
                Source::Fresh(_) => None,
            })
            .collect();
        let all = sources.iter().zip(&kept);
        Self {
            key,
            fresh: all
                .filter(|(_, kept)| kept.is_none())
                .map(|(source, _)| source.coefficients())
                .collect(),
            kept,
        }
    }

    /// The values of those that are not kept, one column behind the other.
    fn transform(&self, backend: &dyn Backend, coset: usize, values: &mut [Fr]) {
        values
            .par_chunks_mut(self.key.domain.rows())
            .zip(&self.fresh)
            .for_each(|(values, coefficients)| {
                values.copy_from_slice(coefficients);
                backend.coset_values(&self.key.domain, coset, values);
            });
    }

    fn by_slot<'b>(&'b self, coset: usize, fresh: &'b [Fr], rows: &'b [Vec<Fr>]) -> Vec<&'b [Fr]> {
        let mut fresh = fresh.chunks(self.key.domain.rows());
        // There is one for each that is not kept.
        let mut columns: Vec<&[Fr]> = self
            .kept
            .iter()
            .filter_map(|kept| kept.map_or_else(|| fresh.next(), |kept| kept.get(coset).map(Vec::as_slice)))
            .collect();
        let first = self.key.slots.first();
        columns.splice(first..first, rows.iter().map(Vec::as_slice));
        columns
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
