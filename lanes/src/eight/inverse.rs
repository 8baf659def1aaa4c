//! Eight inverses with one inversion.

use std::arch::x86_64::__mmask8;

use super::arithmetic::Eight;
use crate::modulus::{limbs, words, Prime};

/// Of normal values `x_l`, read as words of the library: the words of `scale / x_l`, canonical; and the mask of the lanes with
/// `x_l ≡ 0`, whose inverse is given as zero.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn inverses<F: Prime>(x: Eight<F>, scale: F) -> (Eight<F>, __mmask8) {
    let canonical = x.canonical();
    let zeros = canonical.zeros();
    let mut elements = [F::ONE; 8];
    let mut prefix = [F::ONE; 8];
    let mut product = F::ONE;
    for l in 0..8 {
        if zeros >> l & 1 == 0 {
            elements[l] = F::from_words(words(canonical.lane(l)));
        }
        prefix[l] = product;
        product *= elements[l];
    }
    // A product of elements that are not zero is not zero.
    let mut inverse = product.invert().unwrap_or(F::ZERO) * scale;
    let mut out = [[0; 5]; 8];
    for l in (0..8).rev() {
        if zeros >> l & 1 == 0 {
            out[l] = limbs((inverse * prefix[l]).to_words());
        }
        inverse *= elements[l];
    }
    (Eight::from_lanes(&out), zeros)
}
