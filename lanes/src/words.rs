//! The four words inside the library's elements: `a·2^256 mod p`, the lowest word first.
//!
//! The library keeps its words private and offers them one element and one allocation at a time. Both elements are structures with one
//! field of type `[u64; 4]`; the assertions below and the tests of this module hold this down for the version in the lock file.

use std::mem::{align_of, offset_of, size_of};

use halo2_proofs::halo2curves::bn256::{Fq, Fr, G1Affine};

const _: () = assert!(size_of::<Fr>() == 32 && align_of::<Fr>() == align_of::<u64>());
const _: () = assert!(size_of::<Fq>() == 32 && align_of::<Fq>() == align_of::<u64>());
const _: () = assert!(size_of::<G1Affine>() == 64);
const _: () = assert!(offset_of!(G1Affine, x) == 0 && offset_of!(G1Affine, y) == 32);

mod sealed {
    use halo2_proofs::halo2curves::bn256::{Fq, Fr};

    pub trait Sealed {}
    impl Sealed for Fr {}
    impl Sealed for Fq {}
}

/// An element of the library as four words.
pub trait Words: Copy + Send + Sync + sealed::Sealed + 'static {
    /// `a·2^256 mod p`, below `p`.
    fn to_words(&self) -> [u64; 4];

    /// The element `w·2^−256`. `w` must be below `p`: the library's comparison and its output are wrong otherwise, nothing else.
    fn from_words(words: [u64; 4]) -> Self;
}

macro_rules! words {
    ($field:ty) => {
        impl Words for $field {
            #[inline]
            fn to_words(&self) -> [u64; 4] {
                // SAFETY: both types have 32 bytes (asserted above) without padding, and every bit pattern is an array of words.
                unsafe { std::mem::transmute::<Self, [u64; 4]>(*self) }
            }

            #[inline]
            fn from_words(words: [u64; 4]) -> Self {
                // SAFETY: the element is a structure around one `[u64; 4]`, any value of which is a valid one for the compiler.
                unsafe { std::mem::transmute::<[u64; 4], Self>(words) }
            }
        }
    };
}
words!(Fr);
words!(Fq);

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::Field;
    use halo2_proofs::halo2curves::serde::SerdeObject;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn words_are_the_raw_bytes<F: Words + Field + SerdeObject>() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut elements: Vec<F> = (0..50).map(|_| F::random(&mut rng)).collect();
        elements.extend([F::ZERO, F::ONE, -F::ONE]);
        for element in elements {
            let bytes: Vec<u8> = element.to_words().iter().flat_map(|word| word.to_le_bytes()).collect();
            assert_eq!(bytes, element.to_raw_bytes());
            assert_eq!(F::from_words(element.to_words()), element);
        }
    }

    #[test]
    fn words_of_both_fields_are_the_librarys_raw_bytes() {
        words_are_the_raw_bytes::<Fr>();
        words_are_the_raw_bytes::<Fq>();
    }
}
