//! The development string: its secret is in this file, so anyone can forge any proof under it.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G2Affine, G1, G2};
use halo2_proofs::halo2curves::ff::{BatchInvert, Field, FromUniformBytes, PrimeField};
use halo2_proofs::halo2curves::group::Curve;
use rayon::prelude::*;
use sha2::{Digest, Sha512};

use super::fixed_base::FixedBase;
use super::powers::Powers;
use assay_durable::progress::Progress;

/// Hashed to the secret; a change is another string, hence other keys.
const DOMAIN: &[u8] = b"assay development reference string v1: the secret is public, every proof can be forged";

/// The secret τ of the development string, public on purpose.
pub(super) fn unsafe_public_tau() -> Fr {
    let mut wide = [0u8; 64];
    wide.copy_from_slice(&Sha512::digest(DOMAIN));
    Fr::from_uniform_bytes(&wide)
}

/// `τ·G2` of the development string.
pub(super) fn unsafe_public_tau_g2() -> G2Affine {
    (G2::generator() * unsafe_public_tau()).to_affine()
}

/// The development string of 2^k powers.
pub(super) fn generate(k: u32, progress: &dyn Progress) -> Powers {
    let tau = unsafe_public_tau();
    let n = 1usize << k;
    progress.phase("development string: table", 0);
    let base = FixedBase::new(G1::generator(), 2 * n);
    progress.phase("development string: powers", 0);
    let mut g = base.multiples(&powers(tau, n + 1));
    let top = g.remove(n);
    progress.phase("development string: Lagrange basis", 0);
    let g_lagrange: Vec<G1Affine> = base.multiples(&lagrange_at(tau, k));
    Powers {
        g,
        top,
        g_lagrange,
        s_g2: unsafe_public_tau_g2(),
    }
}

/// `1, x, …, x^(n−1)`.
fn powers(x: Fr, n: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |p| Some(p * x)).take(n).collect()
}

/// `L_i(τ) = (τ^n − 1)/n · ω^i/(τ − ω^i)` for τ outside the domain.
fn lagrange_at(tau: Fr, k: u32) -> Vec<Fr> {
    let n = 1usize << k;
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |w, _| w.square());
    let roots = powers(omega, n);
    let mut scalars: Vec<Fr> = roots.par_iter().map(|root| tau - root).collect();
    scalars.par_chunks_mut(1 << 10).for_each(|chunk| {
        chunk.iter_mut().batch_invert();
    });
    let n_inv = Fr::TWO_INV.pow_vartime([u64::from(k)]);
    let vanishing = (tau.pow_vartime([n as u64]) - Fr::ONE) * n_inv;
    scalars
        .par_iter_mut()
        .zip(&roots)
        .for_each(|(scalar, root)| *scalar *= vanishing * root);
    scalars
}
