//! What the chain says of a registered model.

use super::fields::Fields;
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::verifier::check::Trust;
use crate::verifier::grades::Grades;
use alloy::primitives::{B256, U256};
use assay_chain::block::Which;
use assay_chain::rounds::Rounds;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::fmt;

/// A model, and how far the contracts that say so are known.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Flattened into this JSON object, as `grades` are.
    #[serde(flatten)]
    pub fields: Fields,
    /// Of the marketplace's contracts and the model's verifier.
    #[serde(flatten)]
    pub grades: Grades,
}

impl Body for Shown {
    const KIND: &'static str = "model";
    const VERSION: u32 = 1;
}

/// A model as it was at a block.
///
/// # Errors
/// If there was none, and those of [`read`].
pub async fn show(site: &Site, id: B256, trust: &Trust, which: Which) -> eyre::Result<Document<Shown>> {
    read(site, which, |site| async move {
        let rounds = Rounds::if_any(&site.market).await?;
        Ok(Shown {
            fields: Fields::read(&site.market, rounds.as_ref(), id).await?,
            grades: Grades::read(&site, id, trust).await?,
        })
    })
    .await
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, c) = (&self.fields, &self.fields.counters);
        writeln!(f, "model          {}", m.id)?;
        writeln!(f, "provider       {}", m.mp)?;
        writeln!(f, "status         {}, registered {}", m.status, utc(m.registered_at))?;
        if m.unlock_at > 0 {
            writeln!(f, "               the stake unlocks {}", utc(m.unlock_at))?;
        }
        writeln!(
            f,
            "stake          {}, {} of its strikes reserved by {} open engagements and rounds",
            ether(U256::from(m.stake_wei)),
            m.reserved,
            m.open
        )?;
        writeln!(f, "strikes        {}", m.strikes)?;
        writeln!(f, "metric         {}, {} classes", m.metric, m.classes)?;
        // A stranger's words: no line of their own, nothing that a terminal acts on.
        writeln!(f, "uri            {}", m.uri.escape_debug())?;
        write!(f, "{}", self.grades)?;
        writeln!(f, "PROVEN         {} passed", c.passed_proven)?;
        writeln!(
            f,
            "OPTIMISTIC     {} passed: shows nothing without a live checker",
            c.passed_optimistic
        )?;
        writeln!(
            f,
            "not passed     {} failed, {} aborted, {} faults of the provider, {} of consumers",
            c.failed, c.aborted, c.mp_fault, c.mc_fault
        )?;
        writeln!(
            f,
            "no result      {} not acknowledged, {} settled, {} void",
            c.unacked, c.settled, c.voided
        )?;
        writeln!(
            f,
            "rounds         {} faults, {} upheld, {} clean",
            c.round_fault, c.round_upheld, c.round_clean
        )
    }
}
