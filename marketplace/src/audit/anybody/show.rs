//! What the chain says of an audit.

use super::fields::Fields;
use super::verdict::Verdict;
use crate::audit::predicate::{as_record, requested};
use crate::corpus::show::Attestation;
use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::table::Table;
use crate::verifier::check::{Trust, VerifierCheck};
use alloy::primitives::{Address, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::block::Which;
use assay_chain::market::all_answers;
use assay_chain::release::DeploymentCheck;
use assay_chain::venue::{Venue, View};
use assay_economics::share::Share;
use assay_protocol::abi::DemandState;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::ops::Deref;

/// An audit as the chain has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Flattened into this JSON object.
    #[serde(flatten)]
    pub fields: Fields,
    /// `null` until it is closed.
    pub verdict: Option<Verdict>,
    /// In order.
    pub demand_list: Vec<Demand>,
    /// Others about the same corpus that were accepted, oldest first.
    pub other_audits: Vec<Other>,
    /// What sources said of the corpus, oldest first.
    pub attestations: Vec<Attestation>,
    /// Last second before anybody may close it or a demand in it; 0 if it is closed.
    pub timeout_at: u64,
    /// Of market, terms, judges, library and registry of corpora.
    pub deployment: DeploymentCheck,
    /// Of the predicate.
    pub verifier: VerifierCheck,
    #[serde(skip)]
    next: Option<String>,
}

/// A demand for documents.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// As the contract names it.
    pub state: String,
    /// How many.
    pub documents: u32,
    /// All chunks of it are on chain.
    pub published: bool,
    /// B: what it brought for gas.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub paid_wei: u128,
    /// What of it the responder's calls have used up.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub spent_wei: u128,
    /// End of the window that runs, Unix seconds; 0 once settled.
    pub deadline: u64,
    /// Last second in which only the parties can move it on; 0 once settled.
    pub settle_after: u64,
    #[serde(skip)]
    kind: DemandState,
}

/// Another audit of the same corpus.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    /// Of that audit.
    pub id: B256,
    /// Who asked.
    pub requester: Address,
    /// As the contract names it.
    pub state: String,
    /// As the contract names it; `None` while it is open.
    pub outcome: String,
}

impl Body for Shown {
    const KIND: &'static str = "audit";
    const VERSION: u32 = 1;
}

impl Deref for Shown {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

/// An audit as it was at a block; `delta` is how often a sample may miss more than the verdict's bound.
///
/// # Errors
/// If there was none, and those of [`read`].
pub async fn show(
    site: &Site<Audits>,
    id: B256,
    trust: &Trust,
    delta: &Share,
    which: Which,
) -> eyre::Result<Document<Shown>> {
    read(site, which, |site| async move {
        let market = &site.market;
        let audit = market.newest(id).await?;
        let request = requested(market, id, &audit).await?;
        let record = as_record(&request.predicate, audit.inputWords);
        let demands = market.demands(id, &audit).await?.into_iter();
        let demand_list = demands.map(|demand| Demand {
            state: format!("{:?}", demand.state),
            documents: demand.documents,
            published: demand.published,
            paid_wei: demand.paid,
            spent_wei: demand.spent,
            deadline: demand.deadline,
            settle_after: demand.settleAfter,
            kind: demand.state,
        });
        let said = market.corpora.attestations(audit.corpusId).await?.into_iter();
        Ok(Shown {
            fields: Fields::new(id, &audit),
            verdict: Verdict::of(&audit, delta)?,
            demand_list: demand_list.collect(),
            other_audits: others(market, audit.corpusId, id).await?,
            attestations: said.map(|said| Attestation::of(audit.rs, &said)).collect(),
            timeout_at: market.timeout_at(id).await?,
            deployment: site.deployment_check().await?,
            verifier: trust.judge(&market.chain, &record, &site.report).await?,
            next: audit.next(id),
        })
    })
    .await
}

/// Audits of a corpus but this one.
async fn others(market: &Audits, corpus_id: B256, id: B256) -> eyre::Result<Vec<Other>> {
    let ids = market.accepted_ids(corpus_id).await?;
    let others = ids.into_iter().filter(|other| *other != id);
    all_answers(others.map(|other| async move {
        let audit = market.newest(other).await?;
        Ok(Other {
            id: other,
            requester: audit.rq,
            state: format!("{:?}", audit.state),
            outcome: audit.outcome(),
        })
    }))
    .await
}

impl Shown {
    /// What keeps the verdict from being told as a fact.
    fn doubt(&self) -> Option<&'static str> {
        if !self.deployment.is_known() {
            return Some("these contracts are not those of this release, so nothing that they say is stated as a fact");
        }
        (!self.verifier.is_known()).then_some(
            "proofs were accepted by a verifier that was not compared with the predicate's architecture (--arch FILE) or with \
             a code hash you trust (--trust-codehash HASH)",
        )
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let wei = |amount: u128| ether(U256::from(amount));
        writeln!(f, "audit       {}", self.id)?;
        writeln!(
            f,
            "corpus      {} of {} documents, committed {}",
            self.corpus_id,
            self.size,
            utc(self.corpus_committed_at)
        )?;
        writeln!(f, "requester   {}", self.requester)?;
        writeln!(f, "responder   {}", self.responder)?;
        if self.self_dealt {
            writeln!(
                f,
                "            both are one account, which knew the sample: this shows nothing"
            )?;
        }
        match self.authority {
            Some(authority) if self.approved => writeln!(f, "authority   {authority}, approved the request")?,
            Some(authority) => writeln!(f, "authority   {authority}, has not approved the request")?,
            None => writeln!(f, "authority   none")?,
        }
        writeln!(f, "predicate   {}", self.predicate_hash)?;
        writeln!(f, "            verifier {}", self.verifier)?;
        writeln!(
            f,
            "answers     {} match, of at most {}; {} withheld, {} of these overruled",
            self.positives, self.ones_max, self.withheld, self.overruled
        )?;
        writeln!(
            f,
            "proofs      {} of {} due; a sample of {}, {} named",
            self.proven, self.due, self.samples, self.named
        )?;
        writeln!(
            f,
            "at stake    price {}, bond {}",
            wei(self.price_wei),
            wei(self.bond_wei)
        )?;
        if !self.demand_list.is_empty() {
            let mut table = Table::new(["demand", "state", "documents", "until"]);
            for (m, demand) in self.demand_list.iter().enumerate() {
                let until = match demand.kind {
                    DemandState::Settled => String::new(),
                    _ => utc(demand.deadline),
                };
                table.row([m.to_string(), demand.state.clone(), demand.documents.to_string(), until]);
            }
            writeln!(f, "{table}")?;
        }
        match &self.verdict {
            Some(verdict) => {
                writeln!(f, "closed      {}: {}", utc(self.closed_at), self.outcome)?;
                writeln!(f, "verdict     {verdict}")?;
                if let (true, Some(doubt)) = (verdict.is_assured(), self.doubt()) {
                    writeln!(f, "            NOT CHECKED: {doubt}")?;
                }
            }
            None => writeln!(f, "{}   until {}", self.state, utc(self.deadline))?,
        }
        match self.attestations.as_slice() {
            [] => writeln!(
                f,
                "attested    by nobody: what is missing from the corpus no audit shows"
            )?,
            said => {
                for said in said {
                    let own = if said.own { " (the responder)" } else { "" };
                    writeln!(f, "attested    {} by {}{own}", utc(said.attested_at), said.source)?;
                }
            }
        }
        writeln!(f, "others      {} audits of this corpus", self.other_audits.len())?;
        for other in &self.other_audits {
            let state = if other.outcome == "None" {
                &other.state
            } else {
                &other.outcome
            };
            writeln!(f, "            {} of {}: {state}", other.id, other.requester)?;
        }
        match &self.next {
            Some(next) => write!(f, "next        {next}"),
            None => Ok(()),
        }
    }
}
