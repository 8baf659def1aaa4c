//! The inputs of a round: `leaf_i = keccak256(TAG_IN, i, inputCommit_i)`. The commitment is salted, so the leaf needs no salt of
//! its own.

use crate::ids::{hash, tag};
use crate::merkle::MerkleTree;
use alloy::primitives::{B256, U256};

/// Predictions of the largest public round.
pub const MAX_PREDICTIONS: usize = 4096;
/// Predictions of the largest private round.
pub const MAX_PRIVATE: usize = 1024;

/// Leaf of the tree of inputs.
pub fn input_leaf(index: usize, input_commit: U256) -> B256 {
    hash(&(tag("assay.input-leaf.v1"), U256::from(index), input_commit))
}

/// The tree over these commitments; `None` without any, or with more than a round can have.
pub fn input_tree(commits: &[U256]) -> Option<MerkleTree> {
    if commits.len() > MAX_PREDICTIONS {
        return None;
    }
    let leaf = |(i, commit): (usize, &U256)| input_leaf(i, *commit);
    let leaves: Vec<B256> = commits.iter().enumerate().map(leaf).collect();
    MerkleTree::over(&leaves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::root_from;

    #[test]
    fn a_leaf_at_the_wrong_index_leads_elsewhere() {
        let commits: Vec<U256> = (0..5).map(|i| U256::from(i % 2)).collect();
        let tree = input_tree(&commits).unwrap();
        for (i, commit) in commits.iter().enumerate() {
            let path = tree.path(i).unwrap();
            assert_eq!(root_from(input_leaf(i, *commit), i, &path), tree.root());
            // The same commitment two places further on.
            assert_ne!(root_from(input_leaf(i + 2, *commit), i, &path), tree.root());
        }
        assert!(input_tree(&[]).is_none() && input_tree(&vec![U256::ZERO; MAX_PREDICTIONS + 1]).is_none());
    }
}
