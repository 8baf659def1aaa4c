//! Encrypts what was demanded for the requester alone, commits to the ciphertext, and hands it over.

use crate::audit::facts::{DELIVERY_SEED, PARCEL_DELIVERED};
use crate::audit::parcel_file;
use crate::audit::responder::parcels::{Encrypted, Parcels};
use crate::audit::several::{Failed, Several};
use crate::delivery::{parcel_name, Delivery};
use crate::engagement::play::{require_party, require_time_of};
use crate::engagement::{Desk, Sent};
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::client::Call;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::market::all_answers;
use assay_chain::venue::{unsettled, Venue};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IRetrievalMarket::deliverCall;
use assay_protocol::abi::{AuditView, DemandState, DemandView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::statement::list_hash;
use assay_protocol::units::utc;
use rand::{rngs::OsRng, RngCore};
use serde::Serialize;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// Deliveries that wait for their blocks together: what nodes keep of one account.
const IN_FLIGHT: usize = 128;

/// The result of a delivery.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// Of the audit.
    pub id: B256,
    /// m.
    pub demand: u32,
    /// Which documents, in order.
    pub documents: Vec<u32>,
    /// Over the leaves of all chunks.
    pub ct_root: B256,
    /// Directory or URL; absent if it was not handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Last second in which the requester may acknowledge.
    pub ack_until: u64,
    /// Absent if it was committed to before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "delivered   {} documents of demand {} under {}",
            self.documents.len(),
            self.demand,
            self.ct_root
        )?;
        if let Some(to) = &self.to {
            writeln!(f, "handed to   {to}")?;
        }
        write!(
            f,
            "next        the requester acknowledges by {}; if it does not: assay audit publish {} --demand {}",
            utc(self.ack_until),
            self.id,
            self.demand
        )
    }
}

/// Fails unless the settled block has this very demand: another list would be another delivery.
async fn require_settled(market: &Audits, settled: &Audits, id: B256, m: u32, view: &DemandView) -> eyre::Result<()> {
    let then = settled.demand(id, m).await;
    if then.is_ok_and(|then| (then.state, then.listHash) == (view.state, view.listHash)) {
        return Ok(());
    }
    let (_, settled) = market.chain.newest_settled().await?;
    Err(unsettled(&format!("demand {m} of audit"), id, settled).into())
}

/// Name of the step that commits to the ciphertext of a demand.
fn step(m: u32) -> String {
    format!("deliver-{m}")
}

/// Commits to the ciphertexts of these demands once each, without waiting for one before the next is sent, and hands them over, which
/// together may take as long as `patience`: the server belongs to the other side.
///
/// # Errors
/// If none of them could be delivered: a demand may still be taken back, or its time is over.
pub async fn deliver(
    desk: &Desk<Audits>,
    id: B256,
    demands: &[u32],
    to: Option<&Delivery>,
    patience: Option<Duration>,
) -> eyre::Result<Several<Delivered>> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let parcels = Parcels::of(desk, &journal, id, &audit).await?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for some in demands.chunks(IN_FLIGHT) {
        let views = all_answers(some.iter().map(|m| desk.market.demand(id, *m))).await?;
        let committed = commit(desk, &mut journal, &parcels, &audit, some.iter().copied().zip(views)).await?;
        let until = patience.map(|patience| Instant::now() + patience);
        for (m, committed) in committed {
            let delivered = async {
                let sent = committed?;
                in_time(until, hand_over(desk, &mut journal, &parcels, m, sent, to)).await
            };
            match delivered.await {
                Ok(delivered) => done.push(delivered),
                Err(error) => failed.push(Failed::new(m, error)),
            }
        }
    }
    Several::new(id, demands, done, failed)
}

/// The end of a hand-over, if it comes by then.
async fn in_time<T>(until: Option<Instant>, what: impl Future<Output = eyre::Result<T>>) -> eyre::Result<T> {
    let Some(until) = until else {
        return what.await;
    };
    tokio::time::timeout_at(until, what).await.unwrap_or_else(|_| {
        Err(hinted(
            "the ciphertext is committed to, and was not taken in time where it is handed over",
            "it is handed over again; if it never is, it can be published once the time for the acknowledgement is over",
        ))
    })
}

/// Commits to the ciphertexts of those that are not delivered yet; what was sent for each.
///
/// # Errors
/// If nothing can be told of any of them.
async fn commit(
    desk: &Desk<Audits>,
    journal: &mut Journal,
    parcels: &Parcels,
    audit: &AuditView,
    demands: impl Iterator<Item = (u32, DemandView)>,
) -> eyre::Result<Vec<(u32, eyre::Result<Option<Sent>>)>> {
    let settled = desk.market.settled().await?;
    let (mut committed, mut calls) = (Vec::new(), Vec::new());
    for (m, view) in demands {
        if view.state != DemandState::Demanded {
            let receipt = desk.account.resume(journal, &step(m), &desk.report).await;
            committed.push((m, receipt.map(|receipt| receipt.map(|receipt| Sent::from(&receipt)))));
            continue;
        }
        let call = async {
            desk.market.require_settled(parcels.id(), audit).await?;
            require_settled(&desk.market, &settled, parcels.id(), m, &view).await?;
            require_time_of(&desk.market, view.deadline).await?;
            encrypted(desk, journal, parcels, m, &view)
        };
        match call.await {
            Ok(call) => calls.push((m, call)),
            Err(error) => committed.push((m, Err(error))),
        }
    }
    let numbers: Vec<u32> = calls.iter().map(|(m, _)| *m).collect();
    let steps = calls.into_iter().map(|(m, call)| (step(m), call)).collect();
    let ended = desk.account.send_all(journal, steps, &desk.report).await;
    let ended = ended
        .into_iter()
        .map(|ended| ended.map(|receipt| Some(Sent::from(&receipt))));
    committed.extend(numbers.into_iter().zip(ended));
    Ok(committed)
}

/// The call that commits to the ciphertext of a demand, which is in its file by then.
///
/// # Errors
/// If a document was altered.
fn encrypted(
    desk: &Desk<Audits>,
    journal: &mut Journal,
    parcels: &Parcels,
    m: u32,
    view: &DemandView,
) -> eyre::Result<Call> {
    // Of each list its own: after a reorganisation another one may have the same number.
    let fact = DELIVERY_SEED(m, view.listHash);
    if journal.fact(&fact)?.is_none() {
        let mut seed = B256::ZERO;
        OsRng.fill_bytes(seed.as_mut_slice());
        journal.set_fact(&fact, &seed)?;
    }
    let Encrypted { parcel, pair, indices } = parcels.parcel(journal, m, view.listHash)?;
    parcel_file::save(&desk.files(parcels.id()).join(parcel_name(m)), &parcel)?;
    Ok(desk.market.call(&deliverCall {
        id: parcels.id(),
        m: U256::from(m),
        guard: list_hash(&indices),
        ctRoot: parcel.root(),
        ephemeral: pair.public(),
    }))
}

/// Hands the ciphertext of a demand over that is committed to.
///
/// # Errors
/// If the chain has another one.
async fn hand_over(
    desk: &Desk<Audits>,
    journal: &mut Journal,
    parcels: &Parcels,
    m: u32,
    sent: Option<Sent>,
    to: Option<&Delivery>,
) -> eyre::Result<Delivered> {
    let id = parcels.id();
    let after = desk.market.demand(id, m).await?;
    let Encrypted { parcel, indices, .. } = parcels.parcel(journal, m, after.listHash)?;
    eyre::ensure!(
        parcel.root() == after.ctRoot,
        "the chain has ciphertext root {}, these documents and key give {}",
        after.ctRoot,
        parcel.root()
    );
    if let Some(to) = to {
        let file = desk.files(id).join(parcel_name(m));
        // A file that was lost is made again as it was.
        parcel_file::save(&file, &parcel)?;
        to.put(BlobKind::Parcels, &file, &desk.report).await?;
        journal.set_fact(&PARCEL_DELIVERED(m), &to.place().to_string())?;
    }
    Ok(Delivered {
        id,
        demand: m,
        documents: indices,
        ct_root: after.ctRoot,
        to: to.map(|to| to.place().to_string()),
        ack_until: after.deadline,
        sent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that takes nothing keeps the rest from being handed over, and nothing else.
    #[tokio::test]
    async fn hand_overs_to_a_server_that_stalls_end_together() {
        let until = Some(Instant::now());
        for _ in 0..32 {
            let stalls = std::future::pending::<eyre::Result<()>>();
            assert!(in_time(until, stalls).await.is_err());
        }
        in_time(None, async { Ok(()) }).await.unwrap();
    }
}
