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
use crate::inclusion::{NoWay, Nodes};
use crate::market::all_answers;
use alloy::eips::BlockId;
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::rlp::Decodable;
use alloy::trie::{Nibbles, TrieAccount};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words asked for at a time: nodes limit what one answer may hold.
const AT_A_TIME: usize = 128;

/// An account, and words of its storage; the nodes that lead to these are in [`Nodes`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountProof {
    /// Whose account.
    pub address: Address,
    /// Where the words stand that somebody needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<B256>,
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
    pub fn check(&self, state_root: B256, nodes: &mut Nodes) -> Result<ProvenAccount, AccountError> {
        let address = self.address;
        let none = AccountError::None { address };
        let found = nodes
            .value_at(state_root, place(keccak256(address)))
            .map_err(|source| AccountError::Account { address, source })?;
        let account: TrieAccount = exactly(&found.ok_or(none)?).ok_or(none)?;
        let mut storage = BTreeMap::new();
        for slot in self.slots.iter().copied() {
            let number = AccountError::Number { address, slot };
            let found = nodes
                .value_at(account.storage_root, place(keccak256(slot)))
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

    /// Asks a node for all of these as of a block, several at one time; with the nodes that lead to them.
    ///
    /// # Errors
    /// If it does not answer, as nodes do not that keep no state of that block.
    pub async fn fetch(chain: &Chain, accounts: &[Self], block: B256) -> eyre::Result<Vec<Bytes>> {
        let asked = accounts.iter().flat_map(|account| {
            let some = account.slots.chunks(AT_A_TIME);
            // An account without words is asked for, too.
            let none = account.slots.is_empty().then_some(&[][..]);
            some.chain(none).map(|slots| (account.address, slots))
        });
        let answers = asked.map(|(address, slots)| async move {
            let asked = chain.provider.get_proof(address, slots.to_vec());
            let answer = asked.block_id(BlockId::hash(block)).await?;
            let words = answer.storage_proof.into_iter().flat_map(|word| word.proof);
            Ok(answer.account_proof.into_iter().chain(words).collect::<Vec<_>>())
        });
        Ok(all_answers(answers).await?.concat())
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

    /// The root over these, and the nodes to the wanted places.
    fn trie(mut values: Vec<(Nibbles, Vec<u8>)>, wanted: Vec<Nibbles>) -> (B256, Vec<Bytes>) {
        values.sort();
        let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(wanted));
        for (key, value) in values {
            trie.add_leaf(key, &value);
        }
        let root = trie.root();
        (root, trie.take_proof_nodes().into_inner().into_values().collect())
    }

    fn slot(n: u64) -> B256 {
        U256::from(n).into()
    }

    /// An account with words 1 to 20, each its slot's square, among others; the root of the state.
    fn account(slots: &[u64]) -> (B256, AccountProof, Nodes) {
        let at = |key: B256| place(keccak256(key));
        let stored = (1..=20u64).map(|n| (at(slot(n)), alloy::rlp::encode(U256::from(n * n))));
        let slots: Vec<B256> = slots.iter().map(|n| slot(*n)).collect();
        let (storage_root, words) = trie(stored.collect(), slots.iter().map(|slot| at(*slot)).collect());
        let own = TrieAccount {
            nonce: 1,
            balance: U256::from(5),
            storage_root,
            code_hash: B256::repeat_byte(3),
        };
        // Keys of accounts are hashes of 20 bytes.
        let of = |who: Address| place(keccak256(who));
        let others = (0..30u8).map(Address::repeat_byte).filter(|who| *who != WHO);
        let mut accounts: Vec<_> = others
            .map(|who| (of(who), alloy::rlp::encode(TrieAccount::default())))
            .collect();
        accounts.push((of(WHO), alloy::rlp::encode(own)));
        let (root, way) = trie(accounts, vec![of(WHO)]);
        let mut nodes = Nodes::default();
        nodes.add(&[way, words].concat());
        (root, AccountProof { address: WHO, slots }, nodes)
    }

    #[test]
    fn code_and_words_are_proven_zeros_too() {
        let (root, proof, mut nodes) = account(&[3, 20, 21]);
        let proven = proof.check(root, &mut nodes).unwrap();
        assert_eq!(proven.code_hash, B256::repeat_byte(3));
        let word = |n| proven.storage.word(slot(n));
        assert_eq!([word(3), word(20), word(21)], [9, 400, 0].map(|n| Ok(U256::from(n))));
        assert_eq!(word(4), Err(Unproven(slot(4))), "nobody proved it");
        assert_eq!(nodes.idle(), None);
    }

    #[test]
    fn what_is_altered_is_refused_by_name() {
        let (root, proof, nodes) = account(&[3, 4]);
        let (address, all) = (WHO, nodes.clone());
        let refused = |proof: &AccountProof| proof.check(root, &mut all.clone());
        let mut other = proof.clone();
        other.address = Address::repeat_byte(4);
        assert!(matches!(
            refused(&other),
            Err(AccountError::Account { .. } | AccountError::None { .. })
        ));
        let mut swapped = proof.clone();
        // As far as the nodes lead, another word stands elsewhere.
        swapped.slots[0] = slot(17);
        assert!(matches!(refused(&swapped), Err(AccountError::Word { slot: at, .. }) if at == slot(17)));
        let mut twice = proof.clone();
        twice.slots[1] = twice.slots[0];
        let number = AccountError::Number { address, slot: slot(3) };
        assert_eq!(refused(&twice), Err(number));
        // A word that is there cannot be said to be zero: without any of the nodes nothing is said.
        let mut whole = nodes;
        proof.check(root, &mut whole).unwrap();
        let whole = whole.followed();
        for node in 0..whole.len() {
            let mut less = Nodes::default();
            less.add(&[&whole[..node], &whole[node + 1..]].concat());
            assert!(proof.check(root, &mut less).is_err(), "node {node}");
        }
        let elsewhere = B256::repeat_byte(1);
        let source = NoWay { root: elsewhere };
        let error = proof.check(elsewhere, &mut all.clone());
        assert_eq!(error, Err(AccountError::Account { address, source }));
    }
}
