//! The commitment to a model's weights.

use sha3::{Digest, Keccak256};

/// The commitment to the weights that consists of these points, 64 bytes each.
pub fn weights_commit(points: &[u8]) -> [u8; 32] {
    let digest = Keccak256::digest(points);
    let mut commit = [0u8; 32];
    commit.iter_mut().skip(1).zip(digest).for_each(|(c, d)| *c = d);
    commit
}
