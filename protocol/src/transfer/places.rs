//! Which examples of a committed set a transfer holds: all of them under a shuffle, or those of a list.

use super::shuffle::Shuffle;
use super::words::{TAG_DOCUMENT, TAG_TEST};
use alloy::primitives::B256;

/// One example of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In the set: of its leaf, in its header, and of its key.
    pub index: usize,
    /// In the ciphertext: of its chunks.
    pub slot: usize,
}

/// The order in which a transfer is told about: its positions, and what is at each.
pub trait Places: Sync {
    /// Tag of the leaves of the set.
    fn leaf_tag(&self) -> &B256;

    /// Examples in the ciphertext, and positions.
    fn slots(&self) -> usize;

    /// Examples in the set, as many leaves has its tree.
    fn leaves(&self) -> usize;

    /// What is at a position; `None` past the last.
    fn place(&self, position: usize) -> Option<Place>;
}

/// A test set: all examples, each at its own slot, told about in the order of the shuffle.
impl Places for Shuffle {
    fn leaf_tag(&self) -> &B256 {
        &TAG_TEST
    }

    fn slots(&self) -> usize {
        self.len()
    }

    fn leaves(&self) -> usize {
        self.len()
    }

    fn place(&self, position: usize) -> Option<Place> {
        self.index_of(position).map(|index| Place { index, slot: index })
    }
}

/// Some documents of a corpus: slot `j` holds document `indices[j]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    indices: Vec<u32>,
    documents: usize,
}

impl Listed {
    /// Of a corpus of so many documents; `None` unless the indices are ascending, of that corpus, and one at least.
    pub fn new(indices: Vec<u32>, documents: usize) -> Option<Self> {
        let last = *indices.last()?;
        let is_list = indices.is_sorted_by(|a, b| a < b) && (last as usize) < documents;
        is_list.then_some(Self { indices, documents })
    }

    /// By slot.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
}

impl Places for Listed {
    fn leaf_tag(&self) -> &B256 {
        &TAG_DOCUMENT
    }

    fn slots(&self) -> usize {
        self.indices.len()
    }

    fn leaves(&self) -> usize {
        self.documents
    }

    fn place(&self, position: usize) -> Option<Place> {
        self.indices.get(position).map(|index| Place {
            index: *index as usize,
            slot: position,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_ascending_and_of_its_corpus() {
        let listed = Listed::new(vec![2, 5, 9], 10).unwrap();
        assert_eq!(listed.place(1), Some(Place { index: 5, slot: 1 }));
        assert_eq!((listed.place(3), listed.slots(), listed.leaves()), (None, 3, 10));
        for (indices, documents) in [(vec![], 10), (vec![2, 2], 10), (vec![3, 2], 10), (vec![10], 10)] {
            assert_eq!(Listed::new(indices, documents), None);
        }
    }

    #[test]
    fn a_test_set_has_every_example_at_its_own_slot() {
        let order = Shuffle::new(B256::repeat_byte(1), 5);
        for position in 0..5 {
            let index = order.index_of(position).unwrap();
            assert_eq!(order.place(position), Some(Place { index, slot: index }));
        }
        assert_eq!(order.place(5), None);
    }
}
