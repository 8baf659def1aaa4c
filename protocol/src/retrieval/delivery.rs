//! The documents of one demand: encrypted for the requester alone, and what it finds when it opens them.
//!
//! The payload is a transfer's: slot `j` holds document `indices[j]` of the corpus, whose index stands in the header and makes its
//! key. The keystream is that of the demand, the master key the one that both sides share.

use super::corpora::Document;
use super::shared_key::DeliveryKey;
use crate::merkle::MerkleTree;
use crate::transfer::chunks::{Chunks, ChunksError, Part};
use crate::transfer::cipher::{self, leaf};
use crate::transfer::ciphertext::Ciphertext;
use crate::transfer::evidence::Evidence;
use crate::transfer::fault::FaultKind;
use crate::transfer::judge::{judge, Dismissed, Terms};
use crate::transfer::keys::{example_key, KeysOfRecord};
use crate::transfer::open::{open, OpenError, Opened};
use crate::transfer::payload::{self, PayloadError};
use crate::transfer::places::{Listed, Place, Places};
use alloy::primitives::B256;
use assay_statement::field::Word;

/// Documents of the largest demand.
pub const MAX_DEMANDED: usize = 128;

/// Why a delivery cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum DeliveryError {
    #[error("a demand has 1 to {MAX_DEMANDED} documents, not {0}")]
    Documents(usize),
    #[error(transparent)]
    Chunks(#[from] ChunksError),
    #[error(transparent)]
    Payload(#[from] PayloadError),
    #[error("{got} documents for {expected} slots")]
    Slots { expected: usize, got: usize },
    #[error("a ciphertext of {got} words, not {expected}")]
    Words { expected: usize, got: usize },
    #[error("the ciphertext has the root {got}, not the delivered {expected}")]
    Root { expected: B256, got: B256 },
    #[error("there is no slot {slot} among {slots}")]
    NoSlot { slot: usize, slots: usize },
}

/// The layout of a demand for so many documents of L words.
///
/// # Errors
/// If a number is out of its range.
pub fn layout(documents: usize, input_words: usize, words_per_chunk: usize) -> Result<Chunks, DeliveryError> {
    if !(1..=MAX_DEMANDED).contains(&documents) {
        return Err(DeliveryError::Documents(documents));
    }
    Ok(Chunks::new(documents, input_words, words_per_chunk)?)
}

/// The cipher words of one document, chunk by chunk.
///
/// # Errors
/// If the document has another size than the layout, or another commitment than it states.
pub fn encrypt(
    layout: &Chunks,
    key: &DeliveryKey,
    place: Place,
    document: &Document,
) -> Result<Vec<Vec<Word>>, PayloadError> {
    let chunks = payload::chunks(layout, place.index, &document.example())?;
    let own = example_key(&key.master, place.index);
    Ok(cipher::encrypt(layout, key.stream, place.slot, &own, chunks))
}

/// The whole ciphertext of a demand: a few megabytes at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    layout: Chunks,
    stream: B256,
    /// By slot and chunk.
    words: Vec<Vec<Vec<Word>>>,
}

impl Parcel {
    /// Encrypts the listed documents, in the order of the list.
    ///
    /// # Errors
    /// If there are others than the list says, or one does not fit.
    pub fn encrypt(
        layout: Chunks,
        key: &DeliveryKey,
        listed: &Listed,
        documents: &[Document],
    ) -> Result<Self, DeliveryError> {
        if documents.len() != listed.slots() || layout.examples() != listed.slots() {
            return Err(DeliveryError::Slots {
                expected: listed.slots(),
                got: documents.len(),
            });
        }
        let places = (0..listed.slots()).filter_map(|slot| listed.place(slot));
        let words = places
            .zip(documents)
            .map(|(place, document)| encrypt(&layout, key, place, document))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            layout,
            stream: key.stream,
            words,
        })
    }

    /// As it was handed over or published: all words of all chunks in order, exactly as many as the layout has.
    ///
    /// # Errors
    /// If there are others. Such a ciphertext is not acknowledged: no evidence opens a chunk of another length.
    pub fn from_words(layout: Chunks, stream: B256, words: &[Word]) -> Result<Self, DeliveryError> {
        let expected = layout.examples() * layout.words_per_example();
        if words.len() != expected {
            return Err(DeliveryError::Words {
                expected,
                got: words.len(),
            });
        }
        let mut rest = words;
        let mut take = |part| {
            let (chunk, left) = rest.split_at(layout.words_of(part));
            rest = left;
            chunk.to_vec()
        };
        let words = (0..layout.examples()).map(|_| layout.parts().map(&mut take).collect());
        Ok(Self {
            layout,
            stream,
            words: words.collect(),
        })
    }

    /// Whether this is what was delivered: only then may the requester acknowledge it.
    ///
    /// # Errors
    /// If it has another root.
    pub fn require_root(&self, ct_root: B256) -> Result<(), DeliveryError> {
        let got = self.root();
        if got == ct_root {
            Ok(())
        } else {
            Err(DeliveryError::Root { expected: ct_root, got })
        }
    }

    /// ctRoot.
    pub fn root(&self) -> B256 {
        self.tree().root()
    }

    /// Words of all chunks in order, as they are handed over and published.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.chunks().flatten()
    }

    /// The chunks in order.
    pub fn chunks(&self) -> impl Iterator<Item = &Vec<Word>> {
        self.words.iter().flatten()
    }

    /// Decrypts and checks every document; `leaves` are those of the whole corpus.
    ///
    /// # Errors
    /// If the list or the leaves are not those of this delivery. Faults of the responder are no errors.
    pub fn open(
        &mut self,
        key: &DeliveryKey,
        listed: &Listed,
        leaves: &[B256],
    ) -> Result<Opened, OpenError<DeliveryError>> {
        let keys = KeysOfRecord {
            probe: Vec::new(),
            master: Some(key.master.clone()),
        };
        open(self, listed, leaves, &keys, 0..listed.slots(), |_| ())
    }
}

impl Ciphertext for Parcel {
    type Error = DeliveryError;

    fn layout(&self) -> &Chunks {
        &self.layout
    }

    fn engagement_id(&self) -> B256 {
        self.stream
    }

    fn tree(&self) -> MerkleTree {
        let leaves = self.chunks().enumerate().map(|(number, words)| leaf(number, words));
        let leaves: Vec<B256> = leaves.collect();
        MerkleTree::over(&leaves).expect("a layout has a chunk")
    }

    fn read_example(&mut self, slot: usize) -> Result<Vec<Vec<Word>>, DeliveryError> {
        let slots = self.words.len();
        self.words
            .get(slot)
            .cloned()
            .ok_or(DeliveryError::NoSlot { slot, slots })
    }

    fn read_header(&mut self, slot: usize) -> Result<Vec<Word>, DeliveryError> {
        Ok(self.read_example(slot)?.swap_remove(0))
    }
}

/// Whether evidence convicts the responder, as `TransferJudge.judgeSlot` decides.
///
/// # Errors
/// Says why not.
pub fn judge_slot(
    layout: Chunks,
    key: &DeliveryKey,
    listed: &Listed,
    corpus_root: B256,
    ct_root: B256,
    evidence: &Evidence,
) -> Result<FaultKind, Dismissed> {
    let terms = Terms {
        engagement_id: key.stream,
        layout,
        test_root: corpus_root,
        ct_root,
        order: listed,
    };
    judge(&terms, &example_key(&key.master, evidence.index), evidence)
}

/// Number of the first chunk of a slot, and how many follow it.
pub fn chunks_of(layout: &Chunks, slot: usize) -> std::ops::Range<usize> {
    let first = layout.chunk(slot, Part::Header);
    first..first + layout.chunks_per_example()
}

#[cfg(test)]
mod tests;
