//! What a simulated marketplace asks, and what things cost its parties.

use crate::fees::Climate;
use alloy::primitives::Address;
use assay_economics::accuracy::Terms as Prices;
use assay_economics::cost::Proof;
use assay_protocol::abi::{
    AuditContracts, AuditWindows, ClaimParams, DeliveryParams, Judges, MarketParams, PredictionMarketParams,
    Prices as ContractPrices, RegistryParams, RetrievalParams, RoundWindows, TransferParams, Windows,
};

/// Wei of one ether.
pub const ETHER: f64 = 1e18;
/// The shortest window off devnets, and the length of all of them here.
pub const DAY: u64 = 86_400;
const UNBOND: u64 = 60 * DAY;
/// t: seconds that deadlines grow by for each proof asked for.
pub const ANSWER_TIME: u64 = 60;

/// How documents are delivered: the sizes of devnets.
pub(crate) const DELIVERY: DeliveryParams = DeliveryParams {
    wordsPerChunk: 8,
    chunkGas: 12_000,
    deliverGas: 150_000,
};

/// Wei of an amount in ether, to the gwei: floating point decides no digit below.
pub fn wei(ether: f64) -> u128 {
    (ether * 1e9).round() as u128 * 1_000_000_000
}

/// Ether of an amount in wei.
pub fn ether(wei: i128) -> f64 {
    wei as f64 / ETHER
}

/// Parameters of a deployment, and what its parties pay outside of it. Amounts in ether.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// E, Z, P, ε, N1, N2, faultStrikes.
    pub prices: Prices,
    /// ε of rounds.
    pub round_fee: f64,
    /// B.
    pub bond: f64,
    /// G.
    pub answer_gas: u32,
    /// The price of gas.
    pub climate: Climate,
    /// What a proof costs its prover besides gas. By default Z less the gas of an answer, so that Z is what a proof costs.
    pub proof_cost: f64,
    /// What an inference costs; by default P.
    pub inference_cost: f64,
}

impl Terms {
    /// Prices at cost, little gas: N1 = 4, N2 = 8.
    pub fn cheap_gas() -> Self {
        let prices = Prices {
            example: 1.0,
            proof: 0.5,
            inference: 0.05,
            fee: 0.05,
            probe: 4,
            proven: 8,
            fault_strikes: 10,
        };
        Self::at_cost(prices, Climate::CHEAP)
    }

    /// What things cost is what the contracts say they do.
    pub fn at_cost(prices: Prices, climate: Climate) -> Self {
        let answer = answer_ether(climate);
        Self {
            prices,
            round_fee: 0.0001,
            bond: 2.0 * (answer * 5e8).round() / 1e9,
            answer_gas: (Proof::measured().gas as f64 * 1.25) as u32,
            climate,
            proof_cost: prices.proof - answer,
            inference_cost: prices.inference,
        }
    }

    pub(crate) fn registry(&self, treasury: Address, accuracy: Address, prediction: Address) -> RegistryParams {
        RegistryParams {
            priceInput: wei(self.prices.example),
            n1: self.prices.probe,
            faultStrikes: self.prices.fault_strikes,
            unbondWindow: UNBOND,
            treasury,
            accuracy,
            prediction,
        }
    }

    pub(crate) fn market(&self, registry: Address, judges: Judges) -> MarketParams {
        MarketParams {
            registry,
            prices: ContractPrices {
                proof: wei(self.prices.proof),
                inference: wei(self.prices.inference),
                fee: wei(self.prices.fee),
            },
            n2: self.prices.proven,
            windows: Windows {
                accept: DAY,
                decide: DAY,
                proveBase: DAY,
                proveTimePerItem: ANSWER_TIME,
            },
            judges,
            transfer: TransferParams {
                wordsPerChunk: 32,
                commitWindow: DAY,
                ackWindow: DAY,
                publishWindow: DAY,
                keyWindow: DAY,
            },
            claim: ClaimParams {
                challengeWindow: DAY,
                respondWindow: DAY,
                answerTime: ANSWER_TIME,
                challengeBond: wei(self.bond),
                directMax: 1,
            },
        }
    }

    pub(crate) fn prediction(&self, registry: Address, judge: Address) -> PredictionMarketParams {
        PredictionMarketParams {
            registry,
            judge,
            priceProof: wei(self.prices.proof),
            fee: wei(self.round_fee),
            answerGas: self.answer_gas,
            windows: RoundWindows {
                accept: DAY,
                publish: DAY,
                contest: DAY,
                respond: DAY,
                answerTime: ANSWER_TIME,
            },
        }
    }

    pub(crate) fn retrieval(&self, contracts: AuditContracts) -> RetrievalParams {
        RetrievalParams {
            contracts,
            delivery: DELIVERY,
            windows: AuditWindows {
                accept: DAY,
                answerBase: DAY,
                answerTime: ANSWER_TIME,
                reveal: DAY,
                proveBase: DAY,
                proveTime: ANSWER_TIME,
                demand: DAY,
                deliverBase: DAY,
                deliverTime: 1,
                ack: DAY,
                publishBase: DAY,
                publishTime: 1,
                evidence: DAY,
            },
        }
    }

    pub(crate) fn unbond(&self) -> u64 {
        UNBOND
    }
}

/// Ether that the gas of an answer costs at the mean of a climate.
pub fn answer_ether(climate: Climate) -> f64 {
    assay_economics::cost::gas_ether(Proof::measured().gas, climate.mean as f64 / 1e9)
}
