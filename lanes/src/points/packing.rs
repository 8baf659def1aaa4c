//! The library's points, packed.

use halo2_proofs::halo2curves::bn256::G1Affine;

use super::packed::Point;
use crate::detect::{with_lanes, Ifma};

#[cfg(target_arch = "x86_64")]
use super::gather::{store_some, Coordinates};
#[cfg(target_arch = "x86_64")]
use crate::{eight::Eight, modulus::Prime};
#[cfg(target_arch = "x86_64")]
use halo2_proofs::halo2curves::{bn256::Fq, ff::Field};

/// Packs the library's points; `(0, 0)`, its point at infinity, becomes [`Point::INFINITY`].
///
/// # Panics
/// If the lengths differ.
pub fn pack(ifma: Ifma, points: &[G1Affine], out: &mut [Point]) {
    assert!(points.len() == out.len());
    with_lanes!(ifma, pack_in_lanes(points, out));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn pack_in_lanes(points: &[G1Affine], out: &mut [Point]) {
    let factor = Eight::splat(&Fq::FROM_LIBRARY);
    for (points, out) in points.chunks(8).zip(out.chunks_mut(8)) {
        let (mut x, mut y) = ([Fq::ZERO; 8], [Fq::ZERO; 8]);
        for (l, point) in points.iter().enumerate() {
            (x[l], y[l]) = (point.x, point.y);
        }
        // Below (1 + 0.0119)·p; zero times anything is zero exactly.
        let packed = Coordinates {
            x: Eight::load_words(&x).times(factor),
            y: Eight::load_words(&y).times(factor),
            infinity: 0,
        };
        store_some(&packed, out);
    }
}
