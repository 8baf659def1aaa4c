//! Judges a request, finds the answers, and takes it on.
//!
//! A responder accepts only what it can keep: the published weights have the predicate's commitment and the verifier's code is that
//! of their key, the predicate was run on every document, what matches is within what the request allows, one proof was made and
//! timed, and everything that may be drawn or named can be proven within half of its time.

use crate::audit::facts::{CORPUS, JUDGED, MATCHED, ORIGINALS, PREDICATE, REQUEST_HASH, TO_WITHHOLD};
use crate::audit::matches::{Matches, MATCHES_FILE};
use crate::audit::predicate::requested;
use crate::audit::published::KeyUse;
use crate::audit::responder::judge::{Judge, Judged, Trial};
use crate::audit::responder::policy::AcceptPolicy;
use crate::audit::responder::taken::{accepting_lock, corpus};
use crate::capacity;
use crate::corpus::opening::open::require_same;
use crate::corpus::stored::StoredCorpus;
use crate::delivery::Delivery;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{PayingDesk, Sent};
use alloy::primitives::{Address, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::is_passing;
use assay_chain::market::Market;
use assay_chain::venue::{require_state, Venue};
use assay_durable::lock::Lock;
use assay_protocol::abi::AuditState;
use assay_protocol::abi::IRetrievalMarket::acceptCall;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Where the documents are.
#[derive(Debug, Clone)]
pub struct Documents {
    /// Directory of the corpus.
    pub corpus: PathBuf,
    /// Folder of the originals, if not where they were committed from.
    pub originals: Option<PathBuf>,
}

/// The result of accepting.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Of the audit.
    pub id: B256,
    /// Who asks.
    pub requester: Address,
    /// Documents that will be answered with a match.
    pub matches: Vec<Match>,
    /// Of the corpus.
    pub documents: u32,
    /// Seconds of one proof; absent if it was accepted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_seconds: Option<f64>,
    /// b, locked.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub bond_wei: u128,
    /// Last second for the answers.
    pub until: u64,
    /// The transaction that accepted, now or before.
    pub sent: Sent,
}

/// A document that will be answered with a match.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// In the corpus.
    pub index: u32,
    /// Name of its original.
    pub file: String,
    /// The predicate says that it matches; else nothing can be proven of it.
    pub is_match: bool,
}

/// Matches that are named one by one.
const NAMED: usize = 20;

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "accepted    audit {} of requester {}", self.id, self.requester)?;
        let matches = self.matches.len();
        writeln!(f, "answers     {matches} of {} documents match", self.documents)?;
        for Match { index, file, is_match } in self.matches.iter().take(NAMED) {
            let why = if *is_match { "" } else { ": nothing can be proven of it" };
            writeln!(f, "            {index}, {file}{why}")?;
        }
        if matches > NAMED {
            writeln!(f, "            and {} more, see --json", matches - NAMED)?;
        }
        if let Some(seconds) = self.proof_seconds {
            writeln!(f, "proof       {seconds:.1} s")?;
        }
        writeln!(f, "locked      {}", ether(U256::from(self.bond_wei)))?;
        write!(
            f,
            "next        by {}: assay audit answer {}; before it, what is privileged: assay audit withhold",
            utc(self.until),
            self.id
        )
    }
}

/// Judges the request and takes it on, once.
///
/// # Errors
/// With everything that speaks against it. Nothing is locked then, and nothing shown.
pub async fn accept(
    desk: &PayingDesk<Audits>,
    id: B256,
    documents: &Documents,
    predicate: &Delivery,
    keys: &KeyUse,
    policy: &AcceptPolicy,
    marketplace: Option<&Market>,
) -> eyre::Result<Accepted> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let mut proof_seconds = None;
    let receipt = match desk.account.resume(&mut journal, "accept", &desk.report).await? {
        Some(receipt) => receipt,
        None => {
            require_state(id, &audit, &[AuditState::Requested])?;
            require_time(&desk.market, &audit).await?;
            policy.require_requester(&audit)?;
            let request = requested(&desk.market, id, &audit).await?;
            // A reorganised request would ask for something else under this id.
            desk.market.require_settled(id, &audit).await?;
            let committed = desk.market.corpora.corpus(audit.corpusId).await?;
            let judge = Judge {
                desk,
                id,
                audit: &audit,
                request: &request,
                committed: &committed,
                policy,
            };
            judge.cheaply(marketplace).await?;
            let stored = StoredCorpus::open(&documents.corpus)?.with_originals(documents.originals.clone());
            require_same(audit.corpusId, &committed, &stored)?;
            let call = acceptCall {
                id,
                guard: audit.requestHash,
            };
            let call = desk.paying(&call, audit.bounds.bond);
            // Else it would be judged again and again until fees fall.
            desk.account.require_payable(&call).await?;
            let _lock = Lock::take_from(
                &accepting_lock(desk),
                "another assay process judges a request",
                "wait until it has ended, then repeat the command",
            )?;
            let before = journal.fact(&JUDGED)?.unwrap_or(0);
            let trial = Trial {
                judge: &judge,
                stored: &stored,
                keys,
            };
            let judged = trial.run(&mut journal, predicate).await;
            if judged.as_ref().is_err_and(is_passing) {
                journal.set_fact(&JUDGED, &before)?;
            }
            let Judged {
                published,
                prover,
                matches,
                took,
            } = judged?;
            proof_seconds = took.map(|took| took.as_secs_f64());
            // All of that took its time.
            require_time(&desk.market, &desk.market.newest(id).await?).await?;
            desk.account.require_funds(audit.bounds.bond, 0).await?;
            let reserved = capacity::reserve_for_audit(desk, id, &prover, judge.promise()).await?;
            matches.save(&desk.files(id).join(MATCHES_FILE))?;
            journal.set_fact(&MATCHED, &(matches.ones().len() as u64))?;
            let few = matches.ones().len().min(policy.withholds as usize);
            journal.set_fact(&TO_WITHHOLD, &u32::try_from(few)?)?;
            journal.set_fact(&PREDICATE, &published.path().to_owned())?;
            journal.set_fact(&CORPUS, &documents.corpus.canonicalize()?)?;
            let originals = documents.originals.as_deref().map(Path::canonicalize);
            journal.set_fact(&ORIGINALS, &originals.transpose()?)?;
            journal.set_fact(&REQUEST_HASH, &audit.requestHash)?;
            let signed = journal.signed("accept");
            let sent = desk.account.send(&mut journal, "accept", &call, &desk.report).await;
            if let Err(error) = &sent {
                if reserved.release_unless_signed(&journal, "accept", signed)? && is_passing(error) {
                    journal.set_fact(&JUDGED, &before)?;
                }
            }
            sent?
        }
    };
    let after = desk.market.newest(id).await?;
    let matches = Matches::load(&desk.files(id).join(MATCHES_FILE), after.requestHash)?;
    let stored = corpus(&journal, id)?;
    let name = |index: u32| {
        let path = stored.path(index as usize).unwrap_or_default();
        path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    let named = matches.ones().into_iter().map(|index| Match {
        index,
        file: name(index),
        is_match: matches.matching.contains(&index),
    });
    Ok(Accepted {
        id,
        requester: after.rq,
        matches: named.collect(),
        documents: after.size,
        proof_seconds,
        bond_wei: after.bounds.bond,
        until: after.deadline,
        sent: Sent::from(&receipt),
    })
}
