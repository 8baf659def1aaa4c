//! Generates, compiles and deploys the verifier of an architecture.

use crate::engagement::Sent;
use crate::home::Home;
use crate::verifier::code::{compiler, VerifierCode};
use alloy::primitives::B256;
use assay_chain::account::Account;
use assay_chain::address_book::{Deployment, VerifierEntry};
use assay_chain::journal::Journal;
use assay_durable::report::Reporter;
use assay_prover::proof::VerifierKey;
use serde::Serialize;
use std::path::Path;

/// The result of a deployment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployedVerifier {
    /// What an address book lists it under.
    pub arch_id: B256,
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub entry: VerifierEntry,
    /// A contract has at most 24,576.
    pub verifier_code_bytes: usize,
    /// Likewise.
    pub vk_code_bytes: usize,
    /// Key data, then verifier.
    pub sent: Vec<Sent>,
}

impl std::fmt::Display for DeployedVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "verifier     {} ({} bytes)",
            self.entry.address, self.verifier_code_bytes
        )?;
        writeln!(f, "key data     {} ({} bytes)", self.entry.vk_data, self.vk_code_bytes)?;
        writeln!(f, "key digest   {}", self.entry.vk_digest)?;
        write!(f, "arch id      {}", self.arch_id)
    }
}

/// Deploys the verifier of a key and enters it in the address book, if there is one: a provider who names a market by its address has none.
///
/// # Errors
/// If it cannot be compiled or deployed, or the address book is damaged or of another chain.
pub async fn deploy_verifier(
    home: &Home,
    account: &Account,
    key: &VerifierKey,
    book: Option<&Path>,
    out: &Reporter,
) -> eyre::Result<DeployedVerifier> {
    let listed = book.map(|book| Deployment::load(book, &account.chain)).transpose()?;
    let code = VerifierCode::generate(key, compiler, out)?;
    let mut journal = Journal::open(&home.deployment(&account.chain).with_extension("verifiers"))?;
    let (entry, sent) = code.deploy(account, &mut journal, out).await?;
    code.check(&account.chain, entry.address).await?;
    let arch_id = B256::from(key.arch_id());
    match listed.zip(book) {
        Some((mut deployment, book)) => {
            deployment.verifiers.insert(arch_id, entry.clone());
            deployment.save(book)?;
        }
        None => out.note(format_args!(
            "there is no address book to enter it in: register with --verifier {}",
            entry.address
        )),
    }
    Ok(DeployedVerifier {
        arch_id,
        entry,
        verifier_code_bytes: code.compiled.runtime_len,
        vk_code_bytes: code.generated.vk_data.len(),
        sent,
    })
}
