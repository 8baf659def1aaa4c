//! The marketplace on one chain: registry and market, read together.

use super::bindings::{
    Amounts, EngagementView, IAccuracyMarket, IModelRegistry, ModelView, OfferTerms, Params, ProofTerms, Reputation,
    State, Verdict,
};
use super::client::{Call, Chain};
use super::statement::{needed_correct, offer_hash, params_hash};
use crate::exit::hinted;
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256};
use alloy::providers::{DynProvider, Provider};

/// A market whose parameters were read and hashed.
#[derive(Debug, Clone)]
pub struct Market {
    pub chain: Chain,
    pub address: Address,
    pub registry: Address,
    pub params: Params,
    pub amounts: Amounts,
    pub params_hash: B256,
}

impl Market {
    pub async fn load(chain: Chain, address: Address) -> eyre::Result<Self> {
        let contract = IAccuracyMarket::new(address, &chain.provider);
        let params = chain.view(contract.params()).await?;
        let amounts = chain.view(contract.amounts()).await?;
        let params_hash = params_hash(&params);
        eyre::ensure!(
            params_hash == chain.view(contract.PARAMS_HASH()).await?,
            "contract {address} hashes its parameters in another way: it is not this market"
        );
        Ok(Self {
            registry: params.registry,
            chain,
            address,
            params,
            amounts,
            params_hash,
        })
    }

    /// N: the size of a test set.
    pub fn examples(&self) -> u32 {
        self.params.n1 + self.params.n2
    }

    /// D + fee: what `open` and `accept` take.
    pub fn entry_wei(&self) -> u128 {
        self.amounts.deposit + self.amounts.fee
    }

    /// k*: the fewest proofs that meet a target.
    pub fn needed(&self, target_bps: u16) -> u32 {
        needed_correct(target_bps, self.examples())
    }

    pub fn contract(&self) -> IAccuracyMarket::IAccuracyMarketInstance<&DynProvider> {
        IAccuracyMarket::new(self.address, &self.chain.provider)
    }

    fn models(&self) -> IModelRegistry::IModelRegistryInstance<&DynProvider> {
        IModelRegistry::new(self.registry, &self.chain.provider)
    }

    /// # Errors
    /// If this market has no such engagement.
    pub async fn engagement(&self, id: B256) -> eyre::Result<EngagementView> {
        self.chain.view(self.contract().engagement(id)).await
    }

    /// The engagement as it was when the newest confirmed block was the newest.
    pub async fn confirmed_engagement(&self, id: B256) -> eyre::Result<EngagementView> {
        let head = self.chain.provider.get_block_number().await?;
        let block = BlockId::number((head + 1).saturating_sub(self.chain.confirmations));
        self.chain.view(self.contract().engagement(id).block(block)).await
    }

    pub async fn verdict(&self, id: B256) -> eyre::Result<Verdict> {
        self.chain.view(self.contract().verdict(id)).await
    }

    pub async fn is_proven(&self, id: B256, position: usize) -> eyre::Result<bool> {
        self.chain
            .view(self.contract().isProven(id, alloy::primitives::U256::from(position)))
            .await
    }

    pub async fn model(&self, model_id: B256) -> eyre::Result<ModelView> {
        self.chain.view(self.models().model(model_id)).await
    }

    pub async fn proof_terms(&self, model_id: B256) -> eyre::Result<ProofTerms> {
        self.chain.view(self.models().proofTerms(model_id)).await
    }

    pub async fn reputation(&self, model_id: B256) -> eyre::Result<Reputation> {
        self.chain.view(self.models().reputation(model_id)).await
    }

    pub async fn stake_required(&self) -> eyre::Result<u128> {
        self.chain.view(self.models().stakeRequired()).await
    }

    /// Every engagement of a model, oldest first.
    pub async fn engagement_ids(&self, model_id: B256) -> eyre::Result<Vec<B256>> {
        let count: u64 = self
            .chain
            .view(self.contract().engagementCount(model_id))
            .await?
            .saturating_to();
        let id = |seq| super::statement::engagement_id(self.chain.id, self.address, model_id, seq);
        Ok((0..count).map(id).collect())
    }

    /// The offer hash that the chain's view of an open offer must have.
    pub fn expected_offer_hash(&self, id: B256, e: &EngagementView, model_hash: B256) -> B256 {
        let terms = OfferTerms {
            modelId: e.modelId,
            modelHash: model_hash,
            mode: e.mode,
            adjudication: e.adjudication,
            testRoot: e.testRoot,
            mcSaltHash: B256::ZERO,
            targetBps: e.targetBps,
            expiry: e.deadline,
        };
        offer_hash(id, e.mc, &terms, self.params_hash)
    }

    pub fn call(&self, call: &impl alloy::sol_types::SolCall) -> Call {
        Call::new(self.address, call)
    }

    pub fn registry_call(&self, call: &impl alloy::sol_types::SolCall) -> Call {
        Call::new(self.registry, call)
    }
}

/// Fails unless the engagement is in one of these states.
pub fn require_state(id: B256, e: &EngagementView, allowed: &[State]) -> eyre::Result<()> {
    if allowed.contains(&e.state) {
        return Ok(());
    }
    Err(hinted(
        format!("engagement {id} is {}", super::revert::state_words(e.state)),
        format!("assay verdict show {id} tells where it stands"),
    ))
}
