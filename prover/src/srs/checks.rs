//! What makes points of a file a reference string.
//!
//! With random `ρ_i`, the powers are consecutive powers of the secret behind `τ·G2` exactly if, up to an error below
//! 2^−250, `e(Σ ρ_i·P_(i+1), G2) = e(Σ ρ_i·P_i, τ·G2)`; with `P_0 = G1` the secret fixes every point. A Lagrange basis
//! belongs to the powers if one random polynomial has the same commitment in both.

use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use halo2_proofs::halo2curves::group::Curve;
use halo2_proofs::halo2curves::pairing::Engine;
use halo2_proofs::poly::EvaluationDomain;
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};

use super::group_fft::lagrange_basis;
use super::powers::Powers;
use super::ptau::{snarkjs_domain, PtauError, PtauFile};
use assay_durable::progress::Progress;

/// The string of a file, with its Lagrange basis in halo2's domain.
pub(super) fn checked_powers(file: PtauFile, k: u32, progress: &dyn Progress) -> Result<Powers, PtauError> {
    let PtauFile {
        mut g,
        lagrange,
        g2,
        s_g2,
        ..
    } = file;
    if g.first() != Some(&G1Affine::generator()) {
        return Err(PtauError::NotTheGenerator { section: 2 });
    }
    if g2 != G2Affine::generator() {
        return Err(PtauError::NotTheGenerator { section: 3 });
    }
    if s_g2 == g2 {
        return Err(PtauError::NoContribution);
    }
    progress.phase("pairing check of the powers", 0);
    if !are_consecutive_powers(&g, &s_g2) {
        return Err(PtauError::NotPowers);
    }
    let top = g.pop().ok_or(PtauError::NotPowers)?;
    let g_lagrange = match lagrange {
        Some(theirs) => {
            let to_ours = snarkjs_domain(k);
            let mut ours = vec![G1Affine::identity(); theirs.len()];
            theirs
                .into_iter()
                .enumerate()
                .for_each(|(i, point)| ours[to_ours(i)] = point);
            ours
        }
        None => lagrange_basis(&g, k, progress),
    };
    if g_lagrange.iter().any(|point| point.is_identity().into()) {
        return Err(PtauError::SecretInDomain);
    }
    progress.phase("check of the Lagrange basis", 0);
    if !bases_agree(&g, &g_lagrange, k) {
        return Err(PtauError::LagrangeMismatch);
    }
    Ok(Powers {
        g,
        top,
        g_lagrange,
        s_g2,
    })
}

/// Whether `g[i + 1] = τ·g[i]` for all i and the τ of `s_g2`.
fn are_consecutive_powers(g: &[G1Affine], s_g2: &G2Affine) -> bool {
    let weights = random_scalars(g.len() - 1);
    let next = best_multiexp(&weights, &g[1..]).to_affine();
    let this = best_multiexp(&weights, &g[..g.len() - 1]).to_affine();
    Bn256::pairing(&next, &G2Affine::generator()) == Bn256::pairing(&this, s_g2)
}

/// Whether a random polynomial has the same commitment in both bases.
fn bases_agree(g: &[G1Affine], g_lagrange: &[G1Affine], k: u32) -> bool {
    let values = random_scalars(g.len());
    let domain = EvaluationDomain::<Fr>::new(1, k);
    let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values.clone()));
    best_multiexp(&values, g_lagrange) == best_multiexp(&coefficients, g)
}

/// Unpredictable to whoever made the file.
fn random_scalars(count: usize) -> Vec<Fr> {
    let mut seed = [0u8; 32];
    OsRng.fill_bytes(&mut seed);
    let mut rng = ChaCha20Rng::from_seed(seed);
    (0..count).map(|_| Fr::random(&mut rng)).collect()
}
