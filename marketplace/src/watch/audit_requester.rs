//! What a requester knows about an audit, and how it acts.

use crate::audit::anybody::timeout::settle_demand;
use crate::audit::facts::{LEAVES, NAMED, PARCEL_JUDGED, PREDICATE_DELIVERED, RECEIVED, SALT_SHOWN_FOR};
use crate::audit::posted::{owed, posted};
use crate::audit::requester::demand::demand;
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
use crate::watch::audits::{number_of, Derived, Now};
use crate::watch::station::Station;
use crate::watch::turn::Role;
use alloy::primitives::{Address, B256};
use assay_chain::audits::Audits;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IRetrievalMarket::Demanded;
use assay_protocol::abi::{AuditState, AuditView, DemandState};
use assay_protocol::accuracy::decide::{Judgement, Party};
use assay_protocol::retrieval::decide::{self, Action, Demand, Facts};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the requester was told.
#[derive(Debug)]
pub struct AuditRequesterOrders {
    /// Receiver of what the contracts owe.
    pub withdraw_to: Address,
}

/// The requester's part of a patrol over audits.
#[derive(Debug)]
pub struct AuditRequester {
    orders: AuditRequesterOrders,
    /// Documents that must be handed over, by answers and how many were overruled.
    owed: Derived<(B256, u32), BTreeSet<u32>>,
    /// Documents in demands, by how many demands there are.
    demanded: Derived<u32, BTreeSet<u32>>,
    /// How many files were there when documents were looked at last, and when that was.
    looked: Mutex<BTreeMap<B256, (usize, Instant)>>,
}

/// How soon documents are looked at again that may be others by now.
const RECHECK: Duration = Duration::from_secs(300);

/// How long a server may take to say what it has: the other side's server must not keep a look from its end.
const PATIENCE: Duration = Duration::from_secs(5);

impl AuditRequester {
    /// Reads nothing.
    pub fn new(orders: AuditRequesterOrders) -> Self {
        Self {
            orders,
            owed: Derived::default(),
            demanded: Derived::default(),
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

    /// What is known about the documents.
    async fn judged(&self, desk: &Station<Audits>, id: B256, now: &Now<'_>, facts: Facts) -> eyre::Result<Facts> {
        let audit = now.audit;
        let read = async {
            let posted = posted(&desk.market, id, audit).await?;
            owed(&desk.market, id, &posted).await
        };
        let key = (audit.answersHash, audit.counts.overruled);
        let owed = self.owed.of(id, key, read).await?;
        let good = desk.fact(id, &RECEIVED)?.unwrap_or_default();
        let missing: BTreeSet<u32> = owed.difference(&good).copied().collect();
        if missing.is_empty() {
            let kept_back = audit.counts.withheld > audit.counts.overruled;
            return Ok(Facts {
                judgement: Judgement::Good,
                may_be_overruled: kept_back && now.time <= audit.overruleBy,
                ..facts
            });
        }
        let there = documents_there(desk, id, audit).await;
        let is_news = match self.looked().get(&id) {
            None => there > 0,
            Some((before, at)) => there != *before || (there > 0 && at.elapsed() > RECHECK),
        };
        let read = async {
            let demands = desk.market.events::<Demanded>(id).await?.into_iter();
            Ok(demands.flat_map(|demand| demand.indices).collect())
        };
        let demanded = match audit.counts.demands {
            0 => BTreeSet::new(),
            demands => self.demanded.of(id, demands, read).await?,
        };
        Ok(Facts {
            received: is_news,
            judgement: if is_news {
                Judgement::Unknown
            } else {
                Judgement::Doubtful
            },
            // The responder has had time.
            demands: now.is_half_over() && !missing.is_subset(&demanded),
            ..facts
        })
    }

    /// What is known about the demands that are open.
    async fn demands(desk: &Station<Audits>, id: B256, now: &Now<'_>) -> eyre::Result<Vec<Demand>> {
        let mut known = Vec::new();
        for (m, view) in &now.demands {
            let Some(demand) = Demand::of((*m).into(), view) else {
                continue;
            };
            let is_here = desk.files(id).join(parcel_name(*m)).is_file();
            let is_awaited = view.state == DemandState::Delivered && now.time <= view.deadline;
            let has_leaves = desk.fact(id, &LEAVES)?.is_some_and(|leaves| leaves.is_file());
            known.push(Demand {
                handed_over: is_here || (is_awaited && parcel_is_there(desk, id, now.audit, *m).await),
                received: is_here && has_leaves,
                judgement: match desk.fact(id, &PARCEL_JUDGED(*m))? {
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
    async fn check(&self, desk: &Station<Audits>, id: B256, audit: &AuditView) -> eyre::Result<Value> {
        // Counted before they are looked at: what comes meanwhile is news.
        let there = documents_there(desk, id, audit).await;
        // Whatever comes of it: what cannot be had is not asked for at every look.
        self.looked().insert(id, (there, Instant::now()));
        Ok(json!(receive(desk, id, Some(&desk.delivery(id, audit.rs)?)).await?))
    }
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

/// Whether the ciphertext of a demand may be where the responder hands it over; a server does not say of which demand its files are.
async fn parcel_is_there(desk: &Station<Audits>, id: B256, audit: &AuditView, m: u32) -> bool {
    if let Place::Path(dir) = desk.exchange.of_engagement(id) {
        return dir.join(parcel_name(m)).is_file();
    }
    let count = async { desk.delivery(id, audit.rs)?.count(BlobKind::Parcels).await };
    let count = tokio::time::timeout(PATIENCE, count).await;
    count.is_ok_and(|count: eyre::Result<usize>| count.is_ok_and(|count| count > 0))
}

impl Role for AuditRequester {
    type Venue = Audits;
    type Act = Action;
    const PARTY: Party = Party::Consumer;

    async fn next(
        &self,
        desk: &Station<Audits>,
        id: B256,
        audit: &AuditView,
        has_failed: bool,
    ) -> eyre::Result<Action> {
        let now = Now::look(desk, id, audit).await?;
        let facts = Facts {
            has_failed,
            ..self.facts(desk, id, &now).await?
        };
        let demands = Self::demands(desk, id, &now).await?;
        Ok(now.next(decide::Party::Requester, &demands, &facts))
    }

    async fn act(&self, desk: &Station<Audits>, id: B256, audit: &AuditView, action: Action) -> eyre::Result<Value> {
        let from = || desk.delivery(id, audit.rs);
        let done = match action {
            Action::Send => json!(publish(desk, id, &from()?).await?),
            Action::Cancel => json!(Ended::from(desk.play(id, &CANCEL).await?)),
            Action::Reveal => {
                // What was named by hand with a salt that was shown: another choice would be one of somebody who knows the sample.
                let named = match desk.fact(id, &SALT_SHOWN_FOR)? {
                    Some(_) => desk.fact(id, &NAMED)?.unwrap_or_default(),
                    None => Vec::new(),
                };
                json!(reveal(desk, id, named).await?)
            }
            Action::Check => self.check(desk, id, audit).await?,
            Action::Demand => {
                // What came meanwhile is not demanded.
                if let Err(error) = self.check(desk, id, audit).await {
                    desk.report.warn(format_args!("{error:#}; demanding what is not here"));
                }
                json!(demand(desk, id, None).await?)
            }
            Action::CheckParcel(m) => {
                let m = number_of(m)?;
                match desk.market.demand(id, m).await?.state {
                    DemandState::Delivered => {
                        let documents = fetch_parcel(desk, id, m, &from()?).await?;
                        json!({ "demand": m, "documents": documents })
                    }
                    _ => json!(ack(desk, id, m, Some(&from()?)).await?),
                }
            }
            Action::Acknowledge(m) => json!(ack(desk, id, number_of(m)?, Some(&from()?)).await?),
            Action::Dispute(m) => json!(dispute(desk, id, number_of(m)?).await?),
            Action::SettleDemand(m) => json!(settle_demand(desk, id, number_of(m)?).await?),
            Action::Confirm => json!(confirm(desk, id, false).await?),
            Action::Finalize | Action::Timeout => json!(close(desk, id).await?),
            Action::Settle => json!(desk.settle(id, self.orders.withdraw_to).await?),
            _ => Value::Null,
        };
        Ok(done)
    }
}
