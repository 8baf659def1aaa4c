//! What can be wrong with the decrypted chunks of one example.
//!
//! # Soundness
//! If none of the checks fails anywhere in an example, its header opens the committed test leaf (C1), the chain starts
//! from a canonical salt (C2), and every later value is the one after the words before it, up to the committed
//! `inputCommit` (C3). An example that the sender built from a real input passes them all.

use super::chunks::{Chunks, Part};
use super::input_chain::{absorb, is_message_word, start};
use super::payload::header;
use super::words::{digest, uint};
use crate::ids::SCALAR_ORDER;
use alloy::primitives::B256;
use assay_statement::field::Word;
use std::fmt;

/// The kinds of evidence that the contract knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// C1: the header does not open the committed test leaf.
    Header,
    /// C2: the chain does not start from the header's salt.
    Start,
    /// C3: a data chunk is malformed, or the chain goes on from it to another value.
    Step,
}

/// One fault. Data chunks and words are counted within the example and the chunk, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those numbers")]
pub enum Fault {
    /// The header states another index.
    Index,
    /// The header is not what the test leaf commits to.
    Leaf,
    /// The input salt has more than 248 bits.
    Salt,
    /// The first chain value is not the one of the input salt.
    Start,
    /// The chain value that data chunk `chunk` starts from is not below the scalar order.
    ChainValue { chunk: usize },
    /// A message word has more than 248 bits.
    Word { chunk: usize, word: usize },
    /// A word after the last of the input is not zero.
    Padding { chunk: usize, word: usize },
    /// The value after data chunk `chunk` is not the one stated next.
    Step { chunk: usize },
}

impl Fault {
    /// What the contract is asked to look for.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Index | Self::Leaf => FaultKind::Header,
            Self::Salt | Self::Start => FaultKind::Start,
            Self::ChainValue { .. } | Self::Word { .. } | Self::Padding { .. } | Self::Step { .. } => FaultKind::Step,
        }
    }

    /// The chunks that show it: one, or two.
    pub fn parts(&self, layout: &Chunks) -> (Part, Option<Part>) {
        match *self {
            Self::Index | Self::Leaf | Self::Salt => (Part::Header, None),
            Self::Start => (Part::Header, Some(Part::Data(0))),
            Self::ChainValue { chunk } | Self::Word { chunk, .. } | Self::Padding { chunk, .. } => {
                (Part::Data(chunk), None)
            }
            Self::Step { chunk } => (Part::Data(chunk), Some(after(layout, chunk))),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index => write!(f, "header word {}: another index", header::INDEX),
            Self::Leaf => f.write_str("header: not what the test leaf commits to"),
            Self::Salt => write!(f, "header word {}: not below 2^248", header::INPUT_SALT),
            Self::Start => f.write_str("data chunk 0, word 0: not the chain value of the input salt"),
            Self::ChainValue { chunk } => write!(f, "data chunk {chunk}, word 0: not below the scalar order"),
            Self::Word { chunk, word } => write!(f, "data chunk {chunk}, word {word}: not below 2^248"),
            Self::Padding { chunk, word } => write!(f, "data chunk {chunk}, word {word}: padding that is not zero"),
            Self::Step { chunk } => write!(
                f,
                "data chunk {chunk}: the chain does not go on to the value stated next"
            ),
        }
    }
}

/// Where the value after data chunk `j` is stated.
fn after(layout: &Chunks, j: usize) -> Part {
    if j + 1 < layout.data_chunks() {
        Part::Data(j + 1)
    } else {
        Part::Header
    }
}

/// C1, against the committed leaf of example `index`, whose tag is given.
pub fn in_header(tag: &B256, index: usize, head: &[Word], test_leaf: B256) -> Option<Fault> {
    if head[header::INDEX] != uint(index) {
        return Some(Fault::Index);
    }
    // The label as the whole word it is: one of more than 32 bits may have been committed to, and is never correct.
    let fields = [header::INDEX, header::INPUT_COMMIT, header::LABEL, header::LEAF_SALT].map(|w| &head[w]);
    (digest(tag, &fields) != test_leaf.0).then_some(Fault::Leaf)
}

/// C2 as far as the header alone shows it.
pub fn in_salt(head: &[Word]) -> Option<Fault> {
    (!is_message_word(&head[header::INPUT_SALT])).then_some(Fault::Salt)
}

/// C2 of a header whose salt is in order, and the first data chunk.
pub fn in_start(layout: &Chunks, head: &[Word], first: &[Word]) -> Option<Fault> {
    let value = start(layout.input_words(), &head[header::INPUT_SALT]);
    (value.as_ref() != Some(&first[0])).then_some(Fault::Start)
}

/// C3 as far as data chunk `j` alone shows it.
pub fn in_words(layout: &Chunks, j: usize, chunk: &[Word]) -> Option<Fault> {
    if chunk[0] >= SCALAR_ORDER.to_be_bytes::<32>() {
        return Some(Fault::ChainValue { chunk: j });
    }
    let used = layout.used_words(j);
    chunk.iter().enumerate().skip(1).find_map(|(w, word)| {
        if !is_message_word(word) {
            Some(Fault::Word { chunk: j, word: w })
        } else if w > used && *word != [0; 32] {
            Some(Fault::Padding { chunk: j, word: w })
        } else {
            None
        }
    })
}

/// C3 of a data chunk whose words are in order: `next` is the chunk that states the value after it.
pub fn in_step(layout: &Chunks, j: usize, chunk: &[Word], next: &[Word]) -> Option<Fault> {
    let stated = match after(layout, j) {
        Part::Header => &next[header::INPUT_COMMIT],
        Part::Data(_) => &next[0],
    };
    let value = absorb(&chunk[0], &chunk[1..=layout.used_words(j)]);
    (value.as_ref() != Some(stated)).then_some(Fault::Step { chunk: j })
}

/// The first fault of example `index`, given all its chunks in clear, each of the length that the layout says.
pub fn first(
    layout: &Chunks,
    tag: &B256,
    index: usize,
    chunks: &[impl AsRef<[Word]>],
    test_leaf: B256,
) -> Option<Fault> {
    let (head, data) = chunks.split_first().expect("an example has a header");
    let head = head.as_ref();
    let step = |j: usize| {
        let chunk = data[j].as_ref();
        let next = data.get(j + 1).map_or(head, AsRef::as_ref);
        in_words(layout, j, chunk).or_else(|| in_step(layout, j, chunk, next))
    };
    in_header(tag, index, head, test_leaf)
        .or_else(|| in_salt(head))
        .or_else(|| in_start(layout, head, data[0].as_ref()))
        .or_else(|| (0..data.len()).find_map(step))
}
