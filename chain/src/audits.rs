//! A retrieval market: audits of the corpora of one registry.

use crate::client::{Call, Chain};
use crate::corpora::Corpora;
use crate::error::hinted;
use crate::market::all_answers;
use crate::revert::{self, is};
use crate::venue::{events, Venue, View};
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::SolCall;
use assay_protocol::abi::IAccuracyMarket::termsCall;
use assay_protocol::abi::IRetrievalMarket::{
    auditCall, auditCountCall, auditIdAtCall, demandAtCall, documentAtCall, isProvenCall, requestCountCall,
    requestIdAtCall, timeoutAtCall, AuditClosed, WrongAuditState,
};
use assay_protocol::abi::{
    AuditState, AuditView, DemandState, DemandView, DocumentClaim, DocumentGroup, DocumentView, Predicate,
    RetrievalParams,
};
use assay_protocol::abi::{IAuditTerms, IDocumentJudge, IPublishedTransfers};
use assay_protocol::ids::KIND_RETRIEVAL;
use assay_protocol::retrieval::sample::Due;
use assay_protocol::retrieval::shared_key::stream_id;
use assay_protocol::retrieval::statement::audit_params_hash;
use assay_protocol::units::utc;

/// A retrieval market whose parameters were read and hashed.
#[derive(Debug, Clone)]
pub struct Audits {
    /// The node that all answers come from.
    pub chain: Chain,
    /// `RetrievalMarket`.
    pub address: Address,
    /// `AuditTerms`, which the market deployed.
    pub terms: Address,
    /// Fixed when it was deployed.
    pub params: RetrievalParams,
    /// `PARAMS_HASH`, recomputed from `params`.
    pub params_hash: B256,
    /// The registry whose corpora it audits.
    pub corpora: Corpora,
}

impl Audits {
    /// Reads the parameters of the retrieval market at `address`.
    ///
    /// # Errors
    /// If none is there, or it hashes its parameters in another way.
    pub async fn open(chain: Chain, address: Address) -> eyre::Result<Self> {
        if chain.code(address).await?.is_empty() {
            return Err(hinted(
                format!("this chain has no retrieval market at {address}"),
                "check --rpc-url, --retrieval and --deployment",
            ));
        }
        let terms = chain.view(address, &termsCall {}).await?;
        let params = chain.view(terms, &IAuditTerms::paramsCall {}).await?;
        let params_hash = audit_params_hash(&params);
        eyre::ensure!(
            params_hash == chain.view(address, &IAuditTerms::PARAMS_HASHCall {}).await?,
            "contract {address} hashes its parameters in another way: it is not this retrieval market"
        );
        let corpora = Corpora::open(chain.clone(), Some(params.contracts.corpora)).await?;
        Ok(Self {
            chain,
            address,
            terms,
            params,
            params_hash,
            corpora,
        })
    }

    /// A call that sends no money.
    pub fn call(&self, call: &impl SolCall) -> Call {
        Call::new(self.address, call)
    }

    async fn view<C: SolCall>(&self, call: &C) -> eyre::Result<C::Return> {
        self.chain.view(self.address, call).await
    }

    /// Demand number `m` of an audit.
    ///
    /// # Errors
    /// If there is none.
    pub async fn demand(&self, id: B256, m: u32) -> eyre::Result<DemandView> {
        let m = U256::from(m);
        self.view(&demandAtCall { id, m }).await
    }

    /// All demands of an audit, in order.
    pub async fn demands(&self, id: B256, audit: &AuditView) -> eyre::Result<Vec<DemandView>> {
        all_answers((0..audit.counts.demands).map(|m| self.demand(id, m))).await
    }

    /// The demands of an audit that are not settled, by their numbers.
    pub async fn open_demands(&self, id: B256, audit: &AuditView) -> eyre::Result<Vec<(u32, DemandView)>> {
        if audit.counts.openDemands == 0 {
            return Ok(Vec::new());
        }
        let demands = self.demands(id, audit).await?;
        let open = (0..).zip(demands).filter(|(_, d)| d.state != DemandState::Settled);
        Ok(open.collect())
    }

    /// Last second before anybody may close the audit, or one of its demands, 0 if it is closed.
    pub async fn timeout_at(&self, id: B256) -> eyre::Result<u64> {
        self.view(&timeoutAtCall { id }).await
    }

    /// How many requests there were about a corpus: they cost nobody anything.
    pub async fn request_count(&self, corpus_id: B256) -> eyre::Result<u64> {
        let call = requestCountCall { corpusId: corpus_id };
        Ok(self.view(&call).await?.saturating_to())
    }

    /// How many of them were accepted.
    pub async fn accepted_count(&self, corpus_id: B256) -> eyre::Result<u64> {
        let call = auditCountCall { corpusId: corpus_id };
        Ok(self.view(&call).await?.saturating_to())
    }

    /// Every request about a corpus, oldest first, from number `from` on.
    pub async fn request_ids(&self, corpus_id: B256, from: u64) -> eyre::Result<Vec<B256>> {
        let count = self.request_count(corpus_id).await?;
        let asked = (from..count).map(|seq| async move {
            let call = requestIdAtCall {
                corpusId: corpus_id,
                seq: U256::from(seq),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }

    /// Audits of a corpus that were accepted, oldest first.
    pub async fn accepted_ids(&self, corpus_id: B256) -> eyre::Result<Vec<B256>> {
        let count = self.accepted_count(corpus_id).await?;
        let asked = (0..count).map(|i| async move {
            let call = auditIdAtCall {
                corpusId: corpus_id,
                i: U256::from(i),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }

    /// The market as it was when the newest settled block was the newest: for what cannot be taken back.
    ///
    /// # Errors
    /// If the node does not say which that is.
    pub async fn settled(&self) -> eyre::Result<Self> {
        let (block, _) = self.chain.newest_settled().await?;
        Ok(self.as_of(self.chain.block_hash(block).await?))
    }

    /// Chunks of the ciphertext of demand `m` that are on chain.
    pub async fn published_chunks(&self, id: B256, m: u32) -> eyre::Result<usize> {
        let call = IPublishedTransfers::publishedCall {
            publisher: self.address,
            id: stream_id(id, m.into()),
        };
        let next = self.chain.view(self.params.contracts.publication, &call).await?;
        Ok(next.saturating_to())
    }

    /// Of what is due, what is not proven on chain.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn unproven(&self, id: B256, due: &[Due]) -> eyre::Result<Vec<Due>> {
        let asked = due.iter().map(|due| {
            let Due { rank, index } = *due;
            async move { self.view(&isProvenCall { id, rank, index }).await }
        });
        let proven = all_answers(asked).await?;
        let open = due.iter().zip(proven).filter(|(_, proven)| !proven);
        Ok(open.map(|(due, _)| *due).collect())
    }

    /// What became of document `index`.
    pub async fn document(&self, id: B256, index: u32) -> eyre::Result<DocumentView> {
        self.view(&documentAtCall { id, index }).await
    }

    /// Whether the judge takes this group, asked in the market's name; a refusal in words.
    ///
    /// # Errors
    /// If the node does not say.
    pub async fn judge(
        &self,
        id: B256,
        audit: &AuditView,
        predicate: &Predicate,
        group: &DocumentGroup,
    ) -> eyre::Result<Result<(), eyre::Report>> {
        let claim = DocumentClaim {
            predicate: predicate.clone(),
            kind: U256::from(KIND_RETRIEVAL),
            id,
            root: self.corpora.corpus(audit.corpusId).await?.root,
            size: U256::from(audit.size),
        };
        let group = group.clone();
        let call = Call::new(
            self.params.contracts.documents,
            &IDocumentJudge::checkCall { claim, group },
        );
        self.chain.judged(self.address, &call).await
    }
}

impl View for AuditView {
    type State = AuditState;
    const THING: &'static str = "audit";
    const SHOW: &'static str = "assay audit show";
    const TIMEOUT: &'static str = "assay timeout run";

    fn state(&self) -> AuditState {
        self.state
    }

    fn guard(&self) -> B256 {
        self.guard
    }

    fn is_proven(&self) -> bool {
        matches!(self.state, AuditState::Delivering | AuditState::Closed)
    }

    fn deadline(&self) -> u64 {
        self.deadline
    }

    fn consumer(&self) -> Address {
        self.rq
    }

    fn provider(&self) -> Address {
        self.rs
    }

    fn is_offer(&self) -> bool {
        self.state == AuditState::Requested
    }

    fn is_closed(&self) -> bool {
        self.state == AuditState::Closed
    }

    fn outcome(&self) -> String {
        format!("{:?}", self.outcome)
    }

    fn state_words(&self) -> String {
        match self.state {
            AuditState::Requested => "a request that nobody took on yet".into(),
            AuditState::Closed => "closed".into(),
            other => format!("in state {other:?}"),
        }
    }

    fn next(&self, id: B256) -> Option<String> {
        let until = utc(self.deadline);
        let closes = format!("anybody: {} {id}", Self::TIMEOUT);
        let next = match self.state {
            AuditState::Requested => {
                format!("until {until} the responder may take it on or refuse it; after that {closes}")
            }
            AuditState::Accepted => {
                format!("until {until} the responder answers for every document; after that {closes}")
            }
            AuditState::Answered => format!("until {until} the requester reveals its salt; after that {closes}"),
            AuditState::Sampled => format!("until {until} the responder proves the sample; after that {closes}"),
            AuditState::Delivering if self.counts.openDemands > 0 => {
                format!("a demand is open; once its time has passed {closes}")
            }
            AuditState::Delivering => {
                format!("until {until} the requester may demand documents, or confirm; after that {closes}")
            }
            AuditState::Closed if self.counts.openDemands > 0 => format!("its demands still hold money; {closes}"),
            _ => return None,
        };
        Some(next)
    }

    fn credited(receipt: &TransactionReceipt, id: B256) -> Option<(U256, U256)> {
        let closed = events::<AuditClosed>(receipt).find(|closed| closed.id == id)?;
        Some((closed.rqAmount, closed.rsAmount))
    }
}

impl Venue for Audits {
    type View = AuditView;
    const FOLDER: &'static str = "audits";

    fn chain(&self) -> &Chain {
        &self.chain
    }

    fn address(&self) -> Address {
        self.address
    }

    async fn creditors(&self) -> eyre::Result<Vec<Address>> {
        Ok(vec![self.address])
    }

    fn as_of(&self, block: B256) -> Self {
        let corpora = self.corpora.as_of(block);
        Self {
            chain: corpora.chain.clone(),
            corpora,
            ..self.clone()
        }
    }

    async fn find(&self, id: B256) -> eyre::Result<Option<AuditView>> {
        let call = auditCall { id };
        match self.chain.try_view_at(self.address, &call, self.chain.at()).await? {
            Ok(audit) => Ok(Some(audit)),
            Err(data) if is::<WrongAuditState>(&data) => Ok(None),
            Err(data) => Err(revert::explain(&data)),
        }
    }

    async fn at(&self, id: B256, block: BlockId) -> eyre::Result<AuditView> {
        self.chain.view_at(self.address, &auditCall { id }, block).await
    }
}
