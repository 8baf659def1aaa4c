//! Keystream and leaves of the ciphertext: Keccak-256 in counter mode.
//!
//! # Soundness
//! Confidential as long as one example's key is used for one engagement only. Integrity comes from the tree over the
//! leaves, not from the cipher: any key decrypts to something, and what it decrypts to is judged.

use super::chunks::Chunks;
use super::payload::ChunkWords;
use super::secret::ExampleKey;
use super::words::{digest, uint, TAG_CIPHER, TAG_KEYSTREAM};
use alloy::primitives::{Keccak256, B256};
use assay_statement::field::Word;
use zeroize::Zeroizing;

/// Encrypts, or decrypts, the words of chunk number `chunk` in place.
pub fn apply(key: &ExampleKey, engagement_id: B256, chunk: usize, words: &mut [Word]) {
    let chunk = uint(chunk);
    for (w, word) in words.iter_mut().enumerate() {
        let stream = digest(&TAG_KEYSTREAM, &[key.expose(), &engagement_id.0, &chunk, &uint(w)]);
        for (byte, s) in word.iter_mut().zip(stream) {
            *byte ^= s;
        }
    }
}

/// The cipher words of an example, chunk by chunk.
///
/// # Panics
/// Unless the chunks have the lengths of the layout.
pub fn encrypt(
    layout: &Chunks,
    engagement_id: B256,
    example: usize,
    key: &ExampleKey,
    chunks: Vec<ChunkWords>,
) -> Vec<Vec<Word>> {
    assert_eq!(chunks.len(), layout.chunks_per_example(), "chunks of an example");
    let parts = layout.parts().zip(chunks);
    let encrypted = parts.map(|(part, mut chunk)| {
        assert_eq!(chunk.len(), layout.words_of(part), "words of {part}");
        apply(key, engagement_id, layout.chunk(example, part), &mut chunk);
        // What is moved out is cipher text by now.
        std::mem::take(&mut *chunk)
    });
    encrypted.collect()
}

/// The chunks of an example, the first of which has number `first`, in clear.
pub fn decrypt(engagement_id: B256, first: usize, key: &ExampleKey, cipher_words: Vec<Vec<Word>>) -> Vec<ChunkWords> {
    let chunk = |(c, words): (usize, Vec<Word>)| {
        let mut words = Zeroizing::new(words);
        apply(key, engagement_id, first + c, &mut words);
        words
    };
    cipher_words.into_iter().enumerate().map(chunk).collect()
}

/// Leaf of chunk number `chunk` with these cipher words.
pub fn leaf(chunk: usize, cipher_words: &[Word]) -> B256 {
    let mut hasher = Keccak256::new();
    for word in cipher_words {
        hasher.update(word);
    }
    digest(&TAG_CIPHER, &[&uint(chunk), &hasher.finalize().0]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: B256 = B256::repeat_byte(3);

    #[test]
    fn applying_twice_gives_the_words_back() {
        let key = ExampleKey::new([7; 32]);
        let clear = [[1; 32], [2; 32], [0; 32]];
        let mut words = clear;
        apply(&key, ID, 5, &mut words);
        assert!(words.iter().zip(&clear).all(|(a, b)| a != b));
        apply(&key, ID, 5, &mut words);
        assert_eq!(words, clear);
    }

    #[test]
    fn the_stream_depends_on_key_engagement_chunk_and_word() {
        let stream = |key: u8, id, chunk| {
            let mut words = [[0; 32]; 2];
            apply(&ExampleKey::new([key; 32]), id, chunk, &mut words);
            words
        };
        let base = stream(1, ID, 0);
        assert_ne!(base[0], base[1]);
        for other in [stream(2, ID, 0), stream(1, B256::ZERO, 0), stream(1, ID, 1)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn leaves_bind_number_and_words() {
        let words = [[1; 32], [2; 32]];
        assert_ne!(leaf(0, &words), leaf(1, &words));
        assert_ne!(leaf(0, &words), leaf(0, &words[..1]));
        assert_ne!(leaf(0, &words), leaf(0, &[words[1], words[0]]));
    }
}
