//! Lists the audits of a corpus.

use super::fields::Fields;
use super::verdict::Verdict;
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::table::Table;
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::block::Which;
use assay_chain::market::all_answers;
use assay_chain::release::DeploymentCheck;
use assay_chain::venue::Venue;
use assay_economics::share::Share;
use assay_protocol::abi::AuditState;
use assay_protocol::units::utc;
use serde::Serialize;

/// One audit of a corpus.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// `null` until it is closed.
    pub verdict: Option<Verdict>,
}

/// The audits of a corpus.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Whose.
    pub corpus_id: B256,
    /// Oldest first.
    pub audits: Vec<Row>,
    /// Of market, terms, judges, library and registry of corpora.
    pub deployment: DeploymentCheck,
}

impl Body for Listed {
    const KIND: &'static str = "audits";
    const VERSION: u32 = 1;
}

/// Audits that were accepted, or open requests if those are asked for, as they were at a block.
///
/// # Errors
/// Those of [`read`].
pub async fn list(
    site: &Site<Audits>,
    corpus_id: B256,
    requests: bool,
    delta: &Share,
    which: Which,
) -> eyre::Result<Document<Listed>> {
    read(site, which, |site| async move {
        let market = &site.market;
        let ids = match requests {
            true => market.request_ids(corpus_id, 0).await?,
            false => market.accepted_ids(corpus_id).await?,
        };
        let views = all_answers(ids.iter().map(|id| market.newest(*id))).await?;
        let of = ids.into_iter().zip(views);
        let wanted = of.filter(|(_, audit)| !requests || audit.state == AuditState::Requested);
        let rows = wanted.map(|(id, audit)| {
            Ok(Row {
                fields: Fields::new(id, &audit),
                verdict: Verdict::of(&audit, delta)?,
            })
        });
        Ok(Listed {
            corpus_id,
            audits: rows.collect::<eyre::Result<_>>()?,
            deployment: site.deployment_check().await?,
        })
    })
    .await
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.audits.is_empty() {
            return write!(f, "there is no such audit of corpus {}", self.corpus_id);
        }
        if !self.deployment.is_known() {
            writeln!(f, "NOT CHECKED: {}\n", self.deployment)?;
        }
        let mut table = Table::new(["audit", "state", "requester", "matches", "proven", "until"]);
        for Row { fields: a, verdict } in &self.audits {
            let (state, until) = match verdict {
                Some(verdict) => (format!("{}, {}", a.outcome, verdict.assurance), String::new()),
                None => (a.state.clone(), utc(a.deadline)),
            };
            let requester = match a.self_dealt {
                true => format!("{} (the responder)", a.requester),
                false => a.requester.to_string(),
            };
            table.row([
                a.id.to_string(),
                state,
                requester,
                format!("{} of {}", a.positives, a.size),
                format!("{} of {}", a.proven, a.due),
                until,
            ]);
        }
        write!(
            f,
            "{table}\nno verifier is checked here: what an assurance bounds, and whether to believe it: assay audit show ID"
        )
    }
}
