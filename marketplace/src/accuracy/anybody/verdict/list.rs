//! Every engagement of a model, by assurance.

use super::fields::{ask, Fields, NOT_CHECKED};
use crate::document::Body;
use crate::engagement::Site;
use crate::table::{Table, Tabled};
use crate::verifier::check::Trust;
use crate::verifier::grades::Grades;
use alloy::primitives::{Address, B256};
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

/// Which engagements are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this consumer only.
    pub consumer: Option<Address>,
    /// Closed with this outcome only.
    pub outcome: Option<Outcome>,
    /// Closed at this time or later, Unix seconds, or still open.
    pub since: Option<u64>,
}

impl Filter {
    fn takes(&self, fields: &Fields) -> bool {
        self.consumer.is_none_or(|consumer| consumer == fields.mc)
            && self
                .outcome
                .is_none_or(|outcome| format!("{outcome:?}") == fields.outcome)
            && self
                .since
                .is_none_or(|since| fields.closed_at == 0 || fields.closed_at >= since)
    }
}

impl Listed {
    /// Leaves what the filter takes.
    pub fn filtered(mut self, filter: &Filter) -> Self {
        let kinds = [
            &mut self.proven,
            &mut self.optimistic,
            &mut self.not_checked,
            &mut self.none,
            &mut self.open,
        ];
        for kind in kinds.into_iter().chain(&mut self.offers) {
            kind.retain(|fields| filter.takes(fields));
        }
        self
    }

    /// All of them, with the title of their assurance.
    fn kinds(&self) -> impl Iterator<Item = (String, &Vec<Fields>)> {
        let kinds = [
            ("PROVEN".into(), &self.proven),
            (
                "OPTIMISTIC: shows nothing without a live checker".into(),
                &self.optimistic,
            ),
            (format!("{NOT_CHECKED}: {}", self.grades.unknown()), &self.not_checked),
            ("NO ASSURANCE".into(), &self.none),
            ("NOT CLOSED".into(), &self.open),
        ];
        let offers = self.offers.iter().map(|offers| ("OPEN OFFERS".into(), offers));
        kinds.into_iter().chain(offers)
    }

    /// Adds its engagements to a table of several models'.
    pub fn add_to(&self, table: &mut Table) {
        for v in self.kinds().flat_map(|(_, kind)| kind) {
            table.row([
                v.id.to_string(),
                v.model_id.to_string(),
                v.mp.to_string(),
                v.mc.to_string(),
                v.assurance.clone(),
                v.state.clone(),
                v.outcome.clone(),
                v.target_bps.to_string(),
                v.proven_on_chain.to_string(),
                v.n2.to_string(),
                v.closed_at.to_string(),
            ]);
        }
    }

    /// The head of such a table.
    pub fn head() -> Table {
        Table::new([
            "engagement",
            "model",
            "provider",
            "consumer",
            "assurance",
            "state",
            "outcome",
            "targetBps",
            "provenOnChain",
            "n2",
            "closedAt",
        ])
    }

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

impl Tabled for Listed {
    fn tabled(&self) -> Table {
        let mut table = Self::head();
        self.add_to(&mut table);
        table
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "model          {}, {} strike(s)", self.model_id, self.strikes)?;
        write!(f, "{}", self.grades)?;
        for (title, kind) in self.kinds() {
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
            writeln!(f, "\n{title}: {}", kind.len())?;
            table.fmt(f)?;
            writeln!(f)?;
        }
        Ok(())
    }
}
