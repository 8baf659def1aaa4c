//! The scalar field of BN254, and integers as elements of it.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

pub use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::PrimeField;

/// A number as the chain writes it: 32 bytes, big-endian. Not every word is a field element.
pub type Word = [u8; 32];

/// A signed integer as a field element: negative numbers count down from the modulus.
pub fn from_i64(v: i64) -> Fr {
    if v < 0 {
        -Fr::from(v.unsigned_abs())
    } else {
        Fr::from(v as u64)
    }
}

/// Big-endian canonical bytes, the encoding of the chain.
pub fn to_be_bytes(v: &Fr) -> Word {
    let mut bytes: Word = v.to_repr();
    bytes.reverse();
    bytes
}

/// The element behind big-endian bytes; `None` unless they are below the modulus.
pub fn from_be_bytes(bytes: &Word) -> Option<Fr> {
    let mut repr = *bytes;
    repr.reverse();
    Fr::from_repr(repr).into()
}
