//! Words of 32 bytes, and `keccak256(abi.encode(TAG, words…))` over them.

use crate::ids::TEST_TAG;
use alloy::primitives::{keccak256, Keccak256, B256};
use assay_statement::field::Word;
use std::sync::LazyLock;

/// Also of a word in the ABI's encoding, and of a packed key.
pub const WORD_BYTES: usize = 32;

/// Leaf of the test set: (index, inputCommit, label, leafSalt).
pub static TAG_TEST: LazyLock<B256> = LazyLock::new(|| keccak256(TEST_TAG));
/// Leaf of a corpus, with the same words, the label zero.
pub static TAG_DOCUMENT: LazyLock<B256> = LazyLock::new(|| keccak256("assay.document.v1"));
/// Commitment to the consumer's salt: (mcSalt).
pub static TAG_SALT: LazyLock<B256> = LazyLock::new(|| keccak256("assay.salt.v1"));
/// Seed of the shuffle: (engagementId, testRoot, ctRoot, mpSeed, mcSalt).
pub static TAG_SEED: LazyLock<B256> = LazyLock::new(|| keccak256("assay.seed.v1"));
/// Pivot (seed, round) and bits (seed, round, block of 256 places) of the shuffle.
pub static TAG_SHUFFLE: LazyLock<B256> = LazyLock::new(|| keccak256("assay.shuffle.v1"));
/// Key of an example: (K, index).
pub static TAG_KEY: LazyLock<B256> = LazyLock::new(|| keccak256("assay.key.v1"));
/// Word of the keystream: (key of the example, engagementId, chunk, word).
pub static TAG_KEYSTREAM: LazyLock<B256> = LazyLock::new(|| keccak256("assay.keystream.v1"));
/// Leaf of the ciphertext: (chunk, hash of its words).
pub static TAG_CIPHER: LazyLock<B256> = LazyLock::new(|| keccak256("assay.cipher.v1"));

/// `keccak256(abi.encode(tag, words…))`. Nothing of the words stays behind in a buffer.
pub fn digest(tag: &B256, words: &[&Word]) -> Word {
    let mut hasher = Keccak256::new();
    hasher.update(tag);
    for word in words {
        hasher.update(word);
    }
    hasher.finalize().0
}

/// A number as a word.
pub fn uint(n: usize) -> Word {
    let mut word = [0; WORD_BYTES];
    word[24..].copy_from_slice(&(n as u64).to_be_bytes());
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::U256;
    use alloy::sol_types::SolValue;

    #[test]
    fn a_digest_is_the_hash_of_the_abi_encoding() {
        let (a, b) = (B256::repeat_byte(7), 300usize);
        let encoded = (*TAG_KEY, a, U256::from(b)).abi_encode();
        assert_eq!(digest(&TAG_KEY, &[&a.0, &uint(b)]), keccak256(encoded).0);
    }

    #[test]
    fn words_compare_as_numbers() {
        assert!(uint(255) < uint(256) && uint(256) < [1; 32]);
    }
}
