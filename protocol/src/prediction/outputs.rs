//! The outputs of a round, committed to before anybody sees them.
//!
//! ```text
//! salt_w  = keccak256(TAG_OUT, master, w)
//! leaf_w  = keccak256(TAG_OUT, w, word_w, salt_w)
//! ```
//! `outputsRoot` is the root over all words. Opening one word with its salt shows nothing of the others.

use super::lanes::Lanes;
use crate::ids::{hash, tag};
use crate::merkle::{root_from, MerkleTree};
use alloy::primitives::{B256, U256};

/// The salt of word `w` under a round's master salt.
pub fn output_salt(master: B256, w: usize) -> B256 {
    hash(&(tag("assay.output.v1"), master, U256::from(w)))
}

/// Leaf of the tree of output words.
pub fn output_leaf(w: usize, word: U256, salt: B256) -> B256 {
    hash(&(tag("assay.output.v1"), U256::from(w), word, salt))
}

/// All outputs of a round, as whoever served them has them.
#[derive(Debug, Clone)]
pub struct Outputs {
    lanes: Lanes,
    words: Vec<U256>,
    master: B256,
    tree: MerkleTree,
}

/// One word with what shows that it is under the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedWord {
    /// The lanes.
    pub word: U256,
    /// Its salt.
    pub salt: B256,
    /// Siblings from the leaf upward.
    pub path: Vec<B256>,
}

impl Outputs {
    /// Packs outputs and commits to them; `None` without outputs, or if one does not fit its lane.
    pub fn commit(lanes: Lanes, outputs: &[U256], master: B256) -> Option<Self> {
        Self::from_words(lanes, lanes.pack(outputs)?, outputs.len(), master)
    }

    /// As published or handed over; `None` if these are not the words of so many outputs.
    pub fn from_words(lanes: Lanes, words: Vec<U256>, outputs: usize, master: B256) -> Option<Self> {
        if !lanes.is_packing(&words, outputs) {
            return None;
        }
        let leaf = |(w, word): (usize, &U256)| output_leaf(w, *word, output_salt(master, w));
        let leaves: Vec<B256> = words.iter().enumerate().map(leaf).collect();
        Some(Self {
            lanes,
            tree: MerkleTree::over(&leaves)?,
            words,
            master,
        })
    }

    /// What the provider commits to.
    pub fn root(&self) -> B256 {
        self.tree.root()
    }

    /// In their order.
    pub fn words(&self) -> &[U256] {
        &self.words
    }

    /// What the salts of all words are made of.
    pub fn master(&self) -> B256 {
        self.master
    }

    /// Output `index`, if the round has it.
    pub fn output(&self, index: usize) -> Option<U256> {
        self.lanes.output(&self.words, index)
    }

    /// The word that output `index` is in.
    pub fn open(&self, index: usize) -> Option<OpenedWord> {
        let w = index / self.lanes.per_word;
        Some(OpenedWord {
            word: *self.words.get(w)?,
            salt: output_salt(self.master, w),
            path: self.tree.path(w)?,
        })
    }
}

/// Root that an opened word leads to, if it is word `w`.
pub fn root_of(w: usize, opened: &OpenedWord) -> B256 {
    root_from(output_leaf(w, opened.word, opened.salt), w, &opened.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Metric, Privacy};

    #[test]
    fn every_word_opens_to_the_root_at_its_own_place_only() {
        let master = B256::repeat_byte(7);
        for (metric, privacy) in [
            (Metric::TOP1, Privacy::PUBLIC),
            (Metric::TOP1, Privacy::PRIVATE),
            (Metric::BIN, Privacy::PUBLIC),
        ] {
            let lanes = Lanes::of(metric, privacy);
            for n in [1, 2, 15, 16, 31, 241] {
                let values: Vec<U256> = (0..n).map(|i| U256::from(i % 2)).collect();
                let outputs = Outputs::commit(lanes, &values, master).unwrap();
                for index in 0..n {
                    let opened = outputs.open(index).unwrap();
                    let w = index / lanes.per_word;
                    assert_eq!(lanes.lane(opened.word, index), values[index]);
                    assert_eq!(root_of(w, &opened), outputs.root());
                    if lanes.words(n) > 1 {
                        assert_ne!(root_of(w ^ 1, &opened), outputs.root());
                    }
                }
                assert!(outputs.open(lanes.words(n) * lanes.per_word).is_none());
                let again = Outputs::from_words(lanes, outputs.words().to_vec(), n, master).unwrap();
                assert_eq!(again.root(), outputs.root());
                let other = Outputs::from_words(lanes, outputs.words().to_vec(), n, B256::ZERO).unwrap();
                assert_ne!(other.root(), outputs.root());
            }
        }
    }

    #[test]
    fn nothing_has_no_root() {
        let lanes = Lanes::of(Metric::TOP1, Privacy::PUBLIC);
        assert!(Outputs::commit(lanes, &[], B256::ZERO).is_none());
    }
}
