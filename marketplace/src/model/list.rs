//! Lists the models of a registry.

use super::fields::Fields;
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::table::{Table, Tabled};
use alloy::primitives::U256;
use assay_chain::block::Which;
use assay_chain::market::all_answers;
use assay_chain::release::DeploymentCheck;
use assay_chain::rounds::Rounds;
use assay_protocol::units::ether;
use serde::Serialize;
use std::fmt;

/// The models of a registry.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Oldest first.
    pub models: Vec<Fields>,
    /// Of the contracts that say so; of each model's verifier nothing is known here.
    pub deployment: DeploymentCheck,
}

impl Body for Listed {
    const KIND: &'static str = "models";
    const VERSION: u32 = 1;
}

/// Every model as it was at a block.
///
/// # Errors
/// If the registry does not list its models, and those of [`read`].
pub async fn list(site: &Site, which: Which) -> eyre::Result<Document<Listed>> {
    read(site, which, |site| async move {
        let market = &site.market;
        let rounds = Rounds::if_any(market).await?;
        let ids = market.model_ids().await?;
        let asked = ids.iter().map(|id| Fields::read(market, rounds.as_ref(), *id));
        Ok(Listed {
            models: all_answers(asked).await?,
            deployment: site.deployment_check().await?,
        })
    })
    .await
}

impl Tabled for Listed {
    fn tabled(&self) -> Table {
        let mut table = Table::new(["model", "provider", "status", "stake", "strikes"]);
        for m in &self.models {
            table.row([
                m.id.to_string(),
                m.mp.to_string(),
                m.status.clone(),
                ether(U256::from(m.stake_wei)),
                m.strikes.to_string(),
            ]);
        }
        table
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "contracts      {}\n", self.deployment)?;
        if self.models.is_empty() {
            return write!(f, "no model is registered");
        }
        self.tabled().fmt(f)
    }
}
