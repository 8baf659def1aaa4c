//! The registry of corpora: one for everybody on its chain, without money or parameters.

use crate::artefact::Release;
use crate::client::{Call, Chain};
use crate::error::{hinted, Kind};
use crate::history::history;
use crate::market::{all_answers, decoded};
use crate::origin::place;
use crate::revert::{self, is};
use crate::venue::unsettled;
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use alloy::sol_types::{SolCall, SolEvent};
use assay_protocol::abi::corpora::ICorpusRegistry::{
    attestationAtCall, attestationCountCall, attestedAtCall, corpusCall, corpusCountCall, corpusIdAtCall,
    CorpusCommitted, UnknownCorpus,
};
use assay_protocol::abi::corpora::{Attestation, Corpus};
use assay_protocol::retrieval::corpora::{corpus_id, InputShape};
use std::time::Duration;

/// How long the log of a corpus may take to find: some nodes serve few blocks at a time.
const LOGS_TIME: Duration = Duration::from_secs(30);

/// A registry of corpora on one chain.
#[derive(Debug, Clone)]
pub struct Corpora {
    /// The node that all answers come from.
    pub chain: Chain,
    /// `CorpusRegistry`.
    pub address: Address,
}

impl Corpora {
    /// Where this release's registry is, on every chain that has it.
    pub fn place() -> Address {
        place(Release::this().creation["CorpusRegistry"])
    }

    /// The registry at `address`, else this release's.
    ///
    /// # Errors
    /// If nothing is there.
    pub async fn open(chain: Chain, address: Option<Address>) -> eyre::Result<Self> {
        let address = address.unwrap_or_else(Self::place);
        if chain.code(address).await?.is_empty() {
            return Err(hinted(
                format!("this chain has no registry of corpora at {address}"),
                "check --rpc-url and --deployment; assay deploy puts one there, on a devnet assay devnet up",
            ));
        }
        Ok(Self { chain, address })
    }

    /// The registry as it was when this block was the newest.
    #[must_use]
    pub fn as_of(&self, block: B256) -> Self {
        Self {
            chain: self.chain.as_of(block),
            address: self.address,
        }
    }

    /// A call; none of them sends money.
    pub fn call(&self, call: &impl SolCall) -> Call {
        Call::new(self.address, call)
    }

    /// What this registry calls the corpus.
    pub fn id_of(&self, corpus: &Corpus) -> B256 {
        let shape = InputShape {
            words: corpus.inputWords,
            per_hash: corpus.wordsPerHash,
        };
        corpus_id(self.chain.id, self.address, corpus.rs, corpus.root, corpus.size, shape)
    }

    async fn view<C: SolCall>(&self, call: &C) -> eyre::Result<C::Return> {
        self.chain.view(self.address, call).await
    }

    /// The corpus with this id, if somebody committed it.
    ///
    /// # Errors
    /// If the node does not answer, or the record does not hash to its id.
    pub async fn find(&self, id: B256) -> eyre::Result<Option<Corpus>> {
        self.find_at(id, self.chain.at()).await
    }

    async fn find_at(&self, id: B256, block: BlockId) -> eyre::Result<Option<Corpus>> {
        match self
            .chain
            .try_view_at(self.address, &corpusCall { corpusId: id }, block)
            .await?
        {
            Ok(corpus) if self.id_of(&corpus) == id => Ok(Some(corpus)),
            Ok(_) => Err(eyre::eyre!(
                "contract {} names its corpora in another way: it is not this registry",
                self.address
            )),
            Err(data) if is::<UnknownCorpus>(&data) => Ok(None),
            Err(data) => Err(revert::explain(&data)),
        }
    }

    /// The corpus with this id. What it says follows from the id, but for when it was committed.
    ///
    /// # Errors
    /// Those of [`Corpora::find`], and if nobody committed it.
    pub async fn corpus(&self, id: B256) -> eyre::Result<Corpus> {
        let found = self.find(id).await?;
        found.ok_or_else(|| {
            hinted(
                format!("registry {} has no corpus {id}", self.address),
                "check the id, --rpc-url and --deployment; assay corpus list ADDRESS has those of a responder",
            )
        })
    }

    /// Where its responder said that more about the corpus is, in its words: from the log, which no contract can read. `None` if the
    /// node serves no such log in time.
    ///
    /// # Errors
    /// If the log is no event of a registry.
    pub async fn uri(&self, id: B256) -> eyre::Result<Option<String>> {
        let logs = history(&self.chain, self.address, id, CorpusCommitted::SIGNATURE_HASH);
        let Ok(Ok(logs)) = tokio::time::timeout(LOGS_TIME, logs).await else {
            return Ok(None);
        };
        let committed = decoded::<CorpusCommitted>(&logs)?
            .map(|(committed, _)| committed.uri)
            .next();
        Ok(committed)
    }

    /// Fails unless the corpus was there when the newest settled block was the newest: what is said for good about it could
    /// otherwise be about nothing.
    ///
    /// # Errors
    /// [`Kind::Unsettled`], or if the node does not answer.
    pub async fn require_settled(&self, id: B256) -> eyre::Result<()> {
        let (block, settled) = self.chain.newest_settled().await?;
        match self.find_at(id, block).await {
            Ok(Some(_)) => Ok(()),
            Err(error) if Kind::Unreachable.is_of(&error) => Err(error),
            // Not committed then, or not even the registry was there.
            _ => Err(unsettled("corpus", id, settled).into()),
        }
    }

    /// When a source attested the corpus, Unix seconds; 0 if it did not.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn attested_at(&self, id: B256, source: Address) -> eyre::Result<u64> {
        self.view(&attestedAtCall { corpusId: id, source }).await
    }

    /// How many sources attested the corpus.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn attestation_count(&self, id: B256) -> eyre::Result<u64> {
        Ok(self.view(&attestationCountCall { corpusId: id }).await?.saturating_to())
    }

    /// What sources said of the corpus, oldest first.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn attestations(&self, id: B256) -> eyre::Result<Vec<Attestation>> {
        let count = self.attestation_count(id).await?;
        let asked = (0..count).map(|i| async move {
            let call = attestationAtCall {
                corpusId: id,
                i: U256::from(i),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }

    /// The corpora of a responder, oldest first.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn ids_of(&self, responder: Address) -> eyre::Result<Vec<B256>> {
        let count: u64 = self.view(&corpusCountCall { rs: responder }).await?.saturating_to();
        let asked = (0..count).map(|i| async move {
            let call = corpusIdAtCall {
                rs: responder,
                i: U256::from(i),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }
}
