//! Transactions and receipts of a block with what leads to them from its hash, so that they can be read where no node is.
//!
//! # Soundness
//! Header, transactions and receipts are those of the block with that hash. Whether the chain has such a block, nothing here says.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::client::Chain;
use crate::error::hinted;
use crate::inclusion::{nodes_in_block, place_in_block, NoWay, Nodes};
use alloy::consensus::{EthereumTxEnvelope, Header, ReceiptEnvelope, Transaction, TxEip4844};
use alloy::eips::eip2718::{Decodable2718, Encodable2718};
use alloy::eips::BlockId;
use alloy::primitives::{keccak256, Address, Bytes, Log, B256};
use alloy::providers::Provider;
use alloy::rlp::Decodable;
use alloy::rpc::types::TransactionReceipt;
use alloy::transports::RpcError;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// A block's header, and some of its transactions; the nodes that lead to these are in [`Nodes`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockProof {
    /// What the chain knows it by.
    pub hash: B256,
    /// Its RLP, which has that hash.
    pub header: Bytes,
    /// Numbers of transactions, in the order of the block.
    pub transactions: Vec<u64>,
}

/// What a block says that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenBlock {
    /// Height.
    pub number: u64,
    /// Of the header.
    pub hash: B256,
    /// Unix seconds.
    pub time: u64,
    /// Wei per gas.
    pub base_fee: u128,
    /// Over the state after it.
    pub state_root: B256,
    /// In the order of the block.
    pub transactions: Vec<ProvenTransaction>,
}

/// A transaction that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenTransaction {
    /// Number in the block.
    pub index: u64,
    /// Its hash.
    pub hash: B256,
    /// Which account it called; `None` if it created a contract.
    pub to: Option<Address>,
    /// What it called it with.
    pub input: Bytes,
    /// What contracts said of it, in order.
    pub logs: Vec<Log>,
}

/// Why bytes prove nothing about a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum BlockProofError {
    #[error("a header is none")]
    Header,
    #[error("the header of block {stated} has hash {hash}")]
    Hash { stated: B256, hash: B256 },
    #[error("transaction {index} of block {block}: {source}")]
    Transaction { block: u64, index: u64, source: NoWay },
    #[error("the receipt of transaction {index} of block {block}: {source}")]
    Receipt { block: u64, index: u64, source: NoWay },
    #[error("block {block} has no transaction {index}, or one of a kind that this program does not know")]
    Unknown { block: u64, index: u64 },
    #[error("transaction {index} of block {block} failed")]
    Failed { block: u64, index: u64 },
    #[error("the transactions of block {block} are not in its order, each once")]
    Order { block: u64 },
}

impl BlockProof {
    /// Follows every node from the header on.
    ///
    /// # Errors
    /// Says which does not lead where it should.
    pub fn check(&self, nodes: &mut Nodes) -> Result<ProvenBlock, BlockProofError> {
        let mut rest = &self.header[..];
        let header = Header::decode(&mut rest).map_err(|_| BlockProofError::Header)?;
        // One header has one encoding, or the hash would be of something else than what is read.
        if !rest.is_empty() || alloy::rlp::encode(&header) != self.header {
            return Err(BlockProofError::Header);
        }
        let hash = keccak256(&self.header);
        if hash != self.hash {
            let stated = self.hash;
            return Err(BlockProofError::Hash { stated, hash });
        }
        let block = header.number;
        if !self.transactions.is_sorted_by(|a, b| a < b) {
            return Err(BlockProofError::Order { block });
        }
        let transactions = self.transactions.iter().map(|index| proven(&header, *index, nodes));
        Ok(ProvenBlock {
            number: block,
            hash,
            time: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default().into(),
            state_root: header.state_root,
            transactions: transactions.collect::<Result<_, _>>()?,
        })
    }

    /// Reads a block of a node, with the named ones of its transactions and all that leads to them.
    ///
    /// # Errors
    /// If the node does not serve all of it, or what it serves is not of that block.
    pub async fn fetch(chain: &Chain, hash: B256, named: Vec<u64>) -> eyre::Result<(Self, Vec<Bytes>)> {
        let asked = chain.provider.get_block_by_hash(hash).full().await?;
        let block = asked.ok_or_else(|| {
            hinted(
                format!("the node does not have block {hash}"),
                "it was replaced, or is forgotten: repeat the command, or name another node with --rpc-url",
            )
        })?;
        let header = &block.header.inner;
        let encoded = Bytes::from(alloy::rlp::encode(header));
        let other = |what: &str| {
            hinted(
                format!("the node's {what} of block {} are not what its hash says", header.number),
                "blocks of this chain have another form than Ethereum's, or the node errs: name another one with --rpc-url",
            )
        };
        if keccak256(&encoded) != hash {
            return Err(other("header fields"));
        }
        let mut nodes = Vec::new();
        if !named.is_empty() {
            let all = block.transactions.as_transactions().unwrap_or_default();
            let all: Vec<Bytes> = all.iter().map(|one| one.inner.inner().encoded_2718().into()).collect();
            let (root, transactions) = nodes_in_block(&all, &named);
            if root != header.transactions_root {
                return Err(other("transactions"));
            }
            let hashes = block.transactions.hashes();
            let receipts = receipts(chain, hash, hashes.collect()).await?;
            let (root, receipts) = nodes_in_block(&receipts, &named);
            if root != header.receipts_root {
                return Err(other("receipts"));
            }
            nodes = [transactions, receipts].concat();
        }
        let proof = Self {
            hash,
            header: encoded,
            transactions: named,
        };
        Ok((proof, nodes))
    }
}

fn proven(header: &Header, index: u64, nodes: &mut Nodes) -> Result<ProvenTransaction, BlockProofError> {
    let (block, place) = (header.number, place_in_block(index));
    let bytes = nodes
        .value_at(header.transactions_root, place)
        .map_err(|source| BlockProofError::Transaction { block, index, source })?;
    let receipt = nodes
        .value_at(header.receipts_root, place)
        .map_err(|source| BlockProofError::Receipt { block, index, source })?;
    let unknown = BlockProofError::Unknown { block, index };
    let (bytes, receipt) = (bytes.ok_or(unknown)?, receipt.ok_or(unknown)?);
    let transaction = EthereumTxEnvelope::<TxEip4844>::decode_2718_exact(&bytes).map_err(|_| unknown)?;
    let receipt = ReceiptEnvelope::<Log>::decode_2718_exact(&receipt).map_err(|_| unknown)?;
    if !receipt.is_success() {
        return Err(BlockProofError::Failed { block, index });
    }
    Ok(ProvenTransaction {
        index,
        hash: keccak256(&bytes),
        to: transaction.to(),
        input: transaction.input().clone(),
        logs: receipt.into_logs(),
    })
}

/// All receipts of a block as its root is over them; one by one from nodes that do not serve them together.
async fn receipts(chain: &Chain, block: B256, hashes: Vec<B256>) -> eyre::Result<Vec<Bytes>> {
    let receipts = match chain.provider.get_block_receipts(BlockId::hash(block)).await {
        Ok(Some(receipts)) => receipts,
        Ok(None) | Err(RpcError::ErrorResp(_)) => {
            let asked = hashes.into_iter().map(|hash| async move {
                let receipt = chain.provider.get_transaction_receipt(hash).await?;
                receipt.ok_or_else(|| eyre::eyre!("the node has no receipt of transaction {hash}"))
            });
            try_join_all(asked).await?
        }
        Err(error) => return Err(error.into()),
    };
    let encoded = |receipt: TransactionReceipt| receipt.into_primitives_receipt().inner.encoded_2718().into();
    Ok(receipts.into_iter().map(encoded).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::consensus::{Eip658Value, Receipt, SignableTransaction, TxEip1559, TxReceipt};
    use alloy::primitives::{Signature, TxKind, U256};

    const SAID_BY: Address = Address::repeat_byte(7);

    fn transaction(nonce: u64) -> Bytes {
        let transaction = TxEip1559 {
            nonce,
            to: TxKind::Call(SAID_BY),
            input: Bytes::from(vec![3; 50]),
            ..TxEip1559::default()
        };
        let signature = Signature::new(U256::from(1), U256::from(2), false);
        let signed: EthereumTxEnvelope<TxEip4844> = transaction.into_signed(signature).into();
        signed.encoded_2718().into()
    }

    fn receipt(is_success: bool) -> Bytes {
        let log = Log::new_unchecked(SAID_BY, vec![B256::repeat_byte(1)], Bytes::from(vec![5; 64]));
        let receipt = Receipt {
            status: Eip658Value::Eip658(is_success),
            cumulative_gas_used: 21_000,
            logs: vec![log],
        };
        ReceiptEnvelope::Eip1559(receipt.into_with_bloom())
            .encoded_2718()
            .into()
    }

    /// Three transactions of which the second failed.
    fn block(named: &[u64]) -> (BlockProof, Nodes) {
        let (transactions_root, transactions) = nodes_in_block(&[0, 1, 2].map(transaction), named);
        let (receipts_root, receipts) = nodes_in_block(&[true, false, true].map(receipt), named);
        let header = Header {
            number: 17,
            timestamp: 1_800_000_000,
            base_fee_per_gas: Some(9),
            transactions_root,
            receipts_root,
            state_root: B256::repeat_byte(4),
            ..Header::default()
        };
        let mut nodes = Nodes::default();
        nodes.add(&[transactions, receipts].concat());
        let proof = BlockProof {
            hash: header.hash_slow(),
            header: alloy::rlp::encode(&header).into(),
            transactions: named.to_vec(),
        };
        (proof, nodes)
    }

    fn checked(named: &[u64], change: impl FnOnce(&mut BlockProof)) -> Result<ProvenBlock, BlockProofError> {
        let (mut proof, mut nodes) = block(named);
        change(&mut proof);
        proof.check(&mut nodes)
    }

    #[test]
    fn a_block_says_what_its_hash_commits_to() {
        let (proof, mut nodes) = block(&[0, 2]);
        let proven = proof.check(&mut nodes).unwrap();
        assert_eq!(nodes.idle(), None);
        assert_eq!(proven.hash, keccak256(&proof.header));
        assert_eq!((proven.number, proven.time, proven.base_fee), (17, 1_800_000_000, 9));
        assert_eq!(proven.state_root, B256::repeat_byte(4));
        let [first, third] = &proven.transactions[..] else {
            panic!("{proven:?}")
        };
        assert_eq!((first.index, third.index), (0, 2));
        assert_eq!(
            (first.hash, third.hash),
            (keccak256(transaction(0)), keccak256(transaction(2)))
        );
        assert_eq!((first.to, &first.input), (Some(SAID_BY), &Bytes::from(vec![3; 50])));
        assert_eq!(first.logs[0].data.data, Bytes::from(vec![5; 64]));
    }

    #[test]
    fn what_is_not_of_the_block_is_refused_by_name() {
        let failed = checked(&[1], |_| {});
        assert_eq!(failed, Err(BlockProofError::Failed { block: 17, index: 1 }));
        let swapped = checked(&[0, 2], |proof| proof.transactions.swap(0, 1));
        assert_eq!(swapped, Err(BlockProofError::Order { block: 17 }));
        let twice = checked(&[0], |proof| proof.transactions.push(0));
        assert_eq!(twice, Err(BlockProofError::Order { block: 17 }));
        let missing = checked(&[3], |_| {});
        assert_eq!(missing, Err(BlockProofError::Unknown { block: 17, index: 3 }));
        let renamed = checked(&[0], |proof| proof.transactions[0] = 2);
        assert!(matches!(
            renamed,
            Err(BlockProofError::Transaction {
                block: 17,
                index: 2,
                ..
            })
        ));
        // Without the nodes to its receipt.
        let (proof, _) = block(&[0]);
        let mut nodes = Nodes::default();
        nodes.add(&nodes_in_block(&[0, 1, 2].map(transaction), &[0]).1);
        assert!(matches!(
            proof.check(&mut nodes),
            Err(BlockProofError::Receipt {
                block: 17,
                index: 0,
                ..
            })
        ));
        let other = checked(&[0], |proof| proof.hash = B256::ZERO);
        assert!(matches!(other, Err(BlockProofError::Hash { stated: B256::ZERO, .. })));
        let longer = checked(&[], |proof| proof.header = [&proof.header[..], &[0]].concat().into());
        assert_eq!(longer, Err(BlockProofError::Header));
    }

    /// A header that differs in any byte is of another block, or of none.
    #[test]
    fn every_byte_of_a_header_counts() {
        let length = block(&[0]).0.header.len();
        for byte in 0..length {
            let refused = checked(&[0], |proof| {
                let mut header = proof.header.to_vec();
                header[byte] ^= 1;
                proof.header = header.into();
            });
            assert!(
                matches!(refused, Err(BlockProofError::Header | BlockProofError::Hash { .. })),
                "byte {byte}: {refused:?}"
            );
        }
    }
}
