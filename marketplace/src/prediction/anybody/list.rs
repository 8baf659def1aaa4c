//! Lists the rounds of a model: those that were served, and offers apart from them, which cost nobody anything to make.

use super::fields::Fields;
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::table::{Table, Tabled};
use crate::verifier::check::Trust;
use crate::verifier::grades::Grades;
use alloy::primitives::B256;
use assay_chain::block::Which;
use assay_chain::market::all_answers;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use assay_protocol::abi::{Assurance, RoundState};
use assay_protocol::units::utc;
use serde::Serialize;

/// One round of a model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// The same as its deadline.
    pub until: u64,
}

/// The rounds of a model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Whose.
    pub model_id: B256,
    /// Oldest first.
    pub rounds: Vec<Row>,
    /// Of the marketplace's contracts and the model's verifier.
    #[serde(flatten)]
    pub grades: Grades,
}

impl Body for Listed {
    const KIND: &'static str = "rounds";
    const VERSION: u32 = 1;
}

/// Rounds that were served, or open offers if those are asked for, as they were at a block.
///
/// # Errors
/// Those of [`read`].
pub async fn list(
    site: &Site<Rounds>,
    model_id: B256,
    offers: bool,
    trust: &Trust,
    which: Which,
) -> eyre::Result<Document<Listed>> {
    read(site, which, |site| async move {
        let market = &site.market;
        let ids = match offers {
            true => market.offer_ids(model_id, 0).await?,
            false => market.served_ids(model_id).await?,
        };
        let views = all_answers(ids.iter().map(|id| market.newest(*id))).await?;
        let of = ids.into_iter().zip(views);
        let wanted = of.filter(|(_, round)| !offers || round.state == RoundState::Offered);
        let rounds = wanted.map(|(id, round)| Row {
            fields: Fields::new(id, &round),
            until: round.deadline,
        });
        Ok(Listed {
            model_id,
            rounds: rounds.collect(),
            grades: Grades::read(&site, model_id, trust).await?,
        })
    })
    .await
}

impl Tabled for Listed {
    fn tabled(&self) -> Table {
        let mut table = Table::new(["round", "state", "consumer", "predictions", "proven", "until"]);
        for Row { fields: r, until } in &self.rounds {
            let state = match r.state.as_str() {
                "Closed" => r.outcome.clone(),
                state => state.to_owned(),
            };
            table.row([
                r.id.to_string(),
                state,
                r.mc.to_string(),
                format!("{}, {}", r.predictions, r.privacy),
                format!("{} of {}", r.proven, r.contested),
                match until {
                    0 => String::new(),
                    until => utc(*until),
                },
            ]);
        }
        table
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.rounds.is_empty() {
            return write!(f, "there is no such round of model {}", self.model_id);
        }
        if !self.grades.allow(Assurance::PROVEN) {
            writeln!(f, "NOT CHECKED: {}\n", self.grades.unknown())?;
        }
        self.tabled().fmt(f)
    }
}
