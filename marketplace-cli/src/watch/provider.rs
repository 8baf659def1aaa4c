//! What a provider knows about an engagement, and how it acts.

use super::decide::{Action, Facts, Proofs};
use super::proving::{Ended, Job};
use super::Desk;
use crate::chain::bindings::{EngagementView, Mode, State};
use crate::cmd::engagement_journal;
use crate::cmd::mp::accept::{accept, Policy};
use crate::cmd::mp::ack::{ack_from, Acknowledged, Source};
use crate::cmd::mp::handover::proofs_dir;
use crate::cmd::mp::post::PROOFS_DELIVERED;
use crate::cmd::mp::probe::{probe, Decision};
use crate::cmd::mp::{abort, answer, concede, post, submit};
use crate::cmd::timeout::timeout;
use crate::cmd::withdraw::withdraw;
use crate::delivery::{Delivery, Place};
use crate::journal::Journal;
use crate::prover_api::{ModelArgs, Prover};
use crate::serve::blob::Kind;
use alloy::primitives::{Address, B256, U256};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Fact of a journal: what a closed engagement left has been fetched.
pub(super) const SETTLED: &str = "settled";

/// Where a set in clear is inside an engagement's directory.
pub(super) const CLEAR_SET: &str = "set";

/// What the provider was told.
#[derive(Debug)]
pub struct Orders {
    pub model: ModelArgs,
    /// Offers to accept, if any.
    pub accepts: Option<Policy>,
    /// Right probes from which on to proceed, if not the usual.
    pub at_least: Option<u32>,
    pub withdraw_to: Address,
}

#[derive(Debug)]
pub struct Provider {
    orders: Orders,
    /// Loaded when first needed.
    prover: Option<Arc<Prover>>,
    /// Registered models that the prover can prove for.
    models: Vec<B256>,
    /// Offers of these models that were looked at and are none any more.
    past: BTreeSet<B256>,
    offered: BTreeSet<B256>,
    job: Option<Job>,
    complete: BTreeSet<B256>,
    hopeless: BTreeSet<B256>,
}

impl Provider {
    /// # Errors
    /// If offers shall be accepted and the model cannot be loaded.
    pub fn new(desk: &Desk, orders: Orders) -> eyre::Result<Self> {
        let mut provider = Self {
            orders,
            prover: None,
            models: Vec::new(),
            past: BTreeSet::new(),
            offered: BTreeSet::new(),
            job: None,
            complete: BTreeSet::new(),
            hopeless: BTreeSet::new(),
        };
        if provider.orders.accepts.is_some() {
            provider.models = own_models(desk, &*provider.prover(desk)?)?;
        }
        Ok(provider)
    }

    fn prover(&mut self, desk: &Desk) -> eyre::Result<Arc<Prover>> {
        if let Some(prover) = &self.prover {
            return Ok(prover.clone());
        }
        let prover = Arc::new(self.orders.model.prover(false, &desk.ctx.out)?);
        self.prover = Some(prover.clone());
        Ok(prover)
    }

    /// Open offers to this provider's models.
    pub(super) async fn offers(&mut self, desk: &Desk) -> eyre::Result<BTreeSet<B256>> {
        for model in &self.models {
            for id in desk.market.engagement_ids(*model).await? {
                if self.past.contains(&id) {
                    continue;
                }
                if desk
                    .market
                    .confirmed_engagement(id)
                    .await
                    .is_ok_and(|e| e.state != State::Offered)
                {
                    self.past.insert(id);
                    self.offered.remove(&id);
                } else {
                    self.offered.insert(id);
                }
            }
        }
        Ok(self.offered.clone())
    }

    pub(super) async fn facts(&mut self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        Ok(Facts {
            accepts: self.offered.contains(&id),
            handed_over: desk.fact::<Value>(id, PROOFS_DELIVERED)?.is_some(),
            received: clear_set(desk, id).is_some_and(|dir| dir.is_dir()),
            proofs: self.proofs(desk, id, e).await?,
            is_hopeless: self.hopeless.contains(&id),
            challenge: desk.first_challenge(id, e).await?,
            is_settled: desk.fact::<bool>(id, SETTLED)?.unwrap_or(false),
            ..Facts::default()
        })
    }

    async fn proofs(&self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Proofs> {
        if self.complete.contains(&id) {
            return Ok(Proofs::All);
        }
        let dir = proofs_dir(&desk.ctx, &desk.market, id);
        let files = Delivery::at(&dir, id).get(Kind::Proofs, &dir, 0, &desk.ctx.out).await?;
        let enough = files.len() >= desk.market.needed(e.mode, e.targetBps) as usize;
        Ok(if enough { Proofs::Enough } else { Proofs::TooFew })
    }

    pub(super) async fn act(
        &mut self,
        desk: &Desk,
        id: B256,
        e: &EngagementView,
        action: Action,
    ) -> eyre::Result<Value> {
        let (ctx, market, account) = (&desk.ctx, &desk.market, &desk.account);
        if action != Action::Prove {
            self.stop(id);
        }
        let done = match action {
            Action::Accept => {
                let Some(policy) = self.orders.accepts.clone() else {
                    return Ok(Value::Null);
                };
                let leaves = match e.mode {
                    Mode::CLEAR => None,
                    _ => Some(desk.delivery(id, e.mc)?),
                };
                json!(accept(ctx, market, account, id, &policy, leaves.as_ref()).await?)
            }
            Action::Ack => json!(acknowledge(desk, id, e).await?),
            Action::AckUnseen => json!(ack_from(ctx, market, account, id, &Source::Unseen).await?),
            Action::Probe => {
                let prover = self.prover(desk)?;
                let decision = Decision {
                    act: true,
                    at_least: self.orders.at_least,
                };
                json!(probe(ctx, market, account, id, &prover, decision).await?)
            }
            Action::Prove => return self.prove(desk, id, e),
            Action::Claim => {
                let to = desk.delivery(id, e.mc)?;
                json!(post::post(ctx, market, account, id, Some(&to)).await?)
            }
            Action::Submit => json!(submit::submit(ctx, market, account, id, None).await?),
            Action::Answer => json!(answer::answer(ctx, market, account, id).await?),
            Action::Abort => json!(abort::abort(ctx, market, account, id).await?),
            Action::Concede => json!(concede::concede(ctx, market, account, id).await?),
            Action::Timeout => json!(timeout(ctx, market, account, id).await?),
            Action::Settle => {
                let withdrawn = withdraw(ctx, market, account, self.orders.withdraw_to).await?;
                engagement_journal(ctx, &market.chain, id)?.set_fact(SETTLED, &true)?;
                json!(withdrawn)
            }
            _ => Value::Null,
        };
        Ok(done)
    }

    /// Begins to prove, unless a proof is being made: then this engagement gets its turn later.
    fn prove(&mut self, desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Value> {
        if self.job.is_some() {
            return Ok(Value::Null);
        }
        let set = match e.mode {
            Mode::CLEAR => clear_set(desk, id),
            _ => None,
        };
        let prover = self.prover(desk)?;
        self.job = Some(Job::start(desk.clone(), id, set, prover));
        Ok(json!({ "started": true }))
    }

    fn stop(&self, id: B256) {
        if let Some(job) = self.job.as_ref().filter(|job| job.id == id) {
            job.stop();
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    pub(super) async fn job_ended(&self) {
        while self.job.as_ref().is_some_and(|job| !job.has_ended()) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The engagement whose proofs are made, or cannot be, since this was last asked.
    pub(super) async fn reap(&mut self) -> Option<(B256, eyre::Result<Ended>)> {
        let job = self.job.take_if(|job| job.has_ended())?;
        let id = job.id;
        let ended = job.wait().await;
        match ended {
            Ok(Ended::All) => {
                self.complete.insert(id);
            }
            Ok(Ended::BelowTarget) => {
                self.hopeless.insert(id);
            }
            _ => {}
        }
        Some((id, ended))
    }

    /// Ends the work after the proof that is being made.
    pub(super) async fn end(&mut self) {
        if let Some(job) = self.job.take() {
            job.stop();
            // What it says now is said again by the next run.
            let _ = job.wait().await;
        }
    }
}

/// From where the files are handed over; what was published also from the chain.
async fn acknowledge(desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Acknowledged> {
    let (ctx, market, account) = (&desk.ctx, &desk.market, &desk.account);
    let delivered = Source::Delivered(Box::new(desk.delivery(id, e.mc)?));
    match ack_from(ctx, market, account, id, &delivered).await {
        Err(error) if e.state == State::Published => {
            ctx.out.note(format_args!("{error:#}; reading the chain"));
            ack_from(ctx, market, account, id, &Source::Chain).await
        }
        result => result,
    }
}

fn clear_set(desk: &Desk, id: B256) -> Option<PathBuf> {
    match desk.exchange.of_engagement(id) {
        Place::Path(dir) => Some(dir.join(CLEAR_SET)),
        Place::Server(_) => None,
    }
}

/// Models that this program registered and this prover proves for.
fn own_models(desk: &Desk, prover: &Prover) -> eyre::Result<Vec<B256>> {
    let (weights, digest) = (Some(prover.weights_commit()?), Some(prover.vk_digest()));
    let entries = std::fs::read_dir(desk.ctx.home.models(&desk.market.chain));
    let mut models = Vec::new();
    for entry in entries.into_iter().flatten() {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|suffix| suffix == "json");
        let id = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
        let (true, Some(id)) = (is_journal, id) else { continue };
        let registered = (
            Journal::peek::<U256>(&path, "weightsCommit")?,
            Journal::peek::<B256>(&path, "vkDigest")?,
        );
        if registered == (weights, digest) {
            models.push(id);
        }
    }
    Ok(models)
}
