//! Accounts of a state with what leads to them from its root: code hash, and words of storage.
//!
//! # Soundness
//! What is proven is so after the block that the root is of. A word that is zero is proven to be, too.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::client::Chain;
use crate::inclusion::{value_at, NoWay};
use alloy::eips::BlockId;
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::rlp::Decodable;
use alloy::trie::{Nibbles, TrieAccount};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words asked for at a time: nodes limit what one answer may hold.
const AT_A_TIME: usize = 128;

/// An account, by the nodes that lead to it and to words of its storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountProof {
    /// Whose account.
    pub address: Address,
    /// From the root of the state.
    pub account: Vec<Bytes>,
    /// Those that somebody needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<WordProof>,
}

/// A word of storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WordProof {
    /// Where it stands.
    pub slot: B256,
    /// From the root of the account's storage.
    pub way: Vec<Bytes>,
}

/// What is proven about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenAccount {
    /// Whose account.
    pub address: Address,
    /// keccak256 of its code.
    pub code_hash: B256,
    /// By slot.
    pub storage: Storage,
}

/// Words of storage by their slots, zeros among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage(BTreeMap<B256, U256>);

/// A word of storage is not among those that are proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("storage word {0} is not proven")]
pub struct Unproven(pub B256);

/// Why nodes prove nothing about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum AccountError {
    #[error("account {address}: {source}")]
    Account { address: Address, source: NoWay },
    #[error("the state has no account {address}")]
    None { address: Address },
    #[error("storage word {slot} of account {address}: {source}")]
    Word {
        address: Address,
        slot: B256,
        source: NoWay,
    },
    #[error("storage word {slot} of account {address} is stated twice, or is no number")]
    Number { address: Address, slot: B256 },
}

impl AccountProof {
    /// Follows every node from the root of a state on.
    ///
    /// # Errors
    /// Says which does not lead where it should.
    pub fn check(&self, state_root: B256) -> Result<ProvenAccount, AccountError> {
        let address = self.address;
        let none = AccountError::None { address };
        let found = value_at(state_root, place(keccak256(address)), &self.account)
            .map_err(|source| AccountError::Account { address, source })?;
        let account: TrieAccount = exactly(&found.ok_or(none)?).ok_or(none)?;
        let mut storage = BTreeMap::new();
        for WordProof { slot, way } in &self.words {
            let (slot, number) = (*slot, AccountError::Number { address, slot: *slot });
            let found = value_at(account.storage_root, place(keccak256(slot)), way)
                .map_err(|source| AccountError::Word { address, slot, source })?;
            let value = match found {
                Some(bytes) => exactly(&bytes).ok_or(number)?,
                None => U256::ZERO,
            };
            if storage.insert(slot, value).is_some() {
                return Err(number);
            }
        }
        Ok(ProvenAccount {
            address,
            code_hash: account.code_hash,
            storage: Storage(storage),
        })
    }

    /// Asks a node, as of a block.
    ///
    /// # Errors
    /// If it does not answer, as nodes do not that keep no state of that block.
    pub async fn fetch(chain: &Chain, address: Address, slots: &[B256], block: B256) -> eyre::Result<Self> {
        let at = BlockId::hash(block);
        let first = chain.provider.get_proof(address, Vec::new()).block_id(at).await?;
        let mut words = Vec::new();
        for some in slots.chunks(AT_A_TIME) {
            let answer = chain.provider.get_proof(address, some.to_vec()).block_id(at).await?;
            eyre::ensure!(
                answer.storage_proof.len() == some.len(),
                "the node proves {} words of storage instead of {}",
                answer.storage_proof.len(),
                some.len()
            );
            let proofs = some.iter().zip(answer.storage_proof);
            words.extend(proofs.map(|(slot, proof)| WordProof {
                slot: *slot,
                way: proof.proof,
            }));
        }
        Ok(Self {
            address,
            account: first.account_proof,
            words,
        })
    }
}

impl Storage {
    /// The word at a slot.
    ///
    /// # Errors
    /// If it is not proven.
    pub fn word(&self, slot: B256) -> Result<U256, Unproven> {
        self.0.get(&slot).copied().ok_or(Unproven(slot))
    }
}

impl FromIterator<(B256, U256)> for Storage {
    fn from_iter<T: IntoIterator<Item = (B256, U256)>>(words: T) -> Self {
        Self(words.into_iter().collect())
    }
}

fn place(key: B256) -> Nibbles {
    Nibbles::unpack(key)
}

/// What the bytes encode, all of them.
fn exactly<T: Decodable>(bytes: &[u8]) -> Option<T> {
    let mut rest = bytes;
    let decoded = T::decode(&mut rest).ok()?;
    rest.is_empty().then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::trie::proof::ProofRetainer;
    use alloy::trie::HashBuilder;

    const WHO: Address = Address::repeat_byte(9);

    /// The root over these, and the way to each of the wanted.
    fn trie(values: &[(B256, Vec<u8>)], wanted: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
        let mut sorted: Vec<_> = values
            .iter()
            .map(|(key, value)| (place(keccak256(key)), value))
            .collect();
        sorted.sort();
        let places: Vec<Nibbles> = wanted.iter().map(|key| place(keccak256(key))).collect();
        let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(places.clone()));
        for (key, value) in sorted {
            trie.add_leaf(key, value);
        }
        let root = trie.root();
        let nodes = trie.take_proof_nodes();
        let way = |place: &Nibbles| {
            nodes
                .matching_nodes_sorted(place)
                .into_iter()
                .map(|(_, node)| node)
                .collect()
        };
        (root, places.iter().map(way).collect())
    }

    fn slot(n: u64) -> B256 {
        U256::from(n).into()
    }

    /// An account with words 1 to 20, each its slot's square, among others; the root of the state.
    fn account(slots: &[u64]) -> (B256, AccountProof) {
        let stored: Vec<(B256, Vec<u8>)> = (1..=20u64)
            .map(|n| (slot(n), alloy::rlp::encode(U256::from(n * n))))
            .collect();
        let wanted: Vec<B256> = slots.iter().map(|n| slot(*n)).collect();
        let (storage_root, ways) = trie(&stored, &wanted);
        let own = TrieAccount {
            nonce: 1,
            balance: U256::from(5),
            storage_root,
            code_hash: B256::repeat_byte(3),
        };
        // Keys of accounts are hashes of 20 bytes.
        let mut places: Vec<(Nibbles, Vec<u8>)> = (0..30u8)
            .map(|n| {
                (
                    place(keccak256(Address::repeat_byte(n))),
                    alloy::rlp::encode(TrieAccount::default()),
                )
            })
            .collect();
        places.retain(|(at, _)| *at != place(keccak256(WHO)));
        places.push((place(keccak256(WHO)), alloy::rlp::encode(own)));
        places.sort();
        let at = place(keccak256(WHO));
        let mut state = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![at]));
        for (key, value) in &places {
            state.add_leaf(*key, value);
        }
        let root = state.root();
        let nodes = state.take_proof_nodes().matching_nodes_sorted(&at);
        let proof = AccountProof {
            address: WHO,
            account: nodes.into_iter().map(|(_, node)| node).collect(),
            words: wanted
                .into_iter()
                .zip(ways)
                .map(|(slot, way)| WordProof { slot, way })
                .collect(),
        };
        (root, proof)
    }

    #[test]
    fn code_and_words_are_proven_zeros_too() {
        let (root, proof) = account(&[3, 20, 21]);
        let proven = proof.check(root).unwrap();
        assert_eq!(proven.code_hash, B256::repeat_byte(3));
        let word = |n| proven.storage.word(slot(n));
        assert_eq!([word(3), word(20), word(21)], [9, 400, 0].map(|n| Ok(U256::from(n))));
        assert_eq!(word(4), Err(Unproven(slot(4))), "nobody proved it");
    }

    #[test]
    fn what_is_altered_is_refused_by_name() {
        let (root, proof) = account(&[3, 4]);
        let address = WHO;
        let mut other = proof.clone();
        other.address = Address::repeat_byte(4);
        assert!(matches!(
            other.check(root),
            Err(AccountError::Account { .. } | AccountError::None { .. })
        ));
        let mut swapped = proof.clone();
        swapped.words[0].slot = slot(4);
        assert!(matches!(swapped.check(root), Err(AccountError::Word { slot: at, .. }) if at == slot(4)));
        let mut twice = proof.clone();
        twice.words[1] = twice.words[0].clone();
        let refused = AccountError::Number { address, slot: slot(3) };
        assert_eq!(twice.check(root), Err(refused));
        // A word that is there cannot be said to be zero.
        let mut denied = proof.clone();
        denied.words[0].way.pop();
        assert!(matches!(denied.check(root), Err(AccountError::Word { .. })));
        for node in 0..proof.account.len() {
            let mut altered = proof.clone();
            let mut bytes = altered.account[node].to_vec();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            altered.account[node] = bytes.into();
            assert!(altered.check(root).is_err(), "node {node}");
        }
        let elsewhere = B256::repeat_byte(1);
        let source = NoWay { root: elsewhere };
        assert_eq!(proof.check(elsewhere), Err(AccountError::Account { address, source }));
    }
}
