//! Lists what is open on a model.

use crate::table::{Table, Tabled};
use alloy::primitives::{Address, B256};
use assay_chain::market::Market;
use assay_chain::revert::{adjudication_words, mode_words};
use assay_protocol::abi::State;
use assay_protocol::target::percent;
use assay_protocol::units::utc;
use serde::Serialize;

/// One engagement that is not closed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Of the engagement.
    pub id: B256,
    /// As the contract names it.
    pub state: String,
    /// Consumer.
    pub mc: Address,
    /// How the examples come.
    pub mode: &'static str,
    /// What has to be proven.
    pub adjudication: &'static str,
    /// Hundredths of a percent.
    pub target_bps: u16,
    /// End of the window that runs now.
    pub until: u64,
    /// `until` has passed, and nobody has closed the engagement.
    pub expired: bool,
}

/// The engagements of a model that are not closed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offers {
    /// What they are on.
    pub model_id: B256,
    /// Offers and engagements that were accepted.
    pub offers: Vec<Offer>,
}

impl Tabled for Offers {
    fn tabled(&self) -> Table {
        let mut table = Table::new(["engagement", "state", "consumer", "mode", "target", "until"]);
        for o in &self.offers {
            let over = if o.expired { " (over)" } else { "" };
            table.row([
                o.id.to_string(),
                o.state.clone(),
                o.mc.to_string(),
                format!("{}, {}", o.mode, o.adjudication),
                percent(o.target_bps),
                format!("{}{over}", utc(o.until)),
            ]);
        }
        table
    }
}

impl std::fmt::Display for Offers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.offers.is_empty() {
            return write!(f, "nothing is open on model {}", self.model_id);
        }
        self.tabled().fmt(f)
    }
}

/// What is open on a model.
pub async fn offers(market: &Market, model_id: B256) -> eyre::Result<Offers> {
    let now = market.chain.now().await?;
    let mut offers = Vec::new();
    for id in market.engagement_ids(model_id).await? {
        let e = market.engagement(id).await?;
        if e.state != State::Closed {
            offers.push(Offer {
                id,
                state: format!("{:?}", e.state),
                mc: e.mc,
                mode: mode_words(e.mode),
                adjudication: adjudication_words(e.adjudication),
                target_bps: e.targetBps,
                until: e.deadline,
                expired: now > e.deadline,
            });
        }
    }
    Ok(Offers { model_id, offers })
}
