//! What a responder commits to: a corpus, document by document.
//!
//! ```text
//! leafSalt_i = keccak256(TAG_FILE, SHA-256 of the original file, 32 random bytes)
//! leaf_i     = keccak256(TAG_DOC, i, docCommit_i, 0, leafSalt_i)
//! corpusId   = keccak256(TAG_CORPUS, chainid, registry, rs, root, size, L, ρ)
//! ```
//! `docCommit` is the salted chain over the model input of the document. The leaf has the fields of a test leaf, its label zero: one
//! judge reads both. An index says nothing if the documents were put in a [`random_order`] first.

use crate::ids::{hash, tag};
use crate::merkle::MerkleTree;
use crate::testset::{input_commit, Example};
use crate::transfer::words::TAG_DOCUMENT;
use alloy::primitives::{Address, B256, U256};
use assay_statement::input::InputSalt;
use rand::{rngs::OsRng, seq::SliceRandom, RngCore};
use sha2::{Digest, Sha256};

/// Documents of the largest corpus.
pub const MAX_DOCUMENTS: usize = 1 << 20;
/// Bytes of the longest uri that the registry takes.
pub const MAX_URI: usize = 512;

/// The shape of the model input of every document in a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputShape {
    /// L: words of 31 bytes.
    pub words: u32,
    /// ρ: words that one call of the hash chain takes.
    pub per_hash: u32,
}

/// What the registry calls a corpus: one responder's root with its size and shape.
pub fn corpus_id(
    chain_id: u64,
    registry: Address,
    responder: Address,
    root: B256,
    size: u32,
    shape: InputShape,
) -> B256 {
    hash(&(
        tag("assay.corpus.v1"),
        U256::from(chain_id),
        registry,
        responder,
        root,
        size,
        shape.words,
        shape.per_hash,
    ))
}

/// By which an original file is known, of its bytes as they were found.
pub fn file_hash(original: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(original))
}

/// The salt of a document's leaf: binds the original file, and hides it behind 32 random bytes.
pub fn leaf_salt(file_hash: B256, file_salt: B256) -> B256 {
    hash(&(tag("assay.file.v1"), file_hash, file_salt))
}

/// Leaf of document `index`.
pub fn document_leaf(index: usize, doc_commit: U256, leaf_salt: B256) -> B256 {
    hash(&(*TAG_DOCUMENT, U256::from(index), doc_commit, U256::ZERO, leaf_salt))
}

/// The tree over the leaves of a corpus, which the responder commits to; `None` without any, or with more than a corpus can have.
pub fn corpus_tree(leaves: &[B256]) -> Option<MerkleTree> {
    (leaves.len() <= MAX_DOCUMENTS)
        .then(|| MerkleTree::over(leaves))
        .flatten()
}

/// The places 0 to n − 1 in an order from the operating system: document `i` of the corpus is the `order[i]`-th file.
pub fn random_order(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut OsRng);
    order
}

/// A document with all that opens its leaf: a secret of the responder until it hands it over.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The model input, row-major HWC.
    pub image: Vec<u8>,
    /// Hides the input in `doc_commit`.
    pub input_salt: InputSalt,
    /// SHA-256 of the original file.
    pub file_hash: B256,
    /// Hides the original in the leaf.
    pub file_salt: B256,
    /// [`input_commit`] of the image, as stated; [`Document::holds`] recomputes it.
    pub doc_commit: U256,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("doc_commit", &self.doc_commit)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// Salts an input afresh and commits to it.
    pub fn commit(image: Vec<u8>, file_hash: B256) -> Self {
        let input_salt = InputSalt::random();
        let mut file_salt = B256::ZERO;
        OsRng.fill_bytes(file_salt.as_mut_slice());
        let doc_commit = input_commit(&image, &input_salt);
        Self {
            image,
            input_salt,
            file_hash,
            file_salt,
            doc_commit,
        }
    }

    /// Whether the stated commitment is that of the image.
    pub fn holds(&self) -> bool {
        input_commit(&self.image, &self.input_salt) == self.doc_commit
    }

    /// Salt of the leaf.
    pub fn leaf_salt(&self) -> B256 {
        leaf_salt(self.file_hash, self.file_salt)
    }

    /// The leaf that this document has at `index`.
    pub fn leaf(&self, index: usize) -> B256 {
        document_leaf(index, self.doc_commit, self.leaf_salt())
    }

    /// Whether this is the document under the committed leaf of that index: what a receiver checks of each that it is handed.
    pub fn opens(&self, index: usize, leaf: B256) -> bool {
        self.holds() && self.leaf(index) == leaf
    }

    /// As a transfer carries it: an example without a label.
    pub fn example(&self) -> Example {
        Example {
            image: self.image.clone(),
            label: 0,
            input_salt: self.input_salt,
            leaf_salt: self.leaf_salt(),
            input_commit: self.doc_commit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::test_leaf;
    use crate::merkle::root_from;
    use std::collections::HashSet;

    fn documents(n: u8) -> Vec<Document> {
        (0..n).map(|i| Document::commit(vec![i; 62], file_hash(&[i]))).collect()
    }

    #[test]
    fn a_document_opens_its_own_place_only() {
        let documents = documents(5);
        let leaves: Vec<B256> = documents.iter().enumerate().map(|(i, d)| d.leaf(i)).collect();
        let tree = corpus_tree(&leaves).unwrap();
        for (i, document) in documents.iter().enumerate() {
            assert!(document.opens(i, leaves[i]) && !document.opens(i, leaves[(i + 1) % 5]));
            let path = tree.path(i).unwrap();
            assert_eq!(root_from(document.leaf(i), i, &path), tree.root());
            for other in (0..8).filter(|other| *other != i) {
                assert_ne!(root_from(document.leaf(other), other, &path), tree.root());
            }
        }
        assert!(corpus_tree(&[]).is_none());
        assert!(corpus_tree(&vec![B256::ZERO; MAX_DOCUMENTS + 1]).is_none());
    }

    #[test]
    fn a_leaf_binds_every_part_of_a_document_and_is_no_test_leaf() {
        let document = documents(1).remove(0);
        let mut leaves = HashSet::from([document.leaf(0), document.leaf(1)]);
        for change in [
            |d: &mut Document| d.doc_commit += U256::from(1),
            |d: &mut Document| d.file_hash = B256::ZERO,
            |d: &mut Document| d.file_salt = B256::ZERO,
        ] {
            let mut other = document.clone();
            change(&mut other);
            leaves.insert(other.leaf(0));
        }
        leaves.insert(test_leaf(0, document.doc_commit, 0, document.leaf_salt()));
        assert_eq!(leaves.len(), 6);
        let mut other = document;
        other.image[0] ^= 1;
        assert!(!other.holds() && !other.opens(0, other.leaf(0)));
    }

    #[test]
    fn the_same_file_has_other_salts_in_another_corpus() {
        let (a, b) = (documents(1), documents(1));
        assert_eq!(a[0].file_hash, b[0].file_hash);
        assert_ne!(a[0].leaf_salt(), b[0].leaf_salt());
        assert_ne!(a[0].doc_commit, b[0].doc_commit);
    }

    #[test]
    fn an_order_has_every_place_once_and_is_not_the_same_twice() {
        let order = random_order(1000);
        assert_eq!(order.iter().collect::<HashSet<_>>().len(), 1000);
        assert!(order.iter().all(|place| *place < 1000));
        assert_ne!(order, random_order(1000));
    }

    #[test]
    fn the_id_of_a_corpus_says_whose_it_is_and_what_it_holds() {
        let shape = InputShape { words: 9, per_hash: 2 };
        let (registry, responder, root) = (Address::repeat_byte(1), Address::repeat_byte(2), B256::repeat_byte(3));
        let other = |words, per_hash| InputShape { words, per_hash };
        let ids = HashSet::from([
            corpus_id(1, registry, responder, root, 7, shape),
            corpus_id(2, registry, responder, root, 7, shape),
            corpus_id(1, responder, responder, root, 7, shape),
            corpus_id(1, registry, registry, root, 7, shape),
            corpus_id(1, registry, responder, B256::ZERO, 7, shape),
            corpus_id(1, registry, responder, root, 8, shape),
            corpus_id(1, registry, responder, root, 7, other(8, 2)),
            corpus_id(1, registry, responder, root, 7, other(9, 1)),
        ]);
        assert_eq!(ids.len(), 8);
    }
}
