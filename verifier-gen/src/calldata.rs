//! What a generated contract is called with.

use assay_transcript::fr_to_be;
use halo2_proofs::halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

/// The error of every generated contract.
pub const REJECTED_SIGNATURE: &str = "ProofRejected(uint256)";

/// Signature of the [`Bound`](crate::Interface::Bound) interface with this many words.
pub fn verify_signature(words: usize) -> String {
    format!("verify(bytes32,uint256[{words}],bytes)")
}

/// Bytes of calldata before the proof in the [`Bound`](crate::Interface::Bound) interface with this many words: selector,
/// digest, the words, offset, length.
pub fn proof_offset(words: usize) -> usize {
    4 + 32 + words * 32 + 32 + 32
}

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

/// Calldata of [`verify_signature`] with the words `inst`.
pub fn encode_bound(vk_digest: &[u8; 32], inst: &[[u8; 32]], proof: &[u8]) -> Vec<u8> {
    let mut out = selector(&verify_signature(inst.len())).to_vec();
    out.extend_from_slice(vk_digest);
    inst.iter().for_each(|word| out.extend_from_slice(word));
    // The ABI counts from the end of the selector to the length.
    out.extend_from_slice(&word(32 + inst.len() as u64 * 32 + 32));
    out.extend_from_slice(&word(proof.len() as u64));
    out.extend_from_slice(proof);
    out.resize(proof_offset(inst.len()) + proof.len().next_multiple_of(32), 0);
    out
}

fn word(value: u64) -> [u8; 32] {
    let mut out = [0; 32];
    out[24..].copy_from_slice(&value.to_be_bytes());
    out
}
