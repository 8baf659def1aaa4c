//! The block that all of a reading comes from.

use crate::client::Chain;
use crate::error::{hinted, hinted_because, is_of_node, Error, Kind};
use alloy::consensus::BlockHeader;
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::B256;
use alloy::providers::Provider;
use std::str::FromStr;

/// What a reader asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// The newest one.
    #[default]
    Newest,
    /// The newest one that no reorganisation can replace, as the node knows it.
    Finalized,
    /// The one at this height.
    Number(u64),
    /// This one and no other.
    Hash(B256),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "finalized" {
            return Ok(Self::Finalized);
        }
        let number = text.parse().map(Self::Number).ok();
        let named = number.or_else(|| text.parse().map(Self::Hash).ok());
        named.ok_or_else(|| "a block: its number, its hash as 0x and 64 digits, or finalized".into())
    }
}

/// A block of the chain, as the node has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub number: u64,
    /// Names it whatever becomes of the chain.
    pub hash: B256,
    /// Unix seconds.
    pub time: u64,
}

impl Block {
    /// The block that is asked for.
    ///
    /// # Errors
    /// If the chain does not have it: it is to come, it was replaced, or nobody made it.
    pub async fn find(chain: &Chain, which: Which) -> eyre::Result<Self> {
        let newest = Self::by_tag(chain, BlockNumberOrTag::Latest).await?;
        let newest = newest.ok_or_else(|| eyre::eyre!("the node has no newest block"))?;
        match which {
            Which::Newest => Ok(newest),
            Which::Finalized => {
                let found = Self::by_tag(chain, BlockNumberOrTag::Finalized).await?;
                found.ok_or_else(|| {
                    hinted(
                        "the node knows no finalized block",
                        "name a block by its number: --block N",
                    )
                })
            }
            Which::Number(number) if number > newest.number => Err(hinted(
                format!("there is no block {number} yet: the newest is {}", newest.number),
                "name an earlier one, or leave --block out for the newest",
            )),
            Which::Number(number) => {
                let found = Self::by_tag(chain, BlockNumberOrTag::Number(number)).await?;
                found.ok_or_else(|| {
                    hinted(
                        format!("the node does not have block {number}"),
                        "it is still catching up, or has forgotten it: name another node with --rpc-url",
                    )
                })
            }
            Which::Hash(hash) => {
                let found = chain.provider.get_block_by_hash(hash).await?;
                let unknown = || {
                    hinted(
                        format!("this chain has no block {hash}"),
                        "it was replaced in a reorganisation, or is of another chain: name a block by its number",
                    )
                };
                let number = found.ok_or_else(unknown)?.header.number();
                let there = Self::by_tag(chain, BlockNumberOrTag::Number(number)).await?;
                there.filter(|there| there.hash == hash).ok_or_else(unknown)
            }
        }
    }

    async fn by_tag(chain: &Chain, tag: BlockNumberOrTag) -> eyre::Result<Option<Self>> {
        let found = chain.provider.get_block_by_number(tag).await?;
        Ok(found.map(|block| Self {
            number: block.header.number(),
            hash: block.header.hash,
            time: block.header.timestamp(),
        }))
    }

    /// What is behind an error that came up while things were read as of this block.
    pub async fn reason(&self, chain: &Chain, error: eyre::Report) -> eyre::Report {
        if !is_of_node(&error) || Kind::Unreachable.is_of(&error) {
            return error.wrap_err(format!("as of block {}", self.number));
        }
        match Self::by_tag(chain, BlockNumberOrTag::Number(self.number)).await {
            Err(_) => error,
            Ok(Some(there)) if there == *self => hinted_because(
                error,
                format!("the node does not answer as of block {}", self.number),
                "most nodes keep the state of the newest 128 blocks or so: name an archive node with --rpc-url, or a newer block",
            ),
            Ok(_) => Error::new(
                Kind::Unsettled,
                format!("block {} was replaced by another one while it was read", self.number),
            )
            .because(error)
            .hint("repeat the command")
            .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_named_by_number_or_hash() {
        let hash = B256::repeat_byte(0xab);
        assert_eq!("17".parse(), Ok(Which::Number(17)));
        assert_eq!("finalized".parse(), Ok(Which::Finalized));
        assert_eq!(hash.to_string().parse(), Ok(Which::Hash(hash)));
        for text in ["", "-1", "latest", "0x11", "1e3"] {
            assert!(text.parse::<Which>().is_err(), "{text}");
        }
    }
}
