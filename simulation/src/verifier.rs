//! A verifier that knows the truth: it stands in for the proof system in simulations, and nowhere else.
//!
//! The model is a public function here, `truth = keccak256(weightsCommit ‖ inputCommit) mod 10`. A statement is accepted iff its
//! output is the truth and the proof has the length of a real one, whatever is in it: that nobody can prove anything false is the
//! proof system's to show, and what follows from it for money is the question. The verifier burns the gas of a real verification.
//! A predicate of an audit is such a function with two answers.

use alloy::primitives::{keccak256, U256};
use assay_economics::cost::{PROOF_BYTES, VERIFICATION_GAS};

/// Classes of the model.
pub const CLASSES: u32 = 10;

/// Answers of a predicate: 0, a document does not match, or 1, it does.
pub const ANSWERS: u32 = 2;

/// What the model says of an input.
pub fn truth(weights_commit: U256, input_commit: U256) -> u32 {
    said(weights_commit, input_commit, CLASSES)
}

/// Whether a document matches a predicate.
pub fn matches(weights_commit: U256, doc_commit: U256) -> bool {
    said(weights_commit, doc_commit, ANSWERS) == 1
}

fn said(weights_commit: U256, input_commit: U256, outputs: u32) -> u32 {
    let words = [weights_commit.to_be_bytes::<32>(), input_commit.to_be_bytes::<32>()];
    let digest = U256::from_be_bytes(keccak256(words.concat()).0);
    (digest % U256::from(outputs)).to::<u32>()
}

/// Bytes in place of a proof: as many, and as dear in calldata, as a real one.
pub fn proof() -> Vec<u8> {
    vec![0xa5; PROOF_BYTES as usize]
}

/// Gas of the call alone: [`VERIFICATION_GAS`] is a whole transaction's, with its calldata.
const CALL_GAS: u64 = VERIFICATION_GAS - 21_000 - 16 * PROOF_BYTES;

/// Bytes of the creation code before the runtime code.
pub(crate) const PREFIX: usize = 12;

/// Creation code of a verifier of so many outputs: it puts the runtime code below on the chain.
pub(crate) fn creation_code(outputs: u32) -> Vec<u8> {
    let runtime = runtime(outputs);
    let length = runtime.len() as u8;
    // PUSH1 length, PUSH1 12, PUSH0, CODECOPY, PUSH1 length, PUSH0, RETURN and two bytes of padding
    let mut code = vec![
        0x60,
        length,
        0x60,
        PREFIX as u8,
        0x5f,
        0x39,
        0x60,
        length,
        0x5f,
        0xf3,
        0xfe,
        0xfe,
    ];
    code.extend(runtime);
    code
}

/// `verify(bytes32 vkDigest, uint256[4] inst, bytes proof)` of `IZkVerifier`: calldata has the selector, vkDigest at 4, ctx at
/// 36, weightsCommit at 68, inputCommit at 100, output at 132, the proof's length at 196. Called without calldata, by itself, it
/// burns all the gas that it is given.
fn runtime(outputs: u32) -> Vec<u8> {
    let burn = (CALL_GAS as u32).to_be_bytes();
    let bytes = (PROOF_BYTES as u16).to_be_bytes();
    let mut code = vec![
        0x36, 0x60, 5, 0x57, // CALLDATASIZE, PUSH1 5, JUMPI
        0xfe, // INVALID
        0x5b, // 5: JUMPDEST
    ];
    // STATICCALL(burn, ADDRESS, 0, 0, 0, 0), POP
    code.extend([
        0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x62, burn[1], burn[2], burn[3], 0xfa, 0x50,
    ]);
    // CALLDATACOPY(0, 68, 64)
    code.extend([0x60, 64, 0x60, 68, 0x5f, 0x37]);
    // keccak256(0, 64) mod outputs == calldata[132]
    code.extend([0x60, outputs as u8, 0x60, 64, 0x5f, 0x20, 0x06, 0x60, 132, 0x35, 0x14]);
    // calldata[196] == PROOF_BYTES, AND
    code.extend([0x61, bytes[0], bytes[1], 0x60, 196, 0x35, 0x14, 0x16]);
    // MSTORE(0, that), RETURN(0, 32)
    code.extend([0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]);
    code
}
