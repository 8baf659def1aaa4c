//! The polynomials' values at `x` and its rotations, and whether they satisfy the circuit.

use crate::engine::Engine;
use crate::error::{ColumnKind, EngineError};
use crate::key::Key;
use crate::polynomial;
use crate::polynomials::{Polynomial, Polynomials, Query};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Values by query.
pub(crate) type Values = BTreeMap<Query, Fr>;

/// The values of all these queries at `x`.
pub(crate) fn evaluate(engine: &Engine<'_>, polynomials: &Polynomials<'_>, queries: &[Query], x: Fr) -> Values {
    let domain = &polynomials.key.domain;
    engine.threads.run(|| {
        let values = queries.par_iter().map(|query| {
            let point = domain.rotated(x, query.1);
            (*query, polynomial::value(polynomials.coefficients(query.0), point))
        });
        values.collect()
    })
}

/// Checks `constraints(x) = h(x)·(x^n − 1)`, the equation that a verifier checks.
///
/// # Errors
/// [`EngineError::Identity`] if it does not hold: the witness does not satisfy the circuit.
pub(crate) fn check_identity(key: &Key, values: &Values, challenges: &[Fr], x: Fr) -> Result<(), EngineError> {
    let slots = key.slots;
    let mut by_slot: BTreeMap<(usize, usize), Fr> = BTreeMap::new();
    for ((polynomial, rotation), value) in values {
        let slot = match *polynomial {
            Polynomial::Fixed(i) => slots.cell(ColumnKind::Fixed, i),
            Polynomial::Instance(i) => slots.cell(ColumnKind::Instance, i),
            Polynomial::Advice(i) => slots.cell(ColumnKind::Advice, i),
            Polynomial::Sigma(i) => slots.sigma(i),
            Polynomial::Product(i) => slots.product(i),
            Polynomial::Random | Polynomial::Quotient => continue,
        };
        by_slot.insert((slot, *rotation), *value);
    }
    let last = key.usable_rows();
    let behind = (last + 1..key.domain.rows()).map(|row| key.domain.lagrange_at(row, x));
    let blinded: Fr = behind.sum::<Result<Fr, _>>()?;
    let last = key.domain.lagrange_at(last, x)?;
    by_slot.insert((slots.first(), 0), key.domain.lagrange_at(0, x)?);
    by_slot.insert((slots.last(), 0), last);
    by_slot.insert((slots.active(), 0), Fr::ONE - last - blinded);
    by_slot.insert((slots.identity(), 0), x);

    let numerator: Fr = key
        .constraints
        .iter()
        .map(|(_, program)| {
            let uniforms = program.uniforms(challenges);
            // Every load of a constraint is a query of the circuit; if one were not, the identity would not hold.
            program.value(&uniforms, |slot, rotation| {
                by_slot.get(&(slot, rotation)).copied().unwrap_or(Fr::ZERO)
            })
        })
        .sum();
    let quotient = values.get(&(Polynomial::Quotient, 0)).copied().unwrap_or(Fr::ZERO);
    if numerator == quotient * (x.pow_vartime([key.domain.rows() as u64]) - Fr::ONE) {
        Ok(())
    } else {
        Err(EngineError::Identity)
    }
}
