//! The result of a check, and of an export.

use super::opened::Judged;
use super::reading::Reading;
use super::record::Record;
use super::report::runs;
use crate::audit::anybody::verdict::Verdict;
use crate::audit::anybody::Fields;
use crate::corpus::opening::check::DocumentsChecked;
use crate::corpus::show::Attestation;
use alloy::primitives::{Address, B256};
use assay_chain::release::DeploymentCheck;
use assay_economics::words::percent;
use assay_protocol::units::utc;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// What a package shows to whoever checked it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceChecked {
    /// EIP-155.
    pub chain_id: u64,
    /// The retrieval market.
    pub market: Address,
    /// Flattened into this JSON object: the audit after the last block.
    #[serde(flatten)]
    pub fields: Fields,
    /// What it shows.
    pub verdict: Option<Verdict>,
    /// What the outcome does not show, because it rests on something that was not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// In order.
    pub demand_list: Vec<Demand>,
    /// Others about the same corpus that were accepted, oldest first, as they stood after the last block.
    pub other_audits: Vec<Other>,
    /// How often an audit of the corpus was asked for.
    pub requests: u64,
    /// What sources said of the corpus, oldest first.
    pub attestations: Vec<Attestation>,
    /// Of market, terms, judges, library and registry of corpora.
    pub deployment: DeploymentCheck,
    /// Those that the market accepted.
    pub proofs: Proofs,
    /// What decided.
    pub predicate: Predicate,
    /// Documents that came with it; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<DocumentsChecked>,
    /// The same, with what was answered of each and what the predicate answers here; absent as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Vec<Judged>>,
    /// What of the rest has to be believed.
    pub trusted: Trusted,
    /// What all of it says, in words.
    pub report: Vec<String>,
}

/// A demand for documents.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// As the contract names it.
    pub state: String,
    /// Which ones.
    pub documents: Vec<u32>,
    /// All chunks of it are on chain.
    pub published: bool,
    /// As the contract names it; `null` if none was shown.
    pub fault: Option<String>,
}

/// Another audit of the same corpus.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    /// Of that audit.
    pub id: B256,
    /// Who asked.
    pub requester: Address,
    /// As the contract names it.
    pub state: String,
    /// As the contract names it; `None` while it is open.
    pub outcome: String,
}

/// Proofs of an audit.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proofs {
    /// By the sample and by what the requester named.
    pub due: u32,
    /// By the market.
    pub accepted: u32,
    /// Of these, verified again here.
    pub verified: usize,
}

/// The network that decided.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Recomputed from the weights in the package.
    pub weights_commit: B256,
    /// Made anew from the architecture in the package.
    pub vk_digest: B256,
    /// Names the reference string.
    pub reference_string: B256,
    /// Numbers of the network, quantised.
    pub parameters: usize,
    /// The contract that accepted the proofs.
    pub verifier: Address,
    /// Of that contract.
    pub verifier_codehash: B256,
    /// Why the contract was not compared with the key; `null` if it was, and is the key's.
    pub not_compared: Option<String>,
}

/// What nobody can check without a node.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trusted {
    /// These blocks are of the chain.
    pub blocks: Vec<Block>,
    /// And besides, in words.
    pub besides: Vec<String>,
}

/// A block that the evidence rests on.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Height.
    pub number: u64,
    /// What is believed.
    pub hash: B256,
    /// Unix seconds.
    pub time: u64,
}

impl Trusted {
    /// The blocks of a reading, and what else it rests on.
    pub fn of(reading: &Reading, besides: Vec<String>) -> Self {
        let block = |block: &assay_chain::block_proof::ProvenBlock| Block {
            number: block.number,
            hash: block.hash,
            time: block.time,
        };
        Self {
            blocks: reading.blocks.iter().map(block).collect(),
            besides,
        }
    }
}

impl Demand {
    /// All of a reading.
    pub fn of(reading: &Reading) -> Vec<Self> {
        let demands = reading.course.demands.iter();
        let demand = demands.map(|demand| Self {
            state: format!("{:?}", demand.view.state),
            documents: demand.indices.clone(),
            published: demand.view.published,
            fault: demand.fault.map(|(claim, _)| format!("{claim:?}")),
        });
        demand.collect()
    }
}

impl Other {
    /// All of a reading.
    pub fn of(reading: &Reading) -> Vec<Self> {
        let others = reading.standing.others.iter();
        let other = others.map(|other| Self {
            id: other.id,
            requester: other.requester,
            state: format!("{:?}", other.state),
            outcome: format!("{:?}", other.outcome),
        });
        other.collect()
    }
}

impl fmt::Display for EvidenceChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Audit {} of market {} on chain {}",
            self.fields.id, self.market, self.chain_id
        )?;
        if let Some(caution) = &self.caution {
            writeln!(f, "CAUTION: {caution}")?;
        }
        writeln!(f)?;
        for line in &self.report {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "What was checked here")?;
        writeln!(
            f,
            " {} blocks, each transaction and receipt up to its block's hash, and the contracts' state after block {}",
            self.trusted.blocks.len(),
            self.trusted.blocks.last().map_or(0, |block| block.number)
        )?;
        writeln!(f, " the contracts: {}", self.deployment)?;
        writeln!(f, " every hash, the sample, every deadline and payout, recomputed")?;
        writeln!(
            f,
            " {} of {} accepted proofs, each verified natively",
            self.proofs.verified, self.proofs.accepted
        )?;
        if let Some(verdict) = self.verdict.as_ref().filter(|verdict| verdict.is_assured()) {
            let delta = percent(1.0 - verdict.confidence);
            writeln!(f, " the verdict, with --delta {delta}: {verdict}")?;
        }
        let p = &self.predicate;
        writeln!(
            f,
            " the predicate: {} numbers, commitment {}",
            p.parameters, p.weights_commit
        )?;
        if p.not_compared.is_none() {
            writeln!(
                f,
                " its verifier contract, made anew from the architecture: the same code"
            )?;
        }
        if let (Some(documents), Some(judged)) = (&self.documents, &self.judged) {
            let of = documents.documents.iter().zip(judged);
            writeln!(f, " {} documents, opened to their originals:", judged.len())?;
            for (document, judged) in of {
                writeln!(
                    f,
                    "  {} SHA-256 {}, {} bytes; {judged}",
                    document.index, document.file_hash, document.bytes
                )?;
            }
            let matching = judged.iter().filter(|one| one.answered == Some(true));
            let matching = runs(matching.map(|one| one.index));
            let which = match matching.is_empty() {
                true => "none".into(),
                false => matching,
            };
            writeln!(
                f,
                " of {} documents answered with a match, opened here: {which}",
                self.fields.positives
            )?;
        }
        writeln!(f, "What is taken on trust")?;
        writeln!(
            f,
            " that these blocks are of chain {}: ask a node, or several, for their hashes",
            self.chain_id
        )?;
        for block in &self.trusted.blocks {
            writeln!(f, "  {} {} of {}", block.number, block.hash, utc(block.time))?;
        }
        for besides in &self.trusted.besides {
            writeln!(f, " {besides}")?;
        }
        Ok(())
    }
}

/// The result of an export.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceExported {
    /// Of the audit.
    pub id: B256,
    /// What a judge needs.
    pub evidence: PathBuf,
    /// Of the file.
    pub bytes: u64,
    /// How many.
    pub blocks: usize,
    /// The last one, after which the state is proven.
    pub as_of: B256,
    /// Verified again here.
    pub proofs: usize,
    /// Opened to their originals.
    pub documents: usize,
}

impl EvidenceExported {
    /// What was written.
    pub fn new(record: &Record, checked: &EvidenceChecked, evidence: PathBuf, bytes: u64) -> Self {
        Self {
            id: record.audit,
            evidence,
            bytes,
            blocks: record.blocks.len(),
            as_of: checked
                .trusted
                .blocks
                .last()
                .map(|block| block.hash)
                .unwrap_or_default(),
            proofs: checked.proofs.verified,
            documents: checked
                .documents
                .as_ref()
                .map_or(0, |documents| documents.documents.len()),
        }
    }
}

impl fmt::Display for EvidenceExported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "audit       {}", self.id)?;
        writeln!(
            f,
            "evidence    {}, {} bytes: {} blocks, {} proofs, {} documents",
            self.evidence.display(),
            self.bytes,
            self.blocks,
            self.proofs,
            self.documents
        )?;
        write!(
            f,
            "next        hand it over; anybody checks it without a node: assay audit check {}",
            self.evidence.display()
        )
    }
}
