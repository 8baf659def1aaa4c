//! What audits hash, as `contracts/src/libraries/AuditStatement.sol` does.
//!
//! Encodings are those of [`ids`](crate::ids); a point takes two words, x and y. Where two values have one tag, they have different
//! numbers of words.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::abi::{Predicate, RequestTerms, RetrievalParams};
use crate::ids::{hash, tag};
use alloy::primitives::{keccak256, Address, Keccak256, B256, U256};

/// What a request says its predicate is; the predicate itself comes with every call that checks a proof.
pub fn predicate_hash(predicate: &Predicate) -> B256 {
    hash(&(tag("assay.predicate.v1"), predicate.clone()))
}

/// What a retrieval market calls request number `seq` about a corpus.
pub fn audit_id(chain_id: u64, market: Address, corpus_id: B256, seq: u64) -> B256 {
    hash(&(
        tag("assay.audit.v1"),
        U256::from(chain_id),
        market,
        corpus_id,
        U256::from(seq),
    ))
}

/// What a retrieval market says its parameters are, and every request is bound to.
pub fn audit_params_hash(params: &RetrievalParams) -> B256 {
    hash(&(tag("assay.audit-params.v1"), params.clone()))
}

/// What accepting, declining or approving a request answers.
pub fn request_hash(id: B256, requester: Address, terms: &RequestTerms, params_hash: B256) -> B256 {
    hash(&(tag("assay.audit-request.v1"), id, requester, terms.clone(), params_hash))
}

/// Hash of page `q`, with `before` ones on earlier pages.
pub fn page_hash(id: B256, q: usize, before: u32, bits: &[u8]) -> B256 {
    hash(&(
        tag("assay.page.v1"),
        id,
        U256::from(q),
        U256::from(before),
        keccak256(bits),
    ))
}

/// answersHash after one more page; before the first it is the hash of the request.
pub fn with_page(answers_hash: B256, page_hash: B256) -> B256 {
    hash(&(tag("assay.answers.v1"), answers_hash, page_hash))
}

/// answersHash after documents were withheld.
pub fn with_withheld(answers_hash: B256, list_hash: B256, log: B256) -> B256 {
    hash(&(tag("assay.withheld.v1"), answers_hash, list_hash, log))
}

/// Hash of a list of documents: one word for each index, in order.
pub fn list_hash(indices: &[u32]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(tag("assay.list.v1"));
    for index in indices {
        hasher.update(U256::from(*index).to_be_bytes::<32>());
    }
    hasher.finalize()
}

/// The seed of the sample: a function of what was fixed before either side knew the other's part.
pub fn audit_seed(id: B256, answers_hash: B256, salt: B256) -> B256 {
    hash(&(tag("assay.audit.v1"), id, answers_hash, salt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolValue;
    use std::collections::HashSet;

    #[test]
    fn a_list_is_hashed_as_words_of_its_indices() {
        let words = (tag("assay.list.v1"), [U256::from(3), U256::from(70_000)]);
        assert_eq!(list_hash(&[3, 70_000]), keccak256(words.abi_encode()));
        let hashes = HashSet::from([list_hash(&[]), list_hash(&[0]), list_hash(&[0, 1]), list_hash(&[1, 0])]);
        assert_eq!(hashes.len(), 4);
    }

    #[test]
    fn values_of_one_tag_have_different_numbers_of_words() {
        let word = B256::repeat_byte(1);
        let seed = audit_seed(word, word, word);
        let id = audit_id(1, Address::from_word(word), word, 1);
        assert_ne!(seed, id);
        assert_ne!(with_page(word, word), with_withheld(word, word, word));
    }

    #[test]
    fn every_part_of_a_page_counts() {
        let id = B256::repeat_byte(1);
        let hashes = HashSet::from([
            page_hash(id, 0, 0, &[1]),
            page_hash(B256::ZERO, 0, 0, &[1]),
            page_hash(id, 1, 0, &[1]),
            page_hash(id, 0, 1, &[1]),
            page_hash(id, 0, 0, &[2]),
            page_hash(id, 0, 0, &[1, 0]),
        ]);
        assert_eq!(hashes.len(), 6);
    }
}
