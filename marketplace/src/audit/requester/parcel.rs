//! A delivery that was demanded: fetched or read from the chain, acknowledged, opened.

use crate::audit::facts::{own_request, Secrets, LEAVES, PARCEL_JUDGED, PREDICATE, RECEIVED};
use crate::audit::parcel_file;
use crate::audit::published::Published;
use crate::audit::requester::receive::received_dir;
use crate::corpus::leaves;
use crate::delivery::{parcel_name, Delivery};
use crate::engagement::paths::fetched_files;
use crate::engagement::play::{require_party, require_time_of};
use crate::engagement::{Desk, Sent};
use crate::testset::encode_png;
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::venue::Venue;
use assay_durable::file::write_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IRetrievalMarket::ackCall;
use assay_protocol::abi::{AuditView, DemandState, DemandView, Point};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::retrieval::delivery::{layout, Parcel};
use assay_protocol::retrieval::shared_key::{DeliveryKey, KeyPair};
use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::transfer::open::Opened;
use assay_protocol::transfer::payload::Received;
use assay_protocol::transfer::places::Listed;
use assay_protocol::units::utc;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The delivery of one demand, as the chain has it and this requester can read it.
#[derive(Debug)]
pub struct Shipment {
    /// m.
    pub m: u32,
    /// Which documents, in order.
    pub indices: Vec<u32>,
    /// What opens it, and shows that it does.
    pub pair: KeyPair,
    /// What the responder committed to.
    pub view: DemandView,
    layout: Chunks,
    listed: Listed,
    key: DeliveryKey,
    file: PathBuf,
}

impl Shipment {
    /// # Errors
    /// If there is no such delivery, or this program did not make the request.
    pub async fn load(
        desk: &Desk<Audits>,
        journal: &Journal,
        id: B256,
        audit: &AuditView,
        m: u32,
    ) -> eyre::Result<Self> {
        own_request(journal, id, audit.requestHash)?;
        let view = desk.market.demand(id, m).await?;
        if view.ctRoot.is_zero() {
            return Err(hinted(
                format!("demand {m} of audit {id} has no delivery yet"),
                format!("the responder has until {} for it", utc(view.deadline)),
            ));
        }
        let indices = desk.market.demanded(id, m).await?;
        let listed = Listed::new(indices.clone(), audit.size as usize);
        let listed = listed.ok_or_else(|| eyre::eyre!("the list of demand {m} is none of the corpus"))?;
        let words_per_chunk = desk.market.params.delivery.wordsPerChunk as usize;
        let pair = Secrets::of_audit(journal, id)?.key()?;
        let ephemeral: &Point = &view.ephemeral;
        Ok(Self {
            m,
            layout: layout(indices.len(), audit.inputWords as usize, words_per_chunk)?,
            key: pair.delivery_key(id, m.into(), ephemeral)?,
            file: desk.files(id).join(parcel_name(m)),
            indices,
            listed,
            pair,
            view,
        })
    }

    /// The ciphertext that is kept here, else the one that was published.
    ///
    /// # Errors
    /// If neither is there.
    async fn parcel(&self, desk: &Desk<Audits>, id: B256) -> eyre::Result<Parcel> {
        let (stream, root) = (self.key.stream.0, self.view.ctRoot.0);
        let kept = parcel_file::load(&self.file, self.layout, stream, root);
        if kept.is_ok() || !self.view.published {
            return kept.map_err(|error| {
                hinted(
                    format!("{error:#}"),
                    format!(
                        "fetch it again: assay audit ack {id} --demand {} --from DIR|URL",
                        self.m
                    ),
                )
            });
        }
        let words = desk.market.published_words(id, self.m).await?;
        let words: Vec<[u8; 32]> = words.into_iter().map(|word| word.0).collect();
        let parcel = parcel_file::of_words(&words, self.layout, stream, root)?;
        parcel_file::save(&self.file, &parcel)?;
        Ok(parcel)
    }

    /// Decrypts it and compares every document with its leaf.
    ///
    /// # Errors
    /// If ciphertext or leaves are not here.
    pub async fn open(
        &self,
        desk: &Desk<Audits>,
        journal: &Journal,
        id: B256,
        audit: &AuditView,
    ) -> eyre::Result<Opened> {
        let mut parcel = self.parcel(desk, id).await?;
        let corpus = desk.market.corpora.corpus(audit.corpusId).await?;
        let path = journal.fact(&LEAVES)?.ok_or_else(|| {
            hinted(
                format!("the leaves of the corpus of audit {id} are not here"),
                "repeat the request with the same terms and --leaves FILE: it finds the audit and keeps a copy",
            )
        })?;
        let leaves = leaves::require_of(&path, &corpus)?;
        Ok(parcel.open(&self.key, &self.listed, &leaves)?)
    }
}

/// Fetches the ciphertext of a demand, if every chunk of it is there; which documents are in it. Nothing is acknowledged.
///
/// # Errors
/// If there is no such delivery, or the ciphertext is not the delivered one.
pub async fn fetch_parcel(desk: &Desk<Audits>, id: B256, m: u32, from: &Delivery) -> eyre::Result<Vec<u32>> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    // Nobody is kept from acting by hand as long as a server takes.
    let shipment = Shipment::load(desk, &desk.journal(id)?, id, &audit, m).await?;
    fetch(desk, id, &shipment, Some(from)).await?;
    Ok(shipment.indices)
}

/// What a delivery was found to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    /// Of the audit.
    pub id: B256,
    /// m.
    pub demand: u32,
    /// Which documents, in order.
    pub documents: Vec<u32>,
    /// Directory with them as the images that the predicate reads; absent if the delivery is bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<PathBuf>,
    /// What is wrong with it, if anything is: then it can be disputed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Last second in which it can be disputed.
    pub until: u64,
    /// Absent if it was acknowledged before, or published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, demand, .. } = self;
        match &self.fault {
            None => write!(
                f,
                "delivery of demand {demand}: {} documents, each opens its leaf, in {}\nnext        assay audit confirm {id}",
                self.documents.len(),
                self.images.as_deref().unwrap_or(Path::new("")).display()
            ),
            Some(fault) => write!(
                f,
                "delivery of demand {demand} is bad: {fault}\nnext        by {}: assay audit dispute {id} --demand {demand}",
                utc(self.until)
            ),
        }
    }
}

/// Fetches the ciphertext of a demand and acknowledges it, if every chunk is here; then opens it. One that was published needs no
/// acknowledgement.
///
/// # Errors
/// If the ciphertext is not the delivered one: then it is not acknowledged, and the responder must publish it.
pub async fn ack(desk: &Desk<Audits>, id: B256, m: u32, from: Option<&Delivery>) -> eyre::Result<Acknowledged> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Consumer)?;
    let mut journal = desk.journal(id)?;
    let shipment = Shipment::load(desk, &journal, id, &audit, m).await?;
    let step = format!("ack-{m}");
    let sent = match desk.account.resume(&mut journal, &step, &desk.report).await? {
        Some(receipt) => Some(Sent::from(&receipt)),
        None if shipment.view.state == DemandState::Delivered => {
            require_time_of(&desk.market, shipment.view.deadline).await?;
            fetch(desk, id, &shipment, from).await?;
            // Only what can be opened, with all leaves, can be shown to be bad.
            shipment.open(desk, &journal, id, &audit).await?;
            let call = ackCall {
                id,
                m: U256::from(m),
                guard: shipment.view.ctRoot,
            };
            let call = desk.market.call(&call);
            let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
            Some(Sent::from(&receipt))
        }
        None => None,
    };
    let fault = judge(desk, &mut journal, id, &audit, &shipment).await?;
    Ok(Acknowledged {
        id,
        demand: m,
        documents: shipment.indices,
        images: fault.is_none().then(|| received_dir(desk, id)),
        fault,
        until: desk.market.demand(id, m).await?.deadline,
        sent,
    })
}

/// Opens a delivery and notes what it is: the fault, if it has one.
async fn judge(
    desk: &Desk<Audits>,
    journal: &mut Journal,
    id: B256,
    audit: &AuditView,
    shipment: &Shipment,
) -> eyre::Result<Option<String>> {
    let fault = match shipment.open(desk, journal, id, audit).await? {
        Opened::Good(documents) => {
            write(desk, journal, id, &documents)?;
            None
        }
        Opened::Faulty(evidence) => Some(evidence.to_string()),
    };
    if fault.is_none() {
        let mut good: BTreeSet<u32> = journal.fact(&RECEIVED)?.unwrap_or_default();
        good.extend(&shipment.indices);
        journal.set_fact(&RECEIVED, &good)?;
    }
    journal.set_fact(&PARCEL_JUDGED(shipment.m, shipment.view.ctRoot), &fault.is_none())?;
    Ok(fault)
}

/// Writes the model inputs of documents that were delivered as images, beside what was handed over.
fn write(desk: &Desk<Audits>, journal: &Journal, id: B256, documents: &[Received]) -> eyre::Result<()> {
    let opening = journal.fact(&PREDICATE)?.ok_or_else(|| {
        hinted(
            format!("the predicate of audit {id} is not here"),
            "use the --home in which the request was made",
        )
    })?;
    let size = Published::load(&opening)?.image_size();
    let bytes = 3 * size.height as usize * size.width as usize;
    for document in documents {
        let path = received_dir(desk, id).join(format!("{:07}.png", document.index));
        // What opens its leaf and is no image of this size is what the responder committed to.
        match document.example(bytes) {
            Ok(example) => write_atomic(&path, &encode_png(size, &example.image)?, true)?,
            Err(error) => desk.report.warn(format_args!("document {}: {error}", document.index)),
        }
    }
    Ok(())
}

/// The ciphertext with the delivered root in this program's own directory.
async fn fetch(desk: &Desk<Audits>, id: B256, shipment: &Shipment, from: Option<&Delivery>) -> eyre::Result<()> {
    let Shipment {
        layout,
        key,
        view,
        file,
        ..
    } = shipment;
    let load = |path: &Path| parcel_file::load(path, *layout, key.stream.0, view.ctRoot.0);
    if load(file).is_ok() {
        return Ok(());
    }
    let missing = |place: &str| {
        hinted(
            format!("the ciphertext of demand {} of audit {id} is not {place}", shipment.m),
            "ask the responder for it and say where it is with --from; without every chunk do not acknowledge it: the responder \
             must publish it then",
        )
    };
    let from = from.ok_or_else(|| missing("here"))?;
    let into = fetched_files(desk, id);
    let limit = parcel_file::file_bytes(layout);
    for found in from.get(BlobKind::Parcels, &into, limit, &desk.report).await? {
        if let Ok(parcel) = load(&found) {
            return parcel_file::save(file, &parcel);
        }
    }
    Err(missing(&format!("in {}", from.place())))
}
