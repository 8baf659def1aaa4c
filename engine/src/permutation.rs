//! The products that show that copies are equal.
//!
//! With `p_j` the columns of a set, in the rows `i` from 0:
//!
//! `z(ω^(i+1)) = z(ω^i)·Π_j (p_j(ω^i) + δ^j·β·ω^i + γ) / (p_j(ω^i) + β·σ_j(ω^i) + γ)`
//!
//! where the first set starts at 1 and every other one where the one before it is in row `u`, the first that is not usable. Copies
//! that are equal make the last set 1 there. The rows behind `u` are blinded.
//!
//! Draws from the caller's generator, for each set: the rows behind `u`; then one value that the library does not use.

use crate::backend::{Backend, Basis};
use crate::domain::{powers, Domain};
use crate::engine::Engine;
use crate::error::{ColumnKind, EngineError};
use crate::key::Key;
use crate::reference::ReferenceString;
use crate::table::Table;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;
use rayon::prelude::*;

/// Rows of a loop's part.
const CHUNK: usize = 1 << 10;

/// `β` and `γ`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Challenges {
    pub(crate) beta: Fr,
    pub(crate) gamma: Fr,
}

/// The products' coefficients, and whether the last one ends at 1.
#[derive(Debug)]
pub(crate) struct Products {
    pub(crate) coefficients: Vec<Vec<Fr>>,
    pub(crate) closed: bool,
}

/// Computes and commits the products.
pub(crate) fn commit<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    engine: &Engine<'_>,
    reference: &ReferenceString,
    table: &Table<'_>,
    challenges: Challenges,
    mut rng: impl RngCore,
    transcript: &mut T,
) -> Result<Products, EngineError> {
    let Key { domain, .. } = table.key;
    let columns = table.key.system().permutation().get_columns();
    let columns: Vec<&[Fr]> = columns
        .iter()
        .map(|column| table.column(ColumnKind::of(column.column_type()), column.index()))
        .collect();
    let width = domain.degree() - 2;
    let last = table.key.usable_rows();
    let mut start = Fr::ONE;
    let mut products = Vec::new();
    for (set, columns) in columns.chunks(width).enumerate() {
        let first = set * width;
        let sigma = table.key.permuted_in_rows(engine, first..first + columns.len());
        let parts = Parts {
            first,
            columns,
            sigma: &sigma,
        };
        let factors = engine
            .threads
            .run(|| factors(engine.backend, &table.key.domain, parts, challenges));
        drop(sigma);
        let mut product = Vec::with_capacity(factors.len());
        let mut value = start;
        for factor in &factors[..last] {
            product.push(value);
            value *= factor;
        }
        product.push(value);
        start = value;
        product.extend((last + 1..domain.rows()).map(|_| Fr::random(&mut rng)));
        Fr::random(&mut rng);
        for point in engine.commit(reference, Basis::Lagrange, std::slice::from_ref(&product))? {
            transcript.write_point(point)?;
        }
        products.push(product);
    }
    Ok(Products {
        coefficients: engine.coefficients(domain, products),
        closed: start == Fr::ONE,
    })
}

/// The columns of a set, in the rows.
#[derive(Clone, Copy)]
struct Parts<'a> {
    /// The first one's place in the permutation.
    first: usize,
    columns: &'a [&'a [Fr]],
    sigma: &'a [Vec<Fr>],
}

/// `z(ω^(i+1))/z(ω^i)` of a set.
fn factors(backend: &dyn Backend, domain: &Domain, parts: Parts<'_>, challenges: Challenges) -> Vec<Fr> {
    let Challenges { beta, gamma } = challenges;
    let Parts { first, columns, sigma } = parts;
    let omega = domain.omega();
    let mut factors = vec![Fr::ONE; domain.rows()];
    factors.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, factors)| {
        let start = chunk * CHUNK;
        for (column, sigma) in columns.iter().zip(sigma) {
            for ((factor, value), sigma) in factors.iter_mut().zip(&column[start..]).zip(&sigma[start..]) {
                *factor *= beta * sigma + gamma + value;
            }
        }
    });
    backend.invert(&mut factors);
    factors.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, factors)| {
        let start = chunk * CHUNK;
        let label = beta * Fr::DELTA.pow_vartime([first as u64]) * omega.pow_vartime([start as u64]);
        for (column, delta) in columns.iter().zip(powers(Fr::DELTA)) {
            let labels = powers(omega).map(|power| label * delta * power);
            for ((factor, value), label) in factors.iter_mut().zip(&column[start..]).zip(labels) {
                *factor *= label + gamma + value;
            }
        }
    });
    factors
}
