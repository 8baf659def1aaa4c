//! The marketplace on one chain: registry and market, read together.

use super::client::{Call, Chain};
use super::history::history;
use super::revert::{self, is};
use crate::error::hinted;
use alloy::consensus::Transaction;
use alloy::eips::BlockId;
use alloy::primitives::{Address, Bytes, TxHash, B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::Log;
use alloy::sol_types::{SolCall, SolEvent};
use assay_economics::accuracy::Terms;
use assay_protocol::abi::IAccuracyMarket::{
    challengeAtCall, engagementCall, engagementCountCall, engagementIdAtCall, isProvenCall, lockedCountCall,
    lockedIdAtCall, publishChunksCall, termsCall, verdictCall, Answered, Challenged, ChunksPublished, KeyRevealed,
    Offered, PARAMS_HASHCall, ProbeKeysRevealed, ResultPosted, WrongState,
};
use assay_protocol::abi::IModelRegistry::{
    modelCall, modelCountCall, modelIdAtCall, predictionCall, proofTermsCall, reputationCall, stakeRequiredCall,
    strikeCall, WrongModelStatus,
};
use assay_protocol::abi::{
    Amounts, Challenge, EngagementView, IAccuracyTerms, IProofJudge, IPublishedTransfers, Mode, ModelView, OfferTerms,
    Params, ProofClaim, ProofItem, ProofTerms, Reputation, State, Verdict,
};
use assay_protocol::ids::{needed_correct, offer_hash, params_hash, KIND_ACCURACY};
use assay_protocol::units::in_ether;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Requests that wait for their answers together.
const REQUESTS_AT_ONCE: usize = 32;

/// The answers to all of these in their order, of which a bounded number is asked for at one time.
///
/// # Errors
/// The first one; nothing more is asked for then.
pub async fn all_answers<T>(
    asked: impl Iterator<Item = impl Future<Output = eyre::Result<T>>>,
) -> eyre::Result<Vec<T>> {
    stream::iter(asked).buffered(REQUESTS_AT_ONCE).try_collect().await
}

/// How long the logs of an engagement may take to read where there is another way: some nodes serve few blocks at a time.
const LOGS_TIME: Duration = Duration::from_secs(30);

fn is_proven(id: B256, position: usize) -> isProvenCall {
    let position = U256::from(position);
    isProvenCall { id, position }
}

/// A market whose parameters were read and hashed.
#[derive(Debug, Clone)]
pub struct Market {
    /// The node that all answers come from.
    pub chain: Chain,
    /// `AccuracyMarket`.
    pub address: Address,
    /// `ModelRegistry`, as the market's parameters state it.
    pub registry: Address,
    /// Fixed when the market was deployed.
    pub params: Params,
    /// `PARAMS_HASH`, recomputed from `params`.
    pub params_hash: B256,
    /// Ids of engagements by model, as far as they were asked for: they never change.
    ids: Arc<Mutex<BTreeMap<B256, Vec<B256>>>>,
}

impl Market {
    /// Reads the parameters of the market at `address`.
    ///
    /// # Errors
    /// If no market is there, or it hashes its parameters in another way.
    pub async fn load(chain: Chain, address: Address) -> eyre::Result<Self> {
        let terms = chain.view(address, &termsCall {}).await?;
        let params = chain.view(terms, &IAccuracyTerms::paramsCall {}).await?;
        let params_hash = params_hash(&params);
        eyre::ensure!(
            params_hash == chain.view(address, &PARAMS_HASHCall {}).await?,
            "contract {address} hashes its parameters in another way: it is not this market"
        );
        Ok(Self {
            registry: params.registry,
            chain,
            address,
            params,
            params_hash,
            ids: Arc::default(),
        })
    }

    /// The market as it was when this block was the newest; ids that are kept of the newest block are not those of then.
    #[must_use]
    pub fn as_of(&self, block: B256) -> Self {
        Self {
            chain: self.chain.as_of(block),
            ids: Arc::default(),
            ..self.clone()
        }
    }

    /// N: the size of a test set.
    pub fn examples(&self) -> u32 {
        self.params.n1 + self.params.n2
    }

    /// Size of the proven set: what results and proofs count.
    pub fn proven_size(&self, mode: Mode) -> u32 {
        match mode {
            Mode::FULL => self.params.n2,
            _ => self.examples(),
        }
    }

    /// Position of the first proven example: those before it are the probe set.
    pub fn first_proven(&self, mode: Mode) -> u32 {
        self.examples() - self.proven_size(mode)
    }

    /// Prices in ether and sizes, for questions about risk and gain.
    pub fn economic_terms(&self) -> Terms {
        let p = &self.params;
        Terms {
            example: in_ether(p.priceInput),
            proof: in_ether(p.prices.proof),
            inference: in_ether(p.prices.inference),
            fee: in_ether(p.prices.fee),
            probe: p.n1,
            proven: p.n2,
            fault_strikes: p.faultStrikes,
        }
    }

    /// D, A, R and the fee of an engagement, wei.
    pub fn amounts(&self, mode: Mode) -> Amounts {
        let (p, price) = (&self.params, &self.params.prices);
        let (n, n1, n2) = (u128::from(self.examples()), u128::from(p.n1), u128::from(p.n2));
        let (abort, success) = match mode {
            Mode::FULL => (n1 * price.inference, 2 * (n1 * price.inference + n2 * price.proof)),
            _ => (n * price.inference, 2 * n * price.proof),
        };
        Amounts {
            deposit: 2 * n * p.priceInput,
            abortPayment: abort,
            successPayment: success,
            fee: price.fee,
        }
    }

    /// D + fee: what `open` and `accept` take.
    pub fn entry_wei(&self) -> u128 {
        self.amounts(Mode::CLEAR).deposit + self.params.prices.fee
    }

    /// W_prove: seconds between the last keys and the last proof.
    pub fn prove_seconds(&self, mode: Mode) -> u64 {
        let windows = &self.params.windows;
        windows.proveBase + u64::from(self.proven_size(mode)) * windows.proveTimePerItem
    }

    /// k*: the fewest proofs that meet a target.
    pub fn needed(&self, mode: Mode, target_bps: u16) -> u32 {
        needed_correct(target_bps, self.proven_size(mode))
    }

    /// What a challenge by this account costs and an answer to it earns, wei.
    pub fn bond(&self, e: &EngagementView, challenger: Address) -> u128 {
        let extra = if challenger == e.mc {
            0
        } else {
            self.params.prices.proof
        };
        self.params.claim.challengeBond.saturating_add(extra)
    }

    /// Calls a view of the market.
    async fn view<C: SolCall>(&self, call: &C) -> eyre::Result<C::Return> {
        self.chain.view(self.address, call).await
    }

    /// # Errors
    /// If this market has no such engagement.
    pub async fn engagement(&self, id: B256) -> eyre::Result<EngagementView> {
        self.view(&engagementCall { id }).await
    }

    /// The engagement, if this market has it.
    pub async fn find_engagement(&self, id: B256) -> eyre::Result<Option<EngagementView>> {
        let call = engagementCall { id };
        match self.chain.try_view_at(self.address, &call, self.chain.at()).await? {
            Ok(e) => Ok(Some(e)),
            Err(data) if is::<WrongState>(&data) => Ok(None),
            Err(data) => Err(revert::explain(&data)),
        }
    }

    /// The engagement as it was when `block` was the newest.
    pub async fn engagement_at(&self, id: B256, block: BlockId) -> eyre::Result<EngagementView> {
        self.chain.view_at(self.address, &engagementCall { id }, block).await
    }

    /// The result so far: outcome None and assurance NONE until the engagement is closed.
    pub async fn verdict(&self, id: B256) -> eyre::Result<Verdict> {
        self.view(&verdictCall { id }).await
    }

    /// Chunks of a ciphertext that are on chain.
    pub async fn published_chunks(&self, id: B256) -> eyre::Result<usize> {
        let call = IPublishedTransfers::publishedCall {
            publisher: self.address,
            id,
        };
        let next = self.chain.view(self.params.judges.publication, &call).await?;
        Ok(next.saturating_to())
    }

    /// Whether the proof of `position` of the proven set was accepted on chain.
    pub async fn is_proven(&self, id: B256, position: usize) -> eyre::Result<bool> {
        self.view(&is_proven(id, position)).await
    }

    /// Those of the positions that are not proven yet.
    pub async fn not_proven(
        &self,
        id: B256,
        e: &EngagementView,
        mut positions: Vec<usize>,
    ) -> eyre::Result<Vec<usize>> {
        if e.provenOnChain > 0 {
            let asked = positions.iter().copied().map(|position| self.is_proven(id, position));
            let mut proven = all_answers(asked).await?.into_iter();
            positions.retain(|_| proven.next() == Some(false));
        }
        Ok(positions)
    }

    /// Whether a position was proven when the newest settled block was the newest.
    pub async fn is_settled_proven(&self, id: B256, position: usize) -> eyre::Result<bool> {
        let (block, _) = self.chain.newest_settled().await?;
        self.chain.view_at(self.address, &is_proven(id, position), block).await
    }

    /// Whether the market would count this item once it takes proofs: its judge is asked in its name, which costs nothing and
    /// gives the same answer before `proceed` as after it. A refusal in words.
    ///
    /// # Errors
    /// If the node does not say.
    pub async fn judge_item(
        &self,
        id: B256,
        e: &EngagementView,
        item: &ProofItem,
    ) -> eyre::Result<Result<(), eyre::Report>> {
        let claim = ProofClaim {
            registry: self.registry,
            modelId: e.modelId,
            kind: U256::from(KIND_ACCURACY),
            id,
            testRoot: e.testRoot,
            seed: e.seed,
            examples: U256::from(self.examples()),
            position: U256::from(self.first_proven(e.mode) + item.position),
        };
        let item = item.clone();
        let call = Call::new(self.params.judges.proofs, &IProofJudge::checkCall { claim, item });
        self.chain.judged(self.address, &call).await
    }

    /// All zeros if `position` of the proven set was never challenged.
    pub async fn challenge_at(&self, id: B256, position: u32) -> eyre::Result<Challenge> {
        self.view(&challengeAtCall { id, position }).await
    }

    /// Events of one kind about an engagement, oldest first, and the transactions that made them.
    async fn events<E: SolEvent>(&self, id: B256) -> eyre::Result<Vec<(E, TxHash)>> {
        let logs = history(&self.chain, self.address, id, Offered::SIGNATURE_HASH).await?;
        Ok(decoded::<E>(&logs)?.collect())
    }

    /// The newest event of a kind, which there must be.
    async fn event<E: SolEvent>(&self, id: B256) -> eyre::Result<E> {
        let found = self.events::<E>(id).await?;
        let (event, _) = found.into_iter().last().ok_or_else(|| {
            let name = E::SIGNATURE.split('(').next().unwrap_or_default();
            hinted(
                format!("the node has no {name} event of engagement {id}"),
                "use a node that serves the logs of the whole chain",
            )
        })?;
        Ok(event)
    }

    /// keysA, from the event of `revealA`.
    pub async fn probe_keys(&self, id: B256) -> eyre::Result<Bytes> {
        Ok(self.event::<ProbeKeysRevealed>(id).await?.keysA)
    }

    /// K, from the event of `revealAll` or `revealB`.
    pub async fn master_key(&self, id: B256) -> eyre::Result<B256> {
        Ok(self.event::<KeyRevealed>(id).await?.master)
    }

    /// The words of every published chunk in order, from the transactions that published them.
    ///
    /// # Errors
    /// If the words are in no transaction's calldata, because a contract published them.
    pub async fn published_words(&self, id: B256) -> eyre::Result<Vec<B256>> {
        let mut words = Vec::new();
        for (_, hash) in self.events::<ChunksPublished>(id).await? {
            let transaction = self.chain.provider.get_transaction_by_hash(hash).await?;
            let call = transaction
                .filter(|t| t.to() == Some(self.address))
                .and_then(|t| publishChunksCall::abi_decode(t.input()).ok())
                .filter(|call| call.id == id)
                .ok_or_else(|| eyre::eyre!("transaction {hash} published chunks through another contract"))?;
            words.extend(call.cipherWords);
        }
        Ok(words)
    }

    /// The bitmap of `postResult`.
    pub async fn posted_result(&self, id: B256) -> eyre::Result<Bytes> {
        Ok(self.event::<ResultPosted>(id).await?.bitmap)
    }

    /// The terms under which an engagement was offered.
    pub async fn offered(&self, id: B256) -> eyre::Result<OfferTerms> {
        Ok(self.event::<Offered>(id).await?.terms)
    }

    /// Positions with an open challenge, and who made them. Where the node's logs leave some out, or are not to be had in
    /// time, every position is asked for.
    pub async fn open_challenges(&self, id: B256) -> eyre::Result<Vec<(u32, Challenge)>> {
        let e = self.engagement(id).await?;
        // After the end there are bonds to reclaim, which the count leaves out.
        if e.openChallenges == 0 && e.state != State::Closed {
            return Ok(Vec::new());
        }
        let logs = tokio::time::timeout(
            LOGS_TIME,
            history(&self.chain, self.address, id, Offered::SIGNATURE_HASH),
        )
        .await;
        let logs = logs.unwrap_or_else(|_| Ok(Vec::new())).unwrap_or_default();
        let answered: BTreeSet<u32> = decoded::<Answered>(&logs)?.map(|(event, _)| event.position).collect();
        let challenged = decoded::<Challenged>(&logs)?.map(|(event, _)| event.position);
        let positions = challenged.filter(|position| !answered.contains(position)).collect();
        let found = self.open_among(id, positions).await?;
        if found.len() >= e.openChallenges as usize {
            return Ok(found);
        }
        self.open_among(id, (0..self.proven_size(e.mode)).collect()).await
    }

    async fn open_among(&self, id: B256, positions: Vec<u32>) -> eyre::Result<Vec<(u32, Challenge)>> {
        let asked = positions
            .iter()
            .copied()
            .map(|position| self.challenge_at(id, position));
        let challenges = all_answers(asked).await?;
        let of_positions = positions.into_iter().zip(challenges);
        Ok(of_positions.filter(|(_, c)| c.deadline != 0).collect())
    }

    /// Reverts with `WrongModelStatus` if no such model was ever registered, as do the next two.
    pub async fn model(&self, model_id: B256) -> eyre::Result<ModelView> {
        self.chain.view(self.registry, &modelCall { modelId: model_id }).await
    }

    /// The model, if the registry has it.
    pub async fn find_model(&self, model_id: B256) -> eyre::Result<Option<ModelView>> {
        let call = modelCall { modelId: model_id };
        match self.chain.try_view_at(self.registry, &call, self.chain.at()).await? {
            Ok(model) => Ok(Some(model)),
            Err(data) if is::<WrongModelStatus>(&data) => Ok(None),
            Err(data) => Err(revert::explain(&data)),
        }
    }

    /// What the contracts check a proof about the model against.
    pub async fn proof_terms(&self, model_id: B256) -> eyre::Result<ProofTerms> {
        self.chain
            .view(self.registry, &proofTermsCall { modelId: model_id })
            .await
    }

    /// Counts of the model's closed engagements by outcome, as the registry keeps them.
    pub async fn reputation(&self, model_id: B256) -> eyre::Result<Reputation> {
        self.chain
            .view(self.registry, &reputationCall { modelId: model_id })
            .await
    }

    /// The prediction market that the registry names; zero if there is none, or the registry is older than such markets.
    pub async fn prediction(&self) -> eyre::Result<Address> {
        let asked = self
            .chain
            .try_view_at(self.registry, &predictionCall {}, self.chain.at());
        Ok(asked.await?.unwrap_or_default())
    }

    /// Wei of a strike.
    pub async fn strike(&self) -> eyre::Result<u128> {
        self.chain.view(self.registry, &strikeCall {}).await
    }

    /// Wei of a full stake.
    pub async fn stake_required(&self) -> eyre::Result<u128> {
        self.chain.view(self.registry, &stakeRequiredCall {}).await
    }

    /// Every model of the registry, oldest first.
    ///
    /// # Errors
    /// If the registry is older than that list, or the node does not answer.
    pub async fn model_ids(&self) -> eyre::Result<Vec<B256>> {
        let count = self.model_count().await?.ok_or_else(|| {
            hinted(
                format!("registry {} does not list its models", self.registry),
                "it is older than that list: ask for models by their ids",
            )
        })?;
        let asked = (0..count).map(|i| async move {
            let call = modelIdAtCall { i: U256::from(i) };
            self.chain.view(self.registry, &call).await
        });
        all_answers(asked).await
    }

    /// How many models were ever registered, if the registry counts them.
    pub async fn model_count(&self) -> eyre::Result<Option<u64>> {
        let asked = self
            .chain
            .try_view_at(self.registry, &modelCountCall {}, self.chain.at());
        Ok(asked.await?.ok().map(|count| count.saturating_to()))
    }

    /// How many offers there were on a model: they cost nobody anything.
    pub async fn offer_count(&self, model_id: B256) -> eyre::Result<u64> {
        let call = engagementCountCall { modelId: model_id };
        Ok(self.view(&call).await?.saturating_to())
    }

    /// How many of them were accepted, if the market counts these apart.
    pub async fn locked_count(&self, model_id: B256) -> eyre::Result<Option<u64>> {
        let call = lockedCountCall { modelId: model_id };
        let asked = self.chain.try_view_at(self.address, &call, self.chain.at());
        Ok(asked.await?.ok().map(|count| count.saturating_to()))
    }

    /// Engagements of a model that were locked, in the order in which they were; of a market that does not list these apart, all
    /// that were offered.
    pub async fn locked_ids(&self, model_id: B256) -> eyre::Result<Vec<B256>> {
        let Some(count) = self.locked_count(model_id).await? else {
            return self.engagement_ids(model_id).await;
        };
        let asked = (0..count).map(|i| async move {
            let call = lockedIdAtCall {
                modelId: model_id,
                i: U256::from(i),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }

    /// Every engagement of a model, oldest first.
    pub async fn engagement_ids(&self, model_id: B256) -> eyre::Result<Vec<B256>> {
        let count = self.offer_count(model_id).await?;
        let lock = || self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ids = lock().get(&model_id).cloned().unwrap_or_default();
        let missing = ids.len() as u64..count;
        if !missing.is_empty() {
            let asked = missing.map(|seq| async move {
                let call = engagementIdAtCall {
                    modelId: model_id,
                    seq: U256::from(seq),
                };
                self.view(&call).await
            });
            ids.extend(all_answers(asked).await?);
            lock().insert(model_id, ids.clone());
        }
        // A reorganisation may have taken the newest offers back.
        ids.truncate(usize::try_from(count)?);
        Ok(ids)
    }

    /// The offer hash that the chain's view of an open offer must have; `salt_hash` is zero unless the mode is FULL.
    pub fn expected_offer_hash(&self, id: B256, e: &EngagementView, model_hash: B256, salt_hash: B256) -> B256 {
        let terms = OfferTerms {
            modelId: e.modelId,
            modelHash: model_hash,
            mode: e.mode,
            adjudication: e.adjudication,
            testRoot: e.testRoot,
            mcSaltHash: salt_hash,
            targetBps: e.targetBps,
            expiry: e.deadline,
        };
        offer_hash(id, e.mc, &terms, self.params_hash)
    }

    /// A call of the market that sends no money.
    pub fn call(&self, call: &impl alloy::sol_types::SolCall) -> Call {
        Call::new(self.address, call)
    }

    /// A call of the registry that sends no money.
    pub fn registry_call(&self, call: &impl alloy::sol_types::SolCall) -> Call {
        Call::new(self.registry, call)
    }
}

/// The events of one kind among logs.
pub(crate) fn decoded<E: SolEvent>(logs: &[Log]) -> eyre::Result<impl Iterator<Item = (E, TxHash)>> {
    let of_kind = logs.iter().filter(|log| log.topic0() == Some(&E::SIGNATURE_HASH));
    let events = of_kind.map(|log| {
        Ok((
            E::decode_log(&log.inner)?.data,
            log.transaction_hash.unwrap_or_default(),
        ))
    });
    Ok(events.collect::<eyre::Result<Vec<_>>>()?.into_iter())
}
