//! What a provider knows about an engagement, and how it acts.

use crate::accuracy::provider::accept::{accept_with, Policy};
use crate::accuracy::provider::ack::{ack_from, Acknowledged, Source};
use crate::capacity::{confirmed_as, has_lapsed, require_registered};
use crate::engagement::overdue::close;
use crate::engagement::paths::{proof_path, proofs_dir, proving_lock};

use crate::accuracy::provider::moves::{ABORT, CONCEDE};
use crate::accuracy::provider::prepared::prepare;
use crate::accuracy::provider::probe::{probe, AfterProbe};
use crate::accuracy::provider::set::open_set;
use crate::accuracy::provider::wanted::Wanted;
use crate::accuracy::provider::{answer, post, submit};
use crate::delivery::{Delivery, Place};
use crate::engagement::facts::{PROOFS_DELIVERED, SETTLED};
use crate::engagement::Ended;
use crate::proofs::farm::{self, anywhere};
use crate::proving::{MissingSecret, ModelFiles, Prover};
use crate::watch::models::{observe_stakes, own_models, Unjournaled};
use crate::watch::proving::{Job, JobEnd, Queue};
use crate::watch::record::Failed;
use crate::watch::room::Room;
use crate::watch::turn::Role;
use assay_chain::error::is_passing;
use assay_chain::market::Market;
use assay_chain::venue::View;

use crate::watch::station::{window, Station, CLEAR_SET};
use alloy::primitives::{Address, B256};
use assay_durable::lock::Lock;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::accuracy::decide::{next, Action, Facts, Party, Proofs};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

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
    /// Who makes the proofs; this machine if there is none.
    pub farm: Option<Arc<dyn farm::Proofs>>,
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
    unjournaled: Unjournaled,
    /// For accepted engagements.
    room: Room,
    queue: Queue,
}

/// What the turns of all engagements share.
#[derive(Debug, Default)]
struct Board {
    /// Offers of these models that were looked at and are none any more.
    past: BTreeSet<B256>,
    offered: BTreeSet<B256>,
    /// Proven sets that were opened and are no bad data.
    opened: BTreeSet<B256>,
}

impl Provider {
    /// # Errors
    /// If a file of the model cannot be read: without proofs engagements would be ended. If offers shall be accepted, also if
    /// its keys cannot be had.
    pub fn new(desk: &Station, orders: ProviderOrders) -> eyre::Result<Self> {
        orders.model.require_files()?;
        let mut provider = Self {
            room: Room::new(orders.max_open),
            queue: Queue::of(orders.farm.as_ref()),
            orders,
            prover: OnceLock::new(),
            models: Vec::new(),
            unjournaled: Unjournaled::default(),
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
        let prover = Arc::new(
            self.orders
                .model
                .prover(&desk.market.chain, MissingSecret::Missed, &desk.report)?,
        );
        Ok(self.prover.get_or_init(|| prover).clone())
    }

    async fn facts(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        let challenges = desk.challenges(id, e).await?;
        let has_proof = |position: u32| proof_path(desk, id, position as usize).is_file();
        let proofs = self.proofs(desk, id, e).await?;
        let board = self.board();
        Ok(Facts {
            accepts: board.offered.contains(&id) && self.room.is_left(),
            handed_over: desk.fact(id, &PROOFS_DELIVERED)?.is_some(),
            received: handed_over_set(desk, id).is_some_and(|dir| dir.is_dir()),
            proofs: if self.queue.is_complete(id) {
                Proofs::All
            } else {
                proofs
            },
            is_hopeless: self.queue.is_hopeless(id),
            // By this program, or by somebody at the keyboard.
            is_being_proven: self.queue.is_making(id) || Lock::is_held(&proving_lock(desk, id)),
            challenge: challenges.iter().map(|(_, challenge)| challenge.deadline).min(),
            can_answer: challenges.iter().any(|(position, _)| has_proof(*position)),
            is_met: e.provenOnChain >= desk.market.needed(e.mode, e.targetBps),
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        })
    }

    async fn proofs(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Proofs> {
        let dir = proofs_dir(desk, id);
        let files = Delivery::at(&dir, id).count(BlobKind::Proofs).await?;
        let enough = files >= desk.market.needed(e.mode, e.targetBps) as usize;
        Ok(if enough { Proofs::Enough } else { Proofs::TooFew })
    }

    /// Accepts, unless enough is open.
    async fn accept(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Value> {
        let Some(policy) = self.orders.accepts.clone() else {
            return Ok(Value::Null);
        };
        if !self.room.enter(id) {
            return Ok(Value::Null);
        }
        let leaves = match e.mode {
            Mode::CLEAR => None,
            _ => Some(desk.delivery(id, e.mc)?),
        };
        let farm = self.orders.farm.as_deref();
        let accepted = accept_with(desk, id, &policy, leaves.as_ref(), farm).await;
        if accepted.is_err() {
            self.room.note(id, false);
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
        let by = match (e.mode, e.state) {
            (Mode::CLEAR, State::Probing) => e.deadline - window(&desk.market, e) / 2,
            (Mode::FULL | Mode::SIMPLE, State::Claimed | State::FullDemanded) => {
                let challenges = desk.challenges(id, e).await?;
                let first = challenges.iter().map(|(_, challenge)| challenge.deadline).min();
                first.unwrap_or(e.deadline)
            }
            _ => e.deadline,
        };
        if self.queue.want(id, by) {
            desk.wake.notify_one();
        }
        Ok(())
    }
}

impl Role for Provider {
    type Venue = Market;
    type Act = Action;
    const PARTY: Party = Party::Provider;

    async fn next(&self, desk: &Station, id: B256, e: &EngagementView, failed: &Failed) -> eyre::Result<Action> {
        let facts = Facts {
            has_failed: failed.often,
            ..self.facts(desk, id, e).await?
        };
        Ok(next(&desk.situation(Self::PARTY, e).await?, &facts))
    }

    async fn act(
        &self,
        desk: &Station,
        id: B256,
        e: &EngagementView,
        action: Action,
        _: &Failed,
    ) -> eyre::Result<Value> {
        match action {
            Action::Prove => {}
            Action::Answer => self.queue.forget(id),
            // What this model cannot do another daemon's may; without any model nothing else is left.
            Action::Abort | Action::Concede => {
                if let Ok(prover) = self.prover(desk) {
                    require_registered(&prover, &desk.market.proof_terms(e.modelId).await?)?;
                }
                self.queue.stop(id);
            }
            _ => self.queue.stop(id),
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
            Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => json!(desk.settle(id, self.orders.withdraw_to).await?),
            _ => Value::Null,
        };
        Ok(done)
    }

    fn note(&self, id: B256, e: &EngagementView) {
        let is_open = !matches!(e.state, State::None | State::Offered | State::Closed);
        self.room.note(id, is_open);
        if !is_open {
            self.queue.forget(id);
        }
    }

    /// Open offers to this provider's models.
    async fn offers(&self, desk: &Station) -> eyre::Result<BTreeSet<B256>> {
        for model in &self.models {
            let mut offers = desk.market.engagement_ids(*model).await?;
            offers.retain(|id| !self.board().past.contains(id));
            let past = confirmed_as(&desk.market, offers.clone(), |e, now| {
                !e.is_offer() || has_lapsed(e, now)
            });
            let past = past.await?;
            let mut board = self.board();
            board.offered.extend(offers);
            for id in past {
                board.offered.remove(&id);
                board.past.insert(id);
            }
        }
        Ok(self.board().offered.clone())
    }

    async fn observe(&self, desk: &Station) -> eyre::Result<()> {
        let ids = async |model, from| {
            let all = desk.market.engagement_ids(model).await?;
            Ok(all.into_iter().skip(usize::try_from(from)?).collect())
        };
        self.unjournaled.tell(desk, ids).await?;
        observe_stakes(desk).await
    }

    fn queue(&self) -> Option<&Queue> {
        Some(&self.queue)
    }

    fn schedule(&self, desk: &Station) -> eyre::Result<Option<B256>> {
        self.queue.schedule(|id, by| {
            let (desk, prover) = (desk.clone(), self.prover(desk)?);
            let set = handed_over_set(&desk, id);
            let farm = self.orders.farm.clone();
            let work =
                async move |told: &AtomicBool| prove(&desk, id, set.as_deref(), &prover, farm.as_deref(), told).await;
            Ok(Job::start(id, by, work))
        })
    }
}

/// Checks the set, runs the model, and proves what is asked for; a set in clear is committed to first.
async fn prove(
    desk: &Station,
    id: B256,
    set: Option<&Path>,
    prover: &Prover,
    farm: Option<&dyn farm::Proofs>,
    told: &AtomicBool,
) -> eyre::Result<JobEnd> {
    let mut prepared = prepare(desk, id, set, prover).await?;
    if !prepared.meets_target() {
        return Ok(JobEnd::BelowTarget);
    }
    let plan = prepared.plan(desk, prover, false).await?;
    prepared.begin(desk, prover, &plan, true).await?;
    let mut wanted = Wanted::new(desk, prover, prepared, plan);
    let goes_on = || !told.load(Ordering::Relaxed);
    let made = anywhere(desk, &mut wanted, prover, farm, goes_on).await?;
    Ok(if made.stopped { JobEnd::Stopped } else { JobEnd::All })
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
