//! The page's link to a thing: `#/verdict/<chain>/<market>/<id>@<block>`, after wherever the page is.

use super::kind::Kind;
use crate::args::retrieval::RetrievalArgs;
use crate::context::Context;
use alloy::primitives::{Address, B256};
use assay_chain::block::Which;
use assay_chain::error::hinted;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use std::fmt;

/// Where the page is, unless somebody says otherwise: `assay serve --read` on this machine.
pub const PLACE: &str = "http://127.0.0.1:8701/";

/// What the page is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Which thing, by its kind and its id; without one the contracts themselves.
    pub thing: Option<(Kind, B256)>,
    /// EIP-155.
    pub chain_id: u64,
    /// The contract that says so.
    pub market: Address,
    /// At which block; [`Which::Newest`] is the page's own choice.
    pub block: Which,
}

impl Link {
    /// To the page at `place`.
    pub fn at(&self, place: &str) -> String {
        // What comes after # is the page's.
        let place = place.split('#').next().unwrap_or_default();
        format!("{place}{self}")
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain_id, market, .. } = self;
        match self.thing {
            Some((kind, id)) => write!(f, "#/{kind}/{chain_id}/{market}/{id}")?,
            None => write!(f, "#/contracts/{chain_id}/{market}")?,
        }
        match self.block {
            Which::Newest | Which::Finalized => Ok(()),
            Which::Number(number) => write!(f, "@{number}"),
            Which::Hash(hash) => write!(f, "@{hash}"),
        }
    }
}

/// The thing that has this id, whatever it is: each contract that the options name is asked for it.
///
/// # Errors
/// If none of them has it, or the node does not answer.
pub async fn find(ctx: &Context, id: B256, retrieval: RetrievalArgs) -> eyre::Result<Link> {
    let chain = ctx.chain().await?;
    let link = |kind, market| Link {
        thing: Some((kind, id)),
        chain_id: chain.id,
        market,
        block: Which::Newest,
    };
    let mut asked = Vec::new();
    if let Some(market) = ctx.market_if_named(&chain).await? {
        asked.push(format!("the accuracy market {}", market.address));
        if market.find(id).await?.is_some() {
            return Ok(link(Kind::Verdict, market.address));
        }
        if market.find_model(id).await?.is_some() {
            return Ok(link(Kind::Model, market.address));
        }
        if let Some(rounds) = Rounds::if_any(&market).await? {
            asked.push(format!("its prediction market {}", rounds.address()));
            if rounds.find(id).await?.is_some() {
                return Ok(link(Kind::Round, rounds.address()));
            }
        }
    }
    if let Some(audits) = ctx.retrieval_if_named(&chain, retrieval).await? {
        asked.push(format!("the retrieval market {}", audits.address()));
        if audits.find(id).await?.is_some() {
            return Ok(link(Kind::Audit, audits.address()));
        }
    }
    if let Some(corpora) = ctx.corpora_if_any(&chain).await? {
        asked.push(format!("the registry of corpora {}", corpora.address));
        if corpora.find(id).await?.is_some() {
            return Ok(link(Kind::Corpus, corpora.address));
        }
    }
    if asked.is_empty() {
        return Err(hinted(
            format!("no contract of chain {} is named that could know {id}", chain.id),
            "give --market ADDRESS, --retrieval ADDRESS, or --deployment FILE",
        ));
    }
    Err(hinted(
        format!("nothing has the id {id}: asked were {}", asked.join(", ")),
        "it may be of other contracts: give --market ADDRESS or --retrieval ADDRESS; or of another chain: --rpc-url URL",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_what_the_page_reads() {
        let link = Link {
            thing: Some((Kind::Round, B256::repeat_byte(0xab))),
            chain_id: 31337,
            market: Address::repeat_byte(0x11),
            block: Which::Newest,
        };
        let thing = format!("#/round/31337/0x{}/0x{}", "11".repeat(20), "ab".repeat(32));
        assert_eq!(link.at(PLACE), format!("{PLACE}{thing}"));
        assert_eq!(
            link.at("file:///page/index.html#/old"),
            format!("file:///page/index.html{thing}")
        );
        let at = |block| Link { block, ..link }.to_string();
        assert_eq!(at(Which::Number(17)), format!("{thing}@17"));
        let hash = B256::repeat_byte(1);
        assert_eq!(at(Which::Hash(hash)), format!("{thing}@{hash}"));
        let contracts = Link { thing: None, ..link };
        assert_eq!(
            contracts.to_string(),
            format!("#/contracts/31337/0x{}", "11".repeat(20))
        );
    }
}
