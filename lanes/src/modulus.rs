//! The two primes of BN254 in limbs of 52 bits, and what follows from them.

use halo2_proofs::halo2curves::bn256::{Fq, Fr};
use halo2_proofs::halo2curves::ff::PrimeField;

use crate::words::Words;

/// Bits of a limb.
pub const LIMB_BITS: u32 = 52;
/// The bits of one limb.
pub const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;
/// Five limbs, the lowest first.
pub type Limbs = [u64; 5];

/// A prime below `2^254`, and the library's element type of its field.
pub trait Prime: Words + PrimeField {
    /// The prime in words of 64 bits, the lowest first.
    const WORDS: [u64; 4];
    /// The prime in limbs.
    const LIMBS: Limbs = limbs(Self::WORDS);
    /// `2^260 − p`: adding `q` of these modulo `2^260` subtracts `q·p`.
    const COMPLEMENT: Limbs = complement(Self::LIMBS);
    /// `−p^(−1) mod 2^52`.
    const NEGATIVE_INVERSE: u64 = negative_inverse(Self::LIMBS[0]);
    /// `⌊2^97 / (⌊p / 2^208⌋ + 1)⌋`, below `2^52` because the prime's top limb has 46 bits: estimates quotients by `p` from top limbs.
    const QUOTIENT: u64 = ((1u128 << 97) / (Self::LIMBS[4] as u128 + 1)) as u64;
    /// `2^256 mod p`: the factor that takes the lane form to the library's.
    const TO_LIBRARY: Limbs = limbs(power_of_two(256, Self::WORDS));
    /// `2^260 mod p`: one in lane form.
    const UNIT: Limbs = limbs(power_of_two(260, Self::WORDS));
    /// `2^264 mod p`: the factor that takes the library's form to the lanes'.
    const FROM_LIBRARY: Limbs = limbs(power_of_two(264, Self::WORDS));
}

impl Prime for Fr {
    const WORDS: [u64; 4] = [
        0x43e1_f593_f000_0001,
        0x2833_e848_79b9_7091,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

impl Prime for Fq {
    const WORDS: [u64; 4] = [
        0x3c20_8c16_d87c_fd47,
        0x9781_6a91_6871_ca8d,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
}

/// Four words as five limbs.
pub const fn limbs(words: [u64; 4]) -> Limbs {
    [
        words[0] & LIMB_MASK,
        (words[0] >> 52 | words[1] << 12) & LIMB_MASK,
        (words[1] >> 40 | words[2] << 24) & LIMB_MASK,
        (words[2] >> 28 | words[3] << 36) & LIMB_MASK,
        words[3] >> 16,
    ]
}

/// Five limbs as four words; what lies at `2^256` and above is lost.
pub const fn words(limbs: Limbs) -> [u64; 4] {
    [
        limbs[0] | limbs[1] << 52,
        limbs[1] >> 12 | limbs[2] << 40,
        limbs[2] >> 24 | limbs[3] << 28,
        limbs[3] >> 36 | limbs[4] << 16,
    ]
}

/// `m·p` in limbs, `m ≤ 84` so that the top limb keeps to 52 bits.
pub const fn multiple(prime: Limbs, m: u64) -> Limbs {
    assert!(m <= 84);
    let mut out = [0; 5];
    let mut carry = 0;
    let mut j = 0;
    while j < 5 {
        let sum = prime[j] as u128 * m as u128 + carry;
        out[j] = sum as u64 & LIMB_MASK;
        carry = sum >> LIMB_BITS;
        j += 1;
    }
    out
}

const fn complement(prime: Limbs) -> Limbs {
    let mut out = [0; 5];
    let mut carry = 1;
    let mut j = 0;
    while j < 5 {
        let sum = (LIMB_MASK ^ prime[j]) + carry;
        out[j] = sum & LIMB_MASK;
        carry = sum >> LIMB_BITS;
        j += 1;
    }
    out
}

const fn negative_inverse(low: u64) -> u64 {
    // Newton's iteration doubles the bits that are right: 1, 2, 4, …, 64.
    let mut inverse = 1u64;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(low.wrapping_mul(inverse)));
        round += 1;
    }
    inverse.wrapping_neg() & LIMB_MASK
}

/// `2^exponent mod p` by doubling.
const fn power_of_two(exponent: u32, prime: [u64; 4]) -> [u64; 4] {
    let mut value = [1u64, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        let mut doubled = [0u64; 4];
        let mut reduced = [0u64; 4];
        let (mut carry, mut borrow) = (0, false);
        let mut j = 0;
        while j < 4 {
            doubled[j] = value[j] << 1 | carry;
            carry = value[j] >> 63;
            let (difference, under) = doubled[j].overflowing_sub(prime[j]);
            let (difference, below) = difference.overflowing_sub(borrow as u64);
            reduced[j] = difference;
            borrow = under || below;
            j += 1;
        }
        // The value stays below p < 2^254, so that doubling loses no bit.
        value = if borrow { doubled } else { reduced };
        step += 1;
    }
    value
}

#[cfg(test)]
mod tests {

    use super::*;

    fn constants_follow_from<F: Prime>() {
        // −1 in the library's words is p − 2^256 mod p: words of −1 plus words of 1 are p.
        let (mut sum, mut carry) = ([0u64; 4], 0u128);
        for j in 0..4 {
            let total = (-F::ONE).to_words()[j] as u128 + F::ONE.to_words()[j] as u128 + carry;
            (sum[j], carry) = (total as u64, total >> 64);
        }
        assert_eq!(sum, F::WORDS);
        assert_eq!(words(F::LIMBS), F::WORDS);
        assert_eq!(F::LIMBS[0].wrapping_mul(F::NEGATIVE_INVERSE) & LIMB_MASK, LIMB_MASK);
        assert_eq!((LIMB_BITS, LIMB_MASK), (52, 0xf_ffff_ffff_ffff));
        let (top, quotient) = (u128::from(F::WORDS[3] >> 16), u128::from(F::QUOTIENT));
        assert!(quotient * (top + 1) <= 1 << 97 && 1 << 97 < (quotient + 1) * (top + 1));
        assert!(F::QUOTIENT < 1 << 52);
        for (factor, exponent) in [(F::TO_LIBRARY, 256u64), (F::UNIT, 260), (F::FROM_LIBRARY, 264)] {
            let canonical = F::from(2).pow([exponent]) * F::from_words([1, 0, 0, 0]);
            assert_eq!(words(factor), canonical.to_words());
        }
    }

    /// `a + b` in normal limbs, and the carry.
    fn sum(a: Limbs, b: Limbs) -> (Limbs, u64) {
        let (mut out, mut carry) = ([0; 5], 0);
        for j in 0..5 {
            let sum = a[j] + b[j] + carry;
            (out[j], carry) = (sum % (1 << 52), sum >> 52);
        }
        (out, carry)
    }

    fn multiples_are_repeated_sums<F: Prime>() {
        let mut repeated = [0; 5];
        for times in 0..=84 {
            assert_eq!(multiple(F::LIMBS, times), repeated, "{times}");
            let next = sum(repeated, F::LIMBS);
            assert_eq!(next.1, u64::from(times == 84), "85 are too many for five limbs");
            repeated = next.0;
        }
        assert!(std::panic::catch_unwind(|| multiple(F::LIMBS, 85)).is_err());
        assert_eq!(sum(F::COMPLEMENT, F::LIMBS), ([0; 5], 1));
        // Every limb carries.
        assert_eq!(
            multiple([LIMB_MASK, LIMB_MASK, LIMB_MASK, LIMB_MASK, 0], 2),
            [LIMB_MASK - 1, LIMB_MASK, LIMB_MASK, LIMB_MASK, 1]
        );
        assert_eq!(words([LIMB_MASK; 5]), [u64::MAX; 4]);
        assert_eq!(
            limbs([u64::MAX; 4]),
            [LIMB_MASK, LIMB_MASK, LIMB_MASK, LIMB_MASK, LIMB_MASK >> 4]
        );
    }

    #[test]
    fn multiples_and_complements_of_both_primes_are_sums() {
        multiples_are_repeated_sums::<Fr>();
        multiples_are_repeated_sums::<Fq>();
    }

    #[test]
    fn constants_of_both_primes_follow_from_the_library() {
        constants_follow_from::<Fr>();
        constants_follow_from::<Fq>();
    }
}
