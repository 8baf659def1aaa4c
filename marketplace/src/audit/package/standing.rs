//! How the market and the registry have an audit after the last block: proven word by word, so that an exporter can leave nothing out.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::record::Record;
use super::refusal::{refused, require, require_same};
use alloy::primitives::{keccak256, Address, B256, U256};
use alloy::sol_types::SolValue;
use assay_chain::account_proof::{ProvenAccount, Storage, Unproven};
use assay_chain::audit_storage::{
    attestation_slots, attestations_of, audit_of, audit_slots, corpus_of, corpus_slots, count_slot, demand_of,
    demand_slots, ending_of, ending_slot, id_slot, ids_of, ACCEPTED, ATTESTATIONS, REQUESTED,
};
use assay_chain::given_code::survey;
use assay_chain::inclusion::Nodes;
use assay_chain::release::DeploymentCheck;
use assay_protocol::abi::corpora::{Attestation, Corpus};
use assay_protocol::abi::{AuditOutcome, AuditState, AuditView, DemandView, RetrievalParams};
use assay_protocol::retrieval::corpora::{corpus_id, InputShape};
use assay_protocol::retrieval::statement::audit_id;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use assay_verifier_gen::MAX_CODE_LEN;
use std::collections::BTreeMap;

/// Another audit of the corpus, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// Of that audit.
    pub id: B256,
    /// Who asked.
    pub requester: Address,
    /// How far it is.
    pub state: AuditState,
    /// How it ended.
    pub outcome: AuditOutcome,
}

/// An audit and its corpus, as a state has them.
#[derive(Debug, Clone)]
pub struct Standing {
    /// As `audit` answers.
    pub audit: AuditView,
    /// As `demandAt` answers, in order.
    pub demands: Vec<DemandView>,
    /// What is audited.
    pub corpus: Corpus,
    /// What sources said of it, oldest first.
    pub attestations: Vec<Attestation>,
    /// Audits of it that were accepted, oldest first.
    pub accepted: Vec<B256>,
    /// How those stand that are not this one.
    pub others: Vec<Other>,
    /// How often an audit of the corpus was asked for.
    pub requests: u64,
    /// The market's parameters.
    pub params: RetrievalParams,
    /// Of its contracts.
    pub deployment: DeploymentCheck,
    /// keccak256 of the code of each account that was proven.
    pub code_hashes: BTreeMap<Address, B256>,
}

impl Standing {
    /// Reads a state: contracts first, then what they keep.
    ///
    /// # Errors
    /// Of kind rejected: the first thing that the state does not have, or that is not what this release's contracts keep.
    pub fn of(record: &Record, state_root: B256, nodes: &mut Nodes, trusted: Option<B256>) -> eyre::Result<Self> {
        let accounts = accounts(record, state_root, nodes)?;
        let params = RetrievalParams::abi_decode(&record.params);
        let params = params.map_err(|why| refused(format!("the market's parameters: {why}")))?;
        require(params.abi_encode() == record.params, || {
            "the market's parameters have another encoding"
        })?;
        let survey = survey(record.chain_id, record.market, &params, &record.codes);
        let deployment = DeploymentCheck::of_survey(&survey, trusted);
        require(deployment.is_known(), || {
            let digest = deployment.digest.unwrap_or_default();
            format!(
                "the contracts of market {} are not those of this release: {}; if you have checked them yourself: \
                 --trust-deployment {digest}",
                record.market,
                deployment.differences.join("; ")
            )
        })?;
        let storage = |of: Address| {
            let found = accounts.get(&of).map(|account| &account.storage);
            found.ok_or_else(|| refused(format!("account {of} is missing")))
        };
        let (market, registry) = (storage(record.market)?, storage(params.contracts.corpora)?);
        let id = record.audit;
        let audit = audit_of(market, id).map_err(refused)?;
        require(audit.state == AuditState::Closed, || {
            format!("the audit was not closed, but {:?}", audit.state)
        })?;
        let own = audit_id(record.chain_id, record.market, audit.corpusId, record.request_number);
        require_same("the id of the audit", id, own)?;
        let demands = (0..audit.counts.demands).map(|m| demand_of(market, id, m));
        let demands = demands.collect::<Result<_, _>>().map_err(refused)?;
        let corpus = corpus_of(registry, audit.corpusId).map_err(refused)?;
        require((1..=MAX_DOCUMENTS).contains(&(corpus.size as usize)), || {
            format!("a corpus of {} documents", corpus.size)
        })?;
        require_same("the id of the corpus", id_of(record, &params, &corpus), audit.corpusId)?;
        let accepted = ids_of(market, ACCEPTED, audit.corpusId).map_err(refused)?;
        let standing = Self {
            demands,
            corpus,
            attestations: attestations_of(registry, audit.corpusId).map_err(refused)?,
            others: others(market, id, &accepted).map_err(refused)?,
            accepted,
            requests: requests(market, audit.corpusId).map_err(refused)?,
            audit,
            params,
            deployment,
            code_hashes: accounts.iter().map(|(at, account)| (*at, account.code_hash)).collect(),
        };
        standing.require_words(record)?;
        Ok(standing)
    }

    /// Refuses words that nothing here reads: every byte of a package says something.
    fn require_words(&self, record: &Record) -> eyre::Result<()> {
        for account in &record.accounts {
            let expected = match account.address {
                at if at == record.market => market_slots(record.audit, &self.audit, &self.accepted),
                at if at == self.params.contracts.corpora => {
                    registry_slots(self.audit.corpusId, self.attestations.len() as u64)
                }
                _ => Vec::new(),
            };
            require(account.slots == expected, || {
                format!("account {} has other words of storage than are needed", account.address)
            })?;
        }
        Ok(())
    }
}

/// Words of the market that a package has: the audit, its demands, and how the other audits of its corpus stand, all of which were
/// `accepted`.
pub fn market_slots(id: B256, audit: &AuditView, accepted: &[B256]) -> Vec<B256> {
    let corpus = audit.corpusId;
    let mut slots = audit_slots(id);
    slots.extend((0..audit.counts.demands).flat_map(|m| demand_slots(id, m)));
    slots.extend([count_slot(REQUESTED, corpus), count_slot(ACCEPTED, corpus)]);
    slots.extend((0..accepted.len() as u64).map(|i| id_slot(ACCEPTED, corpus, i)));
    let others = accepted.iter().filter(|other| **other != id);
    slots.extend(others.map(|other| ending_slot(*other)));
    slots
}

/// Words of the registry that a package has.
pub fn registry_slots(corpus: B256, attestations: u64) -> Vec<B256> {
    let mut slots = corpus_slots(corpus);
    slots.push(count_slot(ATTESTATIONS, corpus));
    slots.extend((0..attestations).flat_map(|i| attestation_slots(corpus, i)));
    slots
}

/// The accounts of a record, each once, with the code that it has.
fn accounts(record: &Record, state_root: B256, nodes: &mut Nodes) -> eyre::Result<BTreeMap<Address, ProvenAccount>> {
    let mut accounts = BTreeMap::new();
    for proof in &record.accounts {
        let proven = proof.check(state_root, nodes).map_err(refused)?;
        let before = accounts.insert(proven.address, proven);
        require(before.is_none(), || format!("account {} is there twice", proof.address))?;
    }
    for (at, code) in &record.codes {
        // Whatever is looked for in a code is looked for in so much.
        require(code.len() <= MAX_CODE_LEN, || {
            format!(
                "the code of {at} has {} bytes, a chain takes {MAX_CODE_LEN}",
                code.len()
            )
        })?;
        let hash = accounts.get(at).map(|account| account.code_hash);
        let hash = hash.ok_or_else(|| refused(format!("the code of {at} is there, its account is not")))?;
        require_same(&format!("the hash of the code of {at}"), keccak256(code), hash)?;
    }
    for at in accounts.keys() {
        let is_named = record.codes.contains_key(at) || record.key_data == Some(*at);
        require(is_named, || format!("account {at} is there, its code is not"))?;
    }
    Ok(accounts)
}

fn id_of(record: &Record, params: &RetrievalParams, corpus: &Corpus) -> B256 {
    let shape = InputShape {
        words: corpus.inputWords,
        per_hash: corpus.wordsPerHash,
    };
    let registry = params.contracts.corpora;
    corpus_id(record.chain_id, registry, corpus.rs, corpus.root, corpus.size, shape)
}

fn others(market: &Storage, own: B256, accepted: &[B256]) -> Result<Vec<Other>, Unproven> {
    let others = accepted.iter().filter(|id| **id != own);
    let other = |id: &B256| {
        let (requester, state, outcome) = ending_of(market, *id)?;
        Ok(Other {
            id: *id,
            requester,
            state,
            outcome,
        })
    };
    others.map(other).collect()
}

fn requests(market: &Storage, corpus: B256) -> Result<u64, Unproven> {
    Ok(U256::saturating_to(&market.word(count_slot(REQUESTED, corpus))?))
}

#[cfg(test)]
mod tests {
    use super::super::container::tests::record;
    use super::*;

    #[test]
    fn a_code_that_no_chain_takes_is_refused_by_its_length() {
        let mut record = record();
        for (bytes, why) in [
            (MAX_CODE_LEN, "its account is not"),
            (MAX_CODE_LEN + 1, "a chain takes"),
        ] {
            record.codes = BTreeMap::from([(Address::repeat_byte(5), vec![0; bytes].into())]);
            let said = accounts(&record, B256::ZERO, &mut Nodes::default())
                .unwrap_err()
                .to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
