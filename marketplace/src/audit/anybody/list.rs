//! Lists the audits of a corpus.

use super::fields::Fields;
use super::verdict::Verdict;
use crate::audit::predicate::{as_record, requested};
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::table::{Table, Tabled};
use crate::verifier::check::{Trust, VerifierCheck};
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
use std::collections::btree_map::{BTreeMap, Entry};

/// One audit of a corpus.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// `null` until it is closed.
    pub verdict: Option<Verdict>,
    /// Of the predicate: what the verdict rests on.
    pub verifier: VerifierCheck,
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

/// Audits that were accepted, or open requests if those are asked for, as they were at a block. Each verifier is judged once.
///
/// # Errors
/// Those of [`read`].
pub async fn list(
    site: &Site<Audits>,
    corpus_id: B256,
    requests: bool,
    trust: &Trust,
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
        let wanted: Vec<_> = of
            .filter(|(_, audit)| !requests || audit.state == AuditState::Requested)
            .collect();
        let asked = wanted.iter().map(|(id, audit)| requested(market, *id, audit));
        let asked = all_answers(asked).await?;
        let (mut judged, mut audits) = (BTreeMap::new(), Vec::new());
        for ((id, audit), request) in wanted.into_iter().zip(asked) {
            let verifier = match judged.entry(audit.predicateHash) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let record = as_record(&request.predicate, audit.inputWords);
                    new.insert(trust.judge(&market.chain, &record, &site.report).await?)
                }
            };
            audits.push(Row {
                fields: Fields::new(id, &audit),
                verdict: Verdict::of(&audit, delta)?,
                verifier: verifier.clone(),
            });
        }
        Ok(Listed {
            corpus_id,
            audits,
            deployment: site.deployment_check().await?,
        })
    })
    .await
}

impl Tabled for Listed {
    fn tabled(&self) -> Table {
        let mut table = Table::new([
            "audit",
            "state",
            "requester",
            "matches",
            "proven",
            "hidden",
            "recall",
            "verifier",
            "until",
        ]);
        for row in &self.audits {
            let a = &row.fields;
            let (state, until) = match &row.verdict {
                Some(verdict) => (format!("{}, {}", a.outcome, verdict.assurance), String::new()),
                None => (a.state.clone(), utc(a.deadline)),
            };
            let bounds = row.verdict.as_ref().and_then(Verdict::bounds);
            let [hidden, recall] = bounds.unwrap_or_default();
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
                hidden,
                recall,
                row.verifier.grade.to_string(),
                until,
            ]);
        }
        table
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.audits.is_empty() {
            return write!(f, "there is no such audit of corpus {}", self.corpus_id);
        }
        if !self.deployment.is_known() {
            writeln!(f, "NOT CHECKED: {}\n", self.deployment)?;
        }
        self.tabled().fmt(f)?;
        let unknown = self.audits.iter().any(|row| !row.verifier.is_known());
        if unknown {
            write!(
                f,
                "\na bound rests on its verifier: NOT CHECKED is one that was not compared with the predicate's architecture (--arch \
                 FILE) or with a code hash you trust (--trust-codehash HASH)"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::package::replay::play::play;
    use crate::audit::package::replay::tests::{known, story};
    use crate::verifier::check::VerifierGrade;
    use alloy::primitives::Address;
    use assay_chain::release::DeploymentGrade;

    /// The list of one audit that has ended, by a verifier of this grade.
    fn listed(grade: VerifierGrade) -> String {
        let audit = play(known(), story()).unwrap().view;
        let verifier = VerifierCheck {
            grade,
            address: Address::ZERO,
            codehash: B256::ZERO,
            vk_digest: B256::ZERO,
            weights_commit: B256::ZERO,
            classes: 2,
            metric: "BIN".into(),
            why: None,
        };
        let row = Row {
            fields: Fields::new(B256::ZERO, &audit),
            verdict: Verdict::of(&audit, &"5%".parse().unwrap()).unwrap(),
            verifier,
        };
        let listed = Listed {
            corpus_id: audit.corpusId,
            audits: vec![row],
            deployment: DeploymentCheck {
                grade: DeploymentGrade::Reproduced,
                digest: None,
                differences: Vec::new(),
            },
        };
        listed.to_string()
    }

    #[test]
    fn bounds_stand_beside_the_grade_of_the_verifier_that_they_rest_on() {
        let known = listed(VerifierGrade::Reproduced);
        for said in ["Complete, SAMPLED", "at most 2 of 7", "at least 60.00 %", "REPRODUCED"] {
            assert!(known.contains(said), "{known}");
        }
        assert!(!known.contains("--arch"), "{known}");
        let unknown = listed(VerifierGrade::NotChecked);
        assert!(
            unknown.contains("NOT CHECKED is one that was not compared"),
            "{unknown}"
        );
    }
}
