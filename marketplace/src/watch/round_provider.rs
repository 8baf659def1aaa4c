//! What a provider knows about a round, and how it acts.

use crate::engagement::facts::SETTLED;
use crate::engagement::overdue::close;
use crate::prediction::facts::OUTPUTS_DELIVERED;
use crate::prediction::provider::answer::answer;
use crate::prediction::provider::prove::{prove, with_files};
use crate::prediction::provider::publish::{publish, send_outputs};
use crate::prediction::provider::serve::{serve, ServePolicy};
use crate::proofs::farm::Proofs;
use crate::proving::{MissingSecret, ModelFiles, Prover};
use crate::watch::models::{observe_stakes, own_models, Unjournaled};
use crate::watch::offers::Offers;
use crate::watch::proving::{Job, JobEnd, Queue};
use crate::watch::record::Failed;
use crate::watch::room::Room;
use crate::watch::rounds::situation;
use crate::watch::station::Station;
use crate::watch::turn::Role;
use alloy::primitives::{Address, B256};
use assay_chain::rounds::Rounds;
use assay_protocol::abi::{Privacy, RoundState, RoundView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::prediction::amounts::publication;
use assay_protocol::prediction::decide::{next, Action, Facts};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

/// What the provider was told.
#[derive(Debug)]
pub struct RoundProviderOrders {
    /// Offers on every model that was registered with these files are looked at.
    pub model: ModelFiles,
    /// Offers to serve, if any.
    pub serves: Option<ServePolicy>,
    /// Rounds to have open at one time.
    pub max_open: usize,
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
    /// Who makes the proofs; this machine if there is none.
    pub farm: Option<Arc<dyn Proofs>>,
}

/// The provider's part of a patrol over rounds.
#[derive(Debug)]
pub struct RoundProvider {
    orders: RoundProviderOrders,
    /// Loaded when first needed.
    prover: OnceLock<Arc<Prover>>,
    /// Registered models that the prover can prove for.
    models: Vec<B256>,
    unjournaled: Unjournaled,
    offers: Offers,
    /// For served rounds.
    room: Room,
    queue: Queue,
}

impl RoundProvider {
    /// # Errors
    /// If a file of the model cannot be read; if offers shall be served, also if its keys cannot be had.
    pub fn new(desk: &Station<Rounds>, orders: RoundProviderOrders) -> eyre::Result<Self> {
        orders.model.require_files()?;
        let mut provider = Self {
            room: Room::new(orders.max_open),
            queue: Queue::of(orders.farm.as_ref()),
            orders,
            prover: OnceLock::new(),
            models: Vec::new(),
            unjournaled: Unjournaled::default(),
            offers: Offers::default(),
        };
        if provider.orders.serves.is_some() {
            provider.models = own_models(desk, &*provider.prover(desk)?)?;
        }
        Ok(provider)
    }

    fn prover(&self, desk: &Station<Rounds>) -> eyre::Result<Arc<Prover>> {
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

    async fn facts(&self, desk: &Station<Rounds>, id: B256, round: &RoundView) -> eyre::Result<Facts> {
        let unproven = desk.market.unproven(id, round).await?;
        let ready = with_files(desk, id, &unproven);
        let publishes = round.state == RoundState::Rooted
            && round.privacy == Privacy::PRIVATE
            && publication_pays(desk, round).await?;
        Ok(Facts {
            accepts: self.offers.has(id) && self.room.is_left(),
            handed_over: desk.fact(id, &OUTPUTS_DELIVERED)?.is_some(),
            can_answer: !ready.is_empty(),
            can_answer_all: !ready.is_empty() && ready.len() == unproven.len(),
            publishes,
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        })
    }

    /// Serves, unless enough is open.
    async fn serve(&self, desk: &Station<Rounds>, id: B256, round: &RoundView) -> eyre::Result<Value> {
        let Some(policy) = self.orders.serves.clone() else {
            return Ok(Value::Null);
        };
        if !self.room.enter(id) {
            return Ok(Value::Null);
        }
        let served = async {
            let inputs = desk.delivery(id, round.mc)?;
            serve(desk, id, &*self.prover(desk)?, &policy, &inputs).await
        };
        let served = served.await;
        if served.is_err() {
            self.room.note(id, false);
        }
        Ok(json!(served?))
    }
}

/// Whether publishing a private round earns more than it costs: the price, and its part of the quiet bond, are lost without it.
async fn publication_pays(desk: &Station<Rounds>, round: &RoundView) -> eyre::Result<bool> {
    let base_fee = desk.market.chain.base_fee().await?;
    let cost = desk.market.publish_gas(round).saturating_mul(base_fee);
    let quiet = publication(
        &desk.market.params.quiet,
        round.predictions,
        round.quietBond.paid,
        base_fee,
    );
    Ok(round.price.saturating_add(quiet.earned) > cost)
}

impl Role for RoundProvider {
    type Venue = Rounds;
    type Act = Action;
    const PARTY: Party = Party::Provider;

    async fn next(&self, desk: &Station<Rounds>, id: B256, round: &RoundView, failed: &Failed) -> eyre::Result<Action> {
        let facts = Facts {
            has_failed: failed.often,
            ..self.facts(desk, id, round).await?
        };
        let action = next(&situation(desk, Self::PARTY, round).await?, &facts);
        if action == Action::Wait {
            // What is overdue earns nothing, and others wait for their proofs.
            self.queue.stop(id);
        }
        Ok(action)
    }

    async fn act(
        &self,
        desk: &Station<Rounds>,
        id: B256,
        round: &RoundView,
        action: Action,
        _: &Failed,
    ) -> eyre::Result<Value> {
        if action != Action::Prove && action != Action::Wait {
            self.queue.forget(id);
        }
        let done = match action {
            Action::Serve => return self.serve(desk, id, round).await,
            Action::Send => json!(send_outputs(desk, id, &desk.delivery(id, round.mc)?).await?),
            Action::Publish => json!(publish(desk, id).await?),
            Action::Prove => {
                if self.queue.want(id, round.answerBy) {
                    desk.wake.notify_one();
                }
                Value::Null
            }
            Action::Answer => json!(answer(desk, id).await?),
            Action::Finalize | Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => {
                self.queue.stop(id);
                json!(desk.settle(id, self.orders.withdraw_to).await?)
            }
            _ => Value::Null,
        };
        Ok(done)
    }

    fn note(&self, id: B256, round: &RoundView) {
        let is_open = matches!(round.state, RoundState::Rooted | RoundState::Served);
        self.room.note(id, is_open);
        if !is_open {
            self.queue.forget(id);
        }
    }

    async fn offers(&self, desk: &Station<Rounds>) -> eyre::Result<BTreeSet<B256>> {
        for model in &self.models {
            let new = |from| desk.market.offer_ids(*model, from);
            self.offers.read(*model, new).await?;
        }
        self.offers.left(&desk.market).await
    }

    async fn observe(&self, desk: &Station<Rounds>) -> eyre::Result<()> {
        let ids = async |model, from| desk.market.offer_ids(model, from).await;
        self.unjournaled.tell(desk, ids).await?;
        observe_stakes(desk).await
    }

    fn queue(&self) -> Option<&Queue> {
        Some(&self.queue)
    }

    fn schedule(&self, desk: &Station<Rounds>) -> eyre::Result<Option<B256>> {
        self.queue.schedule(|id, by| {
            let (desk, prover, farm) = (desk.clone(), self.prover(desk)?, self.orders.farm.clone());
            Ok(Job::start(id, by, async move |told| {
                let made = prove(&desk, id, &prover, farm.as_deref(), || told.load(Ordering::Relaxed)).await?;
                Ok(if made.stopped { JobEnd::Stopped } else { JobEnd::All })
            }))
        })
    }
}
