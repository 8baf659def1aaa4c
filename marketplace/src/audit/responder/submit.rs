//! Sends the proofs of drawn and named documents.

use crate::audit::predicate::requested;
use crate::audit::responder::prove::Owed;
use crate::audit::responder::taken::corpus;
use crate::corpus::stored::StoredCorpus;
use crate::engagement::batch::largest_batch;
use crate::engagement::paths::proof_path;
use crate::engagement::{Desk, Sent};
use crate::proving::bundle;
use alloy::primitives::{keccak256, Bytes, B256};
use assay_chain::audits::Audits;
use assay_chain::error::{hinted, hinted_because, rejected};
use assay_chain::market::all_answers;
use assay_chain::venue::{require_state, Venue, View};
use assay_protocol::abi::IRetrievalMarket::submitProofsCall;
use assay_protocol::abi::{AuditState, AuditView, Predicate, SampleGroup};
use assay_protocol::ids::audit_context;
use assay_protocol::retrieval::sample::{group, Due, ProvenDocument};
use serde::Serialize;

/// Proofs of one transaction: what nodes take as 128 KiB.
pub const MAX_BATCH: usize = 19;

/// The result of sending proofs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    /// Of the audit.
    pub id: B256,
    /// In the order of sending.
    pub batches: Vec<Batch>,
    /// Due and not proven after it.
    pub unproven: u32,
    /// As the contract names it.
    pub state: String,
    #[serde(skip)]
    next: Option<String>,
}

/// Proofs that share a transaction.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Of the documents.
    pub indices: Vec<u32>,
    /// That transaction.
    pub sent: Sent,
}

impl std::fmt::Display for Submitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for b in &self.batches {
            writeln!(f, "documents {:?}: {} gas", b.indices, b.sent.gas_used)?;
        }
        write!(f, "{} documents that are due are not proven yet", self.unproven)?;
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}

/// Sends every proof that is here and due, once the judge has accepted it.
///
/// # Errors
/// If none is here, or the judge accepts none of them.
pub async fn submit(desk: &Desk<Audits>, id: B256) -> eyre::Result<Submitted> {
    let audit = desk.market.newest(id).await?;
    require_state(id, &audit, &[AuditState::Sampled, AuditState::Delivering])?;
    let mut batches = Vec::new();
    if audit.state == AuditState::Sampled {
        // Of another sample, or none, they revert.
        desk.market.require_confirmed(id, &audit).await?;
        let predicate = requested(&desk.market, id, &audit).await?.predicate;
        let mut journal = desk.journal(id)?;
        let corpus = corpus(&journal, id)?;
        let mut groups = judged(desk, id, &audit, &predicate, &corpus).await?;
        while !groups.is_empty() {
            let call_of = |size: usize| {
                let groups = groups.iter().take(size).map(|(_, group)| group.clone());
                desk.market.call(&submitProofsCall {
                    id,
                    predicate: predicate.clone(),
                    groups: groups.collect(),
                })
            };
            let size = largest_batch(desk, groups.len().min(MAX_BATCH), call_of).await;
            let call = call_of(size);
            let indices = groups.drain(..size).map(|(due, _)| due.index).collect();
            // A step is named after what it sends: another batch is another step.
            let step = format!("prove-{}", hex::encode(&keccak256(&call.data)[..8]));
            let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
            batches.push(Batch {
                indices,
                sent: Sent::from(&receipt),
            });
        }
    }
    let after = desk.market.newest(id).await?;
    Ok(Submitted {
        id,
        batches,
        unproven: after.counts.due - after.counts.proven,
        state: format!("{:?}", after.state),
        next: after.next(id),
    })
}

/// Proofs that are here and that the market's judge accepts.
///
/// # Errors
/// If there is none.
async fn judged(
    desk: &Desk<Audits>,
    id: B256,
    audit: &AuditView,
    predicate: &Predicate,
    corpus: &StoredCorpus,
) -> eyre::Result<Vec<(Due, SampleGroup)>> {
    let owed = Owed::read(desk, id, audit).await?;
    let (mut groups, mut refused) = (Vec::new(), None);
    for due in owed.due.iter().copied() {
        if !proof_path(desk, id, due.index as usize).is_file() {
            continue;
        }
        match proven_document(desk, id, corpus, due.index) {
            Ok(document) => groups.push((due, group(&owed.answers, due, document))),
            Err(error) => refused = Some((due.index, error)),
        }
    }
    let asked = groups
        .iter()
        .map(|(_, group)| desk.market.judge(id, audit, predicate, &group.group));
    let mut answers = all_answers(asked).await?.into_iter();
    groups.retain(|(due, _)| match answers.next() {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            refused = Some((due.index, error));
            false
        }
        None => false,
    });
    match refused {
        None if groups.is_empty() && !owed.due.is_empty() => Err(hinted(
            format!("{} documents are due, and none has its proof here", owed.due.len()),
            format!("run: assay audit prove {id}, which makes them"),
        )),
        Some((index, error)) if groups.is_empty() => {
            let file = proof_path(desk, id, index as usize);
            Err(hinted_because(
                error,
                format!("{} is no proof of document {index}", file.display()),
                "remove the file and repeat the command: it is made again",
            ))
        }
        Some((index, error)) => {
            desk.report
                .warn(format_args!("the proof of document {index} is left out: {error:#}"));
            Ok(groups)
        }
        None => Ok(groups),
    }
}

/// A document with the proof in its file.
///
/// # Errors
/// If the file holds none about it in this audit.
pub fn proven_document(
    desk: &Desk<Audits>,
    id: B256,
    corpus: &StoredCorpus,
    index: u32,
) -> eyre::Result<ProvenDocument> {
    let bundle = bundle::load(&proof_path(desk, id, index as usize))?;
    let statement = bundle
        .statement()
        .ok_or_else(|| rejected("its instances are none of this circuit"))?;
    let proven = with_proof(corpus, index, bundle.proof().to_vec().into())?;
    let ctx = audit_context(desk.market.chain.id, desk.market.address, id, index.into());
    if (statement.ctx, statement.input_commit, statement.output)
        != (ctx.to_be_bytes(), proven.doc_commit.to_be_bytes(), [0; 32])
    {
        return Err(rejected("it is about another context, document or output"));
    }
    Ok(proven)
}

/// A document with this proof, whatever it is worth.
///
/// # Errors
/// If the corpus has no such document, or it was altered.
pub fn with_proof(corpus: &StoredCorpus, index: u32, proof: Bytes) -> eyre::Result<ProvenDocument> {
    let place = index as usize;
    let document = corpus.document(place)?.document;
    Ok(ProvenDocument {
        doc_commit: document.doc_commit,
        leaf_salt: document.leaf_salt(),
        path: corpus.tree().path(place).unwrap_or_default(),
        proof,
    })
}
