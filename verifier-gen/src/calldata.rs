//! What a generated contract is called with.

use assay_transcript::fr_to_be;
use halo2_proofs::halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

use crate::plan::POINT;

/// Signature of the [`Model`](crate::Interface::Model) interface.
pub const VERIFY_SIGNATURE: &str = "verify(bytes32,uint256[4],bytes)";

/// The error of every generated contract.
pub const REJECTED_SIGNATURE: &str = "ProofRejected(uint256)";

/// Calldata before the proof: selector, digest, four words, offset, length.
pub const MODEL_PROOF_OFFSET: usize = 4 + 32 + 4 * 32 + 32 + 32;

/// Offset of `proof` as the ABI counts it, from the end of the selector.
const PROOF_OFFSET_WORD: u64 = 6 * 32;

/// First four bytes of the hash of a signature.
pub fn selector(signature: &str) -> [u8; 4] {
    let hash = Keccak256::digest(signature);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Calldata of the [`Raw`](crate::Interface::Raw) interface: `instances || proof`.
pub fn encode_raw(instances: &[Fr], proof: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = instances.iter().flat_map(fr_to_be).collect();
    out.extend_from_slice(proof);
    out
}

/// Calldata of [`VERIFY_SIGNATURE`], with `inst = [ctx, weightsCommit, inputCommit, output]`.
pub fn encode_model(vk_digest: &[u8; 32], inst: &[[u8; 32]; 4], proof: &[u8]) -> Vec<u8> {
    let mut out = selector(VERIFY_SIGNATURE).to_vec();
    out.extend_from_slice(vk_digest);
    inst.iter().for_each(|word| out.extend_from_slice(word));
    out.extend_from_slice(&word(PROOF_OFFSET_WORD));
    out.extend_from_slice(&word(proof.len() as u64));
    out.extend_from_slice(proof);
    out.resize(MODEL_PROOF_OFFSET + proof.len().next_multiple_of(32), 0);
    out
}

/// `keccak256(first points of the proof) >> 8`, big-endian: what stands for the weights in a statement.
///
/// `None` if the proof is shorter than that.
pub fn weights_commit(proof: &[u8], weight_points: usize) -> Option<[u8; 32]> {
    let hash = Keccak256::digest(proof.get(..weight_points.checked_mul(POINT)?)?);
    let mut out = [0; 32];
    out[1..].copy_from_slice(&hash[..31]);
    Some(out)
}

fn word(value: u64) -> [u8; 32] {
    let mut out = [0; 32];
    out[24..].copy_from_slice(&value.to_be_bytes());
    out
}
