//! Every engagement of a model, by assurance.

use super::fields::{Fields, NOT_CHECKED};
use super::grades::Grades;
use crate::engagement::Site;
use crate::table::Table;
use crate::verifier::check::Trust;
use alloy::primitives::B256;
use assay_chain::market::all_answers;
use assay_protocol::abi::{Assurance, State};
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
    /// Burned so far, in all engagements of the model.
    pub strikes: u32,
}

impl Listed {
    /// Reads the model's engagements one by one.
    ///
    /// # Errors
    /// Those of [`Grades::read`].
    pub async fn read(site: &Site, model_id: B256, trust: &Trust) -> eyre::Result<Self> {
        let mut listed = Self {
            model_id,
            grades: Grades::read(site, model_id, trust).await?,
            proven: Vec::new(),
            optimistic: Vec::new(),
            not_checked: Vec::new(),
            none: Vec::new(),
            open: Vec::new(),
            strikes: site.market.reputation(model_id).await?.strikes,
        };
        let ids = site.market.engagement_ids(model_id).await?;
        let asked = ids.iter().copied().map(|id| async move {
            let state = site.market.engagement(id).await?.state;
            Ok((state, site.market.verdict(id).await?))
        });
        for (id, (state, v)) in ids.iter().zip(all_answers(asked).await?) {
            let fields = Fields::new(*id, state, &v, &listed.grades);
            let kind = match v.assurance {
                _ if state != State::Closed => &mut listed.open,
                assurance if !listed.grades.allow(assurance) => &mut listed.not_checked,
                Assurance::PROVEN => &mut listed.proven,
                Assurance::OPTIMISTIC => &mut listed.optimistic,
                _ => &mut listed.none,
            };
            kind.push(fields);
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
        for (title, kind) in kinds {
            if kind.is_empty() {
                continue;
            }
            let mut table = Table::new(["engagement", "consumer", "target", "accepted", "outcome"]);
            for v in kind {
                let self_dealt = if v.mc == v.mp { " (self-dealt)" } else { "" };
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
