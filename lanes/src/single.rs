//! One element at a time, unreduced: what the path without lanes computes with.
//!
//! An element is four words in the library's Montgomery form with radix `2^256`, which is `5.29·p`. Values are kept above `p` as in lanes,
//! with less room: with `x < A·p` and `y < B·p`,
//!
//! `x·y·2^−256 mod p`, as computed, `< (x·y + (2^256 − 1)·p) / 2^256 < (1 + 0.1891·A·B)·p`
//!
//! because `p / 2^256 < 0.1891` for both primes. Every function states what it takes and returns as a multiple of `p`; nothing is checked.

use std::marker::PhantomData;

use crate::modulus::Prime;

/// An unreduced element of the field `F`.
#[derive(Debug)]
#[repr(transparent)]
pub struct Single<F> {
    words: [u64; 4],
    field: PhantomData<F>,
}

impl<F> Clone for Single<F> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Single<F> {}

/// `K·p` in words, `K ≤ 5`.
const fn multiple(prime: [u64; 4], times: u64) -> [u64; 4] {
    assert!(times <= 5);
    let mut out = [0; 4];
    let mut carry = 0;
    let mut j = 0;
    while j < 4 {
        let sum = prime[j] as u128 * times as u128 + carry;
        out[j] = sum as u64;
        carry = sum >> 64;
        j += 1;
    }
    out
}

/// `−p^(−1) mod 2^64`.
const fn negative_inverse(low: u64) -> u64 {
    // Newton's iteration doubles the bits that are right: 1, 2, 4, …, 64.
    let mut inverse = 1u64;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(low.wrapping_mul(inverse)));
        round += 1;
    }
    inverse.wrapping_neg()
}

/// `a + b·c + carry`: the low word and the carry.
#[inline(always)]
fn multiply_add(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    // Never above 2^128 − 1: the checks for it are left out.
    let product = u128::from(b).wrapping_mul(u128::from(c));
    let sum = product.wrapping_add(u128::from(a)).wrapping_add(u128::from(carry));
    (sum as u64, (sum >> 64) as u64)
}

/// `x + y mod 2^256`. The compiler makes one chain of carries of these instructions, and not of the same in plain words.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn add(x: [u64; 4], y: [u64; 4]) -> [u64; 4] {
    use std::arch::x86_64::_addcarry_u64;
    let (mut out, mut carry) = ([0; 4], 0);
    for j in 0..4 {
        carry = _addcarry_u64(carry, x[j], y[j], &mut out[j]);
    }
    out
}

/// `x − y mod 2^256`, and whether `x < y`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn subtract(x: [u64; 4], y: [u64; 4]) -> ([u64; 4], bool) {
    use std::arch::x86_64::_subborrow_u64;
    let (mut out, mut borrow) = ([0; 4], 0);
    for j in 0..4 {
        borrow = _subborrow_u64(borrow, x[j], y[j], &mut out[j]);
    }
    (out, borrow != 0)
}

/// `x + y mod 2^256`.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn add(x: [u64; 4], y: [u64; 4]) -> [u64; 4] {
    let (mut out, mut carry) = ([0; 4], 0);
    for j in 0..4 {
        (out[j], carry) = multiply_add(x[j], y[j], 1, carry);
    }
    out
}

/// `x − y mod 2^256`, and whether `x < y`.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn subtract(x: [u64; 4], y: [u64; 4]) -> ([u64; 4], bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for j in 0..4 {
        let (difference, under) = x[j].overflowing_sub(y[j]);
        let (difference, below) = difference.overflowing_sub(u64::from(borrow));
        (out[j], borrow) = (difference, under || below);
    }
    (out, borrow)
}

impl<F: Prime> Single<F> {
    /// Zero.
    pub const ZERO: Self = Self::new([0; 4]);

    const fn new(words: [u64; 4]) -> Self {
        Self {
            words,
            field: PhantomData,
        }
    }

    /// An element of the library, below `p`.
    #[inline(always)]
    pub fn load(element: &F) -> Self {
        Self::new(element.to_words())
    }

    /// Elements of the library, each below `p`, where they are.
    #[inline(always)]
    pub fn slice(elements: &[F]) -> &[Self] {
        // SAFETY: both types are four words without padding (for the library's see `words`), and any words are a value of this one.
        unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
    }

    /// The element of the library that a value below `4·p` stands for.
    #[inline(always)]
    pub fn store(self) -> F {
        F::from_words(self.lower_by::<2>().lower_by::<1>().words)
    }

    /// `x·y·2^−256` `< (1 + 0.1891·A·B)·p` for `A ≤ 4` and `y` below `2^256`. The product must be below `2^256`, too.
    ///
    /// Round `i` adds `x·y_i` and the multiple of `p` that clears the lowest word, then moves one word down. Before and after each round the
    /// value is below `x + p ≤ 5·p`, so that it keeps to four words.
    #[inline(always)]
    pub fn times(self, other: Self) -> Self {
        let (x, p) = (self.words, F::WORDS);
        let mut t = [0; 4];
        for i in 0..4 {
            let y = other.words[i];
            let (t0, carry) = multiply_add(t[0], x[0], y, 0);
            let (t1, carry) = multiply_add(t[1], x[1], y, carry);
            let (t2, carry) = multiply_add(t[2], x[2], y, carry);
            let (t3, high) = multiply_add(t[3], x[3], y, carry);
            let m = t0.wrapping_mul(const { negative_inverse(F::WORDS[0]) });
            let (_, carry) = multiply_add(t0, m, p[0], 0);
            let (t0, carry) = multiply_add(t1, m, p[1], carry);
            let (t1, carry) = multiply_add(t2, m, p[2], carry);
            let (t2, carry) = multiply_add(t3, m, p[3], carry);
            t = [t0, t1, t2, high.wrapping_add(carry)];
        }
        Self::new(t)
    }

    /// `x + y < (A + B)·p`, which must be below `2^256`.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self::new(add(self.words, other.words))
    }

    /// `x + K·p − y < (A + K)·p` for `y ≤ K·p`; must be below `2^256`.
    #[inline(always)]
    pub fn minus_below<const K: u64>(self, other: Self) -> Self {
        let raised = add(self.words, const { multiple(F::WORDS, K) });
        Self::new(subtract(raised, other.words).0)
    }

    /// `x − K·p` if that is not negative, else `x`: below the larger of `(A − K)·p` and `K·p`.
    #[inline(always)]
    pub fn lower_by<const K: u64>(self) -> Self {
        let multiple = const { multiple(F::WORDS, K) };
        let (lowered, negative) = subtract(self.words, multiple);
        // Without a branch: which of the two it is cannot be guessed.
        let mask = u64::from(negative).wrapping_neg();
        Self::new(add(lowered, multiple.map(|word| word & mask)))
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::bn256::{Fq, Fr};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// Random elements, 0, 1, −1 and the ones with the highest and the lowest words.
    fn elements<F: Prime>() -> Vec<F> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let unit = F::from(2).pow([256]).invert().unwrap();
        let mut elements = vec![F::ZERO, F::ONE, -F::ONE, unit, -unit, -unit.double()];
        elements.extend((0..10).map(|_| F::random(&mut rng)));
        elements
    }

    /// `x + k·p`.
    fn raised<F: Prime>(element: &F, k: u64) -> Single<F> {
        Single::new(add(element.to_words(), multiple(F::WORDS, k)))
    }

    fn below<F: Prime>(value: Single<F>, k: u64) -> bool {
        subtract(value.words, multiple(F::WORDS, k)).1
    }

    fn arithmetic_agrees_with_the_library<F: Prime>() {
        for a in elements::<F>() {
            let slice = [F::ONE, a];
            assert_eq!(Single::slice(&slice).len(), 2);
            assert_eq!(Single::slice(&slice)[1].store(), a);
            for i in 0..4 {
                let x = raised(&a, i);
                assert!(below(x, i + 1) && x.store() == a && x.store().to_words() == a.to_words());
                assert!(below(x.lower_by::<2>(), 2) && x.lower_by::<2>().store() == a);
                assert!(below(x.lower_by::<1>(), i.max(1)) && x.lower_by::<1>().store() == a);
                for b in elements::<F>() {
                    for j in 0..4 {
                        let y = raised(&b, j);
                        // In thousandths: 1 + 0.1891·A·B is below 2 for A·B ≤ 5, below 3 for A·B ≤ 10.
                        let product = x.times(y);
                        let bound = 1 + (1891 * (i + 1) * (j + 1)).div_ceil(10_000);
                        assert!(below(product, bound));
                        assert_eq!(product.lower_by::<2>().store(), a * b);
                        if i + j <= 2 {
                            assert_eq!(x.plus(y).store(), a + b);
                        }
                    }
                    assert_eq!(x.minus_below::<1>(Single::load(&b)).lower_by::<2>().store(), a - b);
                    if i < 3 {
                        assert_eq!(x.minus_below::<2>(raised(&b, 1)).lower_by::<2>().store(), a - b);
                        assert!(below(x.minus_below::<2>(raised(&b, 1)), i + 3));
                    }
                }
            }
        }
        // The highest value keeps to four words, and is a factor.
        let highest = raised(&-F::from(2).pow([256]).invert().unwrap(), 3);
        assert_eq!(highest.times(Single::load(&F::ONE)).store(), highest.store());
        assert_eq!(Single::<F>::ZERO.store(), F::ZERO);
        // Six are too many for four words.
        assert!(std::panic::catch_unwind(|| multiple(F::WORDS, 6)).is_err());
    }

    #[test]
    fn arithmetic_of_both_fields_agrees_with_the_library() {
        arithmetic_agrees_with_the_library::<Fr>();
        arithmetic_agrees_with_the_library::<Fq>();
    }
}
