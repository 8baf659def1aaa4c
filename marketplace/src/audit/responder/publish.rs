//! Puts the ciphertext of a delivery on chain that the requester did not acknowledge.

use crate::audit::responder::deliver::parcel;
use crate::engagement::batch::first_words;
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Sent};
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::venue::Venue;
use assay_protocol::abi::DemandState;
use assay_protocol::abi::IRetrievalMarket::publishChunksCall;
use assay_protocol::accuracy::decide::Party;
use assay_protocol::units::utc;
use serde::Serialize;

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

/// Publishes what is not on chain yet.
///
/// # Errors
/// Before the time for the acknowledgement is over, and after that for publication is.
pub async fn publish(desk: &Desk<Audits>, id: B256, m: u32) -> eyre::Result<Published> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let (parcel, _, _) = parcel(desk, &journal, id, &audit, m).await?;
    let chunks: Vec<_> = parcel.chunks().cloned().collect();
    let bar = desk.report.bar("publishing chunks", chunks.len() as u64);
    let mut sent = Vec::new();
    loop {
        let view = desk.market.demand(id, m).await?;
        if view.state != DemandState::Delivered {
            break;
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
        bar.set(next as u64);
        let words = first_words(chunks.get(next..).unwrap_or_default().iter().cloned());
        let call = publishChunksCall {
            id,
            m: U256::from(m),
            guard: parcel.root(),
            from: U256::from(next),
            cipherWords: words.into_iter().map(B256::from).collect(),
        };
        let step = format!("publish-{m}-{next}");
        let call = desk.market.call(&call);
        let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
        sent.push(Sent::from(&receipt));
    }
    Ok(Published {
        id,
        demand: m,
        chunks: desk.market.published_chunks(id, m).await?,
        state: format!("{:?}", desk.market.demand(id, m).await?.state),
        sent,
    })
}
