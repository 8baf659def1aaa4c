//! Every engagement of a model, by assurance.

use super::fields::{ask, Fields, NOT_CHECKED};
use crate::document::Body;
use crate::engagement::Site;
use crate::table::Table;
use crate::verifier::check::Trust;
use crate::verifier::grades::Grades;
use alloy::primitives::B256;
use assay_protocol::abi::{Assurance, Outcome, State};
use assay_protocol::target::percent;
use serde::Serialize;
use std::fmt;

/// The engagements of a model by assurance; the kinds are never added up.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Whose engagements they are.
    pub model_id: B256,
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub grades: Grades,
    /// Every right answer that counts has a proof on chain.
    pub proven: Vec<Fields>,
    /// A claim that nobody objected to.
    pub optimistic: Vec<Fields>,
    /// Closed as proven or optimistic, says a contract that the reader does not know.
    pub not_checked: Vec<Fields>,
    /// Closed without assurance.
    pub none: Vec<Fields>,
    /// Not closed.
    pub open: Vec<Fields>,
    /// Waiting for a provider, if these were asked for: they cost nobody anything to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offers: Option<Vec<Fields>>,
    /// Burned so far, in all engagements of the model.
    pub strikes: u32,
}

impl Body for Listed {
    const KIND: &'static str = "engagements";
    const VERSION: u32 = 1;
}

impl Listed {
    /// Reads the model's engagements one by one: those that a provider accepted, and open offers if they are asked for.
    ///
    /// # Errors
    /// Those of [`Grades::read`].
    pub async fn read(site: &Site, model_id: B256, trust: &Trust, with_offers: bool) -> eyre::Result<Self> {
        let market = &site.market;
        let mut listed = Self {
            model_id,
            grades: Grades::read(site, model_id, trust).await?,
            proven: Vec::new(),
            optimistic: Vec::new(),
            not_checked: Vec::new(),
            none: Vec::new(),
            open: Vec::new(),
            offers: None,
            strikes: market.reputation(model_id).await?.strikes,
        };
        let ids = market.locked_ids(model_id).await?;
        for (id, (e, v)) in ids.iter().zip(ask(market, &ids).await?) {
            // A market that does not list these apart has them here.
            if e.state == State::Offered || e.outcome == Outcome::Cancelled {
                continue;
            }
            let fields = Fields::new(market, *id, &e, &v, &listed.grades);
            let kind = match v.assurance {
                _ if e.state != State::Closed => &mut listed.open,
                assurance if !listed.grades.allow(assurance) => &mut listed.not_checked,
                Assurance::PROVEN => &mut listed.proven,
                Assurance::OPTIMISTIC => &mut listed.optimistic,
                _ => &mut listed.none,
            };
            kind.push(fields);
        }
        if with_offers {
            let ids = market.engagement_ids(model_id).await?;
            let views = ask(market, &ids).await?;
            let of = ids.iter().zip(&views).filter(|(_, (e, _))| e.state == State::Offered);
            let offers = of.map(|(id, (e, v))| Fields::new(market, *id, e, v, &listed.grades));
            listed.offers = Some(offers.collect());
        }
        Ok(listed)
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "model          {}, {} strike(s)", self.model_id, self.strikes)?;
        write!(f, "{}", self.grades)?;
        let not_checked = format!("{NOT_CHECKED}: {}", self.grades.unknown());
        let kinds = [
            ("PROVEN", &self.proven),
            ("OPTIMISTIC: shows nothing without a live checker", &self.optimistic),
            (&not_checked, &self.not_checked),
            ("NO ASSURANCE", &self.none),
            ("NOT CLOSED", &self.open),
        ];
        let offers = self.offers.iter().map(|offers| ("OPEN OFFERS", offers));
        for (title, kind) in kinds.into_iter().chain(offers) {
            if kind.is_empty() {
                continue;
            }
            let mut table = Table::new(["engagement", "consumer", "target", "accepted", "outcome"]);
            for v in kind {
                let self_dealt = if v.self_dealt { " (self-dealt)" } else { "" };
                let outcome = if v.outcome == "None" { &v.state } else { &v.outcome };
                table.row([
                    v.id.to_string(),
                    format!("{}{self_dealt}", v.mc),
                    percent(v.target_bps),
                    format!("{} of {}", v.proven_on_chain, v.n2),
                    outcome.clone(),
                ]);
            }
            writeln!(f, "\n{title}: {}\n{table}", kind.len())?;
        }
        Ok(())
    }
}
