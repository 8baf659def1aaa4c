//! The terms that a market is deployed with: prices, sizes and windows, which can never be changed.

use crate::retrieval_terms::RetrievalTerms;
use alloy::primitives::{address, Address};
use assay_economics::accuracy::Terms;
use assay_economics::conditions::{accuracy, round, AccuracyCase, Costs, RoundCase, Verdict};
use assay_economics::cost::{self, Proof};
use assay_economics::rounds::Round;
use assay_protocol::abi::{
    ClaimParams, Judges, MarketParams, PredictionMarketParams, Prices, RegistryParams, RoundWindows, TransferParams,
    Windows,
};
use assay_protocol::prediction::MAX_PREDICTIONS;
use assay_protocol::units::in_ether;
use serde::{Deserialize, Serialize};

/// Nobody's: fees and strikes sent here deter, because they refund nobody.
pub const BURN_ADDRESS: Address = address!("000000000000000000000000000000000000dEaD");

/// Whether what is sent there comes back to nobody.
pub fn refunds_nobody(treasury: Address) -> bool {
    [BURN_ADDRESS, Address::ZERO].contains(&treasury)
}

/// Everything that is fixed when the marketplace is deployed; amounts in wei, times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketTerms {
    /// E: per labelled input.
    pub price_input: u128,
    /// Z: per proof; E > Z.
    pub price_proof: u128,
    /// P: per inference; Z > P > 0.
    pub price_inference: u128,
    /// ε: of each side when an engagement locks; > 0.
    pub fee: u128,
    /// N1: probe set size, 1 to 2048.
    pub n1: u32,
    /// N2: proven set size; N1 + N2 is at most 65536.
    pub n2: u32,
    /// Reserved by an engagement and burned by a Fault, 1 to 1000; a stake is 1000.
    pub fault_strikes: u16,
    /// Longest time from `open` to the offer's expiry.
    pub accept_window: u64,
    /// W_decide: for probing and deciding.
    pub decide_window: u64,
    /// Part of W_prove that does not depend on the set.
    pub prove_base: u64,
    /// Part of W_prove for each example of the proven set.
    pub prove_time_per_item: u64,
    /// W_unbond: from the request to leave until the stake comes out.
    pub unbond_window: u64,
    /// TR: receives fees and burned strikes. They deter only if it refunds nobody, see [`BURN_ADDRESS`].
    pub treasury: Address,
    /// w: words of an input that one chunk of a transfer carries; even.
    pub words_per_chunk: u32,
    /// W_commit: from `accept` to `commitTransfer`.
    pub commit_window: u64,
    /// W_ack: from `commitTransfer`, and again from the last published chunk, to `ack`.
    pub ack_window: u64,
    /// W_publish: added once to W_ack by the first `publishChunks`.
    pub publish_window: u64,
    /// W_key: for each reveal of keys.
    pub key_window: u64,
    /// W_challenge: from `postResult`.
    pub challenge_window: u64,
    /// W_respond: from a challenge or a full demand.
    pub respond_window: u64,
    /// Time that each open challenge, and each proof of a full demand, adds.
    pub answer_time: u64,
    /// B: about the gas of one answer; even. Others than the consumer pay the price of a proof on top.
    pub challenge_bond: u128,
    /// Proven sets up to this size are proven on chain, example by example.
    pub direct_max: u32,
    /// Of the prediction market; without them the marketplace has none, and can get none later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<RoundMarketTerms>,
    /// Of a retrieval market beside the marketplace, which shares its judge of transfers; without them none is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<RetrievalTerms>,
}

/// What is fixed of the prediction market; the price of a proof is the accuracy market's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundMarketTerms {
    /// ε: of each side when a round is served.
    pub fee: u128,
    /// G: gas of an answer, for which a contest pays at the base fee; 0 asks for none.
    pub answer_gas: u32,
    /// Longest time from `open` to the offer's expiry.
    pub accept_window: u64,
    /// For the outputs: after `serve` in public, after the consumer's silence in private.
    pub publish_window: u64,
    /// For contests and confirmations.
    pub contest_window: u64,
    /// From the last contest to its answers.
    pub respond_window: u64,
    /// Time that each contested prediction adds.
    pub answer_time: u64,
}

impl RoundMarketTerms {
    /// Seconds from `serve` to the end when everybody waits for each deadline.
    pub fn longest(&self) -> u64 {
        self.publish_window + 2 * self.contest_window + self.respond_window + MAX_PREDICTIONS as u64 * self.answer_time
    }
}

impl MarketTerms {
    /// Four examples, windows of an hour, amounts of play money that keep to the incentive inequalities.
    pub fn devnet() -> Self {
        const HOUR: u64 = 3600;
        let milliether = 1_000_000_000_000_000u128;
        Self {
            price_input: 10 * milliether,
            price_proof: 2 * milliether,
            price_inference: milliether / 100,
            fee: milliether,
            n1: 1,
            n2: 3,
            fault_strikes: 10,
            accept_window: HOUR,
            decide_window: HOUR,
            prove_base: HOUR,
            prove_time_per_item: 600,
            // All 4096 predictions of a round may be contested, one after the other.
            unbond_window: 7 * 24 * HOUR,
            treasury: BURN_ADDRESS,
            words_per_chunk: 8,
            commit_window: HOUR,
            ack_window: HOUR,
            publish_window: HOUR,
            key_window: HOUR,
            challenge_window: HOUR,
            respond_window: HOUR,
            answer_time: 600,
            challenge_bond: 2 * milliether,
            direct_max: 1,
            rounds: Some(RoundMarketTerms {
                fee: milliether / 10,
                answer_gas: 1_000_000,
                accept_window: HOUR,
                publish_window: HOUR,
                contest_window: HOUR,
                respond_window: HOUR,
                answer_time: 120,
            }),
            retrieval: Some(RetrievalTerms::devnet()),
        }
    }

    /// N.
    pub fn examples(&self) -> u32 {
        self.n1 + self.n2
    }

    /// Prices in ether and sizes, for questions about risk and gain.
    pub fn economic_terms(&self) -> Terms {
        Terms {
            example: in_ether(self.price_input),
            proof: in_ether(self.price_proof),
            inference: in_ether(self.price_inference),
            fee: in_ether(self.fee),
            probe: self.n1,
            proven: self.n2,
            fault_strikes: self.fault_strikes,
        }
    }

    /// Conditions that the contracts do not check and these terms violate at this price of gas: nobody should deploy them
    /// without knowing.
    pub fn warnings(&self, gas_price_wei: u128) -> Vec<String> {
        let costs = Costs {
            proof: Proof::measured(),
            prices: cost::Prices::l1(gas_price_wei as f64 / 1e9),
        };
        let case = AccuracyCase {
            challenge_bond: Some(in_ether(self.challenge_bond)),
            treasury_refunds_nobody: Some(refunds_nobody(self.treasury)),
            ..AccuracyCase::new(self.economic_terms(), costs)
        };
        let mut conditions = accuracy(&case);
        if let Some(rounds) = &self.rounds {
            // What depends on an offer is the parties' affair: of this one nothing but proofs and gas can fail.
            let z = in_ether(self.price_proof);
            conditions.extend(round(&RoundCase {
                round: Round {
                    outputs: 1,
                    cap: 1,
                    provider_deposit: 2.0 * z,
                    price: 0.0,
                    proof: z,
                    inference: in_ether(self.price_inference),
                },
                gain: 0.0,
                contests: None,
                misses: None,
                answer_gas: rounds.answer_gas.into(),
                publication: None,
                fee: in_ether(rounds.fee),
                costs,
            }));
        }
        let violated = conditions.into_iter().filter(|c| c.verdict == Verdict::Fails);
        violated.map(|c| format!("{} ({})", c.sentence, c.name)).collect()
    }

    /// The registry's constructor argument; the markets have to be known before they are deployed, `prediction` zero for none.
    pub fn registry_params(&self, market: Address, prediction: Address) -> RegistryParams {
        RegistryParams {
            priceInput: self.price_input,
            n1: self.n1,
            faultStrikes: self.fault_strikes,
            unbondWindow: self.unbond_window,
            treasury: self.treasury,
            accuracy: market,
            prediction,
        }
    }

    /// The prediction market's constructor argument, if there shall be one.
    pub fn prediction_params(&self, registry: Address, judge: Address) -> Option<PredictionMarketParams> {
        let rounds = self.rounds.as_ref()?;
        Some(PredictionMarketParams {
            registry,
            judge,
            priceProof: self.price_proof,
            fee: rounds.fee,
            answerGas: rounds.answer_gas,
            windows: RoundWindows {
                accept: rounds.accept_window,
                publish: rounds.publish_window,
                contest: rounds.contest_window,
                respond: rounds.respond_window,
                answerTime: rounds.answer_time,
            },
        })
    }

    /// The accuracy market's constructor argument.
    pub fn market_params(&self, registry: Address, judges: Judges) -> MarketParams {
        MarketParams {
            registry,
            prices: Prices {
                proof: self.price_proof,
                inference: self.price_inference,
                fee: self.fee,
            },
            n2: self.n2,
            windows: Windows {
                accept: self.accept_window,
                decide: self.decide_window,
                proveBase: self.prove_base,
                proveTimePerItem: self.prove_time_per_item,
            },
            judges,
            transfer: TransferParams {
                wordsPerChunk: self.words_per_chunk,
                commitWindow: self.commit_window,
                ackWindow: self.ack_window,
                publishWindow: self.publish_window,
                keyWindow: self.key_window,
            },
            claim: ClaimParams {
                challengeWindow: self.challenge_window,
                respondWindow: self.respond_window,
                answerTime: self.answer_time,
                challengeBond: self.challenge_bond,
                directMax: self.direct_max,
            },
        }
    }
}
