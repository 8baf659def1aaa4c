//! What a record shows of the chain: every hash and every rule followed, but for proofs and documents.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::agreement::require_agreement;
use super::events::{of_audit, proven};
use super::record::Record;
use super::refusal::{refused, require};
use super::replay::course::{Course, Known};
use super::replay::play::play;
use super::standing::Standing;
use alloy::primitives::B256;
use assay_chain::block_proof::ProvenBlock;
use assay_chain::inclusion::Nodes;
use assay_protocol::abi::Predicate;

/// An audit as a record shows it.
#[derive(Debug)]
pub struct Reading {
    /// In order; the state is that after the last one.
    pub blocks: Vec<ProvenBlock>,
    /// How the state has it.
    pub standing: Standing,
    /// How it went.
    pub course: Course,
}

impl Reading {
    /// Reads a record; `trusted` is the digest of contracts that are not this release's and are trusted all the same.
    ///
    /// # Errors
    /// Of kind rejected, with the first thing that is wrong.
    pub fn of(record: &Record, trusted: Option<B256>) -> eyre::Result<Self> {
        let mut nodes = Nodes::listed(&record.nodes)
            .map_err(|hash| refused(format!("node {hash} is not in its place, or there again")))?;
        let blocks = proven(&record.blocks, &mut nodes)?;
        let last = blocks.last().ok_or_else(|| refused("there is no block"))?;
        let standing = Standing::of(record, last.state_root, &mut nodes, trusted)?;
        let events = of_audit(&blocks, record.market, record.audit, &record.relayed)?;
        // Only the last block, whose state is proven, may have no part of the audit.
        let (_, before) = blocks.split_last().unwrap_or((last, &[]));
        let idle = before.iter().find(|block| block.transactions.is_empty());
        require(idle.is_none(), || "a block has no part of the audit")?;
        let known = Known {
            chain_id: record.chain_id,
            market: record.market,
            id: record.audit,
            params: standing.params.clone(),
            corpus_id: standing.audit.corpusId,
            corpus: standing.corpus.clone(),
        };
        let course = play(known, events)?;
        require_agreement(&course, &standing)?;
        let idle = nodes.idle();
        require(idle.is_none(), || {
            format!("node {} leads to nothing that is needed", idle.unwrap_or_default())
        })?;
        Ok(Self {
            blocks,
            standing,
            course,
        })
    }

    /// What decided, as the request names it.
    ///
    /// # Errors
    /// If nothing was asked for, which [`Reading::of`] refuses.
    pub fn predicate(&self) -> eyre::Result<&Predicate> {
        let request = self.course.request.as_ref();
        Ok(&request.ok_or_else(|| refused("there is no request"))?.predicate)
    }
}
