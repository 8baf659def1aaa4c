//! What a consumer knows about an engagement, and how it acts.

use crate::accuracy::consumer::hand_over::{send, send_leaves};
use crate::accuracy::consumer::moves::ACCEPT_RESULT;
use crate::accuracy::consumer::object::{challenge_positions, demand, reclaim_bonds};
use crate::accuracy::consumer::transfer;
use crate::accuracy::consumer::transfer::{publish_chunks, reveal};
use crate::accuracy::consumer::verify::verify_result;
use crate::delivery::Delivery;
use crate::engagement::facts::{DELIVERED, LEAVES_DELIVERED, SETTLED};
use crate::engagement::overdue::close;
use crate::engagement::paths::fetched_files;
use crate::engagement::withdraw::withdraw;
use crate::engagement::Moved;
use crate::proving::PublicModel;
use crate::watch::models::Unjournaled;
use crate::watch::record::Failed;
use crate::watch::turn::Role;
use assay_chain::error;
use assay_chain::market::Market;

use crate::watch::station::{Station, CLEAR_SET};
use alloy::primitives::{Address, B256};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::accuracy::decide::{next, Action, Facts, Judgement, Party};
use assay_prover::proof::VerifierKey;
use rand::rngs::OsRng;
use rand::seq::SliceRandom;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What to do about claims that are not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// Challenge them, at one bond each
    Challenge,
    /// Demand as many proofs on chain as the target needs, at half a bond each
    DemandFull,
    /// Only say so
    None,
}

/// What the consumer was told.
#[derive(Debug)]
pub struct ConsumerOrders {
    /// The model whose proofs are checked; without it results are left alone.
    pub model: Option<PublicModel>,
    /// What to do about claims without a proof.
    pub objection: Objection,
    /// Bonds to risk on one engagement at one time.
    pub max_challenges: usize,
    /// Put the ciphertext on chain if it is not acknowledged.
    pub publishes: bool,
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
}

/// The consumer's part of a patrol.
#[derive(Debug)]
pub struct Consumer {
    orders: ConsumerOrders,
    /// Loaded when first needed.
    key: OnceLock<Arc<VerifierKey>>,
    /// What was found out about posted results.
    results: Mutex<BTreeMap<B256, Found>>,
    unjournaled: Unjournaled,
}

/// What a check of a posted result found.
#[derive(Debug, Clone, Copy)]
struct Found {
    is_good: bool,
    /// Proofs that were there, and when they were looked at.
    there: usize,
    at: Instant,
}

/// How soon proofs that came since are looked at again.
const RECHECK: Duration = Duration::from_secs(300);

impl Consumer {
    /// Reads nothing: the key is loaded when first needed.
    pub fn new(orders: ConsumerOrders) -> Self {
        Self {
            orders,
            key: OnceLock::new(),
            results: Mutex::default(),
            unjournaled: Unjournaled::default(),
        }
    }

    fn key(&self, desk: &Station, model: &PublicModel) -> eyre::Result<Arc<VerifierKey>> {
        if let Some(key) = self.key.get() {
            return Ok(key.clone());
        }
        let key = Arc::new(model.key(&desk.market.chain, &desk.report)?);
        Ok(self.key.get_or_init(|| key).clone())
    }

    fn results(&self) -> MutexGuard<'_, BTreeMap<B256, Found>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn facts(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<Facts> {
        let owed = match e.state {
            State::Offered => LEAVES_DELIVERED,
            _ => DELIVERED,
        };
        let found = self.results().get(&id).copied();
        let judgement = match found {
            Some(found) if found.is_good => Judgement::Good,
            Some(_) => Judgement::Doubtful,
            None => Judgement::Unknown,
        };
        let has_news = match found {
            _ if e.state != State::Claimed => false,
            None => true,
            Some(found) => found.at.elapsed() > RECHECK || found.there != proofs_there(desk, id, e).await,
        };
        let publishes = self.orders.publishes && e.state == State::Committed;
        let challenges = desk.challenges(id, e).await?;
        Ok(Facts {
            handed_over: desk.fact(id, &owed)?.is_some(),
            challenge: challenges.iter().map(|(_, challenge)| challenge.deadline).min(),
            has_objected: challenges
                .iter()
                .any(|(_, challenge)| challenge.challenger == desk.account.address()),
            judgement,
            has_news,
            publishes,
            is_publishing: publishes && desk.market.published_chunks(id).await? > 0,
            checks: self.orders.model.is_some(),
            objects: self.orders.objection != Objection::None,
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        })
    }

    /// How many positions are claimed, and which of them are proven neither here nor on chain.
    async fn unproven(&self, desk: &Station, id: B256, e: &EngagementView) -> eyre::Result<(u32, Vec<u32>)> {
        let model = self.orders.model.clone();
        let model = model.ok_or_else(|| eyre::eyre!("no model to check proofs with"))?;
        let key = self.key(desk, &model)?;
        let proofs = desk.delivery(id, e.mp)?;
        // Counted before they are looked at: what comes meanwhile is news.
        let there = proofs_there(desk, id, e).await;
        let verified = match verify_result(desk, id, None, &proofs, &key).await {
            // A server that gives nothing has given no proofs: what came before it stopped is all there is.
            Err(error) if !error::Kind::Unreachable.is_of(&error) => {
                desk.report.warn(format_args!("{error:#}"));
                let fetched = fetched_files(desk, id).join("proofs");
                let fetched = Delivery::at(fetched, id);
                verify_result(desk, id, None, &fetched, &key).await?
            }
            result => result?,
        };
        let unproven: Vec<u32> = verified.unproven.iter().map(|claim| claim.position as u32).collect();
        let found = Found {
            is_good: unproven.is_empty(),
            there,
            at: Instant::now(),
        };
        self.results().insert(id, found);
        Ok((verified.claimed, unproven))
    }
}

impl Role for Consumer {
    type Venue = Market;
    type Act = Action;
    const PARTY: Party = Party::Consumer;

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
        let done = match action {
            Action::Send if e.mode == Mode::CLEAR => {
                let dir = desk.exchange.of_engagement(id);
                json!(send(desk, id, None, &dir.directory()?.join(CLEAR_SET)).await?)
            }
            Action::Send => {
                let to = desk.delivery(id, e.mp)?;
                match e.state {
                    State::Offered => json!(send_leaves(desk, id, None, &to).await?),
                    _ => json!(transfer::send(desk, id, None, &to).await?),
                }
            }
            Action::Publish => json!(publish_chunks(desk, id).await?),
            Action::Reveal => json!(reveal(desk, id).await?),
            Action::Check => {
                let (claimed, unproven) = self.unproven(desk, id, e).await?;
                json!({ "claimed": claimed, "unproven": unproven })
            }
            Action::AcceptResult => json!(Moved::from(desk.play(id, &ACCEPT_RESULT).await?)),
            Action::Object => {
                let (_, mut unproven) = self.unproven(desk, id, e).await?;
                match self.orders.objection {
                    _ if unproven.is_empty() => json!({ "unproven": unproven }),
                    Objection::Challenge => {
                        let open = desk.challenges(id, e).await?;
                        unproven.retain(|position| open.iter().all(|(taken, _)| taken != position));
                        // Nobody shall know before which of them are tried.
                        unproven.shuffle(&mut OsRng);
                        unproven.truncate(self.orders.max_challenges);
                        json!(challenge_positions(desk, id, &unproven).await?)
                    }
                    Objection::DemandFull => json!(demand(desk, id).await?),
                    Objection::None => Value::Null,
                }
            }
            Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => {
                let _till = desk.till.lock().await;
                let bonds = reclaim_bonds(desk, id).await?;
                let withdrawn = withdraw(desk, self.orders.withdraw_to).await?;
                desk.journal(id)?.set_fact(&SETTLED, &true)?;
                json!({ "bonds": bonds.positions, "withdrawals": withdrawn.withdrawals })
            }
            _ => Value::Null,
        };
        Ok(done)
    }

    async fn observe(&self, desk: &Station) -> eyre::Result<()> {
        let ids = async |model, from| {
            let all = desk.market.engagement_ids(model).await?;
            Ok(all.into_iter().skip(usize::try_from(from)?).collect())
        };
        self.unjournaled.tell_asked(desk, ids).await
    }
}

/// How many proofs can be had; none from a server that does not answer.
async fn proofs_there(desk: &Station, id: B256, e: &EngagementView) -> usize {
    let count = async { desk.delivery(id, e.mp)?.count(BlobKind::Proofs).await };
    count.await.unwrap_or(0)
}
