//! The file that carries a transfer: written whole or not at all, checked to the last byte before anything trusts it.
//!
//! ```text
//! magic ‖ engagementId ‖ N ‖ L ‖ w (u32, big-endian) ‖ cipher words, chunk after chunk ‖ leaf of every chunk
//! ```
//!
//! The leaves can be computed from the words. They are there so that a damaged chunk can be named, and fetched again
//! alone: they lead to `ctRoot`, hence are genuine, whatever became of the words.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::B256;
use assay_durable::file::{parent, Access, Pending};
use assay_durable::read::open_regular;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::testset::TestSet;
use assay_protocol::transfer::chunks::{Chunks, ChunksError, Part};
use assay_protocol::transfer::cipher::{encrypt, leaf};
use assay_protocol::transfer::ciphertext::Ciphertext;
use assay_protocol::transfer::keys;
use assay_protocol::transfer::payload::{self, ChunkWords, PayloadError};
use assay_protocol::transfer::secret::{ExampleKey, MasterKey};
use assay_protocol::transfer::words::WORD_BYTES;
use assay_statement::field::Word;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"ASSAYCT1";
const PREFIX_BYTES: u64 = 8 + 32 + 3 * 4;

/// Examples that are encrypted at one time.
const BATCH: usize = 64;

/// Why a ciphertext cannot be written, read or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum CipherError {
    #[error("cannot read or write {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is no ciphertext of a test set", .0.display())]
    Magic(PathBuf),
    #[error("the ciphertext states sizes that no transfer has")]
    Chunks(#[from] ChunksError),
    #[error("the ciphertext is for engagement {got}, not {expected}")]
    Engagement { expected: B256, got: B256 },
    #[error(
        "the ciphertext has {} examples of {} words in chunks of {}, expected are {} of {} in chunks of {}",
        got.examples(), got.input_words(), got.chunk_words(),
        expected.examples(), expected.input_words(), expected.chunk_words()
    )]
    OtherChunks { expected: Chunks, got: Chunks },
    #[error("the ciphertext ends {place}: it has {got} bytes, not {expected}")]
    Truncated { expected: u64, got: u64, place: Place },
    #[error("the ciphertext has {got} bytes, {} more than it should", got - expected)]
    Extended { expected: u64, got: u64 },
    #[error("the leaves of the ciphertext lead to {got}, not to ctRoot {expected}")]
    Root { expected: B256, got: B256 },
    #[error("example {example}, {part}: its cipher words are not those that were committed to")]
    Damaged { example: usize, part: Part },
    #[error(transparent)]
    Payload(#[from] PayloadError),
    #[error("{got} examples were written, {expected} were announced")]
    Examples { expected: usize, got: usize },
    #[error("{got} words, an example has {expected}")]
    Words { expected: usize, got: usize },
    #[error("there is no example {example} of {examples}")]
    NoExample { example: usize, examples: usize },
}

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the text of each says where it is")]
pub enum Place {
    Prefix,
    Word { example: usize, part: Part, word: usize },
    Leaves,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Prefix => f.write_str("before its first word"),
            Self::Word { example, part, word } => write!(f, "in example {example}, {part}, word {word}"),
            Self::Leaves => f.write_str("among the leaves after the last word"),
        }
    }
}

fn words_bytes(layout: &Chunks) -> u64 {
    (layout.examples() * layout.words_per_example() * WORD_BYTES) as u64
}

/// Bytes of the file of a transfer.
pub fn file_bytes(layout: &Chunks) -> u64 {
    PREFIX_BYTES + words_bytes(layout) + (layout.chunk_count() * WORD_BYTES) as u64
}

/// Which word the byte at `offset` belongs to.
fn place(layout: &Chunks, offset: u64) -> Place {
    let Some(offset) = offset.checked_sub(PREFIX_BYTES) else {
        return Place::Prefix;
    };
    if offset >= words_bytes(layout) {
        return Place::Leaves;
    }
    let word = (offset / WORD_BYTES as u64) as usize;
    let (example, mut word) = (word / layout.words_per_example(), word % layout.words_per_example());
    for part in layout.parts() {
        if word < layout.words_of(part) {
            return Place::Word { example, part, word };
        }
        word -= layout.words_of(part);
    }
    unreachable!("the parts of an example have all its words")
}

/// Writes a ciphertext, example after example.
#[derive(Debug)]
pub struct CipherWriter {
    path: PathBuf,
    out: Pending,
    layout: Chunks,
    engagement_id: B256,
    leaves: Vec<B256>,
}

impl CipherWriter {
    /// Nothing is at `path` before [`CipherWriter::finish`].
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn create(path: &Path, layout: Chunks, engagement_id: B256) -> Result<Self, CipherError> {
        let context = |source| io_error(path, source);
        let dir = parent(path);
        std::fs::create_dir_all(&dir).map_err(context)?;
        // Readable by the owner alone: the key will be public one day.
        let mut out = Pending::begin(path, Access::Private).map_err(context)?;
        let mut prefix = MAGIC.to_vec();
        prefix.extend_from_slice(engagement_id.as_slice());
        for size in [layout.examples(), layout.input_words(), layout.chunk_words()] {
            prefix.extend_from_slice(&(size as u32).to_be_bytes());
        }
        out.write_all(&prefix).map_err(context)?;
        Ok(Self {
            path: path.to_owned(),
            out,
            layout,
            engagement_id,
            leaves: Vec::with_capacity(layout.chunk_count()),
        })
    }

    /// Encrypts the next example, whose chunks have the lengths of the layout.
    ///
    /// # Errors
    /// Those of the operating system, and if the transfer is full.
    ///
    /// # Panics
    /// For chunks of another length.
    pub fn write_example(&mut self, key: &ExampleKey, chunks: Vec<ChunkWords>) -> Result<(), CipherError> {
        let encrypted = encrypt(&self.layout, self.engagement_id, self.next_example(), key, chunks);
        self.write_encrypted(encrypted)
    }

    /// Writes the next example as it was encrypted by its sender.
    ///
    /// # Errors
    /// Those of the operating system, if the transfer is full, and unless there are as many words as the layout says.
    pub fn write_cipher_words(&mut self, words: &[Word]) -> Result<(), CipherError> {
        if words.len() != self.layout.words_per_example() {
            return Err(CipherError::Words {
                expected: self.layout.words_per_example(),
                got: words.len(),
            });
        }
        let mut rest = words;
        let layout = self.layout;
        let chunks = layout.parts().map(|part| {
            let (chunk, after) = rest.split_at(layout.words_of(part));
            rest = after;
            chunk.to_vec()
        });
        let chunks = chunks.collect();
        self.write_encrypted(chunks)
    }

    fn next_example(&self) -> usize {
        self.leaves.len() / self.layout.chunks_per_example()
    }

    fn write_encrypted(&mut self, chunks: Vec<Vec<Word>>) -> Result<(), CipherError> {
        if self.next_example() == self.layout.examples() {
            return Err(self.count(self.layout.examples() + 1));
        }
        for words in chunks {
            self.leaves.push(leaf(self.leaves.len(), &words));
            self.out
                .write_all(words.as_flattened())
                .map_err(|source| io_error(&self.path, source))?;
        }
        Ok(())
    }

    fn count(&self, got: usize) -> CipherError {
        CipherError::Examples {
            expected: self.layout.examples(),
            got,
        }
    }

    /// Puts the file in its place, replacing what was there, and returns `ctRoot`.
    ///
    /// # Errors
    /// Those of the operating system, and if examples are missing.
    pub fn finish(mut self) -> Result<B256, CipherError> {
        if self.next_example() != self.layout.examples() {
            return Err(self.count(self.next_example()));
        }
        let Some(tree) = MerkleTree::over(&self.leaves) else {
            return Err(self.count(0));
        };
        let path = self.path;
        let finish = || -> io::Result<()> {
            for leaf in &self.leaves {
                self.out.write_all(leaf.as_slice())?;
            }
            self.out.commit()
        };
        finish().map_err(|source| io_error(&path, source))?;
        Ok(tree.root())
    }
}

/// Encrypts a whole test set into the file at `path` and returns `ctRoot`. `step` hears how many examples are done.
///
/// # Errors
/// Those of the operating system, and for a set that does not fit the layout or whose commitments are wrong.
pub fn seal(
    path: &Path,
    layout: Chunks,
    engagement_id: B256,
    master: &MasterKey,
    set: &TestSet,
    step: impl Fn(u64),
) -> Result<B256, CipherError> {
    let mut writer = CipherWriter::create(path, layout, engagement_id)?;
    for (b, batch) in set.examples.chunks(BATCH).enumerate() {
        let encrypted = batch.par_iter().enumerate().map(|(e, example)| {
            let index = b * BATCH + e;
            let chunks = payload::chunks(&layout, index, example)?;
            let key = keys::example_key(master, index);
            Ok(encrypt(&layout, engagement_id, index, &key, chunks))
        });
        for words in encrypted.collect::<Result<Vec<_>, PayloadError>>()? {
            writer.write_encrypted(words)?;
        }
        step(writer.next_example() as u64);
    }
    writer.finish()
}

/// A ciphertext whose leaves lead to `ctRoot`; every chunk is compared with its leaf when it is read.
#[derive(Debug)]
pub struct CipherFile {
    path: PathBuf,
    file: File,
    layout: Chunks,
    engagement_id: B256,
    leaves: Vec<B256>,
}

impl CipherFile {
    /// Opens a received file and checks all of it: sizes, the leaves against `ct_root`, every chunk against its leaf.
    /// Only what passes may be acknowledged, because no evidence can be given about a chunk that is missing or has
    /// another length.
    ///
    /// # Errors
    /// Says what differs and where.
    pub fn open(path: &Path, layout: Chunks, engagement_id: B256, ct_root: B256) -> Result<Self, CipherError> {
        let mut opened = Self::open_kept(path, layout, engagement_id, ct_root)?;
        for example in 0..layout.examples() {
            opened.read_example(example)?;
        }
        Ok(opened)
    }

    /// Opens a file that [`CipherFile::open`] has checked before, without reading its words again.
    ///
    /// # Errors
    /// If its sizes or leaves are not what they were; words that changed are found when they are read.
    pub fn open_kept(path: &Path, layout: Chunks, engagement_id: B256, ct_root: B256) -> Result<Self, CipherError> {
        let context = |source| io_error(path, source);
        let mut file = open_regular(path).map_err(context)?;
        let got = file.metadata().map_err(context)?.len();
        read_prefix(path, &mut file, &layout, engagement_id)?;
        let expected = file_bytes(&layout);
        if got < expected {
            let place = place(&layout, got);
            return Err(CipherError::Truncated { expected, got, place });
        }
        if got > expected {
            return Err(CipherError::Extended { expected, got });
        }
        let opened = Self {
            path: path.to_owned(),
            leaves: read_leaves(&mut file, &layout).map_err(context)?,
            file,
            layout,
            engagement_id,
        };
        let got = opened.tree().root();
        if got != ct_root {
            return Err(CipherError::Root { expected: ct_root, got });
        }
        Ok(opened)
    }

    /// As it was asked for when the file was opened; a file with another is refused.
    pub fn layout(&self) -> &Chunks {
        &self.layout
    }

    /// The cipher words of an example, chunk by chunk, compared with their leaves.
    ///
    /// # Errors
    /// If the file cannot be read or has changed, or there is no such example.
    pub fn read_example(&mut self, example: usize) -> Result<Vec<Vec<Word>>, CipherError> {
        let words = self.read_words(example, self.layout.words_per_example())?;
        let mut rest = &words[..];
        let mut chunks = Vec::with_capacity(self.layout.chunks_per_example());
        for part in self.layout.parts() {
            let (chunk, after) = rest.split_at(self.layout.words_of(part));
            rest = after;
            chunks.push(self.compared(example, part, chunk)?);
        }
        Ok(chunks)
    }

    /// The first words of an example.
    fn read_words(&mut self, example: usize, count: usize) -> Result<Vec<Word>, CipherError> {
        if example >= self.layout.examples() {
            return Err(CipherError::NoExample {
                example,
                examples: self.layout.examples(),
            });
        }
        let bytes = self.layout.words_per_example() * WORD_BYTES;
        let mut words = vec![[0; WORD_BYTES]; count];
        let mut read = || -> io::Result<()> {
            self.file
                .seek(SeekFrom::Start(PREFIX_BYTES + (example * bytes) as u64))?;
            self.file.read_exact(words.as_flattened_mut())
        };
        read().map_err(|source| io_error(&self.path, source))?;
        Ok(words)
    }

    fn compared(&self, example: usize, part: Part, chunk: &[Word]) -> Result<Vec<Word>, CipherError> {
        let number = self.layout.chunk(example, part);
        if Some(&leaf(number, chunk)) != self.leaves.get(number) {
            return Err(CipherError::Damaged { example, part });
        }
        Ok(chunk.to_vec())
    }
}

impl Ciphertext for CipherFile {
    type Error = CipherError;

    fn layout(&self) -> &Chunks {
        self.layout()
    }

    fn engagement_id(&self) -> B256 {
        self.engagement_id
    }

    #[expect(
        clippy::expect_used,
        reason = "opening compared the root over these leaves with the chain's"
    )]
    fn tree(&self) -> MerkleTree {
        MerkleTree::over(&self.leaves).expect("a transfer has chunks")
    }

    fn read_example(&mut self, example: usize) -> Result<Vec<Vec<Word>>, CipherError> {
        self.read_example(example)
    }

    fn read_header(&mut self, example: usize) -> Result<Vec<Word>, CipherError> {
        let words = self.read_words(example, self.layout.words_of(Part::Header))?;
        self.compared(example, Part::Header, &words)
    }
}

fn read_prefix(path: &Path, file: &mut File, layout: &Chunks, engagement_id: B256) -> Result<(), CipherError> {
    let mut next = |bytes: &mut [u8]| {
        file.read_exact(bytes).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => CipherError::Magic(path.to_owned()),
            _ => io_error(path, source),
        })
    };
    let (mut magic, mut got, mut sizes) = ([0; MAGIC.len()], B256::ZERO, [[0; 4]; 3]);
    next(&mut magic)?;
    next(got.as_mut_slice())?;
    next(sizes.as_flattened_mut())?;
    if magic != *MAGIC {
        return Err(CipherError::Magic(path.to_owned()));
    }
    if got != engagement_id {
        return Err(CipherError::Engagement {
            expected: engagement_id,
            got,
        });
    }
    let [examples, input_words, chunk_words] = sizes.map(|size| u32::from_be_bytes(size) as usize);
    let got = Chunks::new(examples, input_words, chunk_words)?;
    if got != *layout {
        return Err(CipherError::OtherChunks { expected: *layout, got });
    }
    Ok(())
}

fn read_leaves(file: &mut File, layout: &Chunks) -> io::Result<Vec<B256>> {
    file.seek(SeekFrom::Start(PREFIX_BYTES + words_bytes(layout)))?;
    let mut reader = BufReader::new(file);
    let read = |_| {
        let mut leaf = B256::ZERO;
        reader.read_exact(leaf.as_mut_slice()).map(|()| leaf)
    };
    (0..layout.chunk_count()).map(read).collect()
}

fn io_error(path: &Path, source: io::Error) -> CipherError {
    CipherError::Io {
        path: path.to_owned(),
        source,
    }
}
