//! What `TransferJudge` takes, in the contract's own types.

use super::evidence::{CommittedChunk, Evidence};
use super::fault::{Fault, FaultKind};
use super::judge::Terms;
use super::places::Places;
use super::secret::{ExampleKey, MasterKey};
use crate::abi::{BadData, ChunkOpening, Shape, TransferEvidence, TransferTerms};
use alloy::primitives::{B256, U256};

/// The key of record of a position, as the contract is told it.
#[derive(Debug, Clone)]
pub enum RecordedKey {
    /// From `keysA`.
    Probe(ExampleKey),
    /// K, from which the contract derives it.
    Master(MasterKey),
}

/// The first argument of `judge` and `judgeSlot`; a market puts it together itself. `seed` is zero where `position` is an index.
pub fn terms<P: Places>(terms: &Terms<'_, P>, seed: B256, position: usize, key: &RecordedKey) -> TransferTerms {
    let (key, is_master) = match key {
        RecordedKey::Probe(key) => (*key.expose(), false),
        RecordedKey::Master(key) => (*key.expose(), true),
    };
    TransferTerms {
        id: terms.engagement_id,
        testRoot: terms.test_root,
        ctRoot: terms.ct_root,
        leafTag: *terms.order.leaf_tag(),
        seed,
        position: U256::from(position),
        shape: Shape {
            examples: U256::from(terms.order.leaves()),
            inputWords: U256::from(terms.layout.input_words()),
            wordsPerChunk: U256::from(terms.layout.chunk_words()),
        },
        key: key.into(),
        isMaster: is_master,
    }
}

impl From<&CommittedChunk> for ChunkOpening {
    fn from(chunk: &CommittedChunk) -> Self {
        Self {
            cipherWords: chunk.cipher_words.iter().map(Into::into).collect(),
            path: chunk.path.clone(),
        }
    }
}

impl From<&Evidence> for TransferEvidence {
    fn from(evidence: &Evidence) -> Self {
        let opening = |i: usize| {
            let empty = ChunkOpening {
                cipherWords: Vec::new(),
                path: Vec::new(),
            };
            evidence.chunks.get(i).map_or(empty, ChunkOpening::from)
        };
        let chunk = match evidence.fault {
            Fault::ChainValue { chunk }
            | Fault::Word { chunk, .. }
            | Fault::Padding { chunk, .. }
            | Fault::Step { chunk } => chunk,
            Fault::Index | Fault::Leaf | Fault::Salt | Fault::Start => 0,
        };
        let (leaf, path) = evidence.test_leaf.clone().unwrap_or_default();
        Self {
            claim: evidence.fault.kind().into(),
            chunk: U256::from(chunk),
            first: opening(0),
            second: opening(1),
            leaf,
            leafPath: path,
        }
    }
}

impl From<FaultKind> for BadData {
    fn from(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Header => Self::Header,
            FaultKind::Start => Self::Start,
            FaultKind::Step => Self::Step,
        }
    }
}
