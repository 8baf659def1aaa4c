//! One document about one thing, all of it at one block.

use super::kind::Kind;
use super::link::Link;
use crate::args::retrieval::RetrievalArgs;
use crate::context::Context;
use alloy::primitives::{Address, B256};
use assay_chain::block::Which;
use assay_chain::client::Chain;
use assay_economics::binomial::STATED_DELTA;
use assay_economics::share::Share;
use assay_marketplace::accuracy::anybody::verdict::Shown as Verdict;
use assay_marketplace::audit::anybody::show as audit;
use assay_marketplace::corpus::show as corpus;
use assay_marketplace::document::{read as read_document, Document};
use assay_marketplace::model::show as model;
use assay_marketplace::prediction::anybody::show as round;
use assay_marketplace::verifier::check::Trust;
use serde::Serialize;
use std::fmt;

/// How a thing is read.
#[derive(Debug, Clone)]
pub struct How {
    /// Without one the newest that is finalized; on a devnet the newest.
    pub block: Option<Which>,
    /// How verifiers are judged.
    pub trust: Trust,
    /// Of audits: which market is meant.
    pub retrieval: RetrievalArgs,
    /// Of audits: how often a sample may miss more than the bound that is stated; without one 5 %.
    pub delta: Option<Share>,
}

impl How {
    /// From the contracts of the address book.
    pub fn new(block: Option<Which>, trust: Trust) -> Self {
        Self {
            block,
            trust,
            retrieval: RetrievalArgs { retrieval: None },
            delta: None,
        }
    }

    /// The block that is read at.
    pub fn which(&self, chain: &Chain) -> Which {
        let own = if chain.is_devnet() {
            Which::Newest
        } else {
            Which::Finalized
        };
        self.block.unwrap_or(own)
    }
}

/// A document, the same as that of the command that shows the thing.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each is of the kind that it is called")]
pub enum Read {
    Verdict(Box<Document<Verdict>>),
    Round(Box<Document<round::Shown>>),
    Audit(Box<Document<audit::Shown>>),
    Corpus(Box<Document<corpus::Shown>>),
    Model(Box<Document<model::Shown>>),
}

impl Read {
    /// Chain and contract that it was read from.
    fn place(&self) -> (u64, Address) {
        match self {
            Self::Verdict(of) => (of.chain_id, of.market),
            Self::Round(of) => (of.chain_id, of.market),
            Self::Audit(of) => (of.chain_id, of.market),
            Self::Corpus(of) => (of.chain_id, of.market),
            Self::Model(of) => (of.chain_id, of.market),
        }
    }

    /// The page's link to the same thing, at a block that was named; else as it is now.
    pub fn link(&self, kind: Kind, id: B256, block: Option<Which>) -> Link {
        let (chain_id, market) = self.place();
        Link {
            thing: Some((kind, id)),
            chain_id,
            market,
            block: block.unwrap_or_default(),
        }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(of) => of.fmt(f),
            Self::Round(of) => of.fmt(f),
            Self::Audit(of) => of.fmt(f),
            Self::Corpus(of) => of.fmt(f),
            Self::Model(of) => of.fmt(f),
        }
    }
}

/// Reads the thing from the contracts that the options name.
///
/// # Errors
/// If no such contract is named, it has no such thing, or the block cannot be read.
pub async fn read(ctx: &Context, kind: Kind, id: B256, how: &How) -> eyre::Result<Read> {
    let trust = &how.trust;
    Ok(match kind {
        Kind::Verdict => {
            let site = ctx.site().await?;
            let of = |site| async move { Verdict::read(&site, id, trust).await };
            Read::Verdict(Box::new(read_document(&site, how.which(&site.market.chain), of).await?))
        }
        Kind::Round => {
            let site = ctx.rounds_site().await?;
            let which = how.which(&site.market.chain);
            Read::Round(Box::new(round::show(&site, id, trust, which).await?))
        }
        Kind::Audit => {
            let site = ctx.audits_site(how.retrieval).await?;
            let which = how.which(&site.market.chain);
            let delta = how.delta.clone().map_or_else(|| Share::new(STATED_DELTA), Ok)?;
            Read::Audit(Box::new(audit::show(&site, id, trust, &delta, which).await?))
        }
        Kind::Corpus => {
            let site = ctx.corpora_site().await?;
            let which = how.which(&site.market.chain);
            Read::Corpus(Box::new(corpus::show(&site, id, which).await?))
        }
        Kind::Model => {
            let site = ctx.site().await?;
            let which = how.which(&site.market.chain);
            Read::Model(Box::new(model::show(&site, id, trust, which).await?))
        }
    })
}
