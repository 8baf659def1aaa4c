//! The address book of a chain: what was deployed there.

use crate::client::Chain;
use crate::error::{hinted, usage};
use alloy::primitives::{Address, B256};
use assay_durable::file::write_atomic;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A verifier contract and what was deployed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifierEntry {
    /// The contract that models register.
    pub address: Address,
    /// keccak256 of the deployed code; the registry pins it.
    pub codehash: B256,
    /// The contract that holds the verifying key.
    pub vk_data: Address,
    /// Names the circuit's verifying key.
    pub vk_digest: B256,
}

/// Where the contracts of one chain are: `deployment.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// EIP-155; a book of another chain is refused.
    pub chain_id: u64,
    /// `ModelRegistry`.
    pub registry: Address,
    /// `AccuracyMarket`.
    pub market: Address,
    /// `CorpusRegistry`; absent from books of older releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corpora: Option<Address>,
    /// `RetrievalMarket`; absent where none was deployed, and from books of older releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<Address>,
    /// By archId.
    #[serde(default)]
    pub verifiers: BTreeMap<B256, VerifierEntry>,
}

impl Deployment {
    /// Reads the address book at `path`.
    ///
    /// # Errors
    /// If there is none, it is damaged, or it is of another chain than `chain`.
    pub fn load(path: &Path, chain: &Chain) -> eyre::Result<Self> {
        let bytes = std::fs::read(path).map_err(|_| {
            hinted(
                format!("no address book for this chain: {}", path.display()),
                "give --market ADDRESS or --deployment FILE; on a devnet run: assay devnet up",
            )
        })?;
        let book: Self =
            serde_json::from_slice(&bytes).wrap_err_with(|| format!("{} is no address book", path.display()))?;
        if book.chain_id != chain.id {
            return Err(usage(format!(
                "{} is of chain {}, this is chain {}",
                path.display(),
                book.chain_id,
                chain.id
            )));
        }
        Ok(book)
    }

    /// Writes the address book whole or not at all.
    pub fn save(&self, path: &Path) -> eyre::Result<()> {
        Ok(write_atomic(path, &serde_json::to_vec_pretty(self)?, false)?)
    }
}
