//! Eight points by index, and back.

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_load_si512, _mm512_or_si512, _mm512_setzero_si512, _mm512_store_si512,
    _mm512_testn_epi64_mask,
};

use halo2_proofs::halo2curves::bn256::Fq;

use super::packed::{Point, NEGATED};
use crate::eight::{layout::limbs_of, transpose::square, Eight};

/// Eight points, and which of them are infinity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coordinates {
    pub(super) x: Eight<Fq>,
    pub(super) y: Eight<Fq>,
    pub(super) infinity: __mmask8,
}

/// The points `points[i]`, or their negatives where [`NEGATED`] is set. `x` is normal and below `2.01·p`; `y` is at most `3·p` and loose:
/// limbs in `±2^52`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn gathered(points: &[Point], indices: [u32; 8]) -> Coordinates {
    let mut rows = [_mm512_setzero_si512(); 8];
    let mut negated: __mmask8 = 0;
    for l in 0..8 {
        negated |= ((indices[l] >> 31) as u8) << l;
        let point = &points[(indices[l] & !NEGATED) as usize];
        // SAFETY: 64 readable bytes, aligned to 64 by the type.
        rows[l] = unsafe { _mm512_load_si512(point.words.as_ptr().cast::<__m512i>()) };
    }
    let words = square(&rows);
    let x = limbs_of([words[0], words[1], words[2], words[3]]);
    let y: Eight<Fq> = limbs_of([words[4], words[5], words[6], words[7]]);
    // No other point has y = 0, so that the words of its y are not all zero.
    let any = _mm512_or_si512(_mm512_or_si512(words[4], words[5]), _mm512_or_si512(words[6], words[7]));
    let infinity = _mm512_testn_epi64_mask(any, any);
    Coordinates {
        x,
        y: y.negate_below::<3>(negated),
        infinity,
    }
}

/// Writes at most eight points of normal coordinates below `2^256`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn store_some(coordinates: &Coordinates, out: &mut [Point]) {
    match out.try_into() {
        Ok(eight) => store(coordinates, eight),
        Err(_) => {
            let mut eight = [Point::INFINITY; 8];
            store(coordinates, &mut eight);
            out.copy_from_slice(&eight[..out.len()]);
        }
    }
}

/// Writes eight points of normal coordinates below `2^256`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn store(coordinates: &Coordinates, out: &mut [Point; 8]) {
    let (x, y) = (coordinates.x.words(), coordinates.y.words());
    let rows = square(&[x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]]);
    for l in 0..8 {
        // SAFETY: 64 writable bytes, aligned to 64 by the type.
        unsafe { _mm512_store_si512(out[l].words.as_mut_ptr().cast::<__m512i>(), rows[l]) };
    }
}

/// The indices of the first points (`side` 0) or of the second ones; lanes beyond the last pair repeat it.
#[inline]
pub(super) fn indices(pairs: &[[u32; 2]], side: usize) -> [u32; 8] {
    let mut out = [0; 8];
    match <&[[u32; 2]; 8]>::try_from(pairs) {
        Ok(eight) => {
            for l in 0..8 {
                out[l] = eight[l][side];
            }
        }
        Err(_) => {
            for l in 0..8 {
                out[l] = pairs[l.min(pairs.len() - 1)][side];
            }
        }
    }
    out
}

/// The lanes beyond `count`.
#[inline]
pub(super) fn idle(count: usize) -> __mmask8 {
    u8::MAX.checked_shl(count as u32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::lanes;

    /// A bit in a word of `x` or of `y`, a different one in each.
    #[test]
    fn any_word_of_y_keeps_a_point_from_being_infinity() {
        if lanes().is_none() {
            return;
        }
        let points: [Point; 8] = std::array::from_fn(|word| {
            let mut point = Point::INFINITY;
            point.words[word] = 1 << (7 * word);
            point
        });
        // SAFETY: the processor has the instructions.
        let gathered = unsafe { gathered(&points, std::array::from_fn(|l| l as u32)) };
        assert_eq!(gathered.infinity, 0b0000_1111);
    }
}
