//! Slices of elements: products, sums, inverses, values of polynomials. Everything is in and out in the library's form and below `p`.

use halo2_proofs::halo2curves::ff::Field;

use crate::detect::{with_lanes, Ifma};
use crate::modulus::Prime;

#[cfg(target_arch = "x86_64")]
use crate::eight::{inverse::inverses, Eight};

/// Elements that are inverted together: 1,024, of which a running product is kept in 40 kB.
#[cfg(target_arch = "x86_64")]
const INVERTED_TOGETHER: usize = 128;

/// `out_i = a_i·b_i`.
///
/// # Panics
/// If the lengths differ.
pub fn products<F: Prime>(ifma: Ifma, a: &[F], b: &[F], out: &mut [F]) {
    assert!(a.len() == b.len() && a.len() == out.len());
    with_lanes!(ifma, products_in_lanes::<F>(a, b, out));
}

/// `a_i ← a_i·factor`.
pub fn scale<F: Prime>(ifma: Ifma, a: &mut [F], factor: F) {
    with_lanes!(ifma, scale_in_lanes::<F>(a, factor));
}

/// `a_i ← a_i + factor·b_i`.
///
/// # Panics
/// If the lengths differ.
pub fn add_scaled<F: Prime>(ifma: Ifma, a: &mut [F], factor: F, b: &[F]) {
    assert!(a.len() == b.len());
    with_lanes!(ifma, add_scaled_in_lanes::<F>(a, factor, b));
}

/// `a_i ← 1/a_i`; zeros stay zero.
pub fn invert<F: Prime>(ifma: Ifma, a: &mut [F]) {
    with_lanes!(ifma, invert_in_lanes::<F>(a));
}

/// `Σ coefficients_i·x^i`.
pub fn evaluate<F: Prime>(ifma: Ifma, coefficients: &[F], x: F) -> F {
    with_lanes!(ifma, evaluate_in_lanes::<F>(coefficients, x))
}

/// Writes each element itself, `0 ≤ a < p`, in four words.
///
/// # Panics
/// If the lengths differ.
pub fn integers<F: Prime>(ifma: Ifma, a: &[F], out: &mut [[u64; 4]]) {
    assert!(a.len() == out.len());
    with_lanes!(ifma, integers_in_lanes::<F>(a, out));
}

/// Calls `$body` with each eight of the slices; the last, incomplete ones are filled up with zeros.
#[cfg(target_arch = "x86_64")]
macro_rules! by_eight {
    ($out:ident, [$($in:ident),*], $body:expr) => {{
        let whole = $out.len() / 8 * 8;
        for i in (0..whole).step_by(8) {
            $(let $in: &[F; 8] = $in[i..i + 8].try_into().expect("eight");)*
            let $out: &mut [F; 8] = (&mut $out[i..i + 8]).try_into().expect("eight");
            $body
        }
        let rest = $out.len() - whole;
        if rest > 0 {
            $(let $in = &filled_up(&$in[whole..]);)*
            let tail = &mut $out[whole..];
            let mut filled = filled_up(tail);
            { let $out = &mut filled; $body }
            tail.copy_from_slice(&filled[..rest]);
        }
    }};
}

#[cfg(target_arch = "x86_64")]
fn filled_up<F: Field>(rest: &[F]) -> [F; 8] {
    let mut out = [F::ZERO; 8];
    out[..rest.len()].copy_from_slice(rest);
    out
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn products_in_lanes<F: Prime>(a: &[F], b: &[F], out: &mut [F]) {
    // 2^260 and 2^256 give 2^256; below (1 + 0.0119·16)·p < 1.2·p.
    by_eight!(
        out,
        [a, b],
        Eight::load(a)
            .times(Eight::load_words(b))
            .below_prime()
            .store_words(out)
    );
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn scale_in_lanes<F: Prime>(a: &mut [F], factor: F) {
    let factor = Eight::load(&[factor; 8]);
    by_eight!(a, [], Eight::load_words(a).times(factor).below_prime().store_words(a));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_scaled_in_lanes<F: Prime>(a: &mut [F], factor: F, b: &[F]) {
    let factor = Eight::load(&[factor; 8]);
    // Below 1.2·p + p.
    by_eight!(
        a,
        [b],
        Eight::load_words(b)
            .times(factor)
            .plus(Eight::load_words(a))
            .normal()
            .canonical()
            .store_words(a)
    );
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn integers_in_lanes<F: Prime>(a: &[F], out: &mut [[u64; 4]]) {
    // (a·2^256)·2^4·2^−260: of x below p the product (16·x + m·p)/2^260 with m < 2^260 is at most p, and p is zero, of which m is zero.
    let factor = Eight::<F>::splat(&[16, 0, 0, 0, 0]);
    for (a, out) in a.chunks(8).zip(out.chunks_mut(8)) {
        let elements = match a.first_chunk() {
            Some(eight) => Eight::load_words(eight),
            None => Eight::load_words(&filled_up(a)),
        };
        let mut integers = [F::ZERO; 8];
        elements.times(factor).store_words(&mut integers);
        for (out, integer) in out.iter_mut().zip(integers) {
            *out = integer.to_words();
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn invert_in_lanes<F: Prime>(a: &mut [F]) {
    let whole = a.len() / 8 * 8;
    let mut prefix = [Eight::zero(); INVERTED_TOGETHER];
    for part in a[..whole].chunks_mut(8 * INVERTED_TOGETHER) {
        invert_together(part, &mut prefix);
    }
    if whole < a.len() {
        let mut filled = filled_up(&a[whole..]);
        invert_together(&mut filled, &mut prefix);
        let rest = a.len() - whole;
        a[whole..].copy_from_slice(&filled[..rest]);
    }
}

/// The length is a multiple of eight and at most `8·prefix.len()`. With `z_i = 1` in the place of zeros and `q_i = z_0·…·z_(i−1)` in the
/// library's form: `1/z_i = q_i·(1/q_(i+1))`, the second factor in lane form.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn invert_together<F: Prime>(a: &mut [F], prefix: &mut [Eight<F>]) {
    let one = Eight::splat(&F::UNIT);
    let count = a.len() / 8;
    // Below (1 + 0.0119·16·1.3)·p < 1.3·p from the first product on.
    let mut product = Eight::splat(&F::TO_LIBRARY);
    for i in 0..count {
        let z = Eight::load((&a[8 * i..8 * i + 8]).try_into().expect("eight"));
        prefix[i] = product;
        product = product.times(z.select(z.zeros(), one));
    }
    // The words of 16/q: 1/q in lane form. No lane is zero.
    let (mut inverse, _) = inverses(product, F::from(16));
    for i in (0..count).rev() {
        let element: &mut [F; 8] = (&mut a[8 * i..8 * i + 8]).try_into().expect("eight");
        let z = Eight::load(element);
        let zeros = z.zeros();
        prefix[i].times(inverse).below_prime().keep(!zeros).store_words(element);
        inverse = inverse.times(z.select(zeros, one));
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn evaluate_in_lanes<F: Prime>(coefficients: &[F], x: F) -> F {
    let power = |exponent: u64| x.pow_vartime([exponent]);
    // Four chains of eight: lane l of chain c has the coefficients 32·i + 8·c + l and the variable x^32.
    let step = Eight::load(&[power(32); 8]);
    let mut chains = [Eight::<F>::zero(); 4];
    let whole = coefficients.len() / 32 * 32;
    for part in coefficients[..whole].rchunks_exact(32) {
        for (c, chain) in chains.iter_mut().enumerate() {
            let next = Eight::load_words((&part[8 * c..8 * c + 8]).try_into().expect("eight"));
            // Below (1 + 0.0119·16·3)·p + p < 3·p again.
            *chain = chain.times(step).plus(next).normal();
        }
    }
    let mut sum = F::ZERO;
    let mut weight = F::ONE;
    for chain in chains {
        let mut elements = [F::ZERO; 8];
        chain.canonical().store_words(&mut elements);
        for element in elements {
            sum += element * weight;
            weight *= x;
        }
    }
    let mut rest = F::ZERO;
    for &coefficient in coefficients[whole..].iter().rev() {
        rest = rest * x + coefficient;
    }
    sum + rest * power(whole as u64)
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::bn256::{Fq, Fr};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::detect::tests::lanes;

    /// Random elements with 0, 1 and −1 among them.
    fn elements<F: Field>(count: usize, seed: u64) -> Vec<F> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let special = [F::ZERO, F::ONE, -F::ONE];
        (0..count)
            .map(|i| {
                if i % 7 < 3 {
                    special[(i + seed as usize) % 7 % 3]
                } else {
                    F::random(&mut rng)
                }
            })
            .collect()
    }

    fn slices_agree_with_the_library<F: Prime>() {
        let Some(ifma) = lanes() else { return };
        for count in [0, 1, 7, 8, 9, 31, 32, 33, 100, 1024, 1025, 3001] {
            let (a, b): (Vec<F>, Vec<F>) = (elements(count, 1), elements(count, 2));
            for factor in [F::ZERO, F::ONE, -F::ONE, F::from(3).invert().unwrap()] {
                let mut out = a.clone();
                scale(ifma, &mut out, factor);
                assert!(out.iter().zip(&a).all(|(out, a)| *out == *a * factor));
                let mut out = a.clone();
                add_scaled(ifma, &mut out, factor, &b);
                assert!(out.iter().zip(&a).zip(&b).all(|((out, a), b)| *out == *a + factor * b));
                let value = a.iter().rev().fold(F::ZERO, |sum, a| sum * factor + a);
                assert_eq!(evaluate(ifma, &a, factor), value);
            }
            let mut out = vec![F::ONE; count];
            products(ifma, &a, &b, &mut out);
            assert!(out.iter().zip(&a).zip(&b).all(|((out, a), b)| *out == *a * b));
            let mut out = a.clone();
            invert(ifma, &mut out);
            assert!(out.iter().zip(&a).all(|(out, a)| *out == a.invert().unwrap_or(F::ZERO)));
            let mut out = vec![[7; 4]; count];
            integers(ifma, &a, &mut out);
            // An element whose words are the integer w is w·2^−256.
            let factor = F::from(2).pow([256]);
            assert!(out.iter().zip(&a).all(|(out, a)| F::from_words(*out) * factor == *a));
            let mut zeros = vec![F::ZERO; count];
            invert(ifma, &mut zeros);
            assert!(zeros.iter().all(|zero| *zero == F::ZERO));
        }
    }

    #[test]
    fn slices_of_different_lengths_are_refused() {
        let Some(ifma) = lanes() else { return };
        let refused = |work: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err();
        let some = |count| vec![Fr::ONE; count];
        for (a, b, out) in [(7, 8, 8), (8, 7, 8), (8, 8, 7), (7, 7, 8), (7, 8, 7), (8, 7, 7)] {
            assert!(refused(&|| products(ifma, &some(a), &some(b), &mut some(out))));
        }
        for (a, b) in [(7, 8), (8, 7)] {
            assert!(refused(&|| add_scaled(ifma, &mut some(a), Fr::ONE, &some(b))));
            assert!(refused(&|| integers(ifma, &some(a), &mut vec![[0; 4]; b])));
        }
    }

    #[test]
    fn slices_of_both_fields_agree_with_the_library() {
        slices_agree_with_the_library::<Fr>();
        slices_agree_with_the_library::<Fq>();
    }
}
