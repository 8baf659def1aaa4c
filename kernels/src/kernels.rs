//! Every operation behind one structure.

use std::fmt;
use std::sync::Arc;

use assay_lanes::Block;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};

use crate::curve::{self, multiexp};
use crate::fourier::{transform, Plan};
use crate::path::Path;
use crate::spare::Spare;
use crate::threads::Threads;

/// A path and the pool to take it in. Clones share the pool and the buffers that are kept between operations: as many as were in use at
/// once, for each transform its length in elements, for each multi-exponentiation some 160 bytes a row.
#[derive(Clone)]
pub struct Kernels {
    path: Path,
    threads: Threads,
    buffers: Arc<Buffers>,
}

#[derive(Default)]
struct Buffers {
    blocks: Spare<Vec<Block>>,
    curve: curve::Buffers,
}

impl fmt::Debug for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernels")
            .field("path", &self.path)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Kernels {
    /// The best path of this machine; see [`Path::detect`].
    #[must_use]
    pub fn detect(threads: Threads) -> Self {
        Self {
            path: Path::detect(),
            threads,
            buffers: Arc::default(),
        }
    }

    /// The portable path.
    #[must_use]
    pub fn portable(threads: Threads) -> Self {
        Self {
            path: Path::Portable,
            threads,
            buffers: Arc::default(),
        }
    }

    /// The path taken.
    #[must_use]
    pub fn path(&self) -> Path {
        self.path
    }

    /// The pool.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The transform of `plan`, in place and in natural order on both sides.
    ///
    /// # Panics
    /// If `elements` does not have the plan's length.
    pub fn transform(&self, plan: &Plan, elements: &mut [Fr]) {
        self.threads
            .run(|| transform(self.path, plan, elements, &self.buffers.blocks));
    }

    /// `Σ scalars_i·bases_i`, as halo2's `best_multiexp`. Zeros cost nothing, small scalars of either sign little, also between full-width
    /// ones. Bases may repeat, be opposite or be infinity.
    ///
    /// # Panics
    /// If the lengths differ or are `2^31` or more.
    #[must_use]
    pub fn multiexp(&self, scalars: &[Fr], bases: &[G1Affine]) -> G1 {
        self.threads
            .run(|| multiexp(self.path, scalars, bases, &self.buffers.curve))
    }
}
