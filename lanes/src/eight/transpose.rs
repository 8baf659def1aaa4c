//! Squares and rectangles of words, rows turned into columns.

use std::arch::x86_64::{
    __m512i, _mm512_permutex2var_epi64, _mm512_set_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

/// Word `j` of row `i` becomes word `i` of row `j`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn square(rows: &[__m512i; 8]) -> [__m512i; 8] {
    // Pairs: rows 2i and 2i+1, even columns in one register and odd ones in the other.
    let mut pairs = [_mm512_setzero_si512(); 8];
    for i in 0..4 {
        pairs[2 * i] = _mm512_unpacklo_epi64(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi64(rows[2 * i], rows[2 * i + 1]);
    }
    // Fours: rows 4h to 4h+3 of columns q and 4+q, then of columns 2+q and 6+q.
    let mut fours = [_mm512_setzero_si512(); 8];
    for h in 0..2 {
        for q in 0..2 {
            let (first, second) = (pairs[4 * h + q], pairs[4 * h + 2 + q]);
            fours[4 * h + q] = _mm512_shuffle_i64x2::<0x88>(first, second);
            fours[4 * h + 2 + q] = _mm512_shuffle_i64x2::<0xdd>(first, second);
        }
    }
    let mut columns = [_mm512_setzero_si512(); 8];
    for q in 0..2 {
        columns[q] = _mm512_shuffle_i64x2::<0x88>(fours[q], fours[4 + q]);
        columns[4 + q] = _mm512_shuffle_i64x2::<0xdd>(fours[q], fours[4 + q]);
        columns[2 + q] = _mm512_shuffle_i64x2::<0x88>(fours[2 + q], fours[6 + q]);
        columns[6 + q] = _mm512_shuffle_i64x2::<0xdd>(fours[2 + q], fours[6 + q]);
    }
    columns
}

/// Eight rows of four words, two rows a register, become four rows of eight words.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn gather_words(rows: &[__m512i; 4]) -> [__m512i; 4] {
    // Words 0 of four rows, then words 1; and words 2, then words 3.
    let low = _mm512_set_epi64(13, 9, 5, 1, 12, 8, 4, 0);
    let high = _mm512_set_epi64(15, 11, 7, 3, 14, 10, 6, 2);
    let (a, b) = (
        _mm512_permutex2var_epi64(rows[0], low, rows[1]),
        _mm512_permutex2var_epi64(rows[2], low, rows[3]),
    );
    let (c, d) = (
        _mm512_permutex2var_epi64(rows[0], high, rows[1]),
        _mm512_permutex2var_epi64(rows[2], high, rows[3]),
    );
    [
        _mm512_shuffle_i64x2::<0x44>(a, b),
        _mm512_shuffle_i64x2::<0xee>(a, b),
        _mm512_shuffle_i64x2::<0x44>(c, d),
        _mm512_shuffle_i64x2::<0xee>(c, d),
    ]
}

/// The inverse of [`gather_words`].
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn scatter_words(words: &[__m512i; 4]) -> [__m512i; 4] {
    let (a, b) = (
        _mm512_shuffle_i64x2::<0x44>(words[0], words[1]),
        _mm512_shuffle_i64x2::<0xee>(words[0], words[1]),
    );
    let (c, d) = (
        _mm512_shuffle_i64x2::<0x44>(words[2], words[3]),
        _mm512_shuffle_i64x2::<0xee>(words[2], words[3]),
    );
    let first = _mm512_set_epi64(13, 9, 5, 1, 12, 8, 4, 0);
    let second = _mm512_set_epi64(15, 11, 7, 3, 14, 10, 6, 2);
    [
        _mm512_permutex2var_epi64(a, first, c),
        _mm512_permutex2var_epi64(a, second, c),
        _mm512_permutex2var_epi64(b, first, d),
        _mm512_permutex2var_epi64(b, second, d),
    ]
}
