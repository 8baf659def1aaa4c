//! Lists the corpora of a responder.

use super::fields::Fields;
use super::registry::check;
use crate::document::{read_from, Body, Document};
use crate::engagement::Site;
use crate::table::{Table, Tabled};
use alloy::primitives::Address;
use assay_chain::block::Which;
use assay_chain::corpora::Corpora;
use assay_chain::market::all_answers;
use assay_chain::release::DeploymentCheck;
use assay_protocol::units::utc;
use serde::Serialize;

/// One corpus of a responder.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// Sources that said something of it.
    pub attestation_count: u64,
}

/// The corpora of a responder.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Whose.
    pub responder: Address,
    /// Oldest first.
    pub corpora: Vec<Row>,
    /// Of the registry.
    pub deployment: DeploymentCheck,
}

impl Body for Listed {
    const KIND: &'static str = "corpora";
    const VERSION: u32 = 1;
}

/// The corpora of a responder as they were at a block.
///
/// # Errors
/// Those of [`read_from`].
pub async fn list(site: &Site<Corpora>, responder: Address, which: Which) -> eyre::Result<Document<Listed>> {
    let market = &site.market;
    read_from(&market.chain, market.address, which, |block| async move {
        let site = site.clone().at(market.as_of(block));
        let market = &site.market;
        let ids = market.ids_of(responder).await?;
        let rows = ids.into_iter().map(|id| async move {
            Ok(Row {
                fields: Fields::new(id, &market.corpus(id).await?),
                attestation_count: market.attestation_count(id).await?,
            })
        });
        Ok(Listed {
            responder,
            corpora: all_answers(rows).await?,
            deployment: check(&site).await?,
        })
    })
    .await
}

impl Tabled for Listed {
    fn tabled(&self) -> Table {
        let mut table = Table::new(["corpus", "documents", "committed", "attestations"]);
        for Row {
            fields,
            attestation_count,
        } in &self.corpora
        {
            table.row([
                fields.id.to_string(),
                fields.size.to_string(),
                utc(fields.committed_at),
                attestation_count.to_string(),
            ]);
        }
        table
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.corpora.is_empty() {
            return write!(f, "{} has committed no corpus", self.responder);
        }
        if !self.deployment.is_known() {
            writeln!(f, "NOT CHECKED: {}\n", self.deployment)?;
        }
        self.tabled().fmt(f)
    }
}
