//! What the chain says of a round.

use super::fields::Fields;
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::verifier::check::Trust;
use crate::verifier::grades::Grades;
use alloy::primitives::{B256, U256};
use assay_chain::block::Which;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{Venue, View};
use assay_protocol::abi::Assurance;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Deref;

/// A round as the chain has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// Which predictions are contested, from 0.
    pub contested_indices: BTreeSet<u32>,
    /// Which of those are proven.
    pub proven_indices: BTreeSet<u32>,
    /// Last second before anybody may close it against whose move it is, or as it is; 0 if that is now, or it is closed.
    pub timeout_at: u64,
    /// Of the marketplace's contracts and the model's verifier; flattened, too.
    #[serde(flatten)]
    pub grades: Grades,
    #[serde(skip)]
    next: Option<String>,
}

impl Body for Shown {
    const KIND: &'static str = "round";
    const VERSION: u32 = 1;
}

impl Deref for Shown {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

/// A round as it was at a block.
///
/// # Errors
/// If there was none, and those of [`read`].
pub async fn show(site: &Site<Rounds>, id: B256, trust: &Trust, which: Which) -> eyre::Result<Document<Shown>> {
    read(site, which, |site| async move {
        let market = &site.market;
        let round = market.newest(id).await?;
        Ok(Shown {
            fields: Fields::new(id, &round),
            contested_indices: market.contested(id, &round).await?,
            proven_indices: market.proven(id, &round).await?,
            timeout_at: market.timeout_at(id).await?,
            grades: Grades::read(&site, round.modelId, trust).await?,
            next: round.next(id),
        })
    })
    .await
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "round       {}", self.id)?;
        writeln!(f, "model       {}", self.model_id)?;
        writeln!(f, "consumer    {}", self.mc)?;
        writeln!(f, "provider    {}", self.mp)?;
        if self.self_dealt {
            writeln!(f, "            both are one account: this says nothing to others")?;
        }
        writeln!(f, "predictions {}, {}, {}", self.predictions, self.metric, self.privacy)?;
        writeln!(
            f,
            "contested   {} of at most {}, {} proven",
            self.contested, self.contest_cap, self.proven
        )?;
        if self.proven > 0 && !self.grades.allow(Assurance::PROVEN) {
            writeln!(f, "            NOT CHECKED: {}", self.grades.unknown())?;
        }
        writeln!(
            f,
            "at stake    consumer {}, provider {}, price {}",
            ether(self.consumer_deposit_wei),
            ether(U256::from(self.provider_deposit_wei)),
            ether(U256::from(self.price_wei))
        )?;
        match self.state.as_str() {
            "Closed" => write!(f, "closed      {}: {}", utc(self.closed_at), self.outcome)?,
            _ if self.contested > self.proven => {
                write!(f, "{}      answers are due by {}", self.state, utc(self.answer_by))?;
            }
            _ => write!(f, "{}      until {}", self.state, utc(self.deadline))?,
        }
        match &self.next {
            Some(next) => write!(f, "\nnext        {next}"),
            None => Ok(()),
        }
    }
}
