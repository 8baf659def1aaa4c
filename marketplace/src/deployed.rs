//! What a marketplace is: its contracts, and the parameters that they were deployed with for good.

use crate::document::{read, Body, Document};
use crate::engagement::Site;
use crate::table::Table;
use alloy::primitives::{Address, B256, U256};
use assay_chain::block::Which;
use assay_chain::market::Market;
use assay_chain::release::{DeploymentCheck, Part, Survey};
use assay_chain::rounds::Rounds;
use assay_protocol::units::{ether, in_words};
use serde::Serialize;
use std::fmt;

/// A marketplace, and how far its contracts are known.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// All contracts together, compared with this release.
    pub deployment: DeploymentCheck,
    /// One by one.
    pub contracts: Vec<Part>,
    /// Fees and strikes go here.
    pub treasury: Address,
    /// Where models are staked on.
    pub registry: Registry,
    /// The market of accuracy engagements.
    pub accuracy: Accuracy,
    /// The market of rounds; `null` if there is none.
    pub prediction: Option<Prediction>,
}

/// The registry of both markets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registry {
    /// `ModelRegistry`.
    pub address: Address,
    /// Models that were ever registered; `null` if the registry does not count them.
    pub model_count: Option<u64>,
    /// Of a full stake.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub stake_required_wei: u128,
    /// Burned at a time.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub strike_wei: u128,
    /// From the request to leave until the stake comes out.
    pub unbond_seconds: u64,
}

/// The accuracy market.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accuracy {
    /// `AccuracyMarket`.
    pub address: Address,
    /// Every offer is bound to it.
    pub params_hash: B256,
    /// E: per labelled input.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_input_wei: u128,
    /// Z: per proof.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_proof_wei: u128,
    /// P: per inference.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_inference_wei: u128,
    /// Of each side when an engagement locks.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub fee_wei: u128,
    /// B: bond of a challenge.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub challenge_bond_wei: u128,
    /// Examples of the probe set.
    pub n1: u32,
    /// Examples of the proven set.
    pub n2: u32,
    /// Burned by a Fault.
    pub fault_strikes: u16,
    /// Proven sets up to this size are always proven on chain.
    pub direct_max: u32,
    /// Words of an input that a chunk of a transfer carries.
    pub words_per_chunk: u32,
    /// How long each side has for each step.
    pub windows_seconds: AccuracyWindows,
    /// The contracts without money that it asks.
    pub judges: Judges,
}

/// Windows of an engagement, seconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccuracyWindows {
    /// Longest time from an offer to its expiry.
    pub accept: u64,
    /// For probing and deciding.
    pub decide: u64,
    /// For proofs, whatever their number.
    pub prove_base: u64,
    /// For each proof besides.
    pub prove_per_item: u64,
    /// For the commitment to the transfer.
    pub commit: u64,
    /// For acknowledging it.
    pub ack: u64,
    /// For publishing it.
    pub publish: u64,
    /// For each reveal of keys.
    pub key: u64,
    /// For objections to a posted result.
    pub challenge: u64,
    /// For the answer to a challenge or a demand.
    pub respond: u64,
    /// For each open challenge, and each proof of a demand, besides.
    pub answer: u64,
}

/// Contracts without money.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judges {
    /// Judges proofs.
    pub proofs: Address,
    /// Judges transfers.
    pub transfers: Address,
    /// Knows which ciphertexts are on chain.
    pub publication: Address,
}

/// The prediction market.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// `PredictionMarket`.
    pub address: Address,
    /// Every offer is bound to it.
    pub params_hash: B256,
    /// Z: half of what a contested prediction that is proven costs.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub price_proof_wei: u128,
    /// Of each side when a round is served.
    #[serde(serialize_with = "assay_protocol::units::as_decimal")]
    pub fee_wei: u128,
    /// G: gas of an answer, for which a contest pays at the base fee.
    pub answer_gas: u32,
    /// What the quiet bond counts.
    pub quiet_gas: QuietGas,
    /// How long each side has for each step.
    pub windows_seconds: RoundWindows,
    /// Judges proofs.
    pub judge: Address,
}

/// Gas that the bond of a consumer against its own silence pays for: a confirmation, and half of a publication.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietGas {
    /// Of a confirmation.
    pub confirm: u32,
    /// Of a publication, whatever its size.
    pub publish_base: u32,
    /// Of each word of it.
    pub publish_per_word: u32,
}

/// Windows of a round, seconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundWindows {
    /// Longest time from an offer to its expiry.
    pub accept: u64,
    /// For the outputs.
    pub publish: u64,
    /// For contests and confirmations.
    pub contest: u64,
    /// From the last contest to its answers.
    pub respond: u64,
    /// For each contested prediction besides.
    pub answer: u64,
}

impl Body for Shown {
    const KIND: &'static str = "market";
    const VERSION: u32 = 1;
}

/// The marketplace as it was at a block.
///
/// # Errors
/// Those of [`read`].
pub async fn show(site: &Site, which: Which) -> eyre::Result<Document<Shown>> {
    read(site, which, |site| async move {
        let market = &site.market;
        let survey = Survey::of(market).await?;
        Ok(Shown {
            deployment: DeploymentCheck::of_survey(&survey, site.trusted_deployment),
            contracts: survey.parts,
            treasury: market.params.treasury,
            registry: Registry {
                address: market.registry,
                model_count: market.model_count().await?,
                stake_required_wei: market.stake_required().await?,
                strike_wei: market.strike().await?,
                unbond_seconds: market.params.unbondWindow,
            },
            accuracy: Accuracy::of(market),
            prediction: Rounds::if_any(market).await?.map(|rounds| Prediction::of(&rounds)),
        })
    })
    .await
}

impl Accuracy {
    fn of(market: &Market) -> Self {
        let p = &market.params;
        Self {
            address: market.address,
            params_hash: market.params_hash,
            price_input_wei: p.priceInput,
            price_proof_wei: p.prices.proof,
            price_inference_wei: p.prices.inference,
            fee_wei: p.prices.fee,
            challenge_bond_wei: p.claim.challengeBond,
            n1: p.n1,
            n2: p.n2,
            fault_strikes: p.faultStrikes,
            direct_max: p.claim.directMax,
            words_per_chunk: p.transfer.wordsPerChunk,
            windows_seconds: AccuracyWindows {
                accept: p.windows.accept,
                decide: p.windows.decide,
                prove_base: p.windows.proveBase,
                prove_per_item: p.windows.proveTimePerItem,
                commit: p.transfer.commitWindow,
                ack: p.transfer.ackWindow,
                publish: p.transfer.publishWindow,
                key: p.transfer.keyWindow,
                challenge: p.claim.challengeWindow,
                respond: p.claim.respondWindow,
                answer: p.claim.answerTime,
            },
            judges: Judges {
                proofs: p.judges.proofs,
                transfers: p.judges.transfers,
                publication: p.judges.publication,
            },
        }
    }
}

impl Prediction {
    fn of(rounds: &Rounds) -> Self {
        let p = &rounds.params;
        Self {
            address: rounds.address,
            params_hash: rounds.params_hash,
            price_proof_wei: p.priceProof,
            fee_wei: p.fee,
            answer_gas: p.answerGas,
            quiet_gas: QuietGas {
                confirm: p.quiet.confirm,
                publish_base: p.quiet.publishBase,
                publish_per_word: p.quiet.publishPerWord,
            },
            windows_seconds: RoundWindows {
                accept: p.windows.accept,
                publish: p.windows.publish,
                contest: p.windows.contest,
                respond: p.windows.respond,
                answer: p.windows.answerTime,
            },
            judge: p.judge,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, wei) = (&self.accuracy, |amount: u128| ether(U256::from(amount)));
        writeln!(f, "contracts      {}", self.deployment)?;
        let mut table = Table::new(["contract", "address", "code hash"]);
        for part in &self.contracts {
            table.row([
                part.contract.clone(),
                part.address.to_string(),
                part.codehash.to_string(),
            ]);
        }
        writeln!(f, "\n{table}")?;
        writeln!(f, "treasury       {}", self.treasury)?;
        if let Some(count) = self.registry.model_count {
            writeln!(f, "models         {count}")?;
        }
        writeln!(
            f,
            "stake          {}, a strike {}, out {} after the request",
            wei(self.registry.stake_required_wei),
            wei(self.registry.strike_wei),
            in_words(self.registry.unbond_seconds)
        )?;
        writeln!(
            f,
            "engagements    {} and {} examples; an input {}, a proof {}, an inference {}; fee {}; bond of a challenge {}",
            a.n1,
            a.n2,
            wei(a.price_input_wei),
            wei(a.price_proof_wei),
            wei(a.price_inference_wei),
            wei(a.fee_wei),
            wei(a.challenge_bond_wei)
        )?;
        match &self.prediction {
            Some(p) => writeln!(
                f,
                "rounds         a proof {}, fee {}, gas of an answer {}, {} to respond",
                wei(p.price_proof_wei),
                wei(p.fee_wei),
                p.answer_gas,
                in_words(p.windows_seconds.respond)
            ),
            None => writeln!(f, "rounds         none: there is no prediction market"),
        }
    }
}
