//! Which chunk of a transfer holds what.
//!
//! Example `i` takes `1 + L'` consecutive chunks from number `i·(1 + L')`: a header of [`HEADER_WORDS`] words, then
//! `L' = ⌈L/w⌉` data chunks of `1 + w` words each, the last one filled up with zeros.

use crate::ids::N_MAX;
use assay_statement::poseidon::RATE;
use std::fmt;

/// `[index, inputCommit, label, leafSalt, inputSalt]`.
pub const HEADER_WORDS: usize = 5;

/// Message words of a data chunk, w, unless both sides agree on another number.
pub const DEFAULT_CHUNK_WORDS: usize = 8;

/// Largest L: 32 MiB of input.
pub const MAX_INPUT_WORDS: usize = 1 << 20;

/// Largest w: evidence about a chunk must fit one transaction.
pub const MAX_CHUNK_WORDS: usize = 256;

/// How a transfer is cut into chunks. Every number of this type has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunks {
    examples: usize,
    input_words: usize,
    chunk_words: usize,
}

/// Which number is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum ChunksError {
    #[error("a transfer has 1 to {N_MAX} examples, not {0}")]
    Examples(usize),
    #[error("an input has 1 to {MAX_INPUT_WORDS} words, not {0}")]
    InputWords(usize),
    #[error("a data chunk has a multiple of {RATE} words up to {MAX_CHUNK_WORDS}, not {0}")]
    ChunkWords(usize),
}

/// One of the chunks of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Always the first, of [`HEADER_WORDS`] words.
    Header,
    /// Data chunk, 0 to L' − 1.
    Data(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header chunk"),
            Self::Data(j) => write!(f, "data chunk {j}"),
        }
    }
}

impl Chunks {
    /// `examples` is N, `input_words` L, `chunk_words` w.
    ///
    /// # Errors
    /// If a number is out of its range, or the hash would have to absorb a part of a chunk's words per call.
    pub fn new(examples: usize, input_words: usize, chunk_words: usize) -> Result<Self, ChunksError> {
        if !(1..=N_MAX).contains(&examples) {
            return Err(ChunksError::Examples(examples));
        }
        if !(1..=MAX_INPUT_WORDS).contains(&input_words) {
            return Err(ChunksError::InputWords(input_words));
        }
        if chunk_words == 0 || !chunk_words.is_multiple_of(RATE) || chunk_words > MAX_CHUNK_WORDS {
            return Err(ChunksError::ChunkWords(chunk_words));
        }
        Ok(Self {
            examples,
            input_words,
            chunk_words,
        })
    }

    /// N.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// L.
    pub fn input_words(&self) -> usize {
        self.input_words
    }

    /// w.
    pub fn chunk_words(&self) -> usize {
        self.chunk_words
    }

    /// L', data chunks of one example.
    pub fn data_chunks(&self) -> usize {
        self.input_words.div_ceil(self.chunk_words)
    }

    /// Chunks of one example, with its header.
    pub fn chunks_per_example(&self) -> usize {
        1 + self.data_chunks()
    }

    /// Chunks of the transfer: the leaves of its tree.
    pub fn chunk_count(&self) -> usize {
        self.examples * self.chunks_per_example()
    }

    /// Number of a chunk; it does not depend on N.
    pub fn chunk(&self, example: usize, part: Part) -> usize {
        let first = example * self.chunks_per_example();
        match part {
            Part::Header => first,
            Part::Data(j) => first + 1 + j,
        }
    }

    /// The parts of an example in the order of their chunks.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        std::iter::once(Part::Header).chain((0..self.data_chunks()).map(Part::Data))
    }

    /// Words of a chunk.
    pub fn words_of(&self, part: Part) -> usize {
        match part {
            Part::Header => HEADER_WORDS,
            Part::Data(_) => 1 + self.chunk_words,
        }
    }

    /// Words of an example, in all its chunks.
    pub fn words_per_example(&self) -> usize {
        HEADER_WORDS + self.data_chunks() * (1 + self.chunk_words)
    }

    /// Message words of data chunk `j` that are no padding.
    pub fn used_words(&self, j: usize) -> usize {
        self.input_words
            .saturating_sub(j * self.chunk_words)
            .min(self.chunk_words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_image_has_the_sizes_of_the_protocol() {
        let layout = Chunks::new(700, 892, 8).unwrap();
        assert_eq!((layout.data_chunks(), layout.words_per_example()), (112, 1013));
        assert_eq!(layout.chunk_count(), 700 * 113);
        assert_eq!((layout.used_words(110), layout.used_words(111)), (8, 4));
    }

    #[test]
    fn chunks_are_numbered_without_gaps() {
        let layout = Chunks::new(4, 5, 2).unwrap();
        let numbers: Vec<_> = (0..4)
            .flat_map(|i| layout.parts().map(move |part| layout.chunk(i, part)))
            .collect();
        assert_eq!(numbers, (0..layout.chunk_count()).collect::<Vec<_>>());
        assert_eq!(layout.used_words(2), 1);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(Chunks::new(0, 5, 2), Err(ChunksError::Examples(0)));
        assert_eq!(Chunks::new(N_MAX + 1, 5, 2), Err(ChunksError::Examples(N_MAX + 1)));
        assert_eq!(Chunks::new(1, 0, 2), Err(ChunksError::InputWords(0)));
        for w in [0, 3, MAX_CHUNK_WORDS + RATE] {
            assert_eq!(Chunks::new(1, 5, w), Err(ChunksError::ChunkWords(w)));
        }
    }
}
