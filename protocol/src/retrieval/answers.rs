//! The answers of an audit, 4,096 documents to a page: which of them match.
//!
//! Document `i` has bit `i mod 4096` of page `⌊i/4096⌋`, in the order of [`ResultBitmap`]; the last page is as long as needed, so that
//! all pages together are one bitmap of the corpus. A page is opened with the number of ones before it.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::corpora::MAX_DOCUMENTS;
use super::statement::page_hash;
use crate::abi::PageOpening;
use crate::transfer::bitmap::{BitmapError, ResultBitmap};
use alloy::primitives::B256;

/// Documents on a full page.
pub const PAGE_BITS: usize = 4096;
/// Bytes of a full page.
const PAGE_BYTES: usize = PAGE_BITS / 8;

/// Pages of a corpus of `size` documents.
pub fn page_count(size: usize) -> usize {
    size.div_ceil(PAGE_BITS)
}

/// Which documents of a corpus match, as the responder answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    size: usize,
    bits: ResultBitmap,
    /// Ones before each page, and in all.
    before: Vec<u32>,
}

/// Why pages or indices are no answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum AnswersError {
    #[error("a corpus has 1 to {MAX_DOCUMENTS} documents, not {0}")]
    Size(usize),
    #[error("{expected} pages of answers, not {got}")]
    Pages { expected: usize, got: usize },
    #[error("page {page} of the answers: {source}")]
    Page { page: usize, source: BitmapError },
    #[error("there is no document {index} among {size}")]
    Document { index: u32, size: usize },
}

impl Answers {
    /// The answers that say of exactly these documents that they match; one given twice counts once.
    ///
    /// # Errors
    /// If there is no such corpus, or no such document in it.
    pub fn of(size: usize, ones: impl IntoIterator<Item = u32>) -> Result<Self, AnswersError> {
        let mut ones: Vec<usize> = ones.into_iter().map(|index| index as usize).collect();
        ones.sort_unstable();
        if let Some(last) = ones.last().filter(|last| **last >= size) {
            return Err(AnswersError::Document {
                index: *last as u32,
                size,
            });
        }
        let bits = ResultBitmap::of(size, ones).map_err(|source| AnswersError::Page { page: 0, source })?;
        Self::from_bits(size, bits)
    }

    /// As they were posted, page by page.
    ///
    /// # Errors
    /// If a page is missing or too much, has another length than its documents take, or bits that none has.
    pub fn from_pages<T: AsRef<[u8]>>(size: usize, pages: &[T]) -> Result<Self, AnswersError> {
        let expected = page_count(size);
        if pages.len() != expected {
            return Err(AnswersError::Pages {
                expected,
                got: pages.len(),
            });
        }
        let mut bytes = Vec::with_capacity(size.div_ceil(8));
        for (page, bits) in pages.iter().enumerate() {
            let documents = (size - page * PAGE_BITS).min(PAGE_BITS);
            ResultBitmap::parse(documents, bits.as_ref()).map_err(|source| AnswersError::Page { page, source })?;
            bytes.extend_from_slice(bits.as_ref());
        }
        let bits = ResultBitmap::parse(size, &bytes).map_err(|source| AnswersError::Page { page: 0, source })?;
        Self::from_bits(size, bits)
    }

    fn from_bits(size: usize, bits: ResultBitmap) -> Result<Self, AnswersError> {
        if !(1..=MAX_DOCUMENTS).contains(&size) {
            return Err(AnswersError::Size(size));
        }
        let mut before = vec![0];
        for page in bits.bytes().chunks(PAGE_BYTES) {
            let ones: u32 = page.iter().map(|byte| byte.count_ones()).sum();
            before.push(before.last().copied().unwrap_or_default() + ones);
        }
        Ok(Self { size, bits, before })
    }

    /// Documents of the corpus.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Pages, the last of which may be shorter.
    pub fn pages(&self) -> usize {
        page_count(self.size)
    }

    /// Page `q` as it is posted, and opened later; `None` past the last.
    pub fn page(&self, q: usize) -> Option<PageOpening> {
        let bits = self.bits.bytes().chunks(PAGE_BYTES).nth(q)?;
        Some(PageOpening {
            before: *self.before.get(q)?,
            bits: bits.to_vec().into(),
        })
    }

    /// What the contract keeps of page `q` of audit `id`.
    pub fn page_hash(&self, id: B256, q: usize) -> Option<B256> {
        self.page(q).map(|page| page_hash(id, q, page.before, &page.bits))
    }

    /// Whether document `index` was answered with one; `None` if there is none.
    pub fn answer(&self, index: usize) -> Option<bool> {
        (index < self.size).then(|| self.bits.is_set(index))
    }

    /// Documents answered with one.
    pub fn positives(&self) -> usize {
        self.bits.correct() as usize
    }

    /// z: documents answered with zero.
    pub fn zeros(&self) -> usize {
        self.size - self.positives()
    }

    /// Documents answered with one, ascending.
    pub fn ones(&self) -> impl Iterator<Item = u32> + '_ {
        self.bits.positions().map(|index| index as u32)
    }

    /// Documents before `index` that were answered with zero: its rank, if it was itself.
    pub fn zeros_before(&self, index: usize) -> usize {
        let q = index / PAGE_BITS;
        let before = self.before.get(q).copied().unwrap_or_default() as usize;
        let here = (q * PAGE_BITS..index).filter(|i| self.bits.is_set(*i)).count();
        index - before - here
    }

    /// The pages of these documents, each once, as calls take them; `None` unless they are ascending and of the corpus.
    pub fn openings(&self, indices: &[u32]) -> Option<Vec<PageOpening>> {
        if !indices.is_sorted_by(|a, b| a < b) {
            return None;
        }
        let mut pages: Vec<usize> = indices.iter().map(|index| *index as usize / PAGE_BITS).collect();
        pages.dedup();
        let is_inside = indices.iter().all(|index| (*index as usize) < self.size);
        pages.into_iter().map(|q| self.page(q).filter(|_| is_inside)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_size_has_its_pages() {
        for (size, pages, last) in [
            (1, 1, 1),
            (8, 1, 1),
            (9, 1, 2),
            (4095, 1, 512),
            (4096, 1, 512),
            (4097, 2, 1),
            (1 << 20, 256, 512),
        ] {
            for ones in [vec![], (0..size as u32).collect::<Vec<_>>()] {
                let answers = Answers::of(size, ones.iter().copied()).unwrap();
                let posted: Vec<_> = (0..pages).map(|q| answers.page(q).unwrap().bits).collect();
                assert_eq!((answers.pages(), posted[pages - 1].len()), (pages, last));
                assert_eq!(answers.page(pages), None);
                assert_eq!(answers.positives(), ones.len());
                assert_eq!(Answers::from_pages(size, &posted).unwrap(), answers);
            }
        }
        assert_eq!(Answers::of(0, []), Err(AnswersError::Size(0)));
        let large = MAX_DOCUMENTS + 1;
        assert_eq!(Answers::of(large, []), Err(AnswersError::Size(large)));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let bits = BitmapError::UnusedBits { n: 1 };
        let full = vec![0u8; 512];
        let error = |pages: &[Vec<u8>]| Answers::from_pages(4097, pages).unwrap_err();
        assert_eq!(
            error(std::slice::from_ref(&full)),
            AnswersError::Pages { expected: 2, got: 1 }
        );
        assert_eq!(
            error(&[full.clone(), vec![2]]),
            AnswersError::Page { page: 1, source: bits }
        );
        let short = BitmapError::Length { n: 4096, got: 511 };
        assert_eq!(
            error(&[full[1..].to_vec(), vec![0]]),
            AnswersError::Page { page: 0, source: short }
        );
        assert_eq!(Answers::of(5, [5]), Err(AnswersError::Document { index: 5, size: 5 }));
    }

    #[test]
    fn pages_are_opened_once_each_and_in_order() {
        let answers = Answers::of(10_000, [1, 5000]).unwrap();
        let openings = answers.openings(&[0, 1, 4095, 8192]).unwrap();
        let expected = [answers.page(0).unwrap(), answers.page(2).unwrap()];
        assert_eq!(openings, expected);
        assert_eq!(openings.iter().map(|page| page.before).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(answers.openings(&[]), Some(vec![]));
        for wrong in [&[2u32, 1][..], &[1, 1], &[9999, 10_000]] {
            assert_eq!(answers.openings(wrong), None);
        }
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_a_list_of_all_zeros(
            size in 1usize..9000,
            ones in prop::collection::vec(any::<u32>(), 0..200),
            dense in any::<bool>(),
        ) {
            let ones = ones.into_iter().map(|one| one % size as u32);
            let answers = if dense {
                let zeros: std::collections::HashSet<u32> = ones.collect();
                Answers::of(size, (0..size as u32).filter(|i| !zeros.contains(i))).unwrap()
            } else {
                Answers::of(size, ones).unwrap()
            };
            let zeros: Vec<usize> = (0..size).filter(|i| answers.answer(*i) == Some(false)).collect();
            prop_assert_eq!(zeros.len(), answers.zeros());
            for rank in (0..zeros.len()).step_by(1 + zeros.len() / 50).chain(zeros.len().checked_sub(1)) {
                prop_assert_eq!(answers.zeros_before(zeros[rank]), rank);
            }
            prop_assert_eq!(answers.answer(size), None);
        }
    }
}
