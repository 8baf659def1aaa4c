//! Puts the ciphertext of a delivery on chain that the requester did not acknowledge.

use crate::audit::responder::parcels::Parcels;
use crate::audit::several::{Failed, Several};
use crate::engagement::batch::first_words;
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::client::Call;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::venue::Venue;
use assay_protocol::abi::DemandState;
use assay_protocol::abi::IRetrievalMarket::publishChunksCall;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::utc;
use assay_statement::field::Word;
use serde::Serialize;

/// Demands of which chunks wait for their blocks together: the journal holds all that was sent.
const IN_FLIGHT: usize = 32;

/// What is on chain now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// Of the audit.
    pub id: B256,
    /// m.
    pub demand: u32,
    /// On chain, now or before.
    pub chunks: usize,
    /// Of the demand, as the contract names it.
    pub state: String,
    /// Of this call alone.
    pub sent: Vec<Sent>,
}

impl std::fmt::Display for Published {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let gas: u64 = self.sent.iter().map(|s| s.gas_used).sum();
        write!(
            f,
            "{} chunks are public, {gas} gas now; demand {} is {}",
            self.chunks, self.demand, self.state
        )
    }
}

/// Publishes what is not on chain yet of these demands: what follows on chunks of one goes beside those of the others.
///
/// # Errors
/// If none of them could be published: before the time for the acknowledgement is over, and after that for publication is.
pub async fn publish(desk: &Desk<Audits>, id: B256, demands: &[u32]) -> eyre::Result<Several<Published>> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let parcels = Parcels::of(desk, &journal, id, &audit).await?;
    let bar = desk.report.bar("publishing demands", demands.len() as u64);
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for some in demands.chunks(IN_FLIGHT) {
        let mut left = Vec::new();
        for m in some.iter().copied() {
            match Publication::of(desk, &journal, &parcels, m).await {
                Ok(publication) => left.push(publication),
                Err(error) => failed.push(Failed::new(m, error)),
            }
        }
        while !left.is_empty() {
            left = send(desk, &mut journal, id, left, &mut done, &mut failed).await;
            bar.set((done.len() + failed.len()) as u64);
        }
    }
    Several::new(id, demands, done, failed)
}

/// One demand that is being published.
struct Publication {
    m: u32,
    root: B256,
    chunks: Vec<Vec<Word>>,
    sent: Vec<Sent>,
}

impl Publication {
    async fn of(desk: &Desk<Audits>, journal: &Journal, parcels: &Parcels, m: u32) -> eyre::Result<Self> {
        let list = desk.market.demand(parcels.id(), m).await?.listHash;
        let parcel = parcels.parcel(journal, m, list)?.parcel;
        Ok(Self {
            m,
            root: parcel.root(),
            chunks: parcel.chunks().cloned().collect(),
            sent: Vec::new(),
        })
    }

    /// The call that publishes the next chunks, with its step; `None` if all are on chain.
    ///
    /// # Errors
    /// If it is not the time for it.
    async fn next(&self, desk: &Desk<Audits>, id: B256) -> eyre::Result<Option<(String, Call)>> {
        let m = self.m;
        let view = desk.market.demand(id, m).await?;
        if view.state != DemandState::Delivered {
            return Ok(None);
        }
        let now = desk.market.chain.now().await?;
        if now <= view.deadline {
            return Err(hinted(
                format!("the requester may acknowledge demand {m} until {}", utc(view.deadline)),
                format!("hand the ciphertext over: assay audit deliver {id} --demand {m} --to DIR|URL; publish when it was silent until then"),
            ));
        }
        if now > view.settleAfter {
            return Err(hinted(
                format!("the time for publication ended {}", utc(view.settleAfter)),
                "the audit ends as a Violation",
            ));
        }
        let next = desk.market.published_chunks(id, m).await?;
        let words = first_words(self.chunks.get(next..).unwrap_or_default().iter().cloned());
        let call = publishChunksCall {
            id,
            m: U256::from(m),
            guard: self.root,
            from: U256::from(next),
            cipherWords: words.into_iter().map(B256::from).collect(),
        };
        Ok(Some((format!("publish-{m}-{next}"), desk.market.call(&call))))
    }

    /// All is public, as the chain says: in the journal, which is written whole each time, what was sent is for nothing.
    async fn published(self, desk: &Desk<Audits>, id: B256, journal: &mut Journal) -> eyre::Result<Published> {
        let prefix = format!("publish-{}-", self.m);
        let steps = journal.steps().map(|(name, _)| name.to_owned());
        let steps: Vec<String> = steps.filter(|name| name.starts_with(&prefix)).collect();
        journal.forget_mined(&steps)?;
        Ok(Published {
            id,
            demand: self.m,
            chunks: desk.market.published_chunks(id, self.m).await?,
            state: format!("{:?}", desk.market.demand(id, self.m).await?.state),
            sent: self.sent,
        })
    }
}

/// Sends the next chunks of each; those of which some may be left.
async fn send(
    desk: &Desk<Audits>,
    journal: &mut Journal,
    id: B256,
    left: Vec<Publication>,
    done: &mut Vec<Published>,
    failed: &mut Vec<Failed>,
) -> Vec<Publication> {
    let (mut going, mut calls) = (Vec::new(), Vec::new());
    for publication in left {
        let m = publication.m;
        match publication.next(desk, id).await {
            Ok(Some(call)) => {
                calls.push(call);
                going.push(publication);
            }
            Ok(None) => match publication.published(desk, id, journal).await {
                Ok(published) => done.push(published),
                Err(error) => failed.push(Failed::new(m, error)),
            },
            Err(error) => failed.push(Failed::new(m, error)),
        }
    }
    let ended = desk.account.send_all(journal, calls, &desk.report).await;
    let mut left = Vec::new();
    for (mut publication, ended) in going.into_iter().zip(ended) {
        match ended {
            Ok(receipt) => {
                publication.sent.push(Sent::from(&receipt));
                left.push(publication);
            }
            Err(error) => failed.push(Failed::new(publication.m, error)),
        }
    }
    left
}
