//! The random polynomial and the commitments to the quotient's pieces.
//!
//! # What the blinding of the pieces hides
//! A commitment in this scheme is a function of the polynomial alone. The library commits to the pieces `h_i` as they come out
//! of the division. With the reference string's next power `τ^n·G`, the pieces become
//!
//! `h_0 + b_0·X^n, h_1 + b_1·X^n − b_0, …, h_{m−1} − b_{m−2}`
//!
//! for uniform `b_i`, which leaves the sum `Σ_i X^(i·n)·h_i` as it is. Each of the first `m − 1` commitments is then uniform and
//! independent of the others, of `h`, and of all other commitments and values. The last one is what makes
//! `Σ_i τ^(i·n)·H_i = h(τ)·G`; the opening's two points follow from commitments and values by the verifier's equations. So the
//! pieces show no more than a single commitment to `h` would: one element of the group.
//!
//! Where every column is queried at its own row alone, the other commitments determine that element anyway, as
//! `h(τ)·(τ^n − 1)` is a polynomial in what they commit to. Where columns are queried at rotations, and the permutation's
//! products always are, it takes values at `ω^i·τ` too, which no commitment to a column determines: this one element is then
//! shown beside them, and is not blinded. That is no worse than the library, which shows one such element for each piece.
//!
//! The sum of the pieces that is opened, `Σ_i x^(i·n)·h_i`, has degree `n`, and the opening's
//! quotients stay below it.
//!
//! Draws from the caller's generator: one value that the library does not use beside the random polynomial, then one for each
//! piece.

use crate::backend::Basis;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::reference::ReferenceString;
use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;

/// Commits to the random polynomial, of `n` coefficients.
pub(crate) fn commit_random<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    engine: &Engine<'_>,
    reference: &ReferenceString,
    random: &[Fr],
    mut rng: impl RngCore,
    transcript: &mut T,
) -> Result<(), EngineError> {
    Fr::random(&mut rng);
    for point in engine.commit(reference, Basis::Powers, &[random])? {
        transcript.write_point(point)?;
    }
    Ok(())
}

/// Blinds the pieces: those before the last one have `n + 1` coefficients then. There is one blinder fewer than pieces.
pub(crate) fn blind(pieces: &mut [Vec<Fr>], blinders: &[Fr]) {
    for (i, blinder) in blinders.iter().enumerate() {
        pieces[i].push(*blinder);
        pieces[i + 1][0] -= blinder;
    }
}

/// Commits to the pieces; one of `n + 1` coefficients needs `τ^n·G`.
pub(crate) fn commit_pieces<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    engine: &Engine<'_>,
    reference: &ReferenceString,
    pieces: &[Vec<Fr>],
    mut rng: impl RngCore,
    transcript: &mut T,
) -> Result<(), EngineError> {
    for _ in pieces {
        Fr::random(&mut rng);
    }
    let rows = reference.points(Basis::Powers).len();
    let low: Vec<&[Fr]> = pieces.iter().map(|piece| &piece[..rows]).collect();
    let points = engine.commit(reference, Basis::Powers, &low)?;
    for (point, piece) in points.into_iter().zip(pieces) {
        let point = match (piece.get(rows), reference.top()) {
            (Some(highest), Some(top)) => (G1::from(point) + top * highest).to_affine(),
            _ => point,
        };
        transcript.write_point(point)?;
    }
    Ok(())
}
