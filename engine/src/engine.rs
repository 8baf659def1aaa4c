//! What the steps of a key or a proof run on.

use crate::backend::{Backend, Basis};
use crate::domain::Domain;
use crate::error::EngineError;
use crate::observer::Observer;
use crate::reference::ReferenceString;
use assay_kernels::Threads;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::group::Curve;
use rayon::prelude::*;
use std::time::Instant;

/// Loops, threads and who is told. Copied freely.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// The heavy loops.
    pub backend: &'a dyn Backend,
    /// What they run on.
    pub threads: &'a Threads,
    /// Told of each step.
    pub observer: &'a dyn Observer,
}

impl std::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("threads", self.threads)
            .finish_non_exhaustive()
    }
}

impl Engine<'_> {
    /// Tells of a step around `work`; of its end only if it ends well.
    pub(crate) fn step<R, E>(&self, name: &'static str, work: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        self.observer.begin(name);
        let start = Instant::now();
        let result = work()?;
        self.observer.end(name, start.elapsed());
        Ok(result)
    }

    /// The commitments of some columns, in order: of `2^k` coefficients or values in rows, or fewer.
    ///
    /// # Errors
    /// [`EngineError::CommittedLength`]: a backend is never given more scalars than points.
    pub(crate) fn commit<C: AsRef<[Fr]> + Sync>(
        &self,
        reference: &ReferenceString,
        basis: Basis,
        columns: &[C],
    ) -> Result<Vec<G1Affine>, EngineError> {
        let points = reference.points(basis);
        let lengths = columns.iter().map(|column| column.as_ref().len());
        if let Some(got) = lengths.max().filter(|length| *length > points.len()) {
            return Err(EngineError::CommittedLength { max: points.len(), got });
        }
        let backend = self.backend;
        Ok(self.threads.run(|| {
            let sums: Vec<G1> = columns
                .iter()
                .map(|column| backend.multi_exponentiation(basis, points, column.as_ref()))
                .collect();
            let mut affine = vec![G1Affine::default(); sums.len()];
            G1::batch_normalize(&sums, &mut affine);
            affine
        }))
    }

    /// The coefficients of columns whose values in the rows are given.
    pub(crate) fn coefficients(&self, domain: &Domain, columns: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
        let backend = self.backend;
        self.threads.run(|| {
            let coefficients = columns.into_par_iter().map(|mut column| {
                backend.inverse_transform(domain, &mut column);
                column
            });
            coefficients.collect()
        })
    }
}
