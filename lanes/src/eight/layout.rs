//! From and to the library's elements, blocks of words, and single lanes.

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_loadu_si512, _mm512_or_si512, _mm512_setzero_si512, _mm512_slli_epi64,
    _mm512_srli_epi64, _mm512_storeu_si512,
};

use super::arithmetic::{broadcast, Eight};
use super::transpose::{gather_words, scatter_words};
use crate::block::Block;
use crate::modulus::{Limbs, Prime, LIMB_MASK};

/// Limbs of four rows of words.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn limbs_of<F: Prime>(w: [__m512i; 4]) -> Eight<F> {
    let mask = broadcast(LIMB_MASK);
    Eight::from_limbs([
        _mm512_and_si512(w[0], mask),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1])),
            mask,
        ),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2])),
            mask,
        ),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3])),
            mask,
        ),
        _mm512_srli_epi64::<16>(w[3]),
    ])
}

/// Limbs of sixteen times four rows of words.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn limbs_of_sixteenfold<F: Prime>(w: [__m512i; 4]) -> Eight<F> {
    let mask = broadcast(LIMB_MASK);
    Eight::from_limbs([
        _mm512_and_si512(_mm512_slli_epi64::<4>(w[0]), mask),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<48>(w[0]), _mm512_slli_epi64::<16>(w[1])),
            mask,
        ),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<36>(w[1]), _mm512_slli_epi64::<28>(w[2])),
            mask,
        ),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<24>(w[2]), _mm512_slli_epi64::<40>(w[3])),
            mask,
        ),
        _mm512_srli_epi64::<12>(w[3]),
    ])
}

impl<F: Prime> Eight<F> {
    /// Eight consecutive elements with the library's words, `a·2^256`, as they are: below `p`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn load_words(elements: &[F; 8]) -> Self {
        limbs_of(load_rows(elements))
    }

    /// Eight consecutive elements in lane form, `a·2^260`: sixteen times the library's words, below `16·p`. The shift costs nothing, it
    /// is part of cutting words into limbs.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn load(elements: &[F; 8]) -> Self {
        limbs_of_sixteenfold(load_rows(elements))
    }

    /// Writes eight consecutive elements of canonical values that are the library's words.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn store_words(self, elements: &mut [F; 8]) {
        let rows = scatter_words(&self.words());
        for (i, row) in rows.into_iter().enumerate() {
            // SAFETY: eight elements are 256 bytes of plain words (`words` asserts it) under an exclusive borrow; unaligned stores of 64.
            unsafe { _mm512_storeu_si512(elements.as_mut_ptr().cast::<__m512i>().add(i), row) }
        }
    }

    /// Writes eight consecutive elements from lane form; takes normal values below `2^260`. One product: by `2^256`, below `2·p`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn store(self, elements: &mut [F; 8]) {
        self.times(Self::splat(&F::TO_LIBRARY))
            .below_prime()
            .store_words(elements);
    }

    /// Four rows of words of normal values; what lies at `2^256` and above is lost.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn words(self) -> [__m512i; 4] {
        let l = self.limbs;
        [
            _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
        ]
    }

    /// Normal values below `2^256` as a block.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn to_block(self, block: &mut Block) {
        for (row, words) in block.words.iter_mut().zip(self.words()) {
            // SAFETY: a row is 64 bytes under an exclusive borrow; the store need not be aligned.
            unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), words) }
        }
    }

    /// The value in lane `l`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn lane(self, l: usize) -> Limbs {
        let mut out = [0; 5];
        for j in 0..5 {
            out[j] = row_words(self.limbs[j])[l];
        }
        out
    }

    /// One value per lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn from_lanes(lanes: &[Limbs; 8]) -> Self {
        let mut rows = [_mm512_setzero_si512(); 5];
        for j in 0..5 {
            let mut row = [0; 8];
            for l in 0..8 {
                row[l] = lanes[l][j];
            }
            rows[j] = load_row(&row);
        }
        Self::from_limbs(rows)
    }
}

impl Block {
    /// The four rows.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(crate) fn rows(&self) -> [__m512i; 4] {
        let mut out = [_mm512_setzero_si512(); 4];
        for j in 0..4 {
            out[j] = load_row(&self.words[j]);
        }
        out
    }
}

/// Eight words as a register.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn load_row(row: &[u64; 8]) -> __m512i {
    // SAFETY: 64 readable bytes behind a shared borrow; the load need not be aligned.
    unsafe { _mm512_loadu_si512(row.as_ptr().cast()) }
}

/// A register as eight words.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn row_words(row: __m512i) -> [u64; 8] {
    let mut out = [0; 8];
    // SAFETY: 64 writable bytes of a local array; the store need not be aligned.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), row) };
    out
}

/// Four rows of words of eight consecutive elements.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load_rows<F: Prime>(elements: &[F; 8]) -> [__m512i; 4] {
    let mut rows = [_mm512_setzero_si512(); 4];
    for (i, row) in rows.iter_mut().enumerate() {
        // SAFETY: eight elements are 256 readable bytes of plain words (`words` asserts it); the load need not be aligned.
        *row = unsafe { _mm512_loadu_si512(elements.as_ptr().cast::<__m512i>().add(i)) };
    }
    gather_words(&rows)
}
