//! Lists the rounds of a model: those that were served, and offers apart from them, which cost nobody anything to make.

use crate::prediction::provider::serve::privacy_words;
use crate::table::Table;
use alloy::primitives::{Address, B256};
use assay_chain::market::all_answers;
use assay_chain::rounds::Rounds;
use assay_chain::venue::Venue;
use assay_protocol::abi::RoundState;
use assay_protocol::units::utc;
use serde::Serialize;

/// One round of a model.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Of the round.
    pub id: B256,
    /// As the contract names it.
    pub state: String,
    /// `None` until it is closed.
    pub outcome: String,
    /// Consumer.
    pub mc: Address,
    /// Who reads the outputs.
    pub privacy: &'static str,
    /// K.
    pub predictions: u32,
    /// k.
    pub contested: u32,
    /// Of those.
    pub proven: u32,
    /// End of the window that runs; 0 once closed.
    pub until: u64,
}

/// The rounds of a model.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Whose.
    pub model_id: B256,
    /// Oldest first.
    pub rounds: Vec<Row>,
}

/// Rounds that were served; or open offers, if those are asked for.
///
/// # Errors
/// If the node does not answer.
pub async fn list(market: &Rounds, model_id: B256, offers: bool) -> eyre::Result<Listed> {
    let ids = match offers {
        true => market.offer_ids(model_id, 0).await?,
        false => market.served_ids(model_id).await?,
    };
    let views = all_answers(ids.iter().map(|id| market.newest(*id))).await?;
    let of = ids.into_iter().zip(views);
    let wanted = of.filter(|(_, round)| !offers || round.state == RoundState::Offered);
    let rounds = wanted.map(|(id, round)| Row {
        id,
        state: format!("{:?}", round.state),
        outcome: format!("{:?}", round.outcome),
        mc: round.mc,
        privacy: privacy_words(round.privacy),
        predictions: round.predictions,
        contested: round.contested,
        proven: round.proven,
        until: round.deadline,
    });
    Ok(Listed {
        model_id,
        rounds: rounds.collect(),
    })
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.rounds.is_empty() {
            return write!(f, "there is no such round of model {}", self.model_id);
        }
        let mut table = Table::new(["round", "state", "consumer", "predictions", "proven", "until"]);
        for r in &self.rounds {
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
                match r.until {
                    0 => String::new(),
                    until => utc(until),
                },
            ]);
        }
        write!(f, "{table}")
    }
}
