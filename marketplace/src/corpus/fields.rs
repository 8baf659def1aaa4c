//! What every view of a corpus says.

use alloy::primitives::{Address, B256};
use assay_protocol::abi::corpora::Corpus;
use serde::Serialize;

/// The fields of `corpus(id)` in JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Of the corpus.
    pub id: B256,
    /// Who committed it, and answers for it.
    pub responder: Address,
    /// Number of documents.
    pub size: u32,
    /// Commits to all of them.
    pub root: B256,
    /// L: words of 31 bytes of a document's model input.
    pub input_words: u32,
    /// ρ: of these, how many are hashed at a time.
    pub words_per_hash: u32,
    /// Unix seconds.
    pub committed_at: u64,
}

impl Fields {
    pub(super) fn new(id: B256, corpus: &Corpus) -> Self {
        Self {
            id,
            responder: corpus.rs,
            size: corpus.size,
            root: corpus.root,
            input_words: corpus.inputWords,
            words_per_hash: corpus.wordsPerHash,
            committed_at: corpus.committedAt,
        }
    }
}
