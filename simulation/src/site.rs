//! A marketplace on a chain of its own: deployed and with one registered model, to start runs from.

use crate::books::Agent;
use crate::bytecode::{Bytecode, DEPLOYER, MARKETPLACE, SHARED};
use crate::error::Error;
use crate::machine::Machine;
use crate::terms::{wei, Terms};
use crate::verifier;
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::sol_types::{SolCall, SolValue};
use assay_protocol::abi::{IModelRegistry, Judges, Metric, ModelRecord};
use assay_protocol::ids::model_hash;
use revm::database::InMemoryDB;

/// When every run begins, Unix seconds.
pub(crate) const START: u64 = 1_800_000_000;

/// What every account has at the start: no agent is ever short of money.
pub(crate) const FUNDS: u128 = 1_000_000_000 * 1_000_000_000_000_000_000;

/// Stakes deposited: strikes of a run are burned from what is above the least one, so that the model stays active.
const STAKES: u128 = 4;

/// A contract that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    Registry,
    Accuracy,
    Prediction,
}

impl Contract {
    pub(crate) const ALL: [Self; 3] = [Self::Registry, Self::Accuracy, Self::Prediction];
}

/// Where an agent's account is.
pub(crate) fn account(agent: Agent) -> Address {
    Address::repeat_byte(match agent {
        Agent::Provider => 0xa1,
        Agent::Consumer => 0xa2,
        Agent::Outsider => 0xa3,
        Agent::Sybil => 0xa4,
        Agent::Treasury => 0xa5,
    })
}

/// A deployment; a run begins with a copy of it.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) terms: Terms,
    pub(crate) state: InMemoryDB,
    contracts: [Address; 3],
    pub(crate) record: ModelRecord,
    pub(crate) model_id: B256,
    pub(crate) model_hash: B256,
    /// Paid by the provider for the stake.
    pub(crate) staked: u128,
    /// Of a strike.
    pub(crate) strike: u128,
}

impl Site {
    /// Deploys the contracts without parameters, registry and markets, and registers the provider's model.
    pub(crate) fn new(code: &Bytecode, terms: Terms) -> Result<Self, Error> {
        let mut machine = Machine::new(InMemoryDB::default());
        machine.set_block(START, 0);
        for agent in Agent::ALL {
            machine.fund(account(agent), U256::from(FUNDS));
        }
        let mut create = |contract: &'static str, code: Vec<u8>| {
            let done = machine.send(DEPLOYER, None, code, 0, 0)?;
            done.created.filter(|_| done.success).ok_or(Error::Code {
                contract,
                reason: String::from_utf8_lossy(&done.output).into_owned(),
            })
        };
        let mut shared = [Address::ZERO; SHARED.len()];
        for (contract, at) in SHARED.into_iter().zip(&mut shared) {
            *at = create(contract, code.of(contract)?.to_vec())?;
        }
        let [_, transfers, publication, proofs, outputs] = shared;
        let verifier = create("the verifier", verifier::creation_code())?;
        let first = SHARED.len() as u64 + 1;
        let [registry, accuracy, prediction] = [first, first + 1, first + 2].map(|nonce| DEPLOYER.create(nonce));
        let judges = Judges {
            proofs,
            transfers,
            publication,
        };
        let arguments = [
            terms
                .registry(account(Agent::Treasury), accuracy, prediction)
                .abi_encode(),
            terms.market(registry, judges).abi_encode(),
            terms.prediction(registry, outputs).abi_encode(),
        ];
        for (contract, arguments) in MARKETPLACE.into_iter().zip(arguments) {
            create(contract, [code.of(contract)?.to_vec(), arguments].concat())?;
        }

        let provider = account(Agent::Provider);
        let record = ModelRecord {
            mp: provider,
            verifier,
            verifierCodehash: keccak256(&verifier::creation_code()[verifier::PREFIX..]),
            vkDigest: keccak256("the simulated model"),
            weightsCommit: U256::from_be_bytes(keccak256("its weights").0) >> 8,
            metric: Metric::TOP1,
            classes: verifier::CLASSES,
            inputWords: 32,
            wordsPerHash: 2,
            uri: String::new(),
        };
        let strike = u128::from(terms.prices.probe) * wei(terms.prices.example);
        let stake = 1000 * strike;
        let register = IModelRegistry::registerCall {
            record: record.clone(),
            transportPubKey: keccak256("transport"),
            nonce: 0,
        };
        let registered = machine.send(provider, Some(registry), register.abi_encode(), stake, 0)?;
        let model_id = word(&registered.output);
        let top_up = IModelRegistry::topUpCall { modelId: model_id };
        let more = machine.send(provider, Some(registry), top_up.abi_encode(), (STAKES - 1) * stake, 0)?;
        if !registered.success || !more.success {
            return Err(Error::Play {
                what: "the model cannot be registered",
            });
        }
        Ok(Self {
            terms,
            state: machine.state(),
            contracts: [registry, accuracy, prediction],
            model_hash: model_hash(&record),
            record,
            model_id,
            staked: STAKES * stake,
            strike,
        })
    }

    pub(crate) fn at(&self, contract: Contract) -> Address {
        self.contracts[contract as usize]
    }

    pub(crate) fn contract_at(&self, address: Address) -> Option<Contract> {
        Contract::ALL.into_iter().find(|contract| self.at(*contract) == address)
    }
}

fn word(output: &Bytes) -> B256 {
    B256::try_from(output.as_ref()).unwrap_or_default()
}
