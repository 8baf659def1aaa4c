//! Encrypts what was demanded for the requester alone, commits to the ciphertext, and hands it over.

use crate::audit::facts::{DELIVERY_SEED, PARCEL_DELIVERED};
use crate::audit::parcel_file;
use crate::audit::predicate::requested;
use crate::audit::responder::taken::{corpus, matches};
use crate::delivery::{parcel_name, Delivery};
use crate::engagement::play::{require_party, require_time_of};
use crate::engagement::{Desk, Sent};
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::venue::{unsettled, Venue};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IRetrievalMarket::deliverCall;
use assay_protocol::abi::{AuditView, DemandState, DemandView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::delivery::{layout, Parcel};
use assay_protocol::retrieval::shared_key::{KeyPair, KeySeed};
use assay_protocol::retrieval::statement::list_hash;
use assay_protocol::transfer::places::Listed;
use assay_protocol::units::utc;
use rand::{rngs::OsRng, RngCore};
use serde::Serialize;

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

/// The ciphertext of a demand: the same one however often it is made.
///
/// # Errors
/// If the seed of its key is not here, or a document was altered.
pub async fn parcel(
    desk: &Desk<Audits>,
    journal: &Journal,
    id: B256,
    audit: &AuditView,
    m: u32,
) -> eyre::Result<(Parcel, KeyPair, Vec<u32>)> {
    // The key as it was requested: a node that names another one would have garbage delivered, or read it itself.
    let terms = requested(&desk.market, id, audit).await?.terms;
    let ones = matches(desk, journal, id, audit)?.ones();
    let indices = desk.market.demanded(id, m).await?;
    if let Some(index) = indices.iter().find(|index| !ones.contains(index)) {
        eyre::bail!(
            "the node says that document {index} is demanded, which was answered with no match; use another node"
        );
    }
    let seed: B256 = journal.fact(&DELIVERY_SEED(m, list_hash(&indices)))?.ok_or_else(|| {
        hinted(
            format!("the key of the delivery of demand {m} is not here"),
            "use the --home in which it was delivered",
        )
    })?;
    let pair = KeyPair::new(KeySeed::new(seed.0))?;
    let key = pair.delivery_key(id, m.into(), &terms.requesterKey)?;
    let listed = Listed::new(indices.clone(), audit.size as usize);
    let listed = listed.ok_or_else(|| eyre::eyre!("the list of demand {m} is none of the corpus"))?;
    let words_per_chunk = desk.market.params.delivery.wordsPerChunk as usize;
    let layout = layout(indices.len(), audit.inputWords as usize, words_per_chunk)?;
    let stored = corpus(journal, id)?;
    let documents = indices
        .iter()
        .map(|index| Ok(stored.document(*index as usize)?.document));
    let documents = documents.collect::<eyre::Result<Vec<_>>>()?;
    Ok((Parcel::encrypt(layout, &key, &listed, &documents)?, pair, indices))
}

/// Fails unless the settled block has this very demand: another list would be another delivery.
async fn require_settled(market: &Audits, id: B256, m: u32, view: &DemandView) -> eyre::Result<()> {
    let then = market.settled().await?.demand(id, m).await;
    if then.is_ok_and(|then| (then.state, then.listHash) == (view.state, view.listHash)) {
        return Ok(());
    }
    let (_, settled) = market.chain.newest_settled().await?;
    Err(unsettled(&format!("demand {m} of audit"), id, settled).into())
}

/// Commits to the ciphertext of a demand once, and hands it over.
///
/// # Errors
/// If the demand may still be taken back, or its time is over.
pub async fn deliver(desk: &Desk<Audits>, id: B256, m: u32, to: Option<&Delivery>) -> eyre::Result<Delivered> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    let mut journal = desk.journal(id)?;
    let view = desk.market.demand(id, m).await?;
    let step = format!("deliver-{m}");
    let sent = match desk.account.resume(&mut journal, &step, &desk.report).await? {
        Some(receipt) => Some(Sent::from(&receipt)),
        None if view.state == DemandState::Demanded => {
            desk.market.require_settled(id, &audit).await?;
            require_settled(&desk.market, id, m, &view).await?;
            require_time_of(&desk.market, view.deadline).await?;
            // Of each list its own: after a reorganisation another one may have the same number.
            let fact = DELIVERY_SEED(m, view.listHash);
            if journal.fact(&fact)?.is_none() {
                let mut seed = B256::ZERO;
                OsRng.fill_bytes(seed.as_mut_slice());
                journal.set_fact(&fact, &seed)?;
            }
            let (parcel, pair, indices) = parcel(desk, &journal, id, &audit, m).await?;
            parcel_file::save(&desk.files(id).join(parcel_name(m)), &parcel)?;
            let call = deliverCall {
                id,
                m: U256::from(m),
                guard: list_hash(&indices),
                ctRoot: parcel.root(),
                ephemeral: pair.public(),
            };
            let call = desk.market.call(&call);
            let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
            Some(Sent::from(&receipt))
        }
        None => None,
    };
    let after = desk.market.demand(id, m).await?;
    let (parcel, _, indices) = parcel(desk, &journal, id, &audit, m).await?;
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
