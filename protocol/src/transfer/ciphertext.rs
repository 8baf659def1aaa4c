//! A ciphertext as its receiver reads it, wherever it is kept.

use super::chunks::Chunks;
use crate::merkle::MerkleTree;
use alloy::primitives::B256;
use assay_statement::field::Word;

/// A ciphertext whose leaves lead to `ctRoot`; every chunk is compared with its leaf when it is read.
pub trait Ciphertext {
    /// Why words cannot be read, or are not those that were committed to.
    type Error;

    /// N, L and w as the market has them.
    fn layout(&self) -> &Chunks;

    /// Part of every word's keystream: the same key gives another ciphertext in another engagement.
    fn engagement_id(&self) -> B256;

    /// The tree over the leaves of all chunks.
    fn tree(&self) -> MerkleTree;

    /// The cipher words of an example, chunk by chunk, compared with their leaves.
    ///
    /// # Errors
    /// If they cannot be read or have changed, or there is no such example.
    fn read_example(&mut self, example: usize) -> Result<Vec<Vec<Word>>, Self::Error>;

    /// The cipher words of an example's header alone, compared with their leaf.
    ///
    /// # Errors
    /// If they cannot be read or have changed, or there is no such example.
    fn read_header(&mut self, example: usize) -> Result<Vec<Word>, Self::Error>;
}
