//! The Lagrange basis of powers whose secret nobody knows: an inverse Fourier transform of points.
//!
//! `L_i = 1/n · Σ_j ω^(−ij)·τ^j·G1`. Almost all time goes into n/2·log₂ n products of a point and a root of unity, so
//! scalars are split by the curve's endomorphism (GLV: `s = s1 − s2·ζ`, both halves below 2^128) and points stay affine.

use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2_proofs::halo2curves::ff::{Field, PrimeField, WithSmallOrderMulGroup};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use rayon::prelude::*;

use super::batch_affine::{BatchAffine, LANES};
use assay_durable::progress::Progress;

/// `round(2^256·b2/r)` and `round(−2^256·b1/r)` of the short basis `(a1, b1), (a2, b2)` of the endomorphism's lattice.
const GAMMA_1: [u64; 4] = [0xd91d_232e_c7e0_b3d7, 0x2, 0, 0];
const GAMMA_2: [u64; 4] = [0x5398_fd03_00ff_6565, 0x4cce_f014_a773_d2d2, 0x02, 0];
/// `−b1` and `b2` of that basis.
const B_1: [u64; 4] = [0x89d3_2568_94d2_13e3, 0, 0, 0];
const B_2: [u64; 4] = [0x0be4_e154_1221_250b, 0x6f4d_8248_eeb8_59fd, 0, 0];

/// Digits of a half scalar in width-4 non-adjacent form; one more than its bits.
const DIGITS: usize = 129;
/// Odd multiples 1, 3, 5, 7 that the digits choose from.
const ODD_MULTIPLES: usize = 4;

/// The Lagrange basis of the domain of `g.len() = 2^k` roots of unity.
pub(super) fn lagrange_basis(g: &[G1Affine], k: u32, progress: &dyn Progress) -> Vec<G1Affine> {
    let n = g.len();
    let omega_inv = (k..Fr::S).fold(Fr::ROOT_OF_UNITY_INV, |w, _| w.square());
    let mut roots = Vec::with_capacity(n / 2);
    roots.extend(std::iter::successors(Some(Fr::ONE), |w| Some(w * omega_inv)).take(n / 2));
    progress.phase("Lagrange basis", u64::from(k) + 1);
    let mut x = g.to_vec();
    let mut y = vec![G1Affine::identity(); n];
    for stage in 0..k {
        // x[2rj + i] is the transform over the powers i, i + 2r, … at frequency j; y the same with r for 2r.
        let r = n >> (stage + 1);
        let (sums, differences) = y.split_at_mut(n / 2);
        sums.par_chunks_mut(LANES)
            .zip(differences.par_chunks_mut(LANES))
            .enumerate()
            .for_each(|(chunk, (s, d))| {
                let butterflies = (0..s.len()).map(|lane| chunk * LANES + lane).map(|b| (b / r, b % r));
                let (scalars, (even, odd)): (Vec<Fr>, (Vec<G1Affine>, Vec<G1Affine>)) = butterflies
                    .map(|(j, i)| (roots[j * r], (x[2 * r * j + i], x[2 * r * j + r + i])))
                    .unzip();
                let products = multiply(&odd, &scalars);
                s.copy_from_slice(&even);
                d.copy_from_slice(&even);
                let mut batch = BatchAffine::default();
                batch.add(s, |lane| Some(products[lane]));
                batch.add(d, |lane| Some(-products[lane]));
            });
        std::mem::swap(&mut x, &mut y);
        progress.step(u64::from(stage) + 1);
    }
    let n_inv = Fr::TWO_INV.pow_vartime([u64::from(k)]);
    x.par_chunks_mut(LANES).for_each(|points| {
        let scaled = multiply(points, &vec![n_inv; points.len()]);
        points.copy_from_slice(&scaled);
    });
    progress.step(u64::from(k) + 1);
    x
}

/// `scalars[i]·points[i]` for every i.
fn multiply(points: &[G1Affine], scalars: &[Fr]) -> Vec<G1Affine> {
    let mut batch = BatchAffine::default();
    let mut twice = points.to_vec();
    batch.double(&mut twice);
    let mut odd_multiples = vec![points.to_vec()];
    for m in 1..ODD_MULTIPLES {
        let mut next = odd_multiples[m - 1].clone();
        batch.add(&mut next, |lane| Some(twice[lane]));
        odd_multiples.push(next);
    }
    let digits: Vec<[[i8; DIGITS]; 2]> = scalars.iter().map(|s| split(s).map(non_adjacent_form)).collect();
    let multiple = |lane: usize, digit: i8| {
        let point = (digit != 0).then(|| odd_multiples[usize::from(digit.unsigned_abs() / 2)][lane])?;
        Some(if digit < 0 { -point } else { point })
    };
    let mut acc = vec![G1Affine::identity(); points.len()];
    for position in (0..DIGITS).rev() {
        batch.double(&mut acc);
        batch.add(&mut acc, |lane| multiple(lane, digits[lane][0][position]));
        batch.add(&mut acc, |lane| {
            multiple(lane, digits[lane][1][position]).map(endomorphism)
        });
    }
    acc
}

/// `ζ·point` by one multiplication.
fn endomorphism(point: G1Affine) -> G1Affine {
    G1Affine {
        x: point.x * Fq::ZETA,
        y: point.y,
    }
}

/// Halves `(negative, magnitude)` with `s = s1 + s2·ζ`.
fn split(s: &Fr) -> [(bool, u128); 2] {
    let c1 = high_half(GAMMA_2, limbs(s));
    let c2 = high_half(GAMMA_1, limbs(s));
    let s2 = Fr::from_raw(c1) * Fr::from_raw(B_1) - Fr::from_raw(c2) * Fr::from_raw(B_2);
    let s1 = s - s2 * Fr::ZETA;
    [s1, s2].map(|half| {
        let magnitude = |x: &Fr| {
            let [a, b, c, d] = limbs(x);
            (c == 0 && d == 0).then_some(u128::from(a) | u128::from(b) << 64)
        };
        // One of the two is below 2^128 for every scalar: the basis is short.
        match magnitude(&half) {
            Some(positive) => (false, positive),
            None => (true, magnitude(&-half).unwrap_or_default()),
        }
    })
}

/// Little-endian limbs of the canonical value.
fn limbs(x: &Fr) -> [u64; 4] {
    let bytes = x.to_repr();
    let (chunks, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|i| chunks.get(i).map_or(0, |c| u64::from_le_bytes(*c)))
}

/// `a·b / 2^256`, rounded down.
fn high_half(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut product = [0u64; 8];
    for i in 0..4 {
        let mut carry = 0u128;
        for j in 0..4 {
            let t = u128::from(a[i]) * u128::from(b[j]) + u128::from(product[i + j]) + carry;
            product[i + j] = t as u64;
            carry = t >> 64;
        }
        product[i + 4] = carry as u64;
    }
    [product[4], product[5], product[6], product[7]]
}

/// Digits in {0, ±1, ±3, ±5, ±7}, lowest first, of which any four neighbours have at most one that is not 0.
fn non_adjacent_form((negative, magnitude): (bool, u128)) -> [i8; DIGITS] {
    let mut digits = [0i8; DIGITS];
    // `rest + carry` is what is left to write from `position` on.
    let (mut rest, mut carry, mut position) = (magnitude, 0u128, 0);
    while position < DIGITS {
        if (rest ^ carry) & 1 == 0 {
            // Even; with a carry `rest` is odd and (rest + 1)/2 carries on.
            rest >>= 1;
            position += 1;
            continue;
        }
        let window = ((rest & 15) + carry) as i8;
        let digit = if window > 8 { window - 16 } else { window };
        digits[position] = if negative { -digit } else { digit };
        carry = u128::from(digit < 0);
        rest >>= 4;
        position += 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_durable::progress::Silent;
    use halo2_proofs::arithmetic::g_to_lagrange;
    use halo2_proofs::halo2curves::group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn scalars() -> Vec<Fr> {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let mut scalars: Vec<Fr> = (0..500).map(|_| Fr::random(&mut rng)).collect();
        let edges = [0, 1, 2, 15, 16, 1 << 64, u128::MAX, u128::MAX - 7].map(Fr::from_u128);
        scalars.extend(
            edges
                .iter()
                .flat_map(|e| [*e, -e, Fr::ZETA * e, *e - Fr::ZETA, Fr::ZETA.square() * e]),
        );
        scalars.push(Fr::ROOT_OF_UNITY);
        scalars
    }

    #[test]
    fn halves_and_digits_add_up_to_the_scalar() {
        for scalar in scalars() {
            let halves = split(&scalar).map(|half| {
                let digits = non_adjacent_form(half);
                assert!(digits.windows(4).all(|w| w.iter().filter(|d| **d != 0).count() <= 1));
                digits.iter().rev().fold(Fr::ZERO, |acc, d| {
                    let digit = Fr::from(u64::from(d.unsigned_abs()));
                    acc.double() + if *d < 0 { -digit } else { digit }
                })
            });
            assert_eq!(halves[0] + halves[1] * Fr::ZETA, scalar);
        }
    }

    #[test]
    fn products_equal_those_of_the_curve_library() {
        let scalars = scalars();
        let mut points = vec![G1Affine::generator(); scalars.len()];
        points[1] = G1Affine::identity();
        points[2] = -points[2];
        for (i, product) in multiply(&points, &scalars).into_iter().enumerate() {
            assert_eq!(product, (points[i] * scalars[i]).to_affine(), "lane {i}");
        }
    }

    #[test]
    fn lagrange_basis_equals_that_of_the_proving_library() {
        let mut rng = ChaCha20Rng::from_seed([8; 32]);
        for k in 1..=6 {
            let g: Vec<G1Affine> = (0..1 << k)
                .map(|_| (G1Affine::generator() * Fr::random(&mut rng)).to_affine())
                .collect();
            let expected: Vec<G1Affine> = g_to_lagrange(g.iter().map(|p| p.to_curve()).collect(), k);
            assert_eq!(lagrange_basis(&g, k, &Silent), expected, "k = {k}");
        }
    }
}
