//! What the tests share: the paths of this machine and elements from a seed.

#![allow(dead_code)] // each test file uses its part

use std::num::NonZeroUsize;

use assay_kernels::{Kernels, Path, Threads};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Both paths where the machine has both, with 1 and with 2 threads. With the environment variable `ASSAY_REQUIRE_LANES` at `1` it must have
/// both.
pub(crate) fn all_kernels() -> Vec<Kernels> {
    let threads = |count| Threads::new(NonZeroUsize::new(count).unwrap()).unwrap();
    let required = std::env::var_os("ASSAY_REQUIRE_LANES").is_some_and(|value| value == "1");
    let mut all = Vec::new();
    for count in [1, 2] {
        all.push(Kernels::portable(threads(count)));
        let detected = Kernels::detect(threads(count));
        if detected.path() != Path::Portable {
            all.push(detected);
        } else {
            assert!(!required, "there are no lanes, and they are required");
        }
    }
    all
}

pub(crate) fn random(count: usize, seed: u64) -> Vec<Fr> {
    let mut rng = rng(seed);
    (0..count).map(|_| Fr::random(&mut rng)).collect()
}
