//! The quotient of all constraints by `X^n − 1`, in pieces of `n` coefficients, one coset at a time.

use crate::backend::{Backend, Inputs};
use crate::engine::Engine;
use crate::key::Key;
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;

/// Coefficients that are added to the pieces at a time.
const CHUNK: usize = 1 << 12;

/// The pieces `h_i` of `h = Σ_i X^(i·n)·h_i`, if the table satisfies the circuit; else some polynomials that are not it.
///
/// `changing` are the coefficients of the polynomials behind [`Slots::unchanging`](crate::slots::Slots::unchanging), by slot.
/// With `keep`, the cosets of what is the same in every proof stay with the key: `degree − 1` times `n` values for each.
pub(crate) fn pieces(
    engine: &Engine<'_>,
    key: &Key,
    challenges: &[Fr],
    changing: &[&[Fr]],
    keep: bool,
) -> Vec<Vec<Fr>> {
    let program = &key.constraints;
    let uniforms = program.uniforms(challenges);
    let count = key.domain.shifts().len();
    let backend = engine.backend;
    engine.threads.run(|| {
        if keep && key.cosets.get().is_none() {
            // Computed before the cell is touched: a thread that waits for others may take up another proof under this key,
            // which must not find the cell half set. Two proofs may compute the same; the first one is kept.
            let cosets = (0..count).map(|coset| unchanging(backend, key, coset)).collect();
            let _ = key.cosets.set(cosets);
        }
        let mut pieces = vec![vec![Fr::ZERO; key.domain.rows()]; count];
        for coset in 0..count {
            let numerator = numerator(backend, key, program, &uniforms, changing, coset);
            add(key, coset, &numerator, &mut pieces);
        }
        pieces
    })
}

/// The values of some polynomials on a coset.
fn on_coset(backend: &dyn Backend, key: &Key, polynomials: Vec<&[Fr]>, coset: usize) -> Vec<Vec<Fr>> {
    let shift = key.domain.shifts()[coset];
    let values = polynomials.into_par_iter().map(|coefficients| {
        let mut values = coefficients.to_vec();
        backend.coset_values(&key.domain, shift, &mut values);
        values
    });
    values.collect()
}

fn unchanging(backend: &dyn Backend, key: &Key, coset: usize) -> Vec<Vec<Fr>> {
    let polynomials = (0..key.slots.unchanging()).map(|slot| key.unchanging(slot)).collect();
    on_coset(backend, key, polynomials, coset)
}

/// The coefficients of the polynomial of degree below `n` that is the numerator on the coset.
fn numerator(
    backend: &dyn Backend,
    key: &Key,
    program: &Program,
    uniforms: &[Fr],
    changing: &[&[Fr]],
    coset: usize,
) -> Vec<Fr> {
    let fresh;
    let unchanging = match key.cosets.get() {
        Some(kept) => &kept[coset],
        None => {
            fresh = unchanging(backend, key, coset);
            &fresh
        }
    };
    let changing = on_coset(backend, key, changing.to_vec(), coset);
    let columns: Vec<&[Fr]> = unchanging.iter().chain(&changing).map(Vec::as_slice).collect();
    let mut values = vec![Fr::ZERO; key.domain.rows()];
    let inputs = Inputs {
        columns: &columns,
        uniforms,
    };
    backend.run(program, &inputs, &mut values);
    let inverse = key.domain.shift_inverse(coset);
    backend.coset_coefficients(&key.domain, inverse, &mut values);
    values
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
