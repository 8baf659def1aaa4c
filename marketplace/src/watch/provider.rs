//! What a provider knows about an engagement, and how it acts.

use crate::accuracy::anybody::timeout::timeout;
use crate::accuracy::provider::accept::{accept, Policy};
use crate::accuracy::provider::ack::{ack_from, Acknowledged, Source};
use crate::accuracy::provider::capacity::require_registered;
use crate::accuracy::provider::capacity::require_registered_secret;
use crate::accuracy::provider::held::{proof_path, proofs_dir};
use crate::accuracy::provider::moves::{ABORT, CONCEDE};
use crate::accuracy::provider::prepared::proving_lock;
use crate::accuracy::provider::probe::{probe, AfterProbe};
use crate::accuracy::provider::set::open_set;
use crate::accuracy::provider::{answer, post, submit};
use crate::delivery::{Delivery, Place};
use crate::engagement::facts::{PROOFS_DELIVERED, SETTLED, VK_DIGEST, WEIGHTS_COMMIT};
use crate::engagement::withdraw::withdraw;
use crate::engagement::Ended;
use crate::proving::{ModelFiles, Prover};
use crate::watch::proving::{Job, JobEnd};
use assay_chain::error::is_passing;

use crate::watch::station::{window, Station, CLEAR_SET};
use alloy::primitives::{Address, B256};
use assay_chain::journal::Journal;
use assay_durable::lock::Lock;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::accuracy::decide::{Action, Facts, Proofs};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// What the provider was told.
#[derive(Debug)]
pub struct ProviderOrders {
    /// Offers on every model that was registered with these files are looked at.
    pub model: ModelFiles,
    /// Offers to accept, if any.
    pub accepts: Option<Policy>,
    /// Engagements to have open at one time.
    pub max_open: usize,
    /// Right probes from which on to proceed, if not the usual.
    pub at_least: Option<u32>,
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
}

/// The provider's part of a patrol.
#[derive(Debug)]
pub struct Provider {
    orders: ProviderOrders,
    /// Loaded when first needed.
    prover: OnceLock<Arc<Prover>>,
    /// Registered models that the prover can prove for.
    models: Vec<B256>,
    board: Mutex<Board>,
}

/// What the turns of all engagements share.
#[derive(Debug, Default)]
struct Board {
    /// Offers of these models that were looked at and are none any more.
    past: BTreeSet<B256>,
    offered: BTreeSet<B256>,
    /// Accepted engagements that are not closed.
    open: BTreeSet<B256>,
    /// Engagements that wait for their proofs.
    wanted: BTreeMap<B256, Wanted>,
    job: Option<Job>,
    /// Every proof that is asked for and can be made is there.
    complete: BTreeSet<B256>,
    hopeless: BTreeSet<B256>,
    /// Proven sets that were opened and are no bad data.
    opened: BTreeSet<B256>,
}

#[derive(Debug, Clone)]
struct Wanted {
    /// Until when work on it must have begun or be done, Unix seconds.
    by: u64,
    /// Where a set in clear was handed over.
    set: Option<PathBuf>,
}

impl Provider {
    /// # Errors
    /// If a file of the model cannot be read: without proofs engagements would be ended. If offers shall be accepted, also if
    /// its keys cannot be had.
    pub fn new(desk: &Station, orders: ProviderOrders) -> eyre::Result<Self> {
        orders.model.require_files()?;
        let mut provider = Self {
            orders,
            prover: OnceLock::new(),
            models: Vec::new(),
            board: Mutex::default(),
        };
        if provider.is_accepting() {
            provider.models = own_models(desk, &*provider.prover(desk)?)?;
        }
        Ok(provider)
    }

    pub(super) fn is_accepting(&self) -> bool {
        self.orders.accepts.is_some()
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prover(&self, desk: &Station) -> eyre::Result<Arc<Prover>> {
        if let Some(prover) = self.prover.get() {
            return Ok(prover.clone());
        }
        // If two load it at one time the second is dropped.
        let prover = Arc::new(self.orders.model.prover(&desk.market.chain, false, &desk.report)?);
        Ok(self.prover.get_or_init(|| prover).clone())
    }

    /// Open offers to this provider's models.
    pub(super) async fn offers(&self, desk: &Station) -> eyre::Result<BTreeSet<B256>> {
        for model in &self.models {
            for id in desk.market.engagement_ids(*model).await? {
                if self.board().past.contains(&id) {
                    continue;
                }
                let confirmed = desk.market.confirmed_engagement(id).await;
                let is_past = confirmed.is_ok_and(|e| e.state != State::Offered);
                let mut board = self.board();
                if is_past {
                    board.past.insert(id);
                    board.offered.remove(&id);
                } else {
                    board.offered.insert(id);
                }
            }
        }
        Ok(self.board().offered.clone())
    }

    /// Keeps count of what is open.
    pub(super) fn note(&self, id: B256, e: &EngagementView) {
        let mut board = self.board();
        match e.state {
            State::None | State::Offered | State::Closed => {
                board.open.remove(&id);
                board.wanted.remove(&id);
            }
            _ => {
                board.open.insert(id);
            }
        }
    }

    pub(super) async fn facts(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        let challenges = desk.challenges(id, e).await?;
        let has_proof = |position: u32| proof_path(desk, id, position as usize).is_file();
        let proofs = self.proofs(desk, id, e).await?;
        let board = self.board();
        Ok(Facts {
            accepts: board.offered.contains(&id) && board.open.len() < self.orders.max_open,
            handed_over: desk.fact(id, &PROOFS_DELIVERED)?.is_some(),
            received: handed_over_set(desk, id).is_some_and(|dir| dir.is_dir()),
            proofs: if board.complete.contains(&id) {
                Proofs::All
            } else {
                proofs
            },
            is_hopeless: board.hopeless.contains(&id),
            // By this program, or by somebody at the keyboard.
            is_being_proven: board.job.as_ref().is_some_and(|job| job.id == id)
                || Lock::is_held(&proving_lock(desk, id)),
            challenge: challenges.iter().map(|(_, challenge)| challenge.deadline).min(),
            can_answer: challenges.iter().any(|(position, _)| has_proof(*position)),
            is_met: e.provenOnChain >= desk.market.needed(e.mode, e.targetBps),
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        })
    }

    async fn proofs(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Proofs> {
        let dir = proofs_dir(desk, id);
        let files = Delivery::at(&dir, id)
            .get(BlobKind::Proofs, &dir, 0, &desk.report)
            .await?;
        let enough = files.len() >= desk.market.needed(e.mode, e.targetBps) as usize;
        Ok(if enough { Proofs::Enough } else { Proofs::TooFew })
    }

    pub(super) async fn act(
        &self,
        desk: &Station,
        id: B256,
        e: &EngagementView,
        action: Action,
    ) -> eyre::Result<Value> {
        match action {
            Action::Prove => {}
            Action::Answer => self.forget_wish(id),
            // What this model cannot do another daemon's may; without any model nothing else is left.
            Action::Abort | Action::Concede => {
                if let Ok(prover) = self.prover(desk) {
                    require_registered(&prover, &desk.market.proof_terms(e.modelId).await?)?;
                }
                self.stop(id);
            }
            _ => self.stop(id),
        }
        let done = match action {
            Action::Accept => return self.accept(desk, id, e).await,
            Action::Ack => json!(acknowledge(desk, id, e).await?),
            Action::AckUnseen => json!(ack_from(desk, id, &Source::Unseen).await?),
            Action::Probe => {
                let prover = self.prover(desk)?;
                let decision = AfterProbe {
                    act: true,
                    at_least: self.orders.at_least,
                };
                json!(probe(desk, id, &prover, decision).await?)
            }
            Action::Prove => {
                self.want(desk, id, e).await?;
                Value::Null
            }
            Action::Claim => {
                let to = desk.delivery(id, e.mc)?;
                json!(post::post(desk, id, Some(&to)).await?)
            }
            Action::Submit => json!(submit::submit(desk, id, None, false).await?),
            Action::Answer => json!(answer::answer(desk, id).await?),
            Action::Abort => json!(Ended::from(desk.play(id, &ABORT).await?)),
            Action::Concede => json!(Ended::from(desk.play(id, &CONCEDE).await?)),
            Action::Timeout => json!(timeout(desk, id).await?),
            Action::Settle => {
                let _till = desk.till.lock().await;
                let withdrawn = withdraw(desk, self.orders.withdraw_to).await?;
                desk.journal(id)?.set_fact(&SETTLED, &true)?;
                json!(withdrawn)
            }
            _ => Value::Null,
        };
        Ok(done)
    }

    /// Accepts, unless enough is open.
    async fn accept(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Value> {
        let Some(policy) = self.orders.accepts.clone() else {
            return Ok(Value::Null);
        };
        {
            // Two turns that accept at one time both count.
            let mut board = self.board();
            if board.open.len() >= self.orders.max_open {
                return Ok(Value::Null);
            }
            board.open.insert(id);
        }
        let leaves = match e.mode {
            Mode::CLEAR => None,
            _ => Some(desk.delivery(id, e.mc)?),
        };
        let accepted = accept(desk, id, &policy, leaves.as_ref()).await;
        if accepted.is_err() {
            self.board().open.remove(&id);
        }
        Ok(json!(accepted?))
    }

    /// Notes that proofs are needed; [`Provider::schedule`] begins with the most urgent. Bad data are looked for first: that
    /// must not wait for the proofs of others.
    async fn want(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<()> {
        if e.mode == Mode::FULL && e.state == State::Proving && !self.board().opened.contains(&id) {
            open_set(desk, id, e).await?;
            self.board().opened.insert(id);
        }
        let (by, set) = match (e.mode, e.state) {
            (Mode::CLEAR, State::Probing) => (e.deadline - window(&desk.market, e) / 2, handed_over_set(desk, id)),
            (Mode::CLEAR, _) => (e.deadline, handed_over_set(desk, id)),
            (_, State::Claimed | State::FullDemanded) => {
                let challenges = desk.challenges(id, e).await?;
                let first = challenges.iter().map(|(_, challenge)| challenge.deadline).min();
                (first.unwrap_or(e.deadline), None)
            }
            _ => (e.deadline, None),
        };
        let mut board = self.board();
        match board.job.as_mut().filter(|job| job.id == id) {
            Some(job) => job.by = by,
            None => {
                if board.wanted.insert(id, Wanted { by, set }).is_none() {
                    desk.wake.notify_one();
                }
            }
        }
        Ok(())
    }

    fn forget_wish(&self, id: B256) {
        self.board().wanted.remove(&id);
    }

    /// Ends the work on proofs that are not needed any more.
    fn stop(&self, id: B256) {
        let mut board = self.board();
        board.wanted.remove(&id);
        if let Some(job) = board.job.as_ref().filter(|job| job.id == id) {
            job.stop();
        }
    }

    /// Begins with the most urgent proofs, if none are made; those under way make room for more urgent ones after the proof
    /// that is being made.
    pub(super) fn schedule(&self, desk: &Station) -> eyre::Result<Option<B256>> {
        let urgent = {
            let board = self.board();
            let urgent = board.wanted.iter().min_by_key(|(id, wanted)| (wanted.by, **id));
            let Some((id, wanted)) = urgent else {
                return Ok(None);
            };
            if let Some(job) = &board.job {
                if job.id != *id && wanted.by < job.by {
                    job.stop();
                }
                return Ok(None);
            }
            (*id, wanted.clone())
        };
        let prover = self.prover(desk)?;
        let (id, Wanted { by, set }) = urgent;
        let mut board = self.board();
        board.wanted.remove(&id);
        board.job = Some(Job::start(desk.clone(), id, by, set, prover));
        Ok(Some(id))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.board().job.is_some()
    }

    pub(super) async fn job_ended(&self) {
        while self.board().job.as_ref().is_some_and(|job| !job.has_ended()) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The engagement whose proofs are made, or cannot be, since this was last asked.
    pub(super) async fn reap(&self) -> Option<(B256, eyre::Result<JobEnd>)> {
        let job = self.board().job.take_if(|job| job.has_ended())?;
        let id = job.id;
        let ended = job.wait().await;
        let mut board = self.board();
        board.wanted.remove(&id);
        match ended {
            Ok(JobEnd::All) => {
                board.complete.insert(id);
            }
            Ok(JobEnd::BelowTarget) => {
                board.hopeless.insert(id);
            }
            _ => {}
        }
        drop(board);
        Some((id, ended))
    }

    /// Ends the work after the proof that is being made.
    pub(super) async fn end(&self) {
        let job = self.board().job.take();
        if let Some(job) = job {
            job.stop();
            // What it says now is said again by the next run.
            let _ = job.wait().await;
        }
    }
}

/// From where the files are handed over; what was published also from the chain.
async fn acknowledge(desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Acknowledged> {
    let delivered = || eyre::Ok(Source::Delivered(Box::new(desk.delivery(id, e.mc)?)));
    if e.state != State::Published {
        return ack_from(desk, id, &delivered()?).await;
    }
    // The chain does not keep anybody waiting.
    match ack_from(desk, id, &Source::Chain).await {
        Err(error) if !is_passing(&error) => {
            desk.report.note(format_args!("{error:#}; asking the consumer"));
            ack_from(desk, id, &delivered()?).await
        }
        acked => acked,
    }
}

/// Where the consumer hands a set over in clear.
fn handed_over_set(desk: &Station, id: B256) -> Option<PathBuf> {
    match desk.exchange.of_engagement(id) {
        Place::Path(dir) => Some(dir.join(CLEAR_SET)),
        Place::Server(_) => None,
    }
}

/// Models that this program registered and this prover proves for.
fn own_models(desk: &Station, prover: &Prover) -> eyre::Result<Vec<B256>> {
    let (weights, digest) = (Some(prover.weights_commit()?), Some(prover.vk_digest()));
    let entries = std::fs::read_dir(desk.home.models(&desk.market.chain));
    let mut models = Vec::new();
    for entry in entries.into_iter().flatten() {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|suffix| suffix == "json");
        let id = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
        let (true, Some(id)) = (is_journal, id) else { continue };
        let registered = (
            Journal::peek(&path, &WEIGHTS_COMMIT)?,
            Journal::peek(&path, &VK_DIGEST)?,
        );
        if registered == (weights, digest) {
            require_registered_secret(&path, prover.secret_path())?;
            models.push(id);
        }
    }
    Ok(models)
}
