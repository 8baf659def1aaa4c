//! Source: says something about a corpus, for good. The chain has the hash of it.

use super::registry::{journal, require_known, require_short};
use crate::engagement::{Desk, Sent};
use alloy::primitives::{Address, Bytes, B256};
use alloy::sol_types::SolCall;
use assay_chain::corpora::Corpora;
use assay_chain::error::{hinted, usage};
use assay_durable::read::open_regular;
use assay_protocol::abi::corpora::ICorpusRegistry::attestCall;
use eyre::WrapErr;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// The result of an attestation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attested {
    /// Of the corpus.
    pub id: B256,
    /// Who said it.
    pub source: Address,
    /// What it looked at: the root of the documents.
    pub root: B256,
    /// SHA-256 of what it said.
    pub statement: B256,
    /// Unix seconds.
    pub attested_at: u64,
    /// The transaction, now or before; absent if this machine does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Attested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "corpus      {}", self.id)?;
        writeln!(f, "source      {}", self.source)?;
        writeln!(f, "statement   {}", self.statement)?;
        write!(
            f,
            "            keep the statement byte for byte: the chain has its SHA-256 alone"
        )
    }
}

/// By which the chain knows a statement in a file.
///
/// # Errors
/// If the file cannot be read or is empty.
pub fn statement_of(path: &Path) -> eyre::Result<B256> {
    let context = || format!("cannot read {}", path.display());
    let mut hash = Sha256::new();
    let mut file = open_regular(path).wrap_err_with(context)?;
    if io::copy(&mut file, &mut hash).wrap_err_with(context)? == 0 {
        return Err(usage(format!("{} is empty: it states nothing", path.display())));
    }
    Ok(B256::from_slice(&hash.finalize()))
}

/// As [`statement_of`], of a text.
///
/// # Errors
/// If it is empty.
pub fn statement_of_text(text: &str) -> eyre::Result<B256> {
    if text.trim().is_empty() {
        return Err(usage("the text is empty: it states nothing"));
    }
    Ok(B256::from_slice(&Sha256::digest(text)))
}

/// Attests a corpus, once. `root` is what the source looked at, if it was told so otherwise than by the chain.
///
/// # Errors
/// If the corpus may still be undone, has another root, or this account has said something else of it.
pub async fn attest(
    desk: &Desk<Corpora>,
    id: B256,
    root: Option<B256>,
    statement: B256,
    uri: &str,
) -> eyre::Result<Attested> {
    require_short(uri)?;
    require_known(desk).await?;
    let market = &desk.market;
    let corpus = market.corpus(id).await?;
    if let Some(root) = root.filter(|root| *root != corpus.root) {
        return Err(usage(format!(
            "corpus {id} has root {}, not {root}: these are other documents",
            corpus.root
        )));
    }
    let source = desk.address();
    let mut journal = journal(desk, id)?;
    // Several sources may share a machine.
    let step = format!("attest-{source}");
    let is_asked = |data: &Bytes| {
        let before = attestCall::abi_decode(data)?;
        require_same(before.statement == statement && before.uri == uri, id, before.statement)
    };
    let resumed = desk
        .account
        .resume_with(&mut journal, &step, 0, is_asked, &desk.report)
        .await?;
    let sent = match resumed {
        Some(receipt) => Some(Sent::from(&receipt)),
        None if market.attested_at(id, source).await? != 0 => {
            let all = market.attestations(id).await?;
            let before = all.iter().find(|attestation| attestation.source == source);
            let before = before.map(|attestation| attestation.statement).unwrap_or_default();
            require_same(before == statement, id, before)?;
            None
        }
        None => {
            market.require_settled(id).await?;
            let call = market.call(&attestCall {
                corpusId: id,
                root: corpus.root,
                statement,
                uri: uri.to_owned(),
            });
            let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
            Some(Sent::from(&receipt))
        }
    };
    Ok(Attested {
        id,
        source,
        root: corpus.root,
        statement,
        attested_at: market.attested_at(id, source).await?,
        sent,
    })
}

fn require_same(is_same: bool, id: B256, before: B256) -> eyre::Result<()> {
    if is_same {
        return Ok(());
    }
    Err(hinted(
        format!("this account has said something else of corpus {id}: statement {before}"),
        "a source attests a corpus once: repeat the command with that statement and its --uri, or sign as another source",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_known_by_its_sha_256() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("statement.txt");
        std::fs::write(&path, "abc").unwrap();
        let hash = statement_of(&path).unwrap();
        assert!(hash.to_string().starts_with("0xba7816bf8f01cfea4141"), "{hash}");
        assert_eq!(hash, statement_of_text("abc").unwrap());
        std::fs::write(&path, "").unwrap();
        assert!(statement_of(&path).is_err() && statement_of_text(" ").is_err());
    }
}
