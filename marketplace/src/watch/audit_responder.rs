//! What a responder knows about an audit, and how it acts.

use crate::audit::facts::{DOCUMENTS_DELIVERED, JUDGED, OVERRULED_DELIVERED, PARCEL_DELIVERED};
use crate::audit::matches::{Matches, MATCHES_FILE};
use crate::audit::published::KeyUse;
use crate::audit::responder::accept::{accept, Documents};
use crate::audit::responder::answer::{answer, Fewer};
use crate::audit::responder::deliver::deliver;
use crate::audit::responder::hand_over::hand_over;
use crate::audit::responder::policy::AcceptPolicy;
use crate::audit::responder::prove::{prove, prove_with, Owed};
use crate::audit::responder::publish::publish;
use crate::audit::responder::submit::{submit, MAX_BATCH};
use crate::audit::responder::taken::{find_again, moved, prover};
use crate::corpus::registry::directories;
use crate::corpus::stored::StoredCorpus;
use crate::delivery::PREDICATE_FILE;
use crate::engagement::facts::SETTLED;
use crate::engagement::overdue::close;
use crate::engagement::paths::proof_path;
use crate::proofs::farm::Proofs;
use crate::watch::audits::{number_of, Derived, Now, SettledDemands};
use crate::watch::offers::Offers;
use crate::watch::proving::{Job, JobEnd, Queue};
use crate::watch::record::Failed;
use crate::watch::room::Room;
use crate::watch::station::Station;
use crate::watch::turn::Role;
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::market::{all_answers, Market};
use assay_chain::venue::Venue;
use assay_durable::turn::is_idle;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{AuditState, AuditView, DemandState, DemandView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::amounts::{chunks_fee, chunks_per_document};
use assay_protocol::retrieval::decide::{self, Action, Demand, Facts};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

/// What the responder was told.
#[derive(Debug)]
pub struct AuditResponderOrders {
    /// How keys of predicates are made.
    pub keys: KeyUse,
    /// Requests to accept, if any.
    pub accepts: Option<AcceptPolicy>,
    /// Audits to have open at one time.
    pub max_open: usize,
    /// The one corpus to look after; if none is named, every one that was committed from here.
    pub corpus: Option<Documents>,
    /// Whose models must not be asked for as predicates.
    pub marketplace: Option<Market>,
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
    /// Who makes the proofs; this machine if there is none.
    pub farm: Option<Arc<dyn Proofs>>,
}

/// The responder's part of a patrol over audits.
#[derive(Debug)]
pub struct AuditResponder {
    orders: AuditResponderOrders,
    /// The corpus that was named.
    corpus: Option<B256>,
    offers: Offers,
    /// For accepted audits.
    room: Room,
    queue: Queue,
    /// Documents that are due and not proven on chain, by answers, seed and how many are.
    unproven: Derived<(B256, B256, u32), BTreeSet<u32>>,
    settled: SettledDemands,
}

impl AuditResponder {
    /// # Errors
    /// If the corpus that is named cannot be read.
    pub fn new(desk: &Station<Audits>, orders: AuditResponderOrders) -> eyre::Result<Self> {
        let id_of = |documents: &Documents| {
            let stored = StoredCorpus::open(&documents.corpus)?;
            eyre::Ok(desk.market.corpora.id_of(&stored.record(desk.address())?))
        };
        Ok(Self {
            corpus: orders.corpus.as_ref().map(id_of).transpose()?,
            room: Room::new(orders.max_open),
            queue: Queue::of(orders.farm.as_ref()),
            orders,
            offers: Offers::default(),
            unproven: Derived::default(),
            settled: SettledDemands::default(),
        })
    }

    /// Every corpus that is looked after, and where its documents are.
    fn corpora(&self, desk: &Station<Audits>) -> eyre::Result<BTreeMap<B256, Documents>> {
        if let (Some(id), Some(documents)) = (self.corpus, &self.orders.corpus) {
            return Ok([(id, documents.clone())].into());
        }
        let where_committed = |corpus: PathBuf| Documents {
            corpus,
            originals: None,
        };
        let known = directories(desk)?.into_iter();
        Ok(known.map(|(id, corpus)| (id, where_committed(corpus))).collect())
    }

    /// What is known about an audit in its state; what is of no use there is not asked for.
    async fn facts(&self, desk: &Station<Audits>, id: B256, now: &Now<'_>) -> eyre::Result<Facts> {
        let audit = now.audit;
        let mut facts = Facts {
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        };
        match audit.state {
            AuditState::Requested => {
                let is_signed = Journal::peek_signed(&desk.journal_path(id), "accept")?;
                // Its transaction may be mined until then.
                self.room.note(id, is_signed && now.time <= audit.deadline);
                let is_left = self.orders.accepts.is_some() && self.offers.has(id) && self.room.is_left_for(id);
                // To judge it takes one proof, which is timed.
                let is_free = || self.queue.is_idle() && is_idle(&desk.home.proving());
                facts.accepts = is_left && is_signed;
                if is_left && !is_signed && is_free() && is_published(desk, id, audit).await {
                    require_untried(desk, id)?;
                    facts.accepts = true;
                }
            }
            AuditState::Accepted => {
                let found = Matches::load(&desk.files(id).join(MATCHES_FILE), audit.requestHash);
                facts.has_answers = found.is_ok();
            }
            AuditState::Sampled => {
                let key = (audit.answersHash, audit.seed, audit.counts.proven);
                let read = async { Ok(Owed::read(desk, id, audit).await?.documents()) };
                let unproven = self.unproven.of(id, key, read).await?;
                let has_proof = |index: &u32| proof_path(desk, id, *index as usize).is_file();
                let ready = unproven.iter().filter(|index| has_proof(index)).count();
                facts.can_prove = ready > 0;
                // As many as one transaction takes cost no more than all together.
                facts.can_prove_all = facts.can_prove && (ready == unproven.len() || ready >= MAX_BATCH);
            }
            AuditState::Delivering => {
                // A ruling that may still be taken back hands nothing over, and is not forgotten once it cannot.
                let settled = async { desk.market.settled().await?.find(id).await };
                // Where the node does not say, handing over does; what does not wait for that goes on.
                let settled = settled.await.ok().flatten();
                let settled = owing(settled.as_ref(), audit);
                facts.handed_over = owes_nothing(settled) || has_handed_over(desk, id, settled)?;
                facts.publishes = publication_pays(desk, id, now).await?;
            }
            _ => {}
        }
        Ok(facts)
    }

    /// What is known about the demands that are open.
    fn demands(desk: &Station<Audits>, id: B256, now: &Now<'_>) -> eyre::Result<Vec<Demand>> {
        let journal = Journal::glimpse(&desk.journal_path(id))?;
        let mut known = Vec::with_capacity(now.demands.len());
        for (m, view) in &now.demands {
            let handed_over = journal.fact(&PARCEL_DELIVERED(*m))?.is_some();
            known.extend(Demand::of((*m).into(), view).map(|demand| Demand { handed_over, ..demand }));
        }
        Ok(known)
    }

    /// The demands about which the same is due as this.
    fn alike(desk: &Station<Audits>, id: B256, now: &Now<'_>, action: Action) -> eyre::Result<Vec<u32>> {
        let facts = Facts {
            publishes: matches!(action, Action::Publish(_)),
            ..Facts::default()
        };
        now.alike(decide::Party::Responder, &Self::demands(desk, id, now)?, &facts, action)
    }

    /// Whether documents may still be withheld by hand: the answers that are sealed then allow none.
    fn waits_to_withhold(&self, now: &Now<'_>) -> bool {
        let most = now.audit.bounds.withholdMax;
        let wanted = self.orders.accepts.as_ref().map_or(most, |policy| policy.withholds);
        now.audit.counts.withheld < most.min(wanted) && !now.is_half_over()
    }

    /// The corpus that was named may be somewhere else than when the audit was taken on.
    async fn note_place(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<()> {
        match &self.orders.corpus {
            Some(Documents { corpus, originals }) if self.corpus == Some(audit.corpusId) => {
                moved(desk, id, Some(corpus), originals.as_deref()).await
            }
            _ => Ok(()),
        }
    }

    /// Accepts, unless enough is open.
    async fn accept(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<Value> {
        let Some(policy) = &self.orders.accepts else {
            return Ok(Value::Null);
        };
        if !self.room.enter(id) {
            return Ok(Value::Null);
        }
        let accepted = async {
            let documents = self.corpora(desk)?.remove(&audit.corpusId);
            let documents = documents.ok_or_else(|| {
                hinted(
                    format!("corpus {} is not looked after any more", audit.corpusId),
                    "name its directory with --corpus",
                )
            })?;
            let predicate = desk.delivery(id, audit.rq)?;
            let (keys, marketplace) = (&self.orders.keys, self.orders.marketplace.as_ref());
            accept(desk, id, &documents, &predicate, keys, policy, marketplace).await
        };
        let accepted = accepted.await;
        // What was signed may still be mined, whatever went wrong after.
        if accepted.is_err() && !Journal::peek_signed(&desk.journal_path(id), "accept")? {
            self.room.note(id, false);
        }
        Ok(json!(accepted?))
    }
}

/// How long a server may take to say whether it has something.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a request is judged by daemons, one after the other, before it is left to a person.
const TRIES: u32 = 5;

/// Fails for a request that was judged too often: it may be what ends this process each time.
fn require_untried(desk: &Station<Audits>, id: B256) -> eyre::Result<()> {
    let judged = desk.fact(id, &JUDGED)?.unwrap_or(0);
    if judged < TRIES {
        return Ok(());
    }
    Err(hinted(
        format!("audit {id} was judged {judged} times and never accepted, or its judgement was cut off"),
        format!("look why, then accept it by hand: assay audit accept {id}; or decline it"),
    ))
}

/// Whether the predicate is here, or where the requester hands it over: what a server does not say is not there.
async fn is_published(desk: &Station<Audits>, id: B256, audit: &AuditView) -> bool {
    let count = async { desk.delivery(id, audit.rq)?.count(BlobKind::Predicate).await };
    let count = async {
        tokio::time::timeout(PATIENCE, count)
            .await
            .is_ok_and(|count| count.is_ok_and(|count| count > 0))
    };
    desk.files(id).join(PREDICATE_FILE).is_file() || count.await
}

/// Whether an act may need the documents: what only moves money goes on without them.
fn reads_corpus(action: Action) -> bool {
    use Action::{Deliver, Prove, Publish, Run, Send, SendParcel, SubmitProofs};
    matches!(
        action,
        Run | Prove | SubmitProofs | Send | Deliver(_) | SendParcel(_) | Publish(_)
    )
}

/// The audit by which it is known what is owed: as the settled block has it, unless it owed nothing yet because it was not proven by
/// then.
fn owing<'a>(settled: Option<&'a AuditView>, newest: &'a AuditView) -> &'a AuditView {
    let owes = |settled: &&AuditView| matches!(settled.state, AuditState::Delivering | AuditState::Closed);
    settled.filter(owes).unwrap_or(newest)
}

fn owes_nothing(audit: &AuditView) -> bool {
    let counts = &audit.counts;
    counts.positives + counts.overruled == counts.withheld
}

/// Whether every document that is owed by now was handed over: what is overruled later comes on top.
fn has_handed_over(desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<bool> {
    let overruled = desk.fact(id, &OVERRULED_DELIVERED)?.unwrap_or(0);
    Ok(desk.fact(id, &DOCUMENTS_DELIVERED)?.is_some() && overruled == audit.counts.overruled)
}

/// Whether publishing what was not acknowledged in time costs less than what a Violation would take: bond and price.
async fn publication_pays(desk: &Station<Audits>, id: B256, now: &Now<'_>) -> eyre::Result<bool> {
    let delivered = now.demands.iter();
    let delivered = delivered.filter(|(_, demand)| demand.state == DemandState::Delivered);
    if delivered.clone().all(|(_, demand)| now.time <= demand.deadline) {
        return Ok(false);
    }
    let delivery = &desk.market.params.delivery;
    let left = delivered.map(|(m, demand)| async move {
        let all = u64::from(demand.documents) * chunks_per_document(delivery, now.audit.inputWords);
        Ok(all.saturating_sub(desk.market.published_chunks(id, *m).await? as u64))
    });
    let chunks = all_answers(left).await?.into_iter().sum();
    let cost = chunks_fee(delivery, chunks, desk.market.chain.base_fee().await?);
    let bounds = &now.audit.bounds;
    Ok(cost.saturating_to::<u128>() < bounds.bond.saturating_add(bounds.price))
}

impl Role for AuditResponder {
    type Venue = Audits;
    type Act = Action;
    const PARTY: Party = Party::Provider;

    async fn next(&self, desk: &Station<Audits>, id: B256, audit: &AuditView, failed: &Failed) -> eyre::Result<Action> {
        let now = Now::look(&self.settled, desk, id, audit, failed).await?;
        let mut facts = Facts {
            has_failed: failed.often,
            ..self.facts(desk, id, &now).await?
        };
        // To judge a request costs a run over all documents and a proof: who asks for it pays nothing.
        facts.accepts &= !failed.often;
        let action = match now.next(decide::Party::Responder, &Self::demands(desk, id, &now)?, &facts) {
            Action::Answer if self.waits_to_withhold(&now) => Action::Wait,
            action => action,
        };
        if action == Action::Wait {
            // What is overdue earns nothing, and others wait for their proofs.
            self.queue.stop(id);
        }
        Ok(action)
    }

    async fn act(
        &self,
        desk: &Station<Audits>,
        id: B256,
        audit: &AuditView,
        action: Action,
        failed: &Failed,
    ) -> eyre::Result<Value> {
        if action != Action::Prove {
            self.queue.forget(id);
        }
        if reads_corpus(action) {
            self.note_place(desk, id, audit).await?;
        }
        let to = || desk.delivery(id, audit.rq);
        let look = || Now::look(&self.settled, desk, id, audit, failed);
        let done = match action {
            Action::Accept => return self.accept(desk, id, audit).await,
            Action::Run => json!({ "matches": find_again(desk, id, audit, &self.orders.keys)?.ones() }),
            // Who was to withhold more had half of the time for it.
            Action::Answer => json!(answer(desk, id, Fewer::AreMeant).await?),
            Action::Prove => {
                if self.queue.want(id, audit.deadline) {
                    desk.wake.notify_one();
                }
                Value::Null
            }
            Action::SubmitProofs => json!(submit(desk, id).await?),
            Action::Send => json!(hand_over(desk, id, &to()?).await?),
            Action::Deliver(m) | Action::SendParcel(m) => {
                let now = look().await?;
                let demands = Self::alike(desk, id, &now, action)?;
                // What has to be committed to goes first: the other side's server may take its time.
                let is_left =
                    |(m, view): &(u32, DemandView)| view.state == DemandState::Demanded && !demands.contains(m);
                let commits_more = matches!(action, Action::Deliver(_)) && now.demands.iter().any(is_left);
                let to = match commits_more {
                    true => None,
                    false => Some(to()?),
                };
                let delivered = deliver(desk, id, &demands, to.as_ref(), Some(now.patience())).await?;
                json!(delivered.unless_failed(number_of(m)?)?)
            }
            Action::Publish(m) => {
                let demands = Self::alike(desk, id, &look().await?, action)?;
                json!(publish(desk, id, &demands).await?.unless_failed(number_of(m)?)?)
            }
            Action::SettleDemand(_) => {
                let now = look().await?;
                let party = decide::Party::Responder;
                self.settled.settle(party, desk, id, &now, action).await?
            }
            Action::Finalize | Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => {
                self.queue.stop(id);
                json!(desk.settle(id, self.orders.withdraw_to).await?)
            }
            _ => Value::Null,
        };
        Ok(done)
    }

    fn note(&self, id: B256, audit: &AuditView) {
        let is_open = !matches!(
            audit.state,
            AuditState::None | AuditState::Requested | AuditState::Closed
        );
        // Of what is requested the journal tells whether this responder is about to take it on.
        if audit.state != AuditState::Requested {
            self.room.note(id, is_open);
        }
        if !is_open {
            self.queue.forget(id);
        }
    }

    async fn offers(&self, desk: &Station<Audits>) -> eyre::Result<BTreeSet<B256>> {
        if self.orders.accepts.is_none() {
            return Ok(BTreeSet::new());
        }
        for corpus_id in self.corpora(desk)?.into_keys() {
            let new = |from| desk.market.request_ids(corpus_id, from);
            self.offers.read(corpus_id, new).await?;
        }
        self.offers.left(&desk.market).await
    }

    fn queue(&self) -> Option<&Queue> {
        Some(&self.queue)
    }

    fn schedule(&self, desk: &Station<Audits>) -> eyre::Result<Option<B256>> {
        self.queue.schedule(|id, by| {
            let (desk, keys, farm) = (desk.clone(), self.orders.keys.clone(), self.orders.farm.clone());
            Ok(Job::start(id, by, async move |told| {
                // Each predicate has keys of its own.
                let prover = prover(&desk, id, &keys)?;
                let made = match farm.as_deref() {
                    Some(farm) => prove_with(&desk, id, &prover, farm, || !told.load(Ordering::Relaxed)).await?,
                    None => prove(&desk, id, &prover, |_| told.load(Ordering::Relaxed)).await?,
                };
                Ok(if made.stopped { JobEnd::Stopped } else { JobEnd::All })
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolValue;

    fn audit(state: AuditState, positives: u32, overruled: u32) -> AuditView {
        const WORDS: usize = 39;
        let mut audit = AuditView::abi_decode(&[0; 32 * WORDS]).unwrap();
        audit.state = state;
        (audit.counts.positives, audit.counts.overruled) = (positives, overruled);
        audit
    }

    #[test]
    fn what_was_not_answered_in_the_settled_block_is_owed_all_the_same() {
        let newest = audit(AuditState::Delivering, 2, 1);
        for before in [
            AuditState::Requested,
            AuditState::Accepted,
            AuditState::Answered,
            AuditState::Sampled,
        ] {
            let settled = audit(before, 0, 0);
            assert_eq!(owing(Some(&settled), &newest), &newest);
            assert!(!owes_nothing(owing(Some(&settled), &newest)));
        }
        // A ruling may be taken back as long as it is not settled.
        let settled = audit(AuditState::Delivering, 2, 0);
        assert_eq!(owing(Some(&settled), &newest), &settled);
        assert_eq!(owing(None, &newest), &newest);
    }
}
