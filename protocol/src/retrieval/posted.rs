//! The calls by which answers came to the chain, read again in their order: answersHash is a function of them alone.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::answers::{Answers, AnswersError};
use super::statement::{list_hash, page_hash, with_page, with_withheld};
use alloy::primitives::B256;
use std::collections::BTreeSet;

/// One step of answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The next page, as it was posted.
    Page {
        /// Bits of its documents.
        bits: Vec<u8>,
    },
    /// Documents that match and are not handed over.
    Withheld {
        /// Ascending.
        indices: Vec<u32>,
        /// Hash of what the responder says of them.
        log: B256,
    },
}

/// Answers with what the chain holds of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// All pages.
    pub answers: Answers,
    /// Documents withheld.
    pub withheld: BTreeSet<u32>,
    /// What the seal fixed.
    pub answers_hash: B256,
}

/// Why steps are no answers of the market's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum PostedError {
    #[error(transparent)]
    Answers(#[from] AnswersError),
    #[error("document {index} is withheld, but was not answered with a match before")]
    NotOne { index: u32 },
    #[error("document {index} is withheld twice, or out of order")]
    Order { index: u32 },
}

/// Follows the answers to a request, of the audit `id` about a corpus of `size` documents, to the seal.
///
/// # Errors
/// Says which step the market would not have taken.
pub fn replay(id: B256, request_hash: B256, size: usize, steps: &[Step]) -> Result<Posted, PostedError> {
    let pages: Vec<&[u8]> = steps.iter().filter_map(page).collect();
    let answers = Answers::from_pages(size, &pages)?;
    let mut withheld = BTreeSet::new();
    let mut answers_hash = request_hash;
    let mut posted = 0;
    for step in steps {
        match step {
            Step::Page { bits } => {
                let before = answers.page(posted).map_or(0, |page| page.before);
                answers_hash = with_page(answers_hash, page_hash(id, posted, before, bits));
                posted += 1;
            }
            Step::Withheld { indices, log } => {
                if let Some(index) = indices.windows(2).find_map(out_of_order) {
                    return Err(PostedError::Order { index });
                }
                for index in indices.iter().copied() {
                    let is_posted = (index as usize) < posted * super::answers::PAGE_BITS;
                    if !is_posted || answers.answer(index as usize) != Some(true) {
                        return Err(PostedError::NotOne { index });
                    }
                    if !withheld.insert(index) {
                        return Err(PostedError::Order { index });
                    }
                }
                answers_hash = with_withheld(answers_hash, list_hash(indices), *log);
            }
        }
    }
    Ok(Posted {
        answers,
        withheld,
        answers_hash,
    })
}

fn page(step: &Step) -> Option<&[u8]> {
    match step {
        Step::Page { bits } => Some(bits),
        Step::Withheld { .. } => None,
    }
}

fn out_of_order(two: &[u32]) -> Option<u32> {
    match two {
        [a, b] if a >= b => Some(*b),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: B256 = B256::repeat_byte(7);
    const REQUEST: B256 = B256::repeat_byte(8);

    fn steps() -> Vec<Step> {
        let answers = Answers::of(5000, [1, 2, 4999]).unwrap();
        let page = |q| Step::Page {
            bits: answers.page(q).unwrap().bits.to_vec(),
        };
        let withheld = Step::Withheld {
            indices: vec![1, 2],
            log: B256::repeat_byte(3),
        };
        vec![page(0), withheld, page(1)]
    }

    #[test]
    fn the_hash_binds_the_request_pages_and_what_is_withheld_in_their_order() {
        let posted = replay(ID, REQUEST, 5000, &steps()).unwrap();
        assert_eq!(posted.withheld, [1, 2].into());
        let mut hashes = std::collections::HashSet::from([posted.answers_hash]);
        let mut later = steps();
        later.swap(1, 2);
        hashes.insert(replay(ID, REQUEST, 5000, &later).unwrap().answers_hash);
        let mut less = steps();
        less.remove(1);
        hashes.insert(replay(ID, REQUEST, 5000, &less).unwrap().answers_hash);
        hashes.insert(replay(B256::ZERO, REQUEST, 5000, &steps()).unwrap().answers_hash);
        hashes.insert(replay(ID, B256::ZERO, 5000, &steps()).unwrap().answers_hash);
        assert_eq!(hashes.len(), 5);
        let page = |q| posted.answers.page_hash(ID, q).unwrap();
        let withheld = with_withheld(with_page(REQUEST, page(0)), list_hash(&[1, 2]), B256::repeat_byte(3));
        assert_eq!(posted.answers_hash, with_page(withheld, page(1)));
    }

    #[test]
    fn what_the_market_would_not_take_is_refused() {
        let withheld = |indices: &[u32]| Step::Withheld {
            indices: indices.to_vec(),
            log: B256::ZERO,
        };
        let with = |at: usize, indices: &[u32]| {
            let mut steps = steps();
            steps.insert(at, withheld(indices));
            replay(ID, REQUEST, 5000, &steps).unwrap_err()
        };
        assert_eq!(
            with(0, &[1]),
            PostedError::NotOne { index: 1 },
            "its page is not posted"
        );
        assert_eq!(with(1, &[4999]), PostedError::NotOne { index: 4999 });
        assert_eq!(with(3, &[0]), PostedError::NotOne { index: 0 });
        assert_eq!(with(3, &[5000]), PostedError::NotOne { index: 5000 });
        assert_eq!(with(3, &[2]), PostedError::Order { index: 2 });
        assert_eq!(with(3, &[4999, 4999]), PostedError::Order { index: 4999 });
        let pages = AnswersError::Pages { expected: 2, got: 1 };
        assert_eq!(
            replay(ID, REQUEST, 5000, &steps()[..2]),
            Err(PostedError::Answers(pages))
        );
    }
}
