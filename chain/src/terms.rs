//! The terms that a market is deployed with: prices, sizes and windows, which can never be changed.

use alloy::primitives::{address, Address, U256};
use alloy::sol_types::SolCall;
use assay_protocol::abi::{ClaimParams, Judges, MarketParams, Prices, RegistryParams, TransferParams, Windows};
use assay_protocol::units::ether;
use serde::{Deserialize, Serialize};

/// Nobody's: fees and strikes sent here deter, because they refund nobody.
pub const BURN_ADDRESS: Address = address!("000000000000000000000000000000000000dEaD");

/// About what the market uses for one item of `submitProofs`.
const PROOF_GAS: u128 = 900_000;

/// Everything that is fixed when the marketplace is deployed; amounts in wei, times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketTerms {
    pub price_input: u128,
    pub price_proof: u128,
    pub price_inference: u128,
    pub fee: u128,
    pub n1: u32,
    pub n2: u32,
    pub fault_strikes: u16,
    pub accept_window: u64,
    pub decide_window: u64,
    pub prove_base: u64,
    pub prove_time_per_item: u64,
    pub unbond_window: u64,
    pub treasury: Address,
    /// w: words of an input that one chunk of a transfer carries; even.
    pub words_per_chunk: u32,
    pub commit_window: u64,
    pub ack_window: u64,
    pub publish_window: u64,
    pub key_window: u64,
    pub challenge_window: u64,
    pub respond_window: u64,
    /// Time that each open challenge, and each proof of a full demand, adds.
    pub answer_time: u64,
    /// B: about the gas of one answer; even. Others than the consumer pay the price of a proof on top.
    pub challenge_bond: u128,
    /// Proven sets up to this size are proven on chain, example by example.
    pub direct_max: u32,
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
            unbond_window: 24 * HOUR,
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
        }
    }

    /// N.
    pub fn examples(&self) -> u32 {
        self.n1 + self.n2
    }

    /// What the contracts do not refuse but nobody should deploy, at this price of gas.
    ///
    /// I1 and I3 are those of `protocols.md` 3: an honest provider earns, one that only wants the test set does not.
    pub fn warnings(&self, gas_price_wei: u128) -> Vec<String> {
        let n = u128::from(self.examples());
        let mut warnings = Vec::new();
        // I3 with v = 1: every leaked example is worth a labelled input. Handed over in clear, all N leak.
        let theft = n * (self.price_inference + self.price_input);
        if 199 * self.fee < theft {
            warnings.push(format!(
                "a provider that only wants the test set gains: 199 fees are {}, {n} examples are worth {} (I3)",
                ether(U256::from(199 * self.fee)),
                ether(U256::from(theft)),
            ));
        }
        let income = n * self.price_proof.saturating_sub(self.price_inference);
        if self.fee >= income {
            warnings.push(format!(
                "an honest provider loses: the fee {} is not below {} (I1)",
                ether(U256::from(self.fee)),
                ether(U256::from(income))
            ));
        }
        let proof_gas_wei = PROOF_GAS * gas_price_wei;
        if self.price_proof < proof_gas_wei {
            warnings.push(format!(
                "a proof earns {}, but its gas costs about {} now",
                ether(U256::from(self.price_proof)),
                ether(U256::from(proof_gas_wei))
            ));
        }
        if [BURN_ADDRESS, Address::ZERO].iter().all(|burn| *burn != self.treasury) {
            warnings.push(format!(
                "fees and strikes go to {}: they deter only if it refunds nobody",
                self.treasury
            ));
        }
        warnings
    }

    pub fn registry_params(&self, market: Address) -> RegistryParams {
        RegistryParams {
            priceInput: self.price_input,
            n1: self.n1,
            faultStrikes: self.fault_strikes,
            unbondWindow: self.unbond_window,
            treasury: self.treasury,
            accuracy: market,
            prediction: Address::ZERO,
        }
    }

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
