//! Makes the proofs that drawn and named documents do not match.

use crate::audit::posted::posted;
use crate::audit::responder::taken::{corpus, matches};
use crate::corpus::stored::StoredCorpus;
use crate::engagement::paths::{proof_path, proving_lock};
use crate::engagement::play::{require_party, require_time};
use crate::engagement::Desk;
use crate::home::Journaled;
use crate::proofs::claims::{here, Claims, Made, Missing};
use crate::proofs::farm::{there, Proofs};
use crate::proofs::task::{About, Place, Shown, Task};
use crate::proving::stated::Stated;
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
use assay_protocol::retrieval::corpora::Document;
use assay_protocol::retrieval::sample::{due, Due};
use assay_prover::proof::ProofBundle;
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

/// The documents of an audit that are due and not proven on chain, with what proves them.
#[derive(Debug)]
pub struct Unproven<'a> {
    desk: &'a Desk<Audits>,
    prover: &'a Prover,
    id: B256,
    /// Until when all of it is due, Unix seconds.
    deadline: u64,
    corpus: StoredCorpus,
    unproven: BTreeSet<u32>,
    missing: Missing,
    _lock: Lock,
}

impl<'a> Unproven<'a> {
    /// # Errors
    /// If another process proves for this audit, it is not this program's, or too late.
    pub async fn read(desk: &'a Desk<Audits>, id: B256, prover: &'a Prover) -> eyre::Result<Self> {
        let audit = desk.market.newest(id).await?;
        require_party(&audit, &desk.account, Party::Provider)?;
        require_state(id, &audit, &[AuditState::Sampled])?;
        require_time(&desk.market, &audit).await?;
        let lock = Lock::take_from(
            &proving_lock(desk, id),
            "another assay process makes the proofs of this audit",
            "wait until it has ended, then repeat the command",
        )?;
        let corpus = {
            let journal = desk.journal(id)?;
            matches(desk, &journal, id, &audit)?;
            corpus(&journal, id)?
        };
        let mut read = Self {
            unproven: Owed::read(desk, id, &audit).await?.documents(),
            desk,
            prover,
            id,
            deadline: audit.deadline,
            corpus,
            missing: Missing::default(),
            _lock: lock,
        };
        let files = read.unproven.iter().map(|index| *index as usize);
        let files = files.map(|index| (index, proof_path(desk, id, index)));
        let stated = |index| read.stated(index, &read.corpus.document(index)?.document);
        read.missing = Missing::among(files, prover, stated, &desk.report)?;
        Ok(read)
    }

    fn told(self, made: Made) -> AuditProofs {
        AuditProofs {
            id: self.id,
            unproven: self.unproven,
            made: made.positions.into_iter().map(|index| index as u32).collect(),
            stopped: made.stopped,
        }
    }

    /// What the proof of a document must say.
    fn stated(&self, index: usize, document: &Document) -> eyre::Result<Stated> {
        let market = &self.desk.market;
        Ok(Stated {
            ctx: audit_context(market.chain.id, market.address, self.id, index as u64).to_be_bytes(),
            weights_commit: self.prover.weights_commit()?.to_be_bytes(),
            input_commit: document.doc_commit.to_be_bytes(),
            outputs: vec![[0; 32]],
        })
    }
}

impl Claims for Unproven<'_> {
    fn id(&self) -> B256 {
        self.id
    }

    fn positions(&self) -> Vec<usize> {
        self.missing.positions()
    }

    async fn now(&self) -> eyre::Result<u64> {
        self.desk.market.chain().now().await
    }

    fn by(&self, _: usize, _: u64) -> u64 {
        self.deadline
    }

    fn about(&mut self, index: usize) -> eyre::Result<About> {
        let stated = self.stated(index, &self.corpus.document(index)?.document)?;
        Ok(About::stated(self.prover.vk_digest(), &stated))
    }

    fn task(&mut self, index: usize) -> eyre::Result<Task> {
        let document = self.corpus.document(index)?.document;
        if self.prover.output_of(&document.image)? != U256::ZERO {
            return Err(hinted(
                format!("document {index} was answered with no match, the predicate says that it matches: it cannot be proven"),
                "the audit will end as a Violation; nothing but the bond can be saved by proving the others",
            ));
        }
        let place = Place {
            kind: Journaled::Audit,
            id: self.id,
            position: index,
        };
        let shown = Shown {
            image: &document.image,
            salt: &document.input_salt,
        };
        let about = About::stated(self.prover.vk_digest(), &self.stated(index, &document)?);
        Ok(Task::new(self.prover.arch_id(), place, about, shown))
    }

    async fn is_asked(&self, _: usize) -> eyre::Result<bool> {
        let now = self.desk.market.newest(self.id).await?;
        require_state(self.id, &now, &[AuditState::Sampled])?;
        require_time(&self.desk.market, &now).await?;
        Ok(true)
    }

    fn keep(&mut self, index: usize, bundle: &ProofBundle, _: Option<f64>) -> eyre::Result<()> {
        let stated = self.stated(index, &self.corpus.document(index)?.document)?;
        self.missing.keep(index, self.prover.verifier_key(), bundle, &stated)
    }
}

/// Has a farm make every proof that is due, is not on chain and has no file here.
///
/// # Errors
/// As [`prove`].
pub async fn prove_with(
    desk: &Desk<Audits>,
    id: B256,
    prover: &Prover,
    farm: &dyn Proofs,
    goes_on: impl Fn() -> bool,
) -> eyre::Result<AuditProofs> {
    let mut unproven = Unproven::read(desk, id, prover).await?;
    let made = there(desk, &mut unproven, prover, farm, goes_on).await?;
    Ok(unproven.told(made))
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
    let mut unproven = Unproven::read(desk, id, prover).await?;
    let goes_on = |made| !shall_end(made);
    desk.account.require_proofs(unproven.positions().len())?;
    let made = here(&mut unproven, prover, &desk.home, goes_on, &desk.report).await?;
    Ok(unproven.told(made))
}
