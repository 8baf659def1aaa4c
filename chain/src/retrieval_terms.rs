//! The terms that a retrieval market is deployed with: sizes and windows, which can never be changed.

use assay_protocol::abi::{AuditContracts, AuditWindows, DeliveryParams, RetrievalParams};
use serde::{Deserialize, Serialize};

/// What is fixed of a retrieval market; times in seconds. Prices and bonds are each request's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetrievalTerms {
    /// w: words of a document that one chunk of a delivery carries; a multiple of ρ, at most 256.
    pub words_per_chunk: u32,
    /// Gas of publishing one chunk, for which a demand pays at the base fee; 1 to 1280·(w + 6), which keeps withholding from paying.
    pub chunk_gas: u32,
    /// Gas of `deliver`, likewise.
    pub deliver_gas: u32,
    /// Longest time from `request` to its expiry.
    pub accept_window: u64,
    /// Part of W_answer that does not depend on the corpus.
    pub answer_base: u64,
    /// Part of W_answer for each page of 4,096 documents.
    pub answer_time: u64,
    /// W_reveal: for the requester's salt.
    pub reveal_window: u64,
    /// Part of W_prove that does not depend on the sample.
    pub prove_base: u64,
    /// Part of W_prove for each sampled or named document.
    pub prove_time: u64,
    /// W_demand: for demands; again from the last overruling.
    pub demand_window: u64,
    /// Part of W_deliver that does not depend on what was demanded.
    pub deliver_base: u64,
    /// Part of W_deliver for each chunk of all documents demanded so far.
    pub deliver_time: u64,
    /// W_ack: for the acknowledgement of a delivery.
    pub ack_window: u64,
    /// Part of W_publish that does not depend on what was demanded.
    pub publish_base: u64,
    /// Part of W_publish for each chunk of all documents demanded so far; at least its gas at 100,000 gas a second.
    pub publish_time: u64,
    /// W_evidence: from the acknowledgement or the last published chunk.
    pub evidence_window: u64,
}

impl RetrievalTerms {
    /// Windows of an hour, and two minutes a proof.
    pub fn devnet() -> Self {
        const HOUR: u64 = 3600;
        Self {
            words_per_chunk: 8,
            chunk_gas: 12_000,
            deliver_gas: 150_000,
            accept_window: HOUR,
            answer_base: HOUR,
            answer_time: 60,
            reveal_window: HOUR,
            prove_base: HOUR,
            prove_time: 120,
            demand_window: HOUR,
            deliver_base: HOUR,
            deliver_time: 1,
            ack_window: HOUR,
            publish_base: HOUR,
            publish_time: 1,
            evidence_window: HOUR,
        }
    }

    /// The retrieval market's constructor argument.
    pub fn params(&self, contracts: AuditContracts) -> RetrievalParams {
        RetrievalParams {
            contracts,
            delivery: DeliveryParams {
                wordsPerChunk: self.words_per_chunk,
                chunkGas: self.chunk_gas,
                deliverGas: self.deliver_gas,
            },
            windows: AuditWindows {
                accept: self.accept_window,
                answerBase: self.answer_base,
                answerTime: self.answer_time,
                reveal: self.reveal_window,
                proveBase: self.prove_base,
                proveTime: self.prove_time,
                demand: self.demand_window,
                deliverBase: self.deliver_base,
                deliverTime: self.deliver_time,
                ack: self.ack_window,
                publishBase: self.publish_base,
                publishTime: self.publish_time,
                evidence: self.evidence_window,
            },
        }
    }
}
