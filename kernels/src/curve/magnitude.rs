//! Scalars as signs and magnitudes: `s = ±m` with `m ≤ (r − 1)/2`, so that small negative numbers are as cheap as small positive ones.

use assay_lanes::modulus::Prime;
use halo2_proofs::halo2curves::bn256::Fr;

/// Bits of the largest magnitude.
pub(super) const MOST_BITS: usize = 253;

/// The bit of the highest word that holds the sign.
const SIGN: u64 = 1 << 63;

/// A magnitude below `2^253` in four words, the lowest first, with the sign in the highest bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Magnitude([u64; 4]);

impl Magnitude {
    /// Zero.
    pub(super) const ZERO: Self = Self([0; 4]);

    /// Of an element below `r` in words.
    pub(super) fn new(words: [u64; 4]) -> Self {
        let mut negated = [0; 4];
        let mut borrow = 0i128;
        for (j, prime) in Fr::WORDS.into_iter().enumerate() {
            let difference = i128::from(prime) - i128::from(words[j]) + borrow;
            (negated[j], borrow) = (difference as u64, difference >> 64);
        }
        // r is odd: the two never meet.
        if words.iter().rev().le(negated.iter().rev()) {
            Self(words)
        } else {
            negated[3] |= SIGN;
            Self(negated)
        }
    }

    /// Whether the scalar is the negative of the magnitude.
    fn negative(&self) -> bool {
        self.0[3] & SIGN != 0
    }

    /// The length of the magnitude, 0 to [`MOST_BITS`].
    pub(super) fn bits(&self) -> usize {
        let words = [self.0[0], self.0[1], self.0[2], self.0[3] & !SIGN];
        let high = words.iter().rposition(|&word| word != 0);
        high.map_or(0, |j| 64 * j + 64 - words[j].leading_zeros() as usize)
    }

    /// `m + bias` with the sign of `m`. The sum must be below `2^255`.
    pub(super) fn plus(&self, bias: [u64; 4]) -> Biased {
        let mut words = [self.0[0], self.0[1], self.0[2], self.0[3] & !SIGN, 0];
        let mut carry = 0u128;
        for (word, bias) in words.iter_mut().zip(bias) {
            let sum = u128::from(*word) + u128::from(bias) + carry;
            (*word, carry) = (sum as u64, sum >> 64);
        }
        Biased {
            words,
            negative: self.negative(),
        }
    }
}

/// A magnitude with a number added, ready to be cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Biased {
    /// The highest word is zero.
    words: [u64; 5],
    negative: bool,
}

impl Biased {
    /// The sign of the magnitude.
    #[inline]
    pub(super) fn negative(&self) -> bool {
        self.negative
    }

    /// The bits that `cut` takes.
    #[inline]
    pub(super) fn slice(&self, cut: Cut) -> u32 {
        let low = self.words[cut.word] >> cut.shift;
        // Shifted in two steps: a shift by 64 is none.
        let high = self.words[cut.word + 1] << 1 << (63 - cut.shift);
        (low | high) as u32 & cut.mask
    }
}

/// A run of bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// 0 to 3.
    word: usize,
    shift: u32,
    mask: u32,
}

impl Cut {
    /// `count ≤ 32` bits from bit `from < 256` on; above the magnitude there are zeros.
    pub(super) fn new(from: usize, count: usize) -> Self {
        assert!(from < 256 && count <= 32);
        Self {
            word: from / 64,
            shift: from as u32 % 64,
            mask: ((1u64 << count) - 1) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::Field;

    use super::*;

    fn new(scalar: Fr) -> Magnitude {
        Magnitude::new(scalar.into())
    }

    #[test]
    fn signs_and_slices_give_the_scalar_back() {
        let half = -Fr::ONE * Fr::from(2).invert().unwrap(); // (r − 1)/2
        let scalars = [
            Fr::ZERO,
            Fr::ONE,
            -Fr::ONE,
            half,
            half + Fr::ONE,
            Fr::from(65_535),
            -Fr::from(1 << 40),
            Fr::from(3).invert().unwrap(),
        ];
        for scalar in scalars {
            let magnitude = new(scalar);
            let mut sum = Fr::ZERO;
            for from in (0..=MOST_BITS).step_by(13).collect::<Vec<_>>().into_iter().rev() {
                sum = sum * Fr::from(1 << 13) + Fr::from(u64::from(magnitude.plus([0; 4]).slice(Cut::new(from, 13))));
            }
            assert_eq!(if magnitude.negative() { -sum } else { sum }, scalar);
            assert!(magnitude.bits() <= MOST_BITS && magnitude.plus([0; 4]).slice(Cut::new(magnitude.bits(), 32)) == 0);
            assert!(magnitude.bits() == 0 || magnitude.plus([0; 4]).slice(Cut::new(magnitude.bits() - 1, 1)) == 1);
        }
        assert!(!new(half).negative() && new(half + Fr::ONE).negative());
        assert_eq!(new(-Fr::from(5)).bits(), 3);
        assert_eq!(new(half).bits(), MOST_BITS);
        assert_eq!(Magnitude::ZERO.bits(), 0);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn a_cut_beyond_the_words_is_refused() {
        let _ = Cut::new(256, 1);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn a_cut_longer_than_a_digit_is_refused() {
        let _ = Cut::new(0, 33);
    }
}
