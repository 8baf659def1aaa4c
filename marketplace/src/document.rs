//! Documents that readers get: what the contracts say, all of it at one block. `DOCUMENTS.md` describes every field.

use crate::engagement::Site;
use alloy::primitives::{Address, B256};
use assay_chain::block::{Block, Which};
use assay_chain::client::Chain;
use assay_chain::error::hinted;
use assay_chain::venue::Venue;
use assay_protocol::units::utc;
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::ops::Deref;

/// What a document is about.
pub trait Body: Serialize {
    /// In one word.
    const KIND: &'static str;
    /// Fields are added without a new one; none is changed or taken away.
    const VERSION: u32;
}

/// What every document begins with, and what it is about, in one JSON object.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<T> {
    /// `assay.` and the kind: what the fields mean.
    pub schema: String,
    /// Of the schema.
    pub version: u32,
    /// What it is about.
    pub kind: &'static str,
    /// EIP-155.
    pub chain_id: u64,
    /// The contract that says so: a market, or the registry of corpora.
    pub market: Address,
    /// Number of the block that all of it was read at.
    pub block: u64,
    /// Of that block.
    pub block_hash: B256,
    /// Unix seconds.
    pub block_time: u64,
    /// The rest of the fields.
    #[serde(flatten)]
    pub body: T,
}

impl<T> Deref for Document<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.body
    }
}

/// The document about what `of` reads of a site that is as it was at a block.
///
/// # Errors
/// If there is no such block, the market is younger, or the node does not have its state any more; and those of `of`.
pub async fn read<V, T, F>(site: &Site<V>, which: Which, of: impl FnOnce(Site<V>) -> F) -> eyre::Result<Document<T>>
where
    V: Venue,
    T: Body,
    F: Future<Output = eyre::Result<T>>,
{
    let (chain, market) = (site.market.chain(), site.market.address());
    let at = |block| of(site.clone().at(site.market.as_of(block)));
    read_from(chain, market, which, at).await
}

/// As [`read`], of any contract: `of` gets the hash of the block that all of it is read at.
///
/// # Errors
/// As there.
pub async fn read_from<T, F>(
    chain: &Chain,
    contract: Address,
    which: Which,
    of: impl FnOnce(B256) -> F,
) -> eyre::Result<Document<T>>
where
    T: Body,
    F: Future<Output = eyre::Result<T>>,
{
    let block = Block::find(chain, which).await?;
    let body = async {
        if chain.as_of(block.hash).code(contract).await?.is_empty() {
            return Err(hinted(
                format!("there is no contract at {contract} yet"),
                "name a later block",
            ));
        }
        of(block.hash).await
    };
    let body = match body.await {
        Ok(body) => body,
        Err(error) => return Err(block.reason(chain, error).await),
    };
    Ok(Document {
        schema: format!("assay.{}", T::KIND),
        version: T::VERSION,
        kind: T::KIND,
        chain_id: chain.id,
        market: contract,
        block: block.number,
        block_hash: block.hash,
        block_time: block.time,
        body,
    })
}

impl<T: fmt::Display> fmt::Display for Document<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tables in it are as wide as it is asked to be.
        let body = match f.width() {
            Some(width) => format!("{:width$}", self.body),
            None => self.body.to_string(),
        };
        writeln!(f, "{}", body.trim_end())?;
        writeln!(f, "\nas of block {} of {}", self.block, utc(self.block_time))
    }
}
