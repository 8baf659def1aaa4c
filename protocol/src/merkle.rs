//! Positional Merkle trees, as in `contracts/src/libraries/Merkle.sol`.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::ids::{hash, tag, N_MAX};
use alloy::primitives::B256;

/// Positional Merkle tree: depth `ceil(log2 n)`, unused leaves are the tagged EMPTY.
#[derive(Debug, Clone)]
pub struct MerkleTree {
    /// From the leaves, padded to a power of two, up to the root alone.
    levels: Vec<Vec<B256>>,
    leaves: usize,
}

impl MerkleTree {
    /// The tree of a test set: `None` without leaves or with more than [`N_MAX`].
    pub fn new(leaves: &[B256]) -> Option<Self> {
        if leaves.len() > N_MAX {
            return None;
        }
        Self::over(leaves)
    }

    /// A tree of any size, for example over the chunks of a transfer: `None` without leaves.
    pub fn over(leaves: &[B256]) -> Option<Self> {
        if leaves.is_empty() {
            return None;
        }
        let empty = hash(&tag("assay.empty.v1"));
        let mut level = leaves.to_vec();
        level.resize(leaves.len().next_power_of_two(), empty);
        let mut levels = vec![level];
        while let Some(below) = levels.last().filter(|l| l.len() > 1) {
            let (pairs, _) = below.as_chunks::<2>();
            let above = pairs.iter().map(|[left, right]| parent(*left, *right)).collect();
            levels.push(above);
        }
        Some(Self {
            levels,
            leaves: leaves.len(),
        })
    }

    /// The node above all leaves; a tree of one leaf is that leaf.
    #[expect(clippy::indexing_slicing, reason = "there is a last level, and it is the root alone")]
    pub fn root(&self) -> B256 {
        self.levels[self.levels.len() - 1][0]
    }

    /// Siblings from the leaf upward; `None` past the last leaf.
    #[expect(
        clippy::indexing_slicing,
        reason = "levels have a power of two of nodes, and the index is below their number"
    )]
    pub fn path(&self, index: usize) -> Option<Vec<B256>> {
        (index < self.leaves).then(|| {
            let below_root = &self.levels[..self.levels.len() - 1];
            below_root
                .iter()
                .enumerate()
                .map(|(j, level)| level[(index >> j) ^ 1])
                .collect()
        })
    }
}

/// Root that `leaf` has at `index` with the given siblings.
pub fn root_from(leaf: B256, index: usize, path: &[B256]) -> B256 {
    path.iter().enumerate().fold(leaf, |node, (j, sibling)| {
        // A path may be longer than an index has bits.
        let bit = u32::try_from(j).ok().and_then(|j| index.checked_shr(j)).unwrap_or(0) & 1;
        if bit == 0 {
            parent(node, *sibling)
        } else {
            parent(*sibling, node)
        }
    })
}

/// ⌈log2 n⌉: siblings in a path of a tree over `n` leaves.
pub fn depth(n: usize) -> usize {
    n.next_power_of_two().trailing_zeros() as usize
}

fn parent(left: B256, right: B256) -> B256 {
    hash(&(tag("assay.node.v1"), left, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::test_leaf;
    use alloy::primitives::U256;

    fn leaves(n: usize) -> Vec<B256> {
        (0..n)
            .map(|i| test_leaf(i as u64, U256::from(7 * i), 3, B256::repeat_byte(i as u8)))
            .collect()
    }

    #[test]
    fn every_path_leads_to_the_root_at_its_own_position_only() {
        for n in 1..=9 {
            let leaves = leaves(n);
            let tree = MerkleTree::new(&leaves).unwrap();
            let depth = (n as f64).log2().ceil() as usize;
            for (i, leaf) in leaves.iter().enumerate() {
                let path = tree.path(i).unwrap();
                assert_eq!(path.len(), depth);
                assert_eq!(root_from(*leaf, i, &path), tree.root());
                for other in (0..1 << depth).filter(|other| *other != i) {
                    assert_ne!(root_from(*leaf, other, &path), tree.root());
                }
            }
            assert_eq!(tree.path(n), None);
        }
    }

    #[test]
    fn a_path_longer_than_an_index_leads_elsewhere() {
        let leaf = leaves(1)[0];
        for index in [0, usize::MAX] {
            let path = [leaf; usize::BITS as usize + 1];
            let (shorter, _) = path.split_at(path.len() - 1);
            assert_ne!(root_from(leaf, index, &path), root_from(leaf, index, shorter));
        }
    }

    #[test]
    fn trees_of_other_sizes_have_other_roots() {
        let roots: std::collections::HashSet<_> =
            (1..=9).map(|n| MerkleTree::new(&leaves(n)).unwrap().root()).collect();
        assert_eq!(roots.len(), 9);
        assert!(MerkleTree::new(&[]).is_none());
    }
}
