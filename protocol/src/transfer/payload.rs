//! What the chunks of an example say.
//!
//! Header: `[index, inputCommit, label, leafSalt, inputSalt]`. Data chunk `j`: `[hIn, m_0 … m_{w−1}]`, where `hIn` is the
//! value of the input's hash chain before these words. The value after them is the next chunk's `hIn`, and after the last
//! chunk the header's `inputCommit`.

use super::chunks::{Chunks, Part, HEADER_WORDS};
use super::input_chain;
use super::words::uint;
use crate::testset::Example;
use alloy::primitives::{B256, U256};
use assay_statement::field::to_be_bytes;
use assay_statement::field::Word;
use assay_statement::input::{self, InputSalt};
use std::fmt;
use zeroize::Zeroizing;

/// Words of one chunk, in clear.
pub type ChunkWords = Zeroizing<Vec<Word>>;

/// Places of the header's words.
pub mod header {
    /// Dataset index of the example.
    pub const INDEX: usize = 0;
    /// Where the hash chain must end.
    pub const INPUT_COMMIT: usize = 1;
    /// A whole word, though a label of an honest sender has 32 bits.
    pub const LABEL: usize = 2;
    /// Hides the label in the test leaf.
    pub const LEAF_SALT: usize = 3;
    /// Where the hash chain starts; below 2^248.
    pub const INPUT_SALT: usize = 4;
}

/// Why an example cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum PayloadError {
    #[error("example {example}: an input of {got} words, the transfer takes {expected}")]
    InputWords {
        example: usize,
        expected: usize,
        got: usize,
    },
    #[error("example {example}: its image does not have the commitment that it states")]
    Commitment { example: usize },
}

/// The chunks of an example: header, then data.
///
/// # Errors
/// If the image has another size than the layout, or another commitment than it states: sending that would prove the
/// sender at fault.
pub fn chunks(layout: &Chunks, index: usize, example: &Example) -> Result<Vec<ChunkWords>, PayloadError> {
    let words: Vec<Word> = input::words(&example.image).iter().map(to_be_bytes).collect();
    if words.len() != layout.input_words() {
        return Err(PayloadError::InputWords {
            example: index,
            expected: layout.input_words(),
            got: words.len(),
        });
    }
    let input_salt = Zeroizing::new(example.input_salt.to_word());
    let commit = example.input_commit.to_be_bytes::<32>();
    let head: [Word; HEADER_WORDS] = [
        uint(index),
        commit,
        uint(example.label as usize),
        example.leaf_salt.0,
        *input_salt,
    ];

    let mut chunks = Vec::with_capacity(layout.chunks_per_example());
    chunks.push(Zeroizing::new(head.to_vec()));
    let mut value = input_chain::start(words.len(), &input_salt).expect("31 bytes are below the scalar order");
    for part in words.chunks(layout.chunk_words()) {
        let mut chunk = Zeroizing::new(Vec::with_capacity(layout.words_of(Part::Data(0))));
        chunk.push(value);
        chunk.extend_from_slice(part);
        chunk.resize(layout.words_of(Part::Data(0)), [0; 32]);
        chunks.push(chunk);
        value = input_chain::absorb(&value, part).expect("31 bytes are below the scalar order");
    }
    if value == commit {
        Ok(chunks)
    } else {
        Err(PayloadError::Commitment { example: index })
    }
}

/// An example as it came out of a transfer in which no fault was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Dataset index.
    pub index: usize,
    /// Where the hash chain over salt and words ends.
    pub input_commit: U256,
    /// Of any size: a label that is no class is simply never predicted.
    pub label: U256,
    /// Hides the label in the test leaf.
    pub leaf_salt: B256,
    /// Where the hash chain starts.
    pub input_salt: InputSalt,
    /// Message words, each below 2^248.
    pub words: Vec<Word>,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("index", &self.index)
            .field("input_commit", &self.input_commit)
            .finish_non_exhaustive()
    }
}

/// Why no proof can be made about a faultless example: it counts as one that the model gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum Unprovable {
    #[error("the image has {expected} words, {got} were received")]
    Size { expected: usize, got: usize },
    #[error("the label does not fit 32 bits")]
    Label,
    #[error("the last word goes on after the image's last byte")]
    Tail,
}

impl Received {
    /// The example for a model whose images have `image_bytes` bytes.
    ///
    /// # Errors
    /// If the sender committed to something that is no such image.
    pub fn example(&self, image_bytes: usize) -> Result<Example, Unprovable> {
        let expected = image_bytes.div_ceil(input::WORD_BYTES);
        if self.words.len() != expected {
            return Err(Unprovable::Size {
                expected,
                got: self.words.len(),
            });
        }
        let label = self.label.try_into().map_err(|_| Unprovable::Label)?;
        let mut image: Vec<u8> = self.words.iter().flat_map(|word| word[1..].to_vec()).collect();
        if image[image_bytes..].iter().any(|b| *b != 0) {
            return Err(Unprovable::Tail);
        }
        image.truncate(image_bytes);
        Ok(Example {
            image,
            label,
            input_salt: self.input_salt,
            leaf_salt: self.leaf_salt,
            input_commit: self.input_commit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testset::{ImageSize, TestSet};

    const SIZE: ImageSize = ImageSize { height: 3, width: 16 };
    const BYTES: usize = 3 * 16 * 3;

    fn example() -> Example {
        let image = (0..BYTES as u8).collect();
        TestSet::build(SIZE, vec![(image, 7)], |_| ())
            .unwrap()
            .examples
            .remove(0)
    }

    #[test]
    fn chunks_have_the_lengths_of_the_layout_and_zero_padding() {
        let layout = Chunks::new(1, 5, 2).unwrap();
        let chunks = chunks(&layout, 0, &example()).unwrap();
        let lengths: Vec<_> = chunks.iter().map(|c| c.len()).collect();
        assert_eq!(lengths, [5, 3, 3, 3]);
        assert_eq!(chunks[3][2], [0; 32]);
        assert_eq!(chunks[0][header::LABEL], uint(7));
    }

    #[test]
    fn another_size_or_a_wrong_commitment_is_not_sent() {
        let mut example = example();
        let error = chunks(&Chunks::new(1, 6, 2).unwrap(), 0, &example).unwrap_err();
        assert!(matches!(
            error,
            PayloadError::InputWords {
                expected: 6,
                got: 5,
                ..
            }
        ));
        example.image[3] ^= 1;
        let error = chunks(&Chunks::new(9, 5, 2).unwrap(), 8, &example).unwrap_err();
        assert_eq!(error, PayloadError::Commitment { example: 8 });
    }

    #[test]
    fn what_is_no_image_says_why() {
        let good = Received {
            index: 0,
            input_commit: U256::ZERO,
            label: U256::from(3),
            leaf_salt: B256::repeat_byte(1),
            input_salt: InputSalt([0; 31]),
            words: input::words(&[5; BYTES]).iter().map(to_be_bytes).collect(),
        };
        assert_eq!(good.example(BYTES).unwrap().image, [5; BYTES]);
        let size = Unprovable::Size { expected: 6, got: 5 };
        assert_eq!(good.example(BYTES + 31), Err(size));
        let changed = |change: fn(&mut Received)| {
            let mut received = good.clone();
            change(&mut received);
            received.example(BYTES).unwrap_err()
        };
        assert_eq!(changed(|r| r.label = U256::from(1u64 << 32)), Unprovable::Label);
        assert_eq!(changed(|r| r.words[4][31] = 1), Unprovable::Tail);
    }
}
