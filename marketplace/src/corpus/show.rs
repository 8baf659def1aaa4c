//! What the chain says of a corpus: what was committed to, and what sources said of it.

use super::fields::Fields;
use super::registry::check;
use crate::document::{read_from, Body, Document};
use crate::engagement::Site;
use crate::table::Table;
use alloy::primitives::{Address, B256};
use assay_chain::block::Which;
use assay_chain::corpora::Corpora;
use assay_chain::release::DeploymentCheck;
use assay_protocol::abi::corpora as abi;
use assay_protocol::units::utc;
use serde::Serialize;

/// A corpus as the chain has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// What the responder said of it beside the commitment; absent if the node does not serve the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Oldest first.
    pub attestations: Vec<Attestation>,
    /// Of the registry.
    pub deployment: DeploymentCheck,
}

/// What a source said.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// Who.
    pub source: Address,
    /// The responder itself: says nothing to others.
    pub own: bool,
    /// Unix seconds.
    pub attested_at: u64,
    /// SHA-256 of what it said.
    pub statement: B256,
}

impl Attestation {
    /// Of a corpus that `responder` committed.
    pub(crate) fn of(responder: Address, said: &abi::Attestation) -> Self {
        Self {
            source: said.source,
            own: said.source == responder,
            attested_at: said.attestedAt,
            statement: said.statement,
        }
    }
}

impl Body for Shown {
    const KIND: &'static str = "corpus";
    const VERSION: u32 = 1;
}

/// A corpus as it was at a block.
///
/// # Errors
/// If there was none, and those of [`read_from`].
pub async fn show(site: &Site<Corpora>, id: B256, which: Which) -> eyre::Result<Document<Shown>> {
    let market = &site.market;
    read_from(&market.chain, market.address, which, |block| async move {
        let site = site.clone().at(market.as_of(block));
        let corpus = site.market.corpus(id).await?;
        let said = site.market.attestations(id).await?.into_iter();
        let attestations = said.map(|said| Attestation::of(corpus.rs, &said));
        Ok(Shown {
            fields: Fields::new(id, &corpus),
            uri: site.market.uri(id).await?,
            attestations: attestations.collect(),
            deployment: check(&site).await?,
        })
    })
    .await
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields = &self.fields;
        writeln!(f, "corpus      {}", fields.id)?;
        writeln!(f, "responder   {}", fields.responder)?;
        writeln!(f, "documents   {}", fields.size)?;
        writeln!(f, "root        {}", fields.root)?;
        writeln!(
            f,
            "model input {} words, {} per hash",
            fields.input_words, fields.words_per_hash
        )?;
        writeln!(f, "committed   {}", utc(fields.committed_at))?;
        match &self.uri {
            // A stranger's words: no line of their own, nothing that a terminal acts on.
            Some(uri) => writeln!(f, "uri         {}", uri.escape_debug())?,
            None => writeln!(f, "uri         not known: this node serves no logs of that time")?,
        }
        writeln!(f, "registry    {}", self.deployment)?;
        if !self.deployment.is_known() {
            writeln!(
                f,
                "            NOT CHECKED: nothing that this contract says is stated as a fact"
            )?;
        }
        if self.attestations.is_empty() {
            return write!(f, "attested    by nobody");
        }
        let mut table = Table::new(["source", "attested", "SHA-256 of the statement"]);
        for said in &self.attestations {
            let source = match said.own {
                true => format!("{} (the responder)", said.source),
                false => said.source.to_string(),
            };
            table.row([source, utc(said.attested_at), said.statement.to_string()]);
        }
        write!(
            f,
            "\n{table}\nanybody may attest: a statement is worth what its source is, and is about what it says"
        )
    }
}
