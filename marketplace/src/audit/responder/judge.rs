//! A request judged: first what costs nothing, then what the opened layout takes of memory and time, and only then what has to be
//! computed.

use crate::audit::facts::{JUDGED, MATCHED, REQUEST_HASH};
use crate::audit::matches::{Matches, MATCHES_FILE};
use crate::audit::predicate::as_record;
use crate::audit::published::{require_unregistered, KeyUse, Published};
use crate::audit::responder::policy::AcceptPolicy;
use crate::audit::responder::taken::predicate_dir;
use crate::capacity;
use crate::corpus::stored::StoredCorpus;
use crate::delivery::{Delivery, PREDICATE_FILE};
use crate::engagement::paths::fetched_files;
use crate::engagement::Desk;
use crate::home::predicate_secret;
use crate::job::Job;
use crate::openings::model::MAX_BYTES;
use crate::proving::promises::{Promise, Speed};
use crate::proving::stated::{verify, Stated};
use crate::proving::{planned_proof_time, Prover, WORDS_PER_HASH};
use alloy::primitives::B256;
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_durable::file::copy_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::abi::AuditView;
use assay_protocol::abi::IRetrievalMarket::AuditRequested;
use assay_protocol::ids::audit_context;
use assay_protocol::retrieval::policy::{refusals, Findings};
use assay_protocol::retrieval::windows::prove_window;
use assay_prover::circuit::Footprint;
use std::path::Path;
use std::time::{Duration, Instant};

/// A request, with what it is judged by.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub desk: &'a Desk<Audits>,
    pub id: B256,
    pub audit: &'a AuditView,
    pub request: &'a AuditRequested,
    /// As it stands in the registry.
    pub committed: &'a Corpus,
    pub policy: &'a AcceptPolicy,
}

/// A request that has to be computed on.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    pub judge: &'a Judge<'a>,
    pub stored: &'a StoredCorpus,
    pub keys: &'a KeyUse,
}

/// What was found out about a request that may be accepted.
#[derive(Debug)]
pub(super) struct Judged {
    pub published: Published,
    pub prover: Prover,
    pub matches: Matches,
    /// One proof; `None` if every document matches.
    pub took: Option<Duration>,
}

impl Judge<'_> {
    /// What the audit may ask for.
    pub(super) fn promise(&self) -> Promise {
        let items = u64::from(self.audit.bounds.samples) + u64::from(self.audit.bounds.namedMax);
        Promise {
            proofs: items,
            window_seconds: prove_window(&self.desk.market.params.windows, items),
            chain: self.desk.market.chain.label(),
            market: self.desk.market.address,
        }
    }

    /// Nothing found yet that speaks against it.
    fn findings(&self) -> Findings {
        Findings {
            weights_match: true,
            code_matches: true,
            input_words: self.committed.inputWords,
            words_per_hash: self.committed.wordsPerHash,
            ones: 0,
            privileged: self.policy.withholds,
            proof_seconds: 0,
            promised: 0,
        }
    }

    /// # Errors
    /// With all that speaks against it.
    fn require(&self, found: &Findings) -> eyre::Result<()> {
        let windows = &self.desk.market.params.windows;
        let against = refusals(
            &self.request.terms,
            self.committed,
            windows,
            found,
            &self.policy.rules(),
        );
        if against.is_empty() {
            return Ok(());
        }
        let reasons: Vec<String> = against.iter().map(ToString::to_string).collect();
        Err(hinted(
            format!("this request is not to be accepted: {}", reasons.join("; ")),
            format!("refuse it with assay audit decline {}, or let it expire", self.id),
        ))
    }

    /// Whether so many documents more may match than do in other audits.
    fn require_total(&self, more: u64) -> eyre::Result<()> {
        match self.policy.most_in_total {
            Some(_) => self.policy.require_total(matched_elsewhere(self.desk, self.id)?, more),
            None => Ok(()),
        }
    }

    /// What terms, registry, purse and earlier audits say, before anything is fetched or computed.
    ///
    /// # Errors
    /// With what speaks against it.
    pub(super) async fn cheaply(&self, marketplace: Option<&Market>) -> eyre::Result<()> {
        self.require(&self.findings())?;
        self.require_total(0)?;
        self.desk.account.require_funds(self.audit.bounds.bond, 0).await?;
        if let Some(marketplace) = marketplace {
            require_unregistered(marketplace, self.request.predicate.weightsCommit).await?;
        }
        Ok(())
    }
}

impl Trial<'_> {
    /// What the predicate says of every document, and one proof; `journal` notes that the request was judged.
    ///
    /// # Errors
    /// With what speaks against it.
    pub(super) async fn run(&self, journal: &mut Journal, from: &Delivery) -> eyre::Result<Judged> {
        let desk = self.judge.desk;
        let published = self.receive(journal, from).await?;
        let dir = predicate_dir(desk, published.weights_commit());
        let prover = published.prover(&dir, self.keys, &desk.market.chain, &desk.report)?;
        let matches = Matches::find(self.judge.audit.requestHash, self.stored, &prover, &desk.report)?;
        let mut found = Findings {
            input_words: published.input_words(),
            words_per_hash: WORDS_PER_HASH,
            ones: u32::try_from(matches.ones().len())?,
            ..self.judge.findings()
        };
        self.judge.require(&found)?;
        self.judge.require_total(found.ones.into())?;
        let took = self.try_proof(&matches, &prover)?;
        found.proof_seconds = took.map_or(0, |took| took.as_secs() + 1);
        self.judge.require(&found)?;
        Ok(Judged {
            published,
            prover,
            matches,
            took,
        })
    }

    /// Whether images, memory and time suffice for the layout that was published: nothing of it is believed, and nothing is made
    /// of it yet.
    async fn require_affordable(&self, published: &Published) -> eyre::Result<()> {
        let (size, corpus) = (published.image_size(), self.stored.size());
        // Of another size nothing could be proven, and everything would be answered with a match.
        if size != corpus {
            return Err(usage(format!(
                "the predicate reads images of {} × {}, the corpus has {} × {}",
                size.height, size.width, corpus.height, corpus.width
            )));
        }
        let frozen = published.frozen();
        let footprint = Footprint::of(&frozen);
        self.judge.policy.require_memory(frozen.layout.k, &footprint)?;
        let secret = predicate_secret(&predicate_dir(self.judge.desk, published.weights_commit()));
        let estimated = Speed::Planned(planned_proof_time(&footprint)?);
        capacity::require_time_for_audit(
            self.judge.desk,
            self.judge.id,
            &secret,
            &self.judge.promise(),
            estimated,
        )
        .await
    }

    /// Fails unless the file opens what was asked for; key, commitment and code are made anew, unless that costs too much.
    async fn opened(&self, journal: &mut Journal, path: &Path, judged: u32) -> eyre::Result<Published> {
        let published = Published::load(path)?;
        self.require_affordable(&published).await?;
        // Whoever kills this process by what it asks for shall not do so for ever.
        journal.set_fact(&JUDGED, &judged)?;
        let (audit, chain) = (self.judge.audit, &self.judge.desk.market.chain);
        let record = as_record(&self.judge.request.predicate, audit.inputWords);
        published
            .require(audit.predicateHash, record, chain, self.keys, &self.judge.desk.report)
            .await?;
        Ok(published)
    }

    /// The predicate's opening in this program's own directory, compared with the request.
    async fn receive(&self, journal: &mut Journal, from: &Delivery) -> eyre::Result<Published> {
        let (desk, id) = (self.judge.desk, self.judge.id);
        let judged = journal.fact(&JUDGED)?.unwrap_or(0).saturating_add(1);
        let kept = desk.files(id).join(PREDICATE_FILE);
        if kept.is_file() {
            match self.opened(journal, &kept, judged).await {
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
            match self.opened(journal, &kept, judged).await {
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
    fn try_proof(&self, matches: &Matches, prover: &Prover) -> eyre::Result<Option<Duration>> {
        let (desk, ones) = (self.judge.desk, matches.ones());
        let Some(index) = (0..matches.size).find(|index| !ones.contains(index)) else {
            return Ok(None);
        };
        let document = self.stored.document(index as usize)?.document;
        let market = &desk.market;
        let stated = Stated {
            ctx: audit_context(market.chain.id, market.address, self.judge.id, index.into()).to_be_bytes(),
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
}

/// Documents that match in all audits that were taken on from here but this: those that were handed over, and may yet be.
fn matched_elsewhere(desk: &Desk<Audits>, id: B256) -> eyre::Result<u64> {
    let mut documents = 0;
    for other in desk.ids()? {
        let journal = desk.journal_path(other);
        if other != id && Journal::peek_signed(&journal, "accept")? {
            documents += match Journal::peek(&journal, &MATCHED)? {
                Some(matched) => matched,
                // Accepted by an older version, which kept the answers alone.
                None => {
                    let request = Journal::peek(&journal, &REQUEST_HASH)?.unwrap_or_default();
                    let matches = Matches::load(&desk.files(other).join(MATCHES_FILE), request)?;
                    matches.ones().len() as u64
                }
            };
        }
    }
    Ok(documents)
}
