//! The commitment to a model's weights.
//!
//! `weightsCommit = keccak256(P_1 ‖ … ‖ P_N) >> 8`, `P_i` the commitment to the `i`-th weight column as it stands in the proof:
//! `x ‖ y`, 32 bytes big-endian each. Shifted, it is below 2^248, hence a field element.

use crate::field::Word;
use sha3::{Digest, Keccak256};

/// The commitment to the weights whose columns have these commitments: the first `64·N` bytes of the proof.
pub fn weights_commit(points: &[u8]) -> Word {
    let digest = Keccak256::digest(points);
    let mut commit = [0u8; 32];
    commit.iter_mut().skip(1).zip(digest).for_each(|(c, d)| *c = d);
    commit
}
