//! Advice columns that are the same in many proofs, committed once.
//!
//! A column that a model commits to has the same values in every proof, its blinding too, where the caller's generator serves
//! the model's own blinders for it. Its commitment and coefficients are kept, and used again if every value, blinding included,
//! is equal, under the same reference string; so a proof is the same with and without.
//!
//! Each proof spends one opening of such a column for each rotation at which it is queried. `b` blinded rows hide the others only
//! as long as all values that were opened and the commitment are together no more than `b`. Who repeats a column's blinding
//! counts the proofs; nothing here does.

use crate::backend::Basis;
use crate::reference::ReferenceString;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept of a column: secret, as it holds the witness.
pub(crate) struct Kept {
    /// `τ·G` of the reference string.
    tau: G1Affine,
    values: Vec<Fr>,
    pub(crate) point: G1Affine,
    pub(crate) coefficients: Vec<Fr>,
}

/// Keeps some advice columns from one proof to the next: 64 bytes for each row of each. For several threads at once.
pub struct Remembered {
    columns: BTreeSet<usize>,
    kept: Mutex<BTreeMap<usize, Arc<Kept>>>,
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Remembered {
    /// Keeps the advice columns of these indices, of each the last one that was committed to.
    pub fn new(columns: impl IntoIterator<Item = usize>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            kept: Mutex::default(),
        }
    }

    /// What is kept of a column with exactly these values.
    pub(crate) fn find(&self, reference: &ReferenceString, column: usize, values: &[Fr]) -> Option<Arc<Kept>> {
        // An entry is whole whenever the map is unlocked, even if another thread died.
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&column)?.clone();
        drop(kept);
        (found.tau == reference.points(Basis::Powers)[1] && found.values == values).then_some(found)
    }

    /// Keeps a column if it is one of those; only then its coefficients are asked for.
    pub(crate) fn keep(
        &self,
        reference: &ReferenceString,
        column: usize,
        values: &[Fr],
        point: G1Affine,
        coefficients: impl FnOnce(Vec<Fr>) -> Vec<Fr>,
    ) {
        if !self.columns.contains(&column) {
            return;
        }
        let kept = Kept {
            tau: reference.points(Basis::Powers)[1],
            values: values.to_vec(),
            point,
            coefficients: coefficients(values.to_vec()),
        };
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(column, Arc::new(kept));
    }
}
