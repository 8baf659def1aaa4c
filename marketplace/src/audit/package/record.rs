//! What a package says of the chain, as it is written.

use super::relayed::Relayed;
use alloy::primitives::{Address, Bytes, B256};
use assay_chain::account_proof::AccountProof;
use assay_chain::artefact::Release;
use assay_chain::block_proof::BlockProof;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a reader of the file looks for first.
pub const SCHEMA: &str = "assay.evidence";
/// Of [`Record`] and of the words of its report.
pub const VERSION: u32 = 2;

/// Everything of a package but the predicate and the documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// Names the release whose contracts these are, and whose `assay audit check` reads it.
    pub release: B256,
    /// What the rest shows, in words, without what is checked besides.
    pub report: Vec<String>,
    /// EIP-155.
    pub chain_id: u64,
    /// The retrieval market.
    pub market: Address,
    /// What it calls the audit.
    pub audit: B256,
    /// Which request for the corpus it was, counted from 0.
    pub request_number: u64,
    /// The market's parameters, as its constructor took them.
    pub params: Bytes,
    /// Names the reference string that the predicate is proven under.
    pub reference_string: B256,
    /// The contract with the verifying key's data, which the verifier reads; none if it reads no such contract.
    pub key_data: Option<Address>,
    /// Every block in which the audit went on, and the last one, after which all accounts are as `accounts` says.
    pub blocks: Vec<BlockProof>,
    /// Contracts with their storage.
    pub accounts: Vec<AccountProof>,
    /// What other contracts called the market with, as far as the exporter knows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relayed: Vec<Relayed>,
    /// What leads to the blocks' transactions and to the accounts from the blocks' hashes, each node once, in the order of their own
    /// hashes.
    pub nodes: Vec<Bytes>,
    /// Their code.
    pub codes: BTreeMap<Address, Bytes>,
}

impl Record {
    /// Whether this program reads it.
    pub fn is_current(&self) -> bool {
        self.schema == SCHEMA && self.version == VERSION && self.release == Release::hash()
    }
}
