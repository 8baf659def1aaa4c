//! What is in the transactions and logs of an audit and not in the market's storage.

use crate::audits::Audits;
use crate::error::hinted;
use crate::history::history;
use crate::market::decoded;
use alloy::consensus::Transaction as _;
use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::{SolCall, SolEvent};
use assay_protocol::abi::IRetrievalMarket::{
    publishChunksCall, AnswersPosted, AuditRequested, DemandPublished, Demanded, SaltRevealed, Withheld,
};
use assay_protocol::retrieval::posted::Step;
use assay_protocol::retrieval::statement::list_hash;

impl Audits {
    /// Every event of a kind about an audit, oldest first.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn events<E: SolEvent>(&self, id: B256) -> eyre::Result<Vec<E>> {
        let logs = history(&self.chain, self.address, id, AuditRequested::SIGNATURE_HASH).await?;
        Ok(decoded::<E>(&logs)?.map(|(event, _)| event).collect())
    }

    /// The calls that answered, in their order, so far.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn answer_steps(&self, id: B256) -> eyre::Result<Vec<Step>> {
        let logs = history(&self.chain, self.address, id, AuditRequested::SIGNATURE_HASH).await?;
        let mut steps = Vec::new();
        for log in &logs {
            match log.topic0() {
                Some(topic) if *topic == AnswersPosted::SIGNATURE_HASH => {
                    let posted = AnswersPosted::decode_log(&log.inner)?.data;
                    steps.push(Step::Page {
                        bits: posted.bits.to_vec(),
                    });
                }
                Some(topic) if *topic == Withheld::SIGNATURE_HASH => {
                    let withheld = Withheld::decode_log(&log.inner)?.data;
                    steps.push(Step::Withheld {
                        indices: withheld.indices,
                        log: withheld.log,
                    });
                }
                _ => {}
            }
        }
        Ok(steps)
    }

    /// What the requester showed: salt and named documents; `None` before.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn revealed(&self, id: B256) -> eyre::Result<Option<SaltRevealed>> {
        Ok(self.events::<SaltRevealed>(id).await?.into_iter().last())
    }

    /// The documents of demand `m`, as the market keeps the hash of.
    ///
    /// # Errors
    /// If there is no such demand, or the node serves other logs than the market's.
    pub async fn demanded(&self, id: B256, m: u32) -> eyre::Result<Vec<u32>> {
        let kept = self.demand(id, m).await?.listHash;
        let events = self.events::<Demanded>(id).await?.into_iter();
        let listed = events.filter(|event| event.m == U256::from(m));
        let listed = listed.map(|event| event.indices).find(|list| list_hash(list) == kept);
        listed.ok_or_else(|| missing("list of documents", id, m))
    }

    /// The words of every published chunk of demand `m` in order, from the transactions that published them.
    ///
    /// # Errors
    /// If the words are in no transaction's calldata, because a contract published them.
    pub async fn published_words(&self, id: B256, m: u32) -> eyre::Result<Vec<B256>> {
        let logs = history(&self.chain, self.address, id, AuditRequested::SIGNATURE_HASH).await?;
        let events = decoded::<DemandPublished>(&logs)?.filter(|(event, _)| event.m == U256::from(m));
        let mut words = Vec::new();
        for (_, hash) in events {
            let transaction = self.chain.provider.get_transaction_by_hash(hash).await?;
            let call = transaction
                .filter(|t| t.to() == Some(self.address))
                .and_then(|t| publishChunksCall::abi_decode(t.input()).ok())
                .filter(|call| call.id == id && call.m == U256::from(m))
                .ok_or_else(|| eyre::eyre!("transaction {hash} published chunks through another contract"))?;
            words.extend(call.cipherWords);
        }
        Ok(words)
    }
}

fn missing(what: &str, id: B256, m: u32) -> eyre::Report {
    hinted(
        format!("the node has no {what} of demand {m} of audit {id}"),
        "use a node that serves the logs of the whole chain",
    )
}
