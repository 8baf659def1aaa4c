//! A column that is the same in many proofs, in the forms that proofs need.
//!
//! Its coefficients are always there. Its values in the rows are computed anew for each proof; those on the cosets too, or once
//! and kept, which takes `degree − 1` times 32 bytes for each row.

use crate::backend::Backend;
use crate::domain::Domain;
use halo2_proofs::halo2curves::bn256::Fr;
use std::sync::OnceLock;

/// Of the circuit, or of the witness and then secret.
pub(crate) struct Unchanging {
    coefficients: Vec<Fr>,
    /// By coset.
    cosets: OnceLock<Vec<Vec<Fr>>>,
}

impl std::fmt::Debug for Unchanging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unchanging").finish_non_exhaustive()
    }
}

impl Unchanging {
    pub(crate) fn new(coefficients: Vec<Fr>) -> Self {
        Self {
            coefficients,
            cosets: OnceLock::new(),
        }
    }

    pub(crate) fn coefficients(&self) -> &[Fr] {
        &self.coefficients
    }

    /// The values in the rows.
    pub(crate) fn in_rows(&self, backend: &dyn Backend, domain: &Domain) -> Vec<Fr> {
        let mut values = self.coefficients.clone();
        backend.transform(domain, &mut values);
        values
    }

    /// The values on the domain's cosets, if they are kept: of a domain for another degree, there is another number of them.
    pub(crate) fn cosets(&self, domain: &Domain) -> Option<&[Vec<Fr>]> {
        let cosets = self.cosets.get().map(Vec::as_slice)?;
        (cosets.len() == domain.shifts().len()).then_some(cosets)
    }

    /// Computes the values on the cosets and keeps them, unless they are kept already.
    pub(crate) fn keep_cosets(&self, backend: &dyn Backend, domain: &Domain) {
        if self.cosets.get().is_some() {
            return;
        }
        // Computed before the cell is touched: a thread that waits for others may take up another proof under the same key,
        // which must not find the cell half set. Two proofs may compute the same; the first one is kept.
        let cosets = (0..domain.shifts().len()).map(|coset| {
            let mut values = self.coefficients.clone();
            backend.coset_values(domain, coset, &mut values);
            values
        });
        let cosets = cosets.collect();
        let _ = self.cosets.set(cosets);
    }
}

/// One of a proof's polynomials, by its coefficients.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// Of this proof alone.
    Fresh(&'a [Fr]),
    /// Of many proofs.
    Unchanging(&'a Unchanging),
}

impl<'a> Source<'a> {
    /// Columns of this proof alone.
    pub(crate) fn fresh(columns: &'a [Vec<Fr>]) -> impl Iterator<Item = Self> {
        columns.iter().map(|coefficients| Self::Fresh(coefficients))
    }

    pub(crate) fn coefficients(self) -> &'a [Fr] {
        match self {
            Self::Fresh(coefficients) => coefficients,
            Self::Unchanging(column) => column.coefficients(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::Stock;
    use halo2_proofs::halo2curves::ff::Field;

    #[test]
    fn cosets_that_were_kept_for_one_degree_are_not_those_of_another() {
        let [three, five] = [3, 5].map(|degree| Domain::new(4, degree).unwrap());
        let column = Unchanging::new(vec![Fr::ONE; three.rows()]);
        assert!(column.cosets(&three).is_none());
        let stock = Stock::default();
        column.keep_cosets(&stock, &three);
        column.keep_cosets(&stock, &five);
        assert_eq!(column.cosets(&three).map(<[_]>::len), Some(2));
        assert!(column.cosets(&five).is_none());
    }
}
