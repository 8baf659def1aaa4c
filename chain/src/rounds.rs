//! The prediction market that a registry names.

use super::client::{Call, Chain};
use super::history::history;
use super::market::{all_answers, decoded, Market};
use super::revert::{self, is};
use super::venue::{events, ModelVenue, Venue, View};
use crate::error::{hinted, is_of_node, Kind};
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::{SolCall, SolEvent};
use assay_protocol::abi::IPredictionMarket::{
    contestedSetCall, offerCountCall, offerIdAtCall, paramsCall, provenSetCall, quietBondCall, roundCall,
    roundCountCall, roundIdAtCall, timeoutAtCall, OutputsPublished, PARAMS_HASHCall, RoundClosed, RoundOffered,
    WrongRoundState,
};
use assay_protocol::abi::{AnswerGroup, ProofTerms};
use assay_protocol::abi::{IOutputJudge, PredictionParams, Privacy, RoundClaim, RoundState, RoundTerms, RoundView};
use assay_protocol::ids::{round_offer_hash, round_params_hash, KIND_PREDICTION};
use assay_protocol::prediction::amounts::{publish_gas, Stakes};
use assay_protocol::prediction::indices;
use assay_protocol::prediction::lanes::Lanes;
use assay_protocol::units::utc;
use std::collections::BTreeSet;

/// A prediction market whose parameters were read and hashed.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// The accuracy market and the registry that it shares.
    pub marketplace: Market,
    /// The node that all answers come from.
    pub chain: Chain,
    /// `PredictionMarket`.
    pub address: Address,
    /// Fixed when it was deployed.
    pub params: PredictionParams,
    /// `PARAMS_HASH`, recomputed from `params`.
    pub params_hash: B256,
}

impl Rounds {
    /// The prediction market of this marketplace.
    ///
    /// # Errors
    /// If its registry was deployed without one, or what it names hashes its parameters in another way.
    pub async fn of(marketplace: Market) -> eyre::Result<Self> {
        let chain = marketplace.chain.clone();
        let none = || {
            hinted(
                format!(
                    "the marketplace of registry {} has no prediction market",
                    marketplace.registry
                ),
                "it cannot get one any more: deploy another marketplace, see assay deploy --help",
            )
        };
        let address = marketplace.prediction().await?;
        if address.is_zero() {
            return Err(none());
        }
        let params = chain.view(address, &paramsCall {}).await?;
        let params_hash = round_params_hash(&params);
        eyre::ensure!(
            params_hash == chain.view(address, &PARAMS_HASHCall {}).await? && params.registry == marketplace.registry,
            "contract {address} hashes its parameters in another way: it is not this prediction market"
        );
        Ok(Self {
            chain,
            address,
            params,
            params_hash,
            marketplace,
        })
    }

    /// The prediction market of this marketplace, if it has one. What the registry names may also be something else: its code
    /// tells, see [`release`](crate::release).
    ///
    /// # Errors
    /// If the node fails, which says nothing about the contract.
    pub async fn if_any(marketplace: &Market) -> eyre::Result<Option<Self>> {
        match Self::of(marketplace.clone()).await {
            Ok(rounds) => Ok(Some(rounds)),
            Err(error) if is_of_node(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    async fn view<C: SolCall>(&self, call: &C) -> eyre::Result<C::Return> {
        self.chain.view(self.address, call).await
    }

    /// A call that sends no money.
    pub fn call(&self, call: &impl SolCall) -> Call {
        Call::new(self.address, call)
    }

    /// Indices that were contested so far.
    pub async fn contested(&self, id: B256, round: &RoundView) -> eyre::Result<BTreeSet<u32>> {
        let bytes = self.view(&contestedSetCall { id }).await?;
        set(&bytes, round)
    }

    /// Those whose contest has its confirmations; nothing from a node that keeps no state of the block.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn confirmed_contests(&self, id: B256, round: &RoundView) -> eyre::Result<Option<BTreeSet<u32>>> {
        let block = self.chain.newest_confirmed().await?;
        match self.chain.view_at(self.address, &contestedSetCall { id }, block).await {
            Ok(bytes) => set(&bytes, round).map(Some),
            Err(error) if Kind::Unreachable.is_of(&error) => Err(error),
            Err(error) if is_of_node(&error) => Ok(None),
            // The round was not there yet.
            Err(_) => Ok(Some(BTreeSet::new())),
        }
    }

    /// Indices that were proven so far.
    pub async fn proven(&self, id: B256, round: &RoundView) -> eyre::Result<BTreeSet<u32>> {
        let bytes = self.view(&provenSetCall { id }).await?;
        set(&bytes, round)
    }

    /// Last second before anybody may close the round, 0 if that is now or it is closed.
    pub async fn timeout_at(&self, id: B256) -> eyre::Result<u64> {
        self.view(&timeoutAtCall { id }).await
    }

    /// Those that were contested and are not proven.
    pub async fn unproven(&self, id: B256, round: &RoundView) -> eyre::Result<BTreeSet<u32>> {
        if round.contested == round.proven {
            return Ok(BTreeSet::new());
        }
        let (contested, proven) = (self.contested(id, round).await?, self.proven(id, round).await?);
        Ok(contested.difference(&proven).copied().collect())
    }

    /// How long the proofs of so many contests may take, seconds.
    pub fn answer_window(&self, contested: u32) -> u64 {
        self.params.windows.respond + u64::from(contested) * self.params.windows.answerTime
    }

    /// Gas of publishing all outputs of a private round, as the quiet bond counts it.
    pub fn publish_gas(&self, round: &RoundView) -> u128 {
        publish_gas(&self.params.quiet, round.predictions).into()
    }

    /// Q of a round that is offered at this base fee, wei.
    pub async fn quiet_bond(&self, privacy: Privacy, predictions: u32, base_fee: u128) -> eyre::Result<u128> {
        let call = quietBondCall {
            privacy,
            predictions,
            baseFee: U256::from(base_fee),
        };
        Ok(self.view(&call).await?.saturating_to())
    }

    /// What a contest that adds so many indices must bring at this base fee, wei.
    pub fn contest_fee(&self, added: u32, base_fee: u128) -> u128 {
        u128::from(added) * u128::from(self.params.answerGas) * base_fee
    }

    /// How a round's outputs lie in words.
    pub fn lanes(round: &RoundView) -> Lanes {
        Lanes::of(round.metric, round.privacy)
    }

    /// What is at stake in a round.
    pub fn stakes(&self, round: &RoundView) -> Stakes {
        Stakes {
            proof: self.params.priceProof,
            contest_cap: round.contestCap,
            provider: round.mpDeposit,
            price: round.price,
            fee: self.params.fee,
        }
    }

    /// Fails unless the offer on chain hashes to its own terms; the terms.
    pub async fn offered(&self, id: B256, round: &RoundView, model_hash: B256) -> eyre::Result<RoundTerms> {
        let terms = RoundTerms {
            modelId: round.modelId,
            modelHash: model_hash,
            inputRoot: round.inputRoot,
            predictions: round.predictions,
            contestCap: round.contestCap,
            mpDeposit: round.mpDeposit,
            price: round.price,
            privacy: round.privacy,
            expiry: round.deadline,
        };
        let expected = round_offer_hash(id, round.mc, &terms, round.quietBond.paid, self.params_hash);
        eyre::ensure!(
            expected == round.offerHash,
            "the offer on chain does not hash to its own terms: {} instead of {expected}",
            round.offerHash
        );
        Ok(terms)
    }

    /// Whether the judge takes this group, asked in the market's name; a refusal in words.
    ///
    /// # Errors
    /// If the node does not say.
    pub async fn judge(
        &self,
        id: B256,
        round: &RoundView,
        group: &AnswerGroup,
    ) -> eyre::Result<Result<(), eyre::Report>> {
        let claim = RoundClaim {
            registry: self.params.registry,
            modelId: round.modelId,
            kind: U256::from(KIND_PREDICTION),
            id,
            inputRoot: round.inputRoot,
            outputsRoot: round.outputsRoot,
            predictions: U256::from(round.predictions),
            privacy: round.privacy,
        };
        let group = group.clone();
        let call = Call::new(self.params.judge, &IOutputJudge::checkCall { claim, group });
        self.chain.judged(self.address, &call).await
    }

    /// What the contracts check a proof about the model against.
    pub async fn proof_terms(&self, model_id: B256) -> eyre::Result<ProofTerms> {
        self.marketplace.proof_terms(model_id).await
    }

    /// How many offers there were on a model: they cost nobody anything.
    pub async fn offer_count(&self, model_id: B256) -> eyre::Result<u64> {
        Ok(self.view(&offerCountCall { modelId: model_id }).await?.saturating_to())
    }

    /// How many of them were served.
    pub async fn served_count(&self, model_id: B256) -> eyre::Result<u64> {
        Ok(self.view(&roundCountCall { modelId: model_id }).await?.saturating_to())
    }

    /// Every offer on a model, oldest first, from number `from` on.
    pub async fn offer_ids(&self, model_id: B256, from: u64) -> eyre::Result<Vec<B256>> {
        let count = self.offer_count(model_id).await?;
        let asked = (from..count).map(|seq| async move {
            let call = offerIdAtCall {
                modelId: model_id,
                seq: U256::from(seq),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }

    /// Rounds of a model that were served, oldest first.
    pub async fn served_ids(&self, model_id: B256) -> eyre::Result<Vec<B256>> {
        let count = self.served_count(model_id).await?;
        let asked = (0..count).map(|i| async move {
            let call = roundIdAtCall {
                modelId: model_id,
                i: U256::from(i),
            };
            self.view(&call).await
        });
        all_answers(asked).await
    }

    /// The newest event of a kind about a round.
    async fn event<E: SolEvent>(&self, id: B256) -> eyre::Result<Option<E>> {
        let logs = history(&self.chain, self.address, id, RoundOffered::SIGNATURE_HASH).await?;
        let event = decoded::<E>(&logs)?.last();
        Ok(event.map(|(event, _)| event))
    }

    /// Master salt and words, once they are on chain.
    ///
    /// # Errors
    /// If the node does not serve the logs.
    pub async fn published(&self, id: B256) -> eyre::Result<Option<(B256, Vec<U256>)>> {
        let event = self.event::<OutputsPublished>(id).await?;
        Ok(event.map(|event| (event.master, event.words)))
    }
}

fn set(bytes: &[u8], round: &RoundView) -> eyre::Result<BTreeSet<u32>> {
    indices::set(bytes, round.predictions)
        .ok_or_else(|| eyre::eyre!("the market's set of indices has {} bytes", bytes.len()))
}

impl View for RoundView {
    type State = RoundState;
    const THING: &'static str = "round";
    const SHOW: &'static str = "assay predict show";
    const TIMEOUT: &'static str = "assay predict finalize";

    fn state(&self) -> RoundState {
        self.state
    }

    fn guard(&self) -> B256 {
        self.guard
    }

    /// Contests and proofs, which may come while a round is `Served`.
    fn progress(&self) -> u64 {
        u64::from(self.contested) << 32 | u64::from(self.proven)
    }

    fn deadline(&self) -> u64 {
        self.deadline
    }

    fn consumer(&self) -> Address {
        self.mc
    }

    fn provider(&self) -> Address {
        self.mp
    }

    fn is_offer(&self) -> bool {
        self.state == RoundState::Offered
    }

    fn is_closed(&self) -> bool {
        self.state == RoundState::Closed
    }

    fn outcome(&self) -> String {
        format!("{:?}", self.outcome)
    }

    fn state_words(&self) -> String {
        match self.state {
            RoundState::Offered => "an open offer".into(),
            RoundState::Closed => "closed".into(),
            other => format!("in state {other:?}"),
        }
    }

    fn next(&self, id: B256) -> Option<String> {
        let until = utc(self.deadline);
        let closes = format!("anybody: {} {id}", Self::TIMEOUT);
        let looks = format!("assay predict check {id}, then assay predict contest or confirm");
        let next = match (self.state, self.privacy) {
            (RoundState::Offered, _) => {
                format!(
                    "until {until} the provider may serve it, and the consumer take it back: assay predict cancel {id}"
                )
            }
            (RoundState::Rooted, Privacy::PUBLIC) => {
                format!("until {until} the provider: assay predict publish {id}; after that {closes}")
            }
            (RoundState::Rooted, _) => {
                format!("until {until} the consumer: {looks}; after that the provider: assay predict publish {id}")
            }
            (RoundState::Served, _) if self.contested > self.proven => format!(
                "until {} the provider: assay predict answer {id} --model FILE; after that {closes}",
                utc(self.answerBy)
            ),
            (RoundState::Served, _) if self.contested == self.contestCap => closes,
            (RoundState::Served, _) => format!("until {until} the consumer: {looks}; after that {closes}"),
            _ => return None,
        };
        Some(next)
    }

    fn credited(receipt: &TransactionReceipt, id: B256) -> Option<(U256, U256)> {
        let closed = events::<RoundClosed>(receipt).find(|closed| closed.id == id)?;
        Some((closed.mcAmount, closed.mpAmount))
    }
}

impl Venue for Rounds {
    type View = RoundView;
    const FOLDER: &'static str = "rounds";

    fn chain(&self) -> &Chain {
        &self.chain
    }

    fn address(&self) -> Address {
        self.address
    }

    async fn creditors(&self) -> eyre::Result<Vec<Address>> {
        self.marketplace.creditors().await
    }

    fn as_of(&self, block: B256) -> Self {
        let marketplace = self.marketplace.as_of(block);
        Self {
            chain: marketplace.chain.clone(),
            marketplace,
            ..self.clone()
        }
    }

    async fn find(&self, id: B256) -> eyre::Result<Option<RoundView>> {
        match self
            .chain
            .try_view_at(self.address, &roundCall { id }, self.chain.at())
            .await?
        {
            Ok(round) => Ok(Some(round)),
            Err(data) if is::<WrongRoundState>(&data) => Ok(None),
            Err(data) => Err(revert::explain(&data)),
        }
    }

    async fn at(&self, id: B256, block: BlockId) -> eyre::Result<RoundView> {
        self.chain.view_at(self.address, &roundCall { id }, block).await
    }
}

impl ModelVenue for Rounds {
    fn marketplace(&self) -> &Market {
        &self.marketplace
    }
}
