//! Makes the proofs that drawn and named documents do not match.

use crate::audit::posted::posted;
use crate::audit::responder::taken::{corpus, matches};
use crate::engagement::paths::{proof_path, proving_lock};
use crate::engagement::play::{require_party, require_time};
use crate::engagement::Desk;
use crate::job::{Asked, Job};
use crate::proving::stated::{is_in_file, Stated};
use crate::proving::Prover;
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::venue::{require_state, Venue};
use assay_durable::lock::Lock;
use assay_protocol::abi::{AuditState, AuditView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::ids::audit_context;
use assay_protocol::retrieval::answers::Answers;
use assay_protocol::retrieval::sample::{due, Due};
use serde::Serialize;
use std::collections::BTreeSet;

/// What of an audit is proven here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditProofs {
    /// Of the audit.
    pub id: B256,
    /// Documents that are due and not proven on chain.
    pub unproven: BTreeSet<u32>,
    /// Those whose proof was made now.
    pub made: Vec<u32>,
    /// Whether it was told to end before all were made.
    pub stopped: bool,
}

/// Everything that has to be proven, with the answers that it follows from.
#[derive(Debug)]
pub struct Owed {
    /// As they were posted.
    pub answers: Answers,
    /// What of it is not proven on chain.
    pub due: Vec<Due>,
}

impl Owed {
    /// # Errors
    /// If the node serves other logs than the market's.
    pub async fn read(desk: &Desk<Audits>, id: B256, audit: &AuditView) -> eyre::Result<Self> {
        let posted = posted(&desk.market, id, audit).await?;
        let revealed = desk.market.revealed(id).await?;
        let named = revealed.map(|revealed| revealed.named).unwrap_or_default();
        let due = due(&posted.answers, audit.seed, audit.bounds.samples, &named);
        eyre::ensure!(
            due.len() == audit.counts.due as usize,
            "the market counts {} documents that are due, answers and salt give {}",
            audit.counts.due,
            due.len()
        );
        Ok(Self {
            due: desk.market.unproven(id, &due).await?,
            answers: posted.answers,
        })
    }

    /// The documents, each once.
    pub fn documents(&self) -> BTreeSet<u32> {
        self.due.iter().map(|due| due.index).collect()
    }
}

/// Makes every proof that is due, is not on chain and has no file here; asks before each whether to end, with how many were made.
///
/// # Errors
/// If another process proves for this audit, or a document does match.
pub async fn prove(
    desk: &Desk<Audits>,
    id: B256,
    prover: &Prover,
    shall_end: impl Fn(usize) -> bool,
) -> eyre::Result<AuditProofs> {
    let audit = desk.market.newest(id).await?;
    require_party(&audit, &desk.account, Party::Provider)?;
    require_state(id, &audit, &[AuditState::Sampled])?;
    require_time(&desk.market, &audit).await?;
    let _lock = Lock::take_from(
        &proving_lock(desk, id),
        "another assay process makes the proofs of this audit",
        "wait until it has ended, then repeat the command",
    )?;
    let corpus = {
        let journal = desk.journal(id)?;
        matches(desk, &journal, id, &audit)?;
        corpus(&journal, id)?
    };
    let unproven = Owed::read(desk, id, &audit).await?.documents();
    let market = &desk.market;
    let (mut made, mut stopped) = (Vec::new(), false);
    let mut job = Job::new(prover, &desk.home);
    let asked = Asked { id, by: audit.deadline };
    for index in unproven.iter().copied() {
        let document = corpus.document(index as usize)?.document;
        let stated = Stated {
            ctx: audit_context(market.chain.id, market.address, id, index.into()).to_be_bytes(),
            weights_commit: prover.weights_commit()?.to_be_bytes(),
            input_commit: document.doc_commit.to_be_bytes(),
            outputs: vec![[0; 32]],
        };
        let file = proof_path(desk, id, index as usize);
        if is_in_file(prover.verifier_key(), &file, &stated, &desk.report) {
            continue;
        }
        if prover.output_of(&document.image)? != U256::ZERO {
            return Err(hinted(
                format!("document {index} was answered with no match, the predicate says that it matches: it cannot be proven"),
                "the audit will end as a Violation; nothing but the bond can be saved by proving the others",
            ));
        }
        let Some(turn) = job.turn(Some(asked), || !shall_end(made.len()), &desk.report)? else {
            stopped = true;
            break;
        };
        // Others may have been proving for long.
        let now = market.newest(id).await?;
        require_state(id, &now, &[AuditState::Sampled])?;
        require_time(market, &now).await?;
        turn.prove_into(&document.image, &document.input_salt, &stated, &file, &desk.report)?;
        made.push(index);
    }
    Ok(AuditProofs {
        id,
        unproven,
        made,
        stopped,
    })
}
