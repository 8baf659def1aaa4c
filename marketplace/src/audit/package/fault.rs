//! Evidence of bad data as it was sent to the market, judged again.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::refused;
use alloy::primitives::B256;
use assay_protocol::abi::IRetrievalMarket::proveBadDataCall;
use assay_protocol::abi::{BadData, ChunkOpening, Point, TransferEvidence};
use assay_protocol::retrieval::delivery::judge_slot;
use assay_protocol::retrieval::shared_key::open;
use assay_protocol::transfer::chunks::{Chunks, Part};
use assay_protocol::transfer::evidence::{CommittedChunk, Evidence};
use assay_protocol::transfer::fault::Fault;
use assay_protocol::transfer::places::Listed;
use eyre::WrapErr;

/// A delivery that was found to be bad.
#[derive(Debug, Clone, Copy)]
pub struct Accused<'a> {
    /// Documents of the demand, by slot.
    pub indices: &'a [u32],
    /// Over its chunks.
    pub ct_root: B256,
    /// Of the responder, fresh for the demand.
    pub ephemeral: &'a Point,
    /// Of the requester, fresh for the audit.
    pub requester_key: &'a Point,
    /// Of the corpus.
    pub root: B256,
    /// Documents of the corpus.
    pub size: u32,
    /// How the delivery is cut into chunks.
    pub layout: Chunks,
}

/// What a call of `proveBadData` shows, by the rules of the judges.
///
/// # Errors
/// Of kind rejected, if it shows nothing.
pub fn judge(accused: &Accused<'_>, call: &proveBadDataCall) -> eyre::Result<BadData> {
    shown(accused, call).wrap_err_with(|| format!("evidence of bad data in demand {}", call.m))
}

fn shown(accused: &Accused<'_>, call: &proveBadDataCall) -> eyre::Result<BadData> {
    let slot: usize = call.slot.saturating_to();
    let index = accused.indices.get(slot).copied();
    let index = index.ok_or_else(|| refused(format!("there is no slot {slot}")))?;
    let listed = Listed::new(accused.indices.to_vec(), accused.size as usize);
    let listed = listed.ok_or_else(|| refused("the list of the demand is none"))?;
    let key = open(
        call.id,
        call.m.saturating_to(),
        accused.requester_key,
        accused.ephemeral,
        &call.secret,
    )
    .map_err(refused)?;
    let evidence = read(slot, index, &accused.layout, &call.evidence)?;
    let kind = judge_slot(accused.layout, &key, &listed, accused.root, accused.ct_root, &evidence);
    Ok(kind.map_err(refused)?.into())
}

/// As the judges take it: which fault it is they find out, the claim says which chunks to open.
fn read(slot: usize, index: u32, layout: &Chunks, sent: &TransferEvidence) -> eyre::Result<Evidence> {
    let chunk: usize = sent.chunk.saturating_to();
    let is_one = sent.second.cipherWords.is_empty();
    let fault = match sent.claim {
        BadData::Header => Fault::Leaf,
        BadData::Start if is_one => Fault::Salt,
        BadData::Start => Fault::Start,
        BadData::Step if is_one => Fault::Word { chunk, word: 0 },
        BadData::Step => Fault::Step { chunk },
        _ => return Err(refused("a claim that is none")),
    };
    if matches!(sent.claim, BadData::Step) && chunk >= layout.data_chunks() {
        return Err(refused(format!("there is no data chunk {chunk}")));
    }
    let (first, second) = fault.parts(layout);
    let of = |part: Part, opening: &ChunkOpening| CommittedChunk {
        number: layout.chunk(slot, part),
        cipher_words: opening.cipherWords.iter().map(|word| word.0).collect(),
        path: opening.path.clone(),
    };
    let mut chunks = vec![of(first, &sent.first)];
    chunks.extend(second.map(|part| of(part, &sent.second)));
    Ok(Evidence {
        position: slot,
        index: index as usize,
        fault,
        chunks,
        test_leaf: (sent.claim == BadData::Header).then(|| (sent.leaf, sent.leafPath.clone())),
    })
}
