//! The ciphertexts of the demands of one audit: the same ones however often they are made.

use crate::audit::facts::DELIVERY_SEED;
use crate::audit::predicate::requested;
use crate::audit::responder::taken::{corpus, matches};
use crate::corpus::stored::StoredCorpus;
use crate::engagement::Desk;
use alloy::primitives::{B256, U256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_protocol::abi::IRetrievalMarket::Demanded;
use assay_protocol::abi::{AuditView, RequestTerms};
use assay_protocol::retrieval::delivery::{layout, Parcel};
use assay_protocol::retrieval::shared_key::{KeyPair, KeySeed};
use assay_protocol::retrieval::statement::list_hash;
use assay_protocol::transfer::places::Listed;
use std::collections::BTreeSet;

/// What they are made from, read once for all demands: nodes search all blocks for it.
#[derive(Debug)]
pub struct Parcels {
    id: B256,
    /// As it was requested: a node that names another key would have garbage delivered, or read it itself.
    terms: RequestTerms,
    /// Documents that were answered with a match.
    ones: BTreeSet<u32>,
    demands: Vec<Demanded>,
    corpus: StoredCorpus,
    size: usize,
    input_words: usize,
    words_per_chunk: usize,
}

/// The ciphertext of one demand, and what it was made with.
#[derive(Debug)]
pub struct Encrypted {
    /// All chunks.
    pub parcel: Parcel,
    /// Of this delivery alone.
    pub pair: KeyPair,
    /// The documents, in order.
    pub indices: Vec<u32>,
}

impl Parcels {
    /// # Errors
    /// If this program did not take the audit on, or the node does not serve the logs.
    pub async fn of(desk: &Desk<Audits>, journal: &Journal, id: B256, audit: &AuditView) -> eyre::Result<Self> {
        Ok(Self {
            id,
            terms: requested(&desk.market, id, audit).await?.terms,
            ones: matches(desk, journal, id, audit)?.ones(),
            demands: desk.market.events::<Demanded>(id).await?,
            corpus: corpus(journal, id)?,
            size: audit.size as usize,
            input_words: audit.inputWords as usize,
            words_per_chunk: desk.market.params.delivery.wordsPerChunk as usize,
        })
    }

    /// Of the audit.
    pub fn id(&self) -> B256 {
        self.id
    }

    /// The documents of demand `m`, of whose list the market keeps this hash.
    fn demanded(&self, m: u32, list: B256) -> eyre::Result<Vec<u32>> {
        let lists = self.demands.iter().filter(|event| event.m == U256::from(m));
        let found = lists
            .map(|event| &event.indices)
            .find(|indices| list_hash(indices) == list);
        let indices = found.ok_or_else(|| {
            hinted(
                format!("the node has no list of documents of demand {m} of audit {}", self.id),
                "use a node that serves the logs of the whole chain",
            )
        })?;
        if let Some(index) = indices.iter().find(|index| !self.ones.contains(index)) {
            eyre::bail!(
                "the node says that document {index} is demanded, which was answered with no match; use another node"
            );
        }
        Ok(indices.clone())
    }

    /// The ciphertext of demand `m`, of whose list the market keeps this hash.
    ///
    /// # Errors
    /// If the seed of its key is not here, or a document was altered.
    pub fn parcel(&self, journal: &Journal, m: u32, list: B256) -> eyre::Result<Encrypted> {
        let indices = self.demanded(m, list)?;
        let seed: B256 = journal.fact(&DELIVERY_SEED(m, list))?.ok_or_else(|| {
            hinted(
                format!("the key of the delivery of demand {m} is not here"),
                "use the --home in which it was delivered",
            )
        })?;
        let pair = KeyPair::new(KeySeed::new(seed.0))?;
        let key = pair.delivery_key(self.id, m.into(), &self.terms.requesterKey)?;
        let listed = Listed::new(indices.clone(), self.size);
        let listed = listed.ok_or_else(|| eyre::eyre!("the list of demand {m} is none of the corpus"))?;
        let layout = layout(indices.len(), self.input_words, self.words_per_chunk)?;
        let documents = indices
            .iter()
            .map(|index| Ok(self.corpus.document(*index as usize)?.document));
        let documents = documents.collect::<eyre::Result<Vec<_>>>()?;
        Ok(Encrypted {
            parcel: Parcel::encrypt(layout, &key, &listed, &documents)?,
            pair,
            indices,
        })
    }
}
