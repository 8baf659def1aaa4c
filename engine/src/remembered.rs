//! Advice columns that are the same in many proofs, committed once.
//!
//! A column that a model commits to has the same values in every proof, its blinding too, where the caller's generator serves
//! the model's own blinders for it. Its commitment and coefficients are kept, and used again if every value, blinding included,
//! is equal, as a digest of them all tells, under the same reference string; so a proof is the same with and without.
//!
//! Each proof spends one opening of such a column for each rotation at which it is queried. `b` blinded rows hide the others only
//! as long as all values that were opened and the commitment are together no more than `b`. Who repeats a column's blinding
//! counts the proofs; nothing here does.

use crate::backend::Basis;
use crate::reference::ReferenceString;
use crate::unchanging::Unchanging;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine};
use halo2_proofs::halo2curves::serde::SerdeObject;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Values that are hashed at a time.
const CHUNK: usize = 1 << 12;

/// What is kept of a column: secret, as it holds the witness.
pub(crate) struct Kept {
    /// `τ·G` of the reference string.
    tau: G1Affine,
    /// Of its values.
    digest: [u8; 32],
    pub(crate) point: G1Affine,
    pub(crate) column: Unchanging,
}

/// Keeps some advice columns from one proof to the next: 32 bytes for each row of each, and more with
/// [`Options::keep`](crate::Options::keep). For several threads at once.
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
        (found.tau == reference.points(Basis::Powers)[1] && found.digest == digest(values)).then_some(found)
    }

    /// Whether a column is one of those.
    pub(crate) fn wants(&self, column: usize) -> bool {
        self.columns.contains(&column)
    }

    /// Keeps a column, which is one of those.
    pub(crate) fn keep(
        &self,
        reference: &ReferenceString,
        column: usize,
        values: &[Fr],
        point: G1Affine,
        coefficients: Vec<Fr>,
    ) -> Arc<Kept> {
        let kept = Arc::new(Kept {
            tau: reference.points(Basis::Powers)[1],
            digest: digest(values),
            point,
            column: Unchanging::new(coefficients),
        });
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(column, kept.clone());
        kept
    }
}

/// BLAKE3 of the digests of parts of the values: equal for equal values alone.
fn digest(values: &[Fr]) -> [u8; 32] {
    let parts: Vec<[u8; 32]> = values
        .par_chunks(CHUNK)
        .map(|part| {
            let bytes: Vec<u8> = part.iter().flat_map(SerdeObject::to_raw_bytes).collect();
            *blake3::hash(&bytes).as_bytes()
        })
        .collect();
    *blake3::hash(parts.as_flattened()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_differ_where_a_value_a_place_or_a_length_does() {
        let values: Vec<Fr> = (0..2 * CHUNK as u64 + 5).map(Fr::from).collect();
        let mut others = vec![values.clone(); 4];
        others[0][CHUNK] += Fr::one();
        others[1].swap(3, CHUNK + 3);
        others[2].pop();
        others[3].push(Fr::zero());
        others.push(values.clone());
        let digests: BTreeSet<[u8; 32]> = others.iter().map(|values| digest(values)).collect();
        assert_eq!(digests.len(), others.len());
        assert!(digests.contains(&digest(&values)));
    }
}
