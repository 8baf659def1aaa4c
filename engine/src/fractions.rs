//! Columns whose cells are assigned as fractions.

use crate::backend::Backend;
use crate::domain::Domain;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::plonk::Assigned;
use std::collections::HashMap;

/// A column of numerators; the few denominators apart. A cell with denominator zero has the value zero, as in the library.
#[derive(Clone, Debug)]
pub(crate) struct Fractions {
    numerators: Vec<Fr>,
    denominators: HashMap<usize, Fr>,
}

impl Fractions {
    pub(crate) fn new(domain: &Domain) -> Self {
        Self {
            numerators: vec![Fr::ZERO; domain.rows()],
            denominators: HashMap::new(),
        }
    }

    /// The row is one of the domain's.
    pub(crate) fn set(&mut self, row: usize, value: Assigned<Fr>) {
        self.numerators[row] = value.numerator();
        match value.denominator() {
            Some(denominator) => {
                self.denominators.insert(row, denominator);
            }
            None if self.denominators.is_empty() => {}
            None => {
                self.denominators.remove(&row);
            }
        }
    }

    /// The values in the rows below `rows`, in the numerators' place.
    pub(crate) fn into_values(self, rows: usize, backend: &dyn Backend) -> Vec<Fr> {
        let mut values = self.numerators;
        values.truncate(rows);
        let inside = self.denominators.into_iter().filter(|(row, _)| *row < rows);
        let (places, mut denominators): (Vec<usize>, Vec<Fr>) = inside.unzip();
        backend.invert(&mut denominators);
        for (row, inverse) in places.into_iter().zip(denominators) {
            values[row] *= inverse;
        }
        values
    }
}
