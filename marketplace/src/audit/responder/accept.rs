//! Judges a request, finds the answers, and takes it on.
//!
//! A responder accepts only what it can keep: the published weights have the predicate's commitment and the verifier's code is that
//! of their key, the predicate was run on every document, what matches is within what the request allows, one proof was made and
//! timed, and everything that may be drawn or named can be proven within half of its time.

use crate::audit::facts::{CORPUS, ORIGINALS, PREDICATE, REQUEST_HASH};
use crate::audit::matches::{Matches, MATCHES_FILE};
use crate::audit::predicate::{as_record, requested};
use crate::audit::published::{require_unregistered, KeyUse, Published};
use crate::audit::responder::taken::{accepting_lock, corpus, predicate_dir, predicate_secrets};
use crate::capacity;
use crate::corpus::opening::open::require_same;
use crate::corpus::stored::StoredCorpus;
use crate::delivery::{Delivery, PREDICATE_FILE};
use crate::engagement::paths::fetched_files;
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{PayingDesk, Sent};
use crate::job::Job;
use crate::openings::model::MAX_BYTES;
use crate::proving::promises::Promise;
use crate::proving::stated::{verify, Stated};
use crate::proving::{Prover, WORDS_PER_HASH};
use alloy::primitives::{Address, B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, usage};
use assay_chain::market::Market;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::copy_atomic;
use assay_durable::lock::Lock;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IRetrievalMarket::{acceptCall, AuditRequested};
use assay_protocol::abi::{AuditState, AuditView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::ids::audit_context;
use assay_protocol::retrieval::policy::{refusals, Findings, Refusal, Rules};
use assay_protocol::retrieval::windows::prove_window;
use assay_protocol::units::{ether, utc};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the responder takes on.
#[derive(Debug, Clone, Default)]
pub struct AcceptPolicy {
    /// Any if empty.
    pub requesters: Vec<Address>,
    /// Authorities that it recognises: another one could be the requester's own, and overrule everything.
    pub authorities: Vec<Address>,
    /// Wei for each document that may have to be proven.
    pub least_price: u128,
    /// Largest bond, wei.
    pub most_bond: u128,
    /// Documents that match and will be withheld, at most.
    pub withholds: u32,
    /// The most documents to hand over: whoever writes the predicate decides what matches it.
    pub most_matches: u32,
}

impl AcceptPolicy {
    fn rules(&self) -> Rules {
        Rules {
            authorities: self.authorities.clone(),
            least_price: self.least_price,
            most_bond: self.most_bond,
            most_ones: self.most_matches,
        }
    }
}

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
            require_requester(policy, &audit)?;
            let request = requested(&desk.market, id, &audit).await?;
            // A reorganised request would ask for something else under this id.
            desk.market.require_settled(id, &audit).await?;
            let stored = StoredCorpus::open(&documents.corpus)?.with_originals(documents.originals.clone());
            let committed = desk.market.corpora.corpus(audit.corpusId).await?;
            require_same(audit.corpusId, &committed, &stored)?;
            let rules = policy.rules();
            let windows = &desk.market.params.windows;
            let judge = |found: &Findings| {
                let against = refusals(&request.terms, &committed, windows, found, &rules);
                require_nothing_against(id, &against)
            };
            // What the terms alone say, before anything that takes long.
            let mut found = Findings {
                weights_match: true,
                code_matches: true,
                input_words: committed.inputWords,
                words_per_hash: committed.wordsPerHash,
                ones: 0,
                privileged: policy.withholds,
                proof_seconds: 0,
                promised: 0,
            };
            judge(&found)?;
            let _lock = Lock::take_from(
                &accepting_lock(desk),
                "another assay process judges a request",
                "wait until it has ended, then repeat the command",
            )?;
            let published = receive(desk, id, &audit, &request, predicate, keys).await?;
            if let Some(marketplace) = marketplace {
                require_unregistered(marketplace, published.weights_commit()).await?;
            }
            let dir = predicate_dir(desk, published.weights_commit());
            let prover = published.prover(&dir, keys, &desk.market.chain, &desk.report)?;
            require_size(&prover, &stored)?;
            let matches = Matches::find(audit.requestHash, &stored, &prover, &desk.report)?;
            found.input_words = published.input_words();
            found.words_per_hash = WORDS_PER_HASH;
            found.ones = u32::try_from(matches.ones().len())?;
            judge(&found)?;
            let took = try_proof(desk, id, &stored, &matches, &prover)?;
            proof_seconds = took.map(|took| took.as_secs_f64());
            found.proof_seconds = took.map_or(0, |took| took.as_secs() + 1);
            let elsewhere = capacity::promised_seconds(&desk.market, id, &predicate_secrets(desk)?).await?;
            found.promised = elsewhere.div_ceil(found.proof_seconds.max(1));
            judge(&found)?;
            // All of that took its time.
            require_time(&desk.market, &desk.market.newest(id).await?).await?;
            desk.account.require_funds(audit.bounds.bond, 0).await?;
            let items = u64::from(audit.bounds.samples) + u64::from(audit.bounds.namedMax);
            let promise = Promise {
                proofs: items,
                window_seconds: prove_window(windows, items),
                chain: desk.market.chain.label(),
                market: desk.market.address,
            };
            let reserved = capacity::reserve_for_audit(&desk.market, id, &prover, promise).await?;
            matches.save(&desk.files(id).join(MATCHES_FILE))?;
            journal.set_fact(&PREDICATE, &published.path().to_owned())?;
            journal.set_fact(&CORPUS, &documents.corpus.canonicalize()?)?;
            let originals = documents.originals.as_deref().map(Path::canonicalize);
            journal.set_fact(&ORIGINALS, &originals.transpose()?)?;
            journal.set_fact(&REQUEST_HASH, &audit.requestHash)?;
            let call = acceptCall {
                id,
                guard: audit.requestHash,
            };
            let call = desk.paying(&call, audit.bounds.bond);
            let sent = desk.account.send(&mut journal, "accept", &call, &desk.report).await;
            // What was signed may still be mined, whatever went wrong after.
            if let (Err(_), None) = (&sent, journal.step("accept")) {
                reserved.release()?;
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

/// # Errors
/// With all that speaks against a request.
fn require_nothing_against(id: B256, against: &[Refusal]) -> eyre::Result<()> {
    if against.is_empty() {
        return Ok(());
    }
    let reasons: Vec<String> = against.iter().map(ToString::to_string).collect();
    Err(hinted(
        format!("this request is not to be accepted: {}", reasons.join("; ")),
        format!("refuse it with assay audit decline {id}, or let it expire"),
    ))
}

/// Fails unless the predicate reads images of the corpus's size: of another one nothing could be proven, and everything would be
/// answered with a match.
fn require_size(prover: &Prover, corpus: &StoredCorpus) -> eyre::Result<()> {
    let (size, input) = (corpus.size(), prover.frozen.architecture.input);
    if (input.h, input.w) == (size.height as usize, size.width as usize) {
        return Ok(());
    }
    Err(usage(format!(
        "the predicate reads images of {} × {}, the corpus has {} × {}",
        input.h, input.w, size.height, size.width
    )))
}

fn require_requester(policy: &AcceptPolicy, audit: &AuditView) -> eyre::Result<()> {
    if policy.requesters.is_empty() || policy.requesters.contains(&audit.rq) {
        return Ok(());
    }
    Err(usage(format!(
        "the request is of {}, which is none of --requester",
        audit.rq
    )))
}

/// The predicate's opening in this program's own directory, compared with the request.
async fn receive(
    desk: &PayingDesk<Audits>,
    id: B256,
    audit: &AuditView,
    request: &AuditRequested,
    from: &Delivery,
    keys: &KeyUse,
) -> eyre::Result<Published> {
    let kept = desk.files(id).join(PREDICATE_FILE);
    let record = || as_record(&request.predicate, audit.inputWords);
    let check = async || {
        let published = Published::load(&kept)?;
        published
            .require(audit.predicateHash, record(), &desk.market.chain, keys, &desk.report)
            .await?;
        eyre::Ok(published)
    };
    if kept.is_file() {
        match check().await {
            Ok(published) => return Ok(published),
            Err(error) => desk
                .report
                .warn(format_args!("{error:#}; receiving the predicate again")),
        }
    }
    let mut refused = None;
    let into = fetched_files(desk, id);
    for file in from.get(BlobKind::Predicate, &into, MAX_BYTES, &desk.report).await? {
        // What is checked is the copy, which nobody else can write.
        copy_atomic(&file, &kept, true)?;
        match check().await {
            Ok(published) => return Ok(published),
            Err(error) => {
                std::fs::remove_file(&kept).ok();
                refused = Some(error.wrap_err(format!("{} is of no use", file.display())));
            }
        }
    }
    Err(refused.unwrap_or_else(|| {
        hinted(
            format!("there is no predicate of audit {id} in {}", from.place()),
            "ask the requester for its opening: assay audit request … --to DIR|URL",
        )
    }))
}

/// Makes one proof about a document that does not match, and how long it took; `None` if all of them match.
fn try_proof(
    desk: &PayingDesk<Audits>,
    id: B256,
    corpus: &StoredCorpus,
    matches: &Matches,
    prover: &Prover,
) -> eyre::Result<Option<Duration>> {
    let ones = matches.ones();
    let Some(index) = (0..matches.size).find(|index| !ones.contains(index)) else {
        return Ok(None);
    };
    let document = corpus.document(index as usize)?.document;
    let market = &desk.market;
    let stated = Stated {
        ctx: audit_context(market.chain.id, market.address, id, index.into()).to_be_bytes(),
        weights_commit: prover.weights_commit()?.to_be_bytes(),
        input_commit: document.doc_commit.to_be_bytes(),
        outputs: vec![[0; 32]],
    };
    let mut job = Job::new(prover, &desk.home);
    let turn = job.turn(None, || true, &desk.report)?;
    let turn = turn.ok_or_else(|| eyre::eyre!("no turn to prove"))?;
    let began = Instant::now();
    let bundle = turn.prove(&document.image, &document.input_salt, stated.ctx, &desk.report)?;
    let took = began.elapsed();
    verify(prover.verifier_key(), &bundle, &stated)?;
    Ok(Some(took))
}
