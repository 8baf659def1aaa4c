//! The contract whose code is data: numbers and commitments of the verifying key, and the tables of the opening.
//!
//! `0x00 || words (32 bytes each) || commitments (x || y, 64 bytes each) || tables`. The leading STOP makes a call to it do nothing.

use assay_transcript::{fq_to_be, fr_to_be};
use halo2_proofs::{
    halo2curves::bn256::{G1Affine, G2Affine},
    plonk::VerifyingKey,
};

use crate::{
    error::GenerateError,
    key_words::key_words,
    opening,
    plan::{fixed_polys, Plan},
    protocol::{Poly, Protocol},
};

/// EIP-170.
pub const MAX_CODE_LEN: usize = 24_576;

const STOP: u8 = 0x00;

/// Runtime code of the data contract.
#[derive(Debug)]
pub(crate) struct KeyData(pub(crate) Vec<u8>);

impl KeyData {
    pub(crate) fn new(vk: &VerifyingKey<G1Affine>, protocol: &Protocol, plan: &Plan) -> Result<Self, GenerateError> {
        let mut code = vec![STOP];
        for word in key_words(protocol) {
            code.extend_from_slice(&fr_to_be(&word.value(protocol, vk.transcript_repr())));
        }
        for poly in fixed_polys(protocol) {
            let commitment = match poly {
                Poly::Fixed(i) => vk.fixed_commitments()[i],
                Poly::Sigma(i) => vk.permutation().commitments()[i],
                other => unreachable!("{other} does not come with the verifying key"),
            };
            code.extend_from_slice(&g1_words(&commitment).concat());
        }
        code.extend(opening::table(protocol, plan));
        assert_eq!(code.len(), 1 + plan.vk_data_len, "the plan reserved exactly the data");
        if code.len() > MAX_CODE_LEN {
            return Err(GenerateError::VkDataTooLarge {
                bytes: code.len(),
                max: MAX_CODE_LEN,
            });
        }
        Ok(Self(code))
    }
}

/// Deployment code for a contract whose runtime code is `code`.
///
/// `PUSH2 len, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN`: ten bytes, then the code.
pub(crate) fn initcode(code: &[u8]) -> Vec<u8> {
    let len = u16::try_from(code.len()).expect("code is within EIP-170");
    let [high, low] = len.to_be_bytes();
    let mut out = vec![0x61, high, low, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x3d, 0xf3];
    out.extend_from_slice(code);
    out
}

/// `[x, y]` as the precompiles take them; `(0, 0)` is infinity, as in the curve library.
pub(crate) fn g1_words(point: &G1Affine) -> [[u8; 32]; 2] {
    [fq_to_be(&point.x), fq_to_be(&point.y)]
}

/// `[x.c1, x.c0, y.c1, y.c0]`: the imaginary part comes first.
pub(crate) fn g2_words(point: &G2Affine) -> [[u8; 32]; 4] {
    [
        fq_to_be(&point.x.c1),
        fq_to_be(&point.x.c0),
        fq_to_be(&point.y.c1),
        fq_to_be(&point.y.c0),
    ]
}
