//! A fault, with everything that lets a contract see it.

use super::chunks::Part;
use super::ciphertext::Ciphertext;
use super::fault::{Fault, FaultKind};
use super::places::Place;
use crate::merkle::MerkleTree;
use alloy::primitives::B256;
use assay_statement::field::Word;
use std::fmt;

/// A chunk as it was committed, with its way to the root of the ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedChunk {
    /// Within the whole transfer, see [`Chunks::chunk`](super::chunks::Chunks::chunk).
    pub number: usize,
    /// Still encrypted: the contract decrypts them under the key of record.
    pub cipher_words: Vec<Word>,
    /// Siblings from the leaf upward.
    pub path: Vec<B256>,
}

/// What `proveBadData` takes, besides the keys that are known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Below N1 the key that was revealed counts, from there on the one that comes from K.
    pub position: usize,
    /// π(position).
    pub index: usize,
    /// What `chunks` show.
    pub fault: Fault,
    /// One or two chunks, see [`Fault::parts`].
    pub chunks: Vec<CommittedChunk>,
    /// For C1: the committed leaf of the example with its path, else `None`.
    pub test_leaf: Option<(B256, Vec<B256>)>,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "example {} (position {}): {}", self.index, self.position, self.fault)
    }
}

impl Evidence {
    /// Puts the evidence together; `test_leaves` are the leaf hashes of the whole set, shown before anything was locked.
    ///
    /// # Errors
    /// If the ciphertext cannot be read, or is not what was committed to.
    ///
    /// # Panics
    /// Unless there is a test leaf for `index`.
    pub fn collect<C: Ciphertext>(
        ciphertext: &mut C,
        test_leaves: &[B256],
        position: usize,
        index: usize,
        fault: Fault,
    ) -> Result<Self, C::Error> {
        Self::collect_at(ciphertext, test_leaves, position, Place { index, slot: index }, fault)
    }

    /// As [`Evidence::collect`], about an example that has another slot than its index.
    ///
    /// # Errors
    /// Those of [`Evidence::collect`].
    ///
    /// # Panics
    /// Unless there is a leaf for the index.
    pub fn collect_at<C: Ciphertext>(
        ciphertext: &mut C,
        test_leaves: &[B256],
        position: usize,
        Place { index, slot }: Place,
        fault: Fault,
    ) -> Result<Self, C::Error> {
        let layout = *ciphertext.layout();
        let tree = ciphertext.tree();
        let words = ciphertext.read_example(slot)?;
        let (first, second) = fault.parts(&layout);
        let chunk = |part| {
            let number = layout.chunk(slot, part);
            CommittedChunk {
                number,
                cipher_words: words[number - layout.chunk(slot, Part::Header)].clone(),
                path: tree.path(number).expect("the example is in the ciphertext"),
            }
        };
        let chunks = std::iter::once(first).chain(second).map(chunk).collect();
        let test_leaf = (fault.kind() == FaultKind::Header).then(|| {
            let tree = MerkleTree::over(test_leaves).expect("a set of examples is not empty");
            (
                test_leaves[index],
                tree.path(index).expect("the leaf was taken from it"),
            )
        });
        Ok(Self {
            position,
            index,
            fault,
            chunks,
            test_leaf,
        })
    }
}
