//! The rules by which the contract `TransferJudge` convicts a sender: whoever is about to send evidence asks here first.

use super::chunks::{Chunks, Part};
use super::cipher::{decrypt, leaf};
use super::evidence::{CommittedChunk, Evidence};
use super::fault::{self, FaultKind};
use super::payload::ChunkWords;
use super::places::{Place, Places};
use super::secret::ExampleKey;
use super::shuffle::Shuffle;
use crate::merkle::{depth, root_from};
use alloy::primitives::B256;

/// What the market knows about a transfer.
#[derive(Debug)]
pub struct Terms<'a, P = Shuffle> {
    /// Part of the keystream.
    pub engagement_id: B256,
    /// Slots, L and w.
    pub layout: Chunks,
    /// Over the leaves of the set by index.
    pub test_root: B256,
    /// Over the leaves of all chunks.
    pub ct_root: B256,
    /// Which examples are where: π, the identity in SIMPLE mode, or a list.
    pub order: &'a P,
}

impl<P> Clone for Terms<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Terms<'_, P> {}

/// Why evidence convicts nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum Dismissed {
    #[error("the evidence is about example {index}, which is not at position {position}")]
    Position { position: usize, index: usize },
    #[error("the evidence does not hold the chunks that its kind needs")]
    Chunks,
    #[error("chunk {number} does not open ctRoot")]
    Opening { number: usize },
    #[error("the test leaf does not open testRoot")]
    TestLeaf,
    #[error("there is no such fault")]
    NoFault,
}

/// Whether the evidence holds, under the key of record of its position.
///
/// # Errors
/// Says why not.
pub fn judge<P: Places>(terms: &Terms<'_, P>, key: &ExampleKey, evidence: &Evidence) -> Result<FaultKind, Dismissed> {
    let (position, index) = (evidence.position, evidence.index);
    let place = terms.order.place(position).filter(|place| place.index == index);
    let Place { slot, .. } = place.ok_or(Dismissed::Position { position, index })?;
    let tag = terms.order.leaf_tag();
    let layout = &terms.layout;
    let (first, second) = evidence.fault.parts(layout);
    let parts: Vec<Part> = std::iter::once(first).chain(second).collect();
    if evidence.chunks.len() != parts.len() {
        return Err(Dismissed::Chunks);
    }
    let opened = parts
        .iter()
        .zip(&evidence.chunks)
        .map(|(part, chunk)| open(terms, key, slot, *part, chunk))
        .collect::<Result<Vec<_>, _>>()?;
    let found = match (evidence.fault.kind(), first, opened.as_slice()) {
        (FaultKind::Header, _, [head]) => fault::in_header(tag, index, head, test_leaf(terms, index, evidence)?),
        (FaultKind::Start, _, [head]) => fault::in_salt(head),
        (FaultKind::Start, _, [head, start]) => fault::in_salt(head).or_else(|| fault::in_start(layout, head, start)),
        (FaultKind::Step, Part::Data(j), [chunk]) => fault::in_words(layout, j, chunk),
        (FaultKind::Step, Part::Data(j), [chunk, next]) => {
            fault::in_words(layout, j, chunk).or_else(|| fault::in_step(layout, j, chunk, next))
        }
        _ => return Err(Dismissed::Chunks),
    };
    found.map(|fault| fault.kind()).ok_or(Dismissed::NoFault)
}

/// A chunk in clear, if it is the committed one.
fn open<P: Places>(
    terms: &Terms<'_, P>,
    key: &ExampleKey,
    slot: usize,
    part: Part,
    chunk: &CommittedChunk,
) -> Result<ChunkWords, Dismissed> {
    let layout = &terms.layout;
    let number = layout.chunk(slot, part);
    let opens = || {
        chunk.path.len() == depth(layout.chunk_count())
            && root_from(leaf(number, &chunk.cipher_words), number, &chunk.path) == terms.ct_root
    };
    let exists = !matches!(part, Part::Data(j) if j >= layout.data_chunks());
    if chunk.number != number || !exists || chunk.cipher_words.len() != layout.words_of(part) {
        return Err(Dismissed::Chunks);
    }
    if !opens() {
        return Err(Dismissed::Opening { number });
    }
    let words = vec![chunk.cipher_words.clone()];
    Ok(decrypt(terms.engagement_id, number, key, words).swap_remove(0))
}

fn test_leaf<P: Places>(terms: &Terms<'_, P>, index: usize, evidence: &Evidence) -> Result<B256, Dismissed> {
    let (leaf, path) = evidence.test_leaf.as_ref().ok_or(Dismissed::TestLeaf)?;
    if path.len() != depth(terms.order.leaves()) || root_from(*leaf, index, path) != terms.test_root {
        return Err(Dismissed::TestLeaf);
    }
    Ok(*leaf)
}
