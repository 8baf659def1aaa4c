//! What a requester knows about an audit, and how it acts.

use crate::audit::facts::{LEAVES, NAMED, PARCEL_JUDGED, PREDICATE_DELIVERED, RECEIVED, SALT_SHOWN_FOR};
use crate::audit::posted::{owed, posted};
use crate::audit::requester::demand::{demand, finish_sent, is_demand};
use crate::audit::requester::dispute::dispute;
use crate::audit::requester::moves::{confirm, CANCEL};
use crate::audit::requester::parcel::{ack, fetch_parcel};
use crate::audit::requester::publish::publish;
use crate::audit::requester::receive::receive;
use crate::audit::requester::reveal::reveal;
use crate::delivery::{parcel_name, Place};
use crate::engagement::facts::SETTLED;
use crate::engagement::overdue::close;
use crate::engagement::Ended;
use crate::watch::audits::{number_of, Derived, Now, SettledDemands, DOCUMENTS, MISSING};
use crate::watch::record::Failed;
use crate::watch::station::Station;
use crate::watch::turn::Role;
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, Error, Kind};
use assay_chain::journal::Journal;
use assay_chain::venue::Venue;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IRetrievalMarket::Demanded;
use assay_protocol::abi::{AuditState, AuditView, DemandState, DemandView};
use assay_protocol::accuracy::decide::{Judgement, Party};
use assay_protocol::retrieval::decide::{self, Action, Demand, Facts};
use assay_protocol::retrieval::delivery::MAX_DEMANDED;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the requester was told.
#[derive(Debug)]
pub struct AuditRequesterOrders {
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
    /// Most that demands in all audits that are open may have brought, wei: whoever answers decides how much there is to demand.
    pub most_demanded: u128,
}

/// What was demanded in an audit.
#[derive(Debug, Clone, Default)]
struct Demands {
    documents: BTreeSet<u32>,
    /// What they brought, wei.
    brought: u128,
}

impl Demands {
    /// # Errors
    /// If the node leaves one out: it would not count against the limit.
    fn of(id: B256, events: Vec<Demanded>, count: u32) -> eyre::Result<Self> {
        eyre::ensure!(
            events.len() >= count as usize,
            "the node gives {} of {count} demands of audit {id}",
            events.len()
        );
        let mut all = Self::default();
        for demanded in events {
            all.documents.extend(demanded.indices);
            all.brought = all.brought.saturating_add(demanded.paid.saturating_to());
        }
        Ok(all)
    }
}

/// The requester's part of a patrol over audits.
#[derive(Debug)]
pub struct AuditRequester {
    orders: AuditRequesterOrders,
    /// Documents that must be handed over, by answers and how many were overruled.
    owed: Derived<(B256, u32), BTreeSet<u32>>,
    /// What was demanded, by how many demands for how many documents there are.
    demanded: Derived<(u32, u32), Demands>,
    settled: SettledDemands,
    /// Held while something is demanded: two audits must not spend the same money.
    purse: tokio::sync::Mutex<()>,
    /// How many files were there when documents were looked at last, and when that was.
    looked: Mutex<BTreeMap<B256, (usize, Instant)>>,
}

/// How soon documents are looked at again that may be others by now.
const RECHECK: Duration = Duration::from_secs(300);

/// How long a look may take that a demand waits for.
const LAST_LOOK: Duration = Duration::from_secs(60);

/// How long a server may take to say what it has: the other side's server must not keep a look from its end.
const PATIENCE: Duration = Duration::from_secs(5);

impl AuditRequester {
    /// Reads nothing.
    pub fn new(orders: AuditRequesterOrders) -> Self {
        Self {
            orders,
            owed: Derived::default(),
            demanded: Derived::default(),
            settled: SettledDemands::default(),
            purse: tokio::sync::Mutex::default(),
            looked: Mutex::default(),
        }
    }

    fn looked(&self) -> MutexGuard<'_, BTreeMap<B256, (usize, Instant)>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known about an audit in its state; what is of no use there is not asked for.
    async fn facts(&self, desk: &Station<Audits>, id: B256, now: &Now<'_>) -> eyre::Result<Facts> {
        let audit = now.audit;
        let facts = Facts {
            is_settled: desk.fact(id, &SETTLED)?.unwrap_or(false),
            ..Facts::default()
        };
        Ok(match audit.state {
            AuditState::Requested => Facts {
                // By hand it may have gone to another place.
                handed_over: desk.fact(id, &PREDICATE_DELIVERED)? == Some(place(desk, id)),
                ..facts
            },
            AuditState::Answered => Facts {
                reveals: desk
                    .fact(id, &SALT_SHOWN_FOR)?
                    .is_none_or(|shown| shown == audit.answersHash),
                ..facts
            },
            AuditState::Delivering => self.judged(desk, id, now, facts).await?,
            _ => facts,
        })
    }

    /// Documents that are owed and not here.
    async fn missing(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<BTreeSet<u32>> {
        let read = async {
            let posted = posted(&desk.market, id, audit).await?;
            owed(&desk.market, id, &posted).await
        };
        let key = (audit.answersHash, audit.counts.overruled);
        let owed = self.owed.of(id, key, read).await?;
        Ok(&owed - &desk.fact(id, &RECEIVED)?.unwrap_or_default())
    }

    async fn demanded(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<Demands> {
        let read = async { Demands::of(id, desk.market.events(id).await?, audit.counts.demands) };
        match audit.counts.demands {
            0 => Ok(Demands::default()),
            demands => {
                let key = (demands, audit.counts.demanded);
                self.demanded.of(id, key, read).await
            }
        }
    }

    /// The right to spend, until it is dropped.
    ///
    /// # Errors
    /// [`Kind::InUse`] while another audit's demand is on its way: what else is due does not wait for that.
    fn open_purse(&self) -> eyre::Result<tokio::sync::MutexGuard<'_, ()>> {
        self.purse.try_lock().map_err(|_| {
            let error = Error::new(Kind::InUse, "the demand of another audit is on its way");
            error
                .hint("it comes first, since both are paid from --max-demand")
                .into()
        })
    }

    /// What may still be put into demands, wei.
    async fn purse(&self, desk: &Station<Audits>) -> eyre::Result<u128> {
        let mut left = self.orders.most_demanded;
        for id in desk.journaled() {
            let steps = Journal::peek_steps(&desk.journal_path(id))?;
            let demands = steps.iter().filter(|(step, _)| is_demand(step));
            // Before what is on chain: what a block takes in between counts twice for once, and never not at all.
            let sent = desk.account.on_its_way(demands.map(|(_, step)| step)).await?;
            left = left.saturating_sub(sent);
            let audit = desk.market.find(id).await?;
            if let Some(audit) = audit.filter(|audit| audit.rq == desk.address()) {
                left = left.saturating_sub(self.demanded(desk, id, &audit).await?.brought);
            }
        }
        Ok(left)
    }

    /// Whether documents can be had that may be others than those that were looked at.
    async fn is_news(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> bool {
        let there = documents_there(desk, id, audit).await;
        match self.looked().get(&id) {
            None => there > 0,
            Some((before, at)) => there != *before || (there > 0 && at.elapsed() > RECHECK),
        }
    }

    /// What is known about the documents.
    async fn judged(&self, desk: &Station<Audits>, id: B256, now: &Now<'_>, facts: Facts) -> eyre::Result<Facts> {
        let audit = now.audit;
        let missing = self.missing(desk, id, audit).await?;
        if missing.is_empty() {
            let kept_back = audit.counts.withheld > audit.counts.overruled;
            return Ok(Facts {
                judgement: Judgement::Good,
                may_be_overruled: kept_back && now.time <= audit.overruleBy,
                ..facts
            });
        }
        let is_news = !now.resting.contains(&DOCUMENTS) && self.is_news(desk, id, audit).await;
        // The responder has had time.
        let demands = now.is_half_over() && !now.resting.contains(&MISSING);
        Ok(Facts {
            received: is_news,
            judgement: if is_news {
                Judgement::Unknown
            } else {
                Judgement::Doubtful
            },
            demands: demands && !missing.is_subset(&self.demanded(desk, id, audit).await?.documents),
            ..facts
        })
    }

    /// What is known about the demands that are open.
    async fn demands(desk: &Station<Audits>, id: B256, now: &Now<'_>) -> eyre::Result<Vec<Demand>> {
        let journal = Journal::glimpse(&desk.journal_path(id))?;
        let has_leaves = journal.fact(&LEAVES)?.is_some_and(|leaves| leaves.is_file());
        let is_here = |m: u32| desk.files(id).join(parcel_name(m)).is_file();
        let is_awaited = |(m, view): &(u32, DemandView)| {
            view.state == DemandState::Delivered && now.time <= view.deadline && !is_here(*m)
        };
        let there = match now.demands.iter().any(is_awaited) {
            true => ParcelsThere::look(desk, id, now.audit).await,
            false => ParcelsThere::Nothing,
        };
        let mut known = Vec::new();
        for (m, view) in &now.demands {
            let Some(demand) = Demand::of((*m).into(), view) else {
                continue;
            };
            let is_here = is_here(*m);
            known.push(Demand {
                handed_over: is_here || there.may_have(*m),
                received: is_here && has_leaves,
                judgement: match journal.fact(&PARCEL_JUDGED(*m, view.ctRoot))? {
                    None => Judgement::Unknown,
                    Some(true) => Judgement::Good,
                    Some(false) => Judgement::Doubtful,
                },
                ..demand
            });
        }
        Ok(known)
    }

    /// Looks at what was handed over.
    async fn check(
        &self,
        desk: &Station<Audits>,
        id: B256,
        audit: &AuditView,
        patience: Duration,
    ) -> eyre::Result<Value> {
        // Counted before they are looked at: what comes meanwhile is news.
        let there = documents_there(desk, id, audit).await;
        // Whatever comes of it: what cannot be had is not asked for at every look.
        self.looked().insert(id, (there, Instant::now()));
        let from = desk.delivery(id, audit.rs)?;
        Ok(json!(in_time(patience, receive(desk, id, Some(&from))).await?))
    }

    /// Demands what is missing: one demand, so that everything else that is due comes in between.
    async fn demand(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<Value> {
        let looked = self.looked().get(&id).copied();
        // What came meanwhile is not demanded, but the responder does not decide how often and how long it is looked at.
        if looked.is_none_or(|(_, at)| at.elapsed() > RECHECK) && documents_there(desk, id, audit).await > 0 {
            if let Err(error) = self.check(desk, id, audit, LAST_LOOK).await {
                desk.report.warn(format_args!("{error:#}; demanding what is not here"));
            }
        }
        let missing = self.missing(desk, id, audit).await?;
        let demanded = self.demanded(desk, id, audit).await?.documents;
        let which: BTreeSet<u32> = missing.difference(&demanded).take(MAX_DEMANDED).copied().collect();
        if which.is_empty() {
            return Ok(Value::Null);
        }
        // It counts as spent already, in every audit: whether another has the purse is no matter.
        finish_sent(desk, id).await?;
        let _purse = self.open_purse()?;
        let left = self.purse(desk).await?;
        Ok(json!(demand(desk, id, Some(which), Some(left)).await?))
    }

    /// Fetches the ciphertext of a demand, if it is not here.
    async fn fetch(&self, desk: &Station<Audits>, id: B256, now: &Now<'_>, m: u32) -> eyre::Result<Vec<u32>> {
        let from = desk.delivery(id, now.audit.rs)?;
        in_time(now.patience(), fetch_parcel(desk, id, m, &from)).await
    }
}

/// The end of something that the other side has a part in: it must not keep a deadline from being seen.
async fn in_time<T>(patience: Duration, what: impl Future<Output = eyre::Result<T>>) -> eyre::Result<T> {
    let ended = tokio::time::timeout(patience, what).await;
    ended.unwrap_or_else(|_| {
        Err(hinted(
            format!(
                "what the responder handed over was not here after {} s",
                patience.as_secs()
            ),
            "what came of it is kept: the next look goes on from there",
        ))
    })
}

fn place(desk: &Station<Audits>, id: B256) -> String {
    desk.exchange.of_engagement(id).to_string()
}

/// Files with documents that can be had; none from a server that does not answer.
async fn documents_there(desk: &Station<Audits>, id: B256, audit: &AuditView) -> usize {
    let count = async { desk.delivery(id, audit.rs)?.count(BlobKind::Documents).await };
    let count = tokio::time::timeout(PATIENCE, count).await;
    count.map_or(0, |count: eyre::Result<usize>| count.unwrap_or(0))
}

/// The ciphertexts of demands that are where the responder hands them over.
enum ParcelsThere {
    Nothing,
    /// A server does not say of which demands its files are.
    Some,
    In(PathBuf),
}

impl ParcelsThere {
    /// Asks a server once, however many demands there are.
    async fn look(desk: &Station<Audits>, id: B256, audit: &AuditView) -> Self {
        if let Place::Path(dir) = desk.exchange.of_engagement(id) {
            return Self::In(dir);
        }
        let count = async { desk.delivery(id, audit.rs)?.count(BlobKind::Parcels).await };
        let count = tokio::time::timeout(PATIENCE, count).await;
        match count.is_ok_and(|count: eyre::Result<usize>| count.is_ok_and(|count| count > 0)) {
            true => Self::Some,
            false => Self::Nothing,
        }
    }

    fn may_have(&self, m: u32) -> bool {
        match self {
            Self::Nothing => false,
            Self::Some => true,
            Self::In(dir) => dir.join(parcel_name(m)).is_file(),
        }
    }
}

impl Role for AuditRequester {
    type Venue = Audits;
    type Act = Action;
    const PARTY: Party = Party::Consumer;

    async fn next(&self, desk: &Station<Audits>, id: B256, audit: &AuditView, failed: &Failed) -> eyre::Result<Action> {
        let now = Now::look(&self.settled, desk, id, audit, failed).await?;
        let facts = Facts {
            has_failed: failed.often,
            ..self.facts(desk, id, &now).await?
        };
        let demands = Self::demands(desk, id, &now).await?;
        let action = now.next(decide::Party::Requester, &demands, &facts);
        // Whoever has fetched its money looks no more: what settled the last demand may yet be taken back.
        if action == Action::Settle && desk.market.confirmed(id).await?.counts.openDemands > 0 {
            return Ok(Action::Wait);
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
        let look = || Now::look(&self.settled, desk, id, audit, failed);
        let done = match action {
            Action::Send => json!(publish(desk, id, &desk.delivery(id, audit.rs)?).await?),
            Action::Cancel => json!(Ended::from(desk.play(id, &CANCEL).await?)),
            Action::Reveal => {
                // What was named by hand with a salt that was shown: another choice would be one of somebody who knows the sample.
                let named = match desk.fact(id, &SALT_SHOWN_FOR)? {
                    Some(_) => desk.fact(id, &NAMED)?.unwrap_or_default(),
                    None => Vec::new(),
                };
                json!(reveal(desk, id, named).await?)
            }
            Action::Check => self.check(desk, id, audit, look().await?.patience()).await?,
            Action::Demand => self.demand(desk, id, audit).await?,
            Action::CheckParcel(m) => {
                let m = number_of(m)?;
                match desk.market.demand(id, m).await?.state {
                    DemandState::Delivered => {
                        let documents = self.fetch(desk, id, &look().await?, m).await?;
                        json!({ "demand": m, "documents": documents })
                    }
                    _ => json!(ack(desk, id, m, None).await?),
                }
            }
            Action::Acknowledge(m) => {
                let m = number_of(m)?;
                // What is here may be of a delivery that the chain has forgotten.
                self.fetch(desk, id, &look().await?, m).await?;
                json!(ack(desk, id, m, None).await?)
            }
            Action::Dispute(m) => json!(dispute(desk, id, number_of(m)?).await?),
            Action::SettleDemand(_) => {
                let now = look().await?;
                let party = decide::Party::Requester;
                self.settled.settle(party, desk, id, &now, action).await?
            }
            Action::Confirm => json!(confirm(desk, id, false).await?),
            Action::Finalize | Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => json!(desk.settle(id, self.orders.withdraw_to).await?),
            _ => Value::Null,
        };
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::U256;
    use assay_chain::error::is_passing;

    #[test]
    fn a_demand_that_a_node_leaves_out_is_an_error() {
        let demanded = |indices: [u32; 2], paid: u64| Demanded {
            id: B256::ZERO,
            corpusId: B256::ZERO,
            rq: Address::ZERO,
            m: U256::ZERO,
            indices: indices.to_vec(),
            paid: U256::from(paid),
            deadline: 0,
        };
        let events = || vec![demanded([1, 2], 5), demanded([4, 7], 6)];
        let all = Demands::of(B256::ZERO, events(), 2).unwrap();
        assert_eq!((all.documents, all.brought), ([1, 2, 4, 7].into(), 11));
        let error = Demands::of(B256::ZERO, events(), 3).unwrap_err();
        assert!(error.to_string().starts_with("the node gives 2 of 3 demands"));
    }

    #[test]
    fn a_purse_that_another_audit_has_open_is_no_failure() {
        let requester = AuditRequester::new(AuditRequesterOrders {
            withdraw_to: Address::ZERO,
            most_demanded: 1,
        });
        let open = requester.open_purse().unwrap();
        let refused = requester.open_purse().unwrap_err();
        // What passes is put off with its part, and everything else goes on.
        assert!(Kind::InUse.is_of(&refused) && is_passing(&refused), "{refused:#}");
        drop(open);
        assert!(requester.open_purse().is_ok());
    }
}
