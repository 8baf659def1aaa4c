//! Products, sums and reductions of eight elements.
//!
//! Two words on limbs: *normal* limbs are in `[0, 2^52)`; *loose* ones are any signed 64-bit numbers whose weighted sum is the value.
//! [`Eight::normal`] makes the first of the second. Products read the low 52 bits of a limb only, so their factors must be normal and
//! below `2^260` (`84.6·p`).

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask, _mm512_cmplt_epi64_mask,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_mov_epi64, _mm512_mask_sub_epi64, _mm512_maskz_mov_epi64,
    _mm512_or_si512, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srai_epi64, _mm512_srli_epi64, _mm512_sub_epi64,
};
use std::marker::PhantomData;

use crate::modulus::{multiple, Limbs, Prime, LIMB_BITS, LIMB_MASK};

/// Eight elements of the field `F`: limb `j` of element `l` is lane `l` of register `j`.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Eight<F> {
    /// The limbs.
    pub(crate) limbs: [__m512i; 5],
    field: PhantomData<F>,
}

impl<F> Clone for Eight<F> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Eight<F> {}

/// `multiple·p` with limbs so spread that subtracting a value with normal limbs below `multiple·p` leaves limbs 0 to 3 not negative and limb 4 at −1 or more: limb 0 gets
/// one `2^52` more, limbs 1 to 3 get `2^52 − 1` more, limb 4 pays one.
pub(crate) const fn spread(prime: Limbs, times: u64) -> Limbs {
    let mut limbs = multiple(prime, times);
    limbs[0] += 1 << LIMB_BITS;
    limbs[1] += LIMB_MASK;
    limbs[2] += LIMB_MASK;
    limbs[3] += LIMB_MASK;
    limbs[4] -= 1;
    limbs
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn broadcast(word: u64) -> __m512i {
    _mm512_set1_epi64(word as i64)
}

/// What limb 0 carries once the multiple of `p` that clears its low 52 bits has been added: `⌈low / 2^52⌉`. The low half of that multiple's
/// limb 0 is `−low mod 2^52`, so that it need not be computed.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn carry_of_cleared(low: __m512i) -> __m512i {
    _mm512_srli_epi64::<LIMB_BITS>(_mm512_add_epi64(low, broadcast(LIMB_MASK)))
}

impl<F: Prime> Eight<F> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn from_limbs(limbs: [__m512i; 5]) -> Self {
        Self {
            limbs,
            field: PhantomData,
        }
    }

    /// Zero in every lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn zero() -> Self {
        Self::from_limbs([_mm512_setzero_si512(); 5])
    }

    /// One element in every lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn splat(limbs: &Limbs) -> Self {
        let mut out = [_mm512_setzero_si512(); 5];
        for j in 0..5 {
            out[j] = broadcast(limbs[j]);
        }
        Self::from_limbs(out)
    }

    /// Carries from limb to limb: normal limbs from loose ones, if the value is in `[0, 2^260)`. Of a negative value the limbs 0 to 3 are
    /// normal and limb 4 is negative.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn normal(self) -> Self {
        let mask = broadcast(LIMB_MASK);
        let mut r = self.limbs;
        for j in 0..4 {
            r[j + 1] = _mm512_add_epi64(r[j + 1], _mm512_srai_epi64::<LIMB_BITS>(r[j]));
            r[j] = _mm512_and_si512(r[j], mask);
        }
        Self::from_limbs(r)
    }

    /// `x·y·2^−260`. Normal factors `< A·p` and `< B·p`, each below `2^260`; the product is normal and `< (1 + 0.0119·A·B)·p`.
    ///
    /// Round `i` adds `x·y_i` and the multiple `m·p` that clears limb 0, then moves one limb down. An accumulator takes four terms
    /// below `2^52` a round and lives five rounds at most, of which it takes but two in the first or in the last: 18 terms and a carry below
    /// `2^5`, below `2^57` at all times.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn times(self, other: Self) -> Self {
        let zero = _mm512_setzero_si512();
        let (x, y) = (self.limbs, other.limbs);
        let mut low = [zero; 5];
        for i in 0..5 {
            let mut high = [zero; 5];
            for j in 0..5 {
                low[j] = _mm512_madd52lo_epu64(low[j], x[j], y[i]);
                high[j] = _mm512_madd52hi_epu64(high[j], x[j], y[i]);
            }
            let m = _mm512_madd52lo_epu64(zero, low[0], broadcast(F::NEGATIVE_INVERSE));
            let carry = carry_of_cleared(low[0]);
            high[0] = _mm512_madd52hi_epu64(high[0], m, broadcast(F::LIMBS[0]));
            for j in 1..5 {
                low[j] = _mm512_madd52lo_epu64(low[j], m, broadcast(F::LIMBS[j]));
                high[j] = _mm512_madd52hi_epu64(high[j], m, broadcast(F::LIMBS[j]));
            }
            low[0] = _mm512_add_epi64(_mm512_add_epi64(low[1], high[0]), carry);
            low[1] = _mm512_add_epi64(low[2], high[1]);
            low[2] = _mm512_add_epi64(low[3], high[2]);
            low[3] = _mm512_add_epi64(low[4], high[3]);
            low[4] = high[4];
        }
        Self::from_limbs(low).normal()
    }

    /// Two independent products, as [`Eight::times`] makes each. A product is a chain of five rounds that wait for each other; where one waits,
    /// the other goes on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn times_two(x: [Self; 2], y: [Self; 2]) -> [Self; 2] {
        let zero = _mm512_setzero_si512();
        let mut low = [[zero; 5]; 2];
        for i in 0..5 {
            let mut high = [[zero; 5]; 2];
            for j in 0..5 {
                for h in 0..2 {
                    low[h][j] = _mm512_madd52lo_epu64(low[h][j], x[h].limbs[j], y[h].limbs[i]);
                    high[h][j] = _mm512_madd52hi_epu64(high[h][j], x[h].limbs[j], y[h].limbs[i]);
                }
            }
            let mut m = [zero; 2];
            for h in 0..2 {
                m[h] = _mm512_madd52lo_epu64(zero, low[h][0], broadcast(F::NEGATIVE_INVERSE));
            }
            let mut carry = [zero; 2];
            for h in 0..2 {
                carry[h] = carry_of_cleared(low[h][0]);
                high[h][0] = _mm512_madd52hi_epu64(high[h][0], m[h], broadcast(F::LIMBS[0]));
            }
            for j in 1..5 {
                for h in 0..2 {
                    low[h][j] = _mm512_madd52lo_epu64(low[h][j], m[h], broadcast(F::LIMBS[j]));
                    high[h][j] = _mm512_madd52hi_epu64(high[h][j], m[h], broadcast(F::LIMBS[j]));
                }
            }
            for h in 0..2 {
                low[h][0] = _mm512_add_epi64(_mm512_add_epi64(low[h][1], high[h][0]), carry[h]);
                low[h][1] = _mm512_add_epi64(low[h][2], high[h][1]);
                low[h][2] = _mm512_add_epi64(low[h][3], high[h][2]);
                low[h][3] = _mm512_add_epi64(low[h][4], high[h][3]);
                low[h][4] = high[h][4];
            }
        }
        [Self::from_limbs(low[0]).normal(), Self::from_limbs(low[1]).normal()]
    }

    /// `x + y`, loose: `< (A + B)·p`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn plus(self, other: Self) -> Self {
        let mut r = self.limbs;
        for j in 0..5 {
            r[j] = _mm512_add_epi64(r[j], other.limbs[j]);
        }
        Self::from_limbs(r)
    }

    /// `x − y`, loose and possibly negative.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn minus(self, other: Self) -> Self {
        let mut r = self.limbs;
        for j in 0..5 {
            r[j] = _mm512_sub_epi64(r[j], other.limbs[j]);
        }
        Self::from_limbs(r)
    }

    /// `x + K·p − y` for `y < K·p`, `K ≤ 84`, loose: `< (A + K)·p` and not negative. Of normal `x` and `y`
    /// limbs 0 to 3 are in `[0, 2^54)`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn minus_below<const K: u64>(self, other: Self) -> Self {
        self.plus(Self::splat(&const { spread(F::LIMBS, K) })).minus(other)
    }

    /// `x` where the mask is clear, `y` where it is set.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn select(self, mask: __mmask8, other: Self) -> Self {
        let mut r = self.limbs;
        for j in 0..5 {
            r[j] = _mm512_mask_mov_epi64(r[j], mask, other.limbs[j]);
        }
        Self::from_limbs(r)
    }

    /// `x` where the mask is set, zero where it is clear.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn keep(self, mask: __mmask8) -> Self {
        let mut r = self.limbs;
        for j in 0..5 {
            r[j] = _mm512_maskz_mov_epi64(mask, r[j]);
        }
        Self::from_limbs(r)
    }

    /// `K·p − x` where the mask is set, `x` elsewhere; loose. Needs `x < K·p`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn negate_below<const K: u64>(self, mask: __mmask8) -> Self {
        let mut r = self.limbs;
        for j in 0..5 {
            r[j] = _mm512_mask_sub_epi64(r[j], mask, broadcast(const { multiple(F::LIMBS, K) }[j]), r[j]);
        }
        Self::from_limbs(r)
    }

    /// Subtracts `K·p` where the value is about that large. From loose limbs 0 to 2 within `±2^55` and a value that is not negative: the
    /// result is `x` or `x − K·p`, loose, not negative, and below the larger of `(A − K)·p` and `K·p + 2^210`.
    ///
    /// Only limbs 3 and 4 are looked at: `x / 2^208 − top` is in `(−2^−48, 1 + 2^−48)`. So from `⌊K·p / 2^208⌋ + 2` up nothing goes below
    /// zero, and what is left alone is below `K·p + 3·2^208`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn lower_by<const K: u64>(self) -> Self {
        let mut r = self.limbs;
        let top = _mm512_add_epi64(r[4], _mm512_srai_epi64::<LIMB_BITS>(r[3]));
        let keep = _mm512_cmplt_epi64_mask(top, broadcast(const { multiple(F::LIMBS, K) }[4] + 2));
        for j in 0..5 {
            r[j] = _mm512_mask_sub_epi64(r[j], !keep, r[j], broadcast(const { multiple(F::LIMBS, K) }[j]));
        }
        Self::from_limbs(r)
    }

    /// The same element below `1.01·p`, normal. Takes normal values below `2^260`.
    ///
    /// `q = ⌊⌊t·c / 2^52⌋ / 2^45⌋` with `t` the top limb and `c = ⌊2^97 / (⌊p/2^208⌋ + 1)⌋` is at most `⌊x/p⌋`, and `x/p − q < 1 + 2^−37`:
    /// the top limbs have 46 bits of the prime and at most 52 of the value.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn reduced(self) -> Self {
        let zero = _mm512_setzero_si512();
        let estimate = _mm512_madd52hi_epu64(zero, self.limbs[4], broadcast(F::QUOTIENT));
        let q = _mm512_srli_epi64::<45>(estimate);
        let mut r = self.limbs;
        // x + q·(2^260 − p), of which q·2^260 is cut off at the end.
        for j in 0..5 {
            r[j] = _mm512_madd52lo_epu64(r[j], q, broadcast(F::COMPLEMENT[j]));
        }
        for j in 0..4 {
            r[j + 1] = _mm512_madd52hi_epu64(r[j + 1], q, broadcast(F::COMPLEMENT[j]));
        }
        let mut out = Self::from_limbs(r).normal();
        out.limbs[4] = _mm512_and_si512(out.limbs[4], broadcast(LIMB_MASK));
        out
    }

    /// The one value below `p` of an element below `2·p`, normal limbs.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn below_prime(self) -> Self {
        let mut r = self.limbs;
        for j in 0..5 {
            r[j] = _mm512_sub_epi64(r[j], broadcast(F::LIMBS[j]));
        }
        let lowered = Self::from_limbs(r).normal();
        let negative = _mm512_cmplt_epi64_mask(lowered.limbs[4], _mm512_setzero_si512());
        lowered.select(negative, self)
    }

    /// The one value below `p` of any element below `2^260`, normal limbs.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn canonical(self) -> Self {
        self.reduced().below_prime()
    }

    /// Which lanes are zero, of canonical values.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn zeros(self) -> __mmask8 {
        let mut any = self.limbs[0];
        for j in 1..5 {
            any = _mm512_or_si512(any, self.limbs[j]);
        }
        _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512())
    }
}
