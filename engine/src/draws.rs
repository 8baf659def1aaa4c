//! The randomness that is not the caller's.
//!
//! The library draws the vanishing argument's random polynomial from the system, chunk by chunk, and not from the caller's
//! generator. Here it comes from ChaCha20 under a seed that is taken from the system once for each proof, every chunk of
//! coefficients from a stream of its own; so do the blinders of the quotient's pieces. The caller's generator serves what it
//! serves in the library, in the same order.

use crate::error::EngineError;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::Field;
use rand::rngs::OsRng;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

/// Coefficients from one stream.
const CHUNK: usize = 1 << 12;

/// Where the engine's own randomness comes from; a test replays what the library drew.
pub(crate) trait Draws: Sync {
    /// `n` coefficients, each uniform: a polynomial of full degree but with probability `1/r`.
    fn polynomial(&self, rows: usize) -> Vec<Fr>;
    /// `count` uniform values, independent of the polynomial.
    fn blinders(&self, count: usize) -> Vec<Fr>;
    /// A uniform value that the check of the witness weighs constraints with; in no proof.
    fn weight(&self) -> Fr;
}

/// Seeded once from the system.
pub(crate) struct SystemDraws([u8; 32]);

/// Streams of the seed: chunks of the polynomial count from 0.
const BLINDERS: u64 = u64::MAX;
const WEIGHT: u64 = u64::MAX - 1;

impl SystemDraws {
    pub(crate) fn new() -> Result<Self, EngineError> {
        let mut seed = [0; 32];
        OsRng.try_fill_bytes(&mut seed).map_err(EngineError::Randomness)?;
        Ok(Self(seed))
    }

    fn stream(&self, stream: u64) -> ChaCha20Rng {
        let mut rng = ChaCha20Rng::from_seed(self.0);
        rng.set_stream(stream);
        rng
    }
}

impl Draws for SystemDraws {
    fn polynomial(&self, rows: usize) -> Vec<Fr> {
        let mut coefficients = vec![Fr::ZERO; rows];
        coefficients
            .par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(chunk, coefficients)| {
                let mut rng = self.stream(chunk as u64);
                coefficients
                    .iter_mut()
                    .for_each(|coefficient| *coefficient = Fr::random(&mut rng));
            });
        coefficients
    }

    fn blinders(&self, count: usize) -> Vec<Fr> {
        let mut rng = self.stream(BLINDERS);
        (0..count).map(|_| Fr::random(&mut rng)).collect()
    }

    fn weight(&self) -> Fr {
        Fr::random(&mut self.stream(WEIGHT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_proofs_draw_nothing_in_common_and_chunks_differ() {
        let rows = 2 * CHUNK;
        let [a, b] = [(); 2].map(|()| SystemDraws::new().unwrap());
        let mut all = [a.polynomial(rows), b.polynomial(rows), a.blinders(3), b.blinders(3)].concat();
        all.extend([a.weight(), b.weight()]);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(a.polynomial(rows), a.polynomial(rows));
    }
}
