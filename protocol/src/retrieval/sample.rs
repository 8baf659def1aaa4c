//! What has to be proven of the documents answered with zero: a sample that nobody could foresee, and those that the requester
//! named.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::answers::{Answers, PAGE_BITS};
use crate::abi::{DocumentGroup, SampleGroup};
use crate::transfer::shuffle::Shuffle;
use alloy::primitives::{Bytes, B256, U256};

/// Rank of a document that was named, in a [`SampleGroup`].
pub const NAMED: u32 = u32::MAX;

/// Documents that a requester names at most, besides the sample.
pub const MAX_NAMED: usize = 128;

/// One proof that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due {
    /// The number j of a sample, or [`NAMED`].
    pub rank: u32,
    /// The document: also the position in the context of the proof.
    pub index: u32,
}

/// What opens a document's leaf, and the proof about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenDocument {
    /// The salted commitment to its input.
    pub doc_commit: U256,
    /// Salt of its leaf.
    pub leaf_salt: B256,
    /// Siblings from the leaf upward.
    pub path: Vec<B256>,
    /// That the predicate's output is 0.
    pub proof: Bytes,
}

/// Why documents cannot be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum NamedError {
    #[error("at most {most} documents may be named, not {got}")]
    TooMany { most: u32, got: usize },
    #[error("document {index} does not follow the one before it: a list is ascending, each document once")]
    Order { index: u32 },
    #[error("document {index} was answered with a match: only others can be named")]
    One { index: u32 },
    #[error("there is no document {index} among {size}")]
    Document { index: u32, size: usize },
}

/// Samples of an audit: `min(n, z)`.
pub fn drawn(answers: &Answers, samples: u32) -> usize {
    answers.zeros().min(samples as usize)
}

/// The sample: number j is the zero of rank π_seed(j) over `[0, z)`, for j below `min(n, z)`. All are different.
pub fn sample(answers: &Answers, seed: B256, samples: u32) -> Vec<u32> {
    if answers.zeros() == 0 {
        return Vec::new();
    }
    let order = Shuffle::new(seed, answers.zeros());
    // All of them once: each by its rank would be a walk through its page.
    let zeros: Vec<usize> = (0..answers.size())
        .filter(|index| answers.answer(*index) == Some(false))
        .collect();
    let ranks = (0..drawn(answers, samples)).filter_map(|j| order.index_of(j));
    ranks
        .filter_map(|rank| zeros.get(rank))
        .map(|index| *index as u32)
        .collect()
}

/// Whether these may be named: different zeros, ascending, at most `most`.
///
/// # Errors
/// Says which of them may not.
pub fn check_named(answers: &Answers, named: &[u32], most: u32) -> Result<(), NamedError> {
    if named.len() > most as usize {
        return Err(NamedError::TooMany { most, got: named.len() });
    }
    let mut last = None;
    for index in named.iter().copied() {
        if last.is_some_and(|last| last >= index) {
            return Err(NamedError::Order { index });
        }
        last = Some(index);
        match answers.answer(index as usize) {
            Some(false) => {}
            Some(true) => return Err(NamedError::One { index }),
            None => {
                let size = answers.size();
                return Err(NamedError::Document { index, size });
            }
        }
    }
    Ok(())
}

/// Everything that is due: the sample by its numbers, then what was named. A document may be due both ways; it is proven once for
/// each, and one proof serves both.
pub fn due(answers: &Answers, seed: B256, samples: u32, named: &[u32]) -> Vec<Due> {
    let drawn = sample(answers, seed, samples);
    let drawn = (0u32..).zip(drawn).map(|(rank, index)| Due { rank, index });
    let named = named.iter().map(|index| Due {
        rank: NAMED,
        index: *index,
    });
    drawn.chain(named).collect()
}

/// As a call takes one proof: for a sample with its page.
pub fn group(answers: &Answers, due: Due, document: ProvenDocument) -> SampleGroup {
    let page = (due.rank != NAMED).then(|| answers.page(due.index as usize / PAGE_BITS));
    SampleGroup {
        ranks: vec![due.rank],
        pages: page.flatten().into_iter().collect(),
        group: DocumentGroup {
            indices: vec![due.index],
            docCommits: vec![document.doc_commit],
            leafSalts: vec![document.leaf_salt],
            paths: vec![document.path],
            proof: document.proof,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Every bitmap of up to six documents, every n: different zeros, as many as there must be, and those of the ranks.
    #[test]
    fn samples_are_different_zeros_for_every_bitmap() {
        for size in 1..=6usize {
            for bitmap in 0..1u32 << size {
                let ones = (0..size as u32).filter(|i| bitmap >> i & 1 == 1);
                let answers = Answers::of(size, ones).unwrap();
                let zeros: Vec<u32> = (0..size as u32).filter(|i| bitmap >> i & 1 == 0).collect();
                for n in 1..=size as u32 {
                    let seed = B256::from(U256::from(bitmap * 64 + n));
                    let sample = sample(&answers, seed, n);
                    assert_eq!(sample.len(), zeros.len().min(n as usize));
                    assert_eq!(sample.iter().collect::<HashSet<_>>().len(), sample.len());
                    for (j, index) in sample.iter().enumerate() {
                        let rank = Shuffle::new(seed, zeros.len()).index_of(j).unwrap();
                        assert_eq!(*index, zeros[rank]);
                    }
                    if n as usize >= zeros.len() {
                        let mut all = sample;
                        all.sort_unstable();
                        assert_eq!(all, zeros, "a sample of all is exhaustive");
                    }
                }
            }
        }
    }

    #[test]
    fn samples_of_the_largest_corpus_cross_pages() {
        let size = super::super::MAX_DOCUMENTS;
        let answers = Answers::of(size, (0..size as u32).step_by(3)).unwrap();
        let sample = sample(&answers, B256::repeat_byte(5), 299);
        assert_eq!(sample.iter().collect::<HashSet<_>>().len(), 299);
        assert!(sample.iter().all(|i| answers.answer(*i as usize) == Some(false)));
        let pages: HashSet<u32> = sample.iter().map(|i| i / PAGE_BITS as u32).collect();
        assert!(pages.len() > 100, "drawn from all of it");
    }

    /// A walk for each document would not end within the time of any test.
    #[test]
    fn a_sample_of_everything_takes_as_long_as_everything() {
        let size = super::super::MAX_DOCUMENTS;
        let answers = Answers::of(size, [5]).unwrap();
        let sample = sample(&answers, B256::repeat_byte(5), size as u32);
        assert_eq!(sample.iter().collect::<HashSet<_>>().len(), size - 1);
    }

    #[test]
    fn only_different_zeros_are_named_and_within_the_cap() {
        let answers = Answers::of(10, [2, 3]).unwrap();
        let check = |named: &[u32]| check_named(&answers, named, 3);
        assert_eq!(check(&[0, 4, 9]), Ok(()));
        assert_eq!(check(&[0, 4, 5, 9]), Err(NamedError::TooMany { most: 3, got: 4 }));
        assert_eq!(check(&[4, 4]), Err(NamedError::Order { index: 4 }));
        assert_eq!(check(&[4, 1]), Err(NamedError::Order { index: 1 }));
        assert_eq!(check(&[3]), Err(NamedError::One { index: 3 }));
        assert_eq!(check(&[10]), Err(NamedError::Document { index: 10, size: 10 }));
    }

    #[test]
    fn a_document_that_is_due_both_ways_is_due_twice() {
        let answers = Answers::of(3, []).unwrap();
        let due = due(&answers, B256::repeat_byte(1), 3, &[1]);
        assert_eq!(due.iter().filter(|due| due.index == 1).count(), 2);
        assert_eq!(due[3], Due { rank: NAMED, index: 1 });
        let document = ProvenDocument {
            doc_commit: U256::from(1),
            leaf_salt: B256::ZERO,
            path: vec![],
            proof: Bytes::new(),
        };
        assert_eq!(
            group(&answers, due[0], document.clone()).pages,
            [answers.page(0).unwrap()]
        );
        assert_eq!(group(&answers, due[3], document).pages, []);
    }

    #[test]
    fn nothing_is_drawn_where_everything_matches() {
        let answers = Answers::of(4, 0..4).unwrap();
        assert_eq!(due(&answers, B256::repeat_byte(1), 4, &[]), []);
    }
}
