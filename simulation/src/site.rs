//! A marketplace on a chain of its own: deployed and with one registered model, to start runs from.

use crate::books::Agent;
use crate::bytecode::{Bytecode, AUDITING, DEPLOYER, MARKETPLACE, RETRIEVAL, SHARED};
use crate::error::Error;
use crate::machine::Machine;
use crate::terms::{wei, Terms};
use crate::verifier;
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::sol_types::{SolCall, SolValue};
use assay_protocol::abi::{AuditContracts, IModelRegistry, Judges, Metric, ModelRecord, Predicate};
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
    Retrieval,
    /// Of corpora: it holds no money.
    Corpora,
}

impl Contract {
    pub(crate) const ALL: [Self; 5] = [
        Self::Registry,
        Self::Accuracy,
        Self::Prediction,
        Self::Retrieval,
        Self::Corpora,
    ];

    /// Those that owe somebody something.
    pub(crate) const WITH_MONEY: [Self; 4] = [Self::Registry, Self::Accuracy, Self::Prediction, Self::Retrieval];
}

/// Where an agent's account is.
pub(crate) fn account(agent: Agent) -> Address {
    Address::repeat_byte(match agent {
        Agent::Provider => 0xa1,
        Agent::Consumer => 0xa2,
        Agent::Outsider => 0xa3,
        Agent::Sybil => 0xa4,
        Agent::Treasury => 0xa5,
        Agent::Responder => 0xa6,
        Agent::Requester => 0xa7,
    })
}

/// A deployment; a run begins with a copy of it.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) terms: Terms,
    pub(crate) state: InMemoryDB,
    contracts: [Address; Contract::ALL.len()],
    pub(crate) record: ModelRecord,
    pub(crate) model_id: B256,
    pub(crate) model_hash: B256,
    /// What audits ask of documents.
    pub(crate) predicate: Predicate,
    /// Paid by the provider for the stake.
    pub(crate) staked: u128,
    /// Of a strike.
    pub(crate) strike: u128,
}

/// Creates contracts one after the other.
struct Creator<'a> {
    machine: &'a mut Machine,
    code: &'a Bytecode,
}

impl Creator<'_> {
    fn create(&mut self, contract: &'static str, code: Vec<u8>) -> Result<Address, Error> {
        let done = self.machine.send(DEPLOYER, None, code, 0, 0)?;
        done.created.filter(|_| done.success).ok_or(Error::Code {
            contract,
            reason: String::from_utf8_lossy(&done.output).into_owned(),
        })
    }

    fn with(&mut self, contract: &'static str, arguments: Vec<u8>) -> Result<Address, Error> {
        let code = self.code.of(contract)?.to_vec();
        self.create(contract, [code, arguments].concat())
    }

    fn all<const N: usize>(&mut self, contracts: [&'static str; N]) -> Result<[Address; N], Error> {
        let mut created = [Address::ZERO; N];
        for (contract, at) in contracts.into_iter().zip(&mut created) {
            *at = self.with(contract, Vec::new())?;
        }
        Ok(created)
    }
}

impl Site {
    /// Deploys the contracts without parameters, registry and markets, and registers the provider's model.
    pub(crate) fn new(code: &Bytecode, terms: Terms) -> Result<Self, Error> {
        let mut machine = Machine::new(InMemoryDB::default());
        machine.set_block(START, 0);
        for agent in Agent::ALL {
            machine.fund(account(agent), U256::from(FUNDS));
        }
        let mut creator = Creator {
            machine: &mut machine,
            code,
        };
        let [_, transfers, publication, proofs, outputs] = creator.all(SHARED)?;
        let verifier = creator.create("the verifier", verifier::creation_code(verifier::CLASSES))?;
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
            creator.with(contract, arguments)?;
        }
        let [corpora, documents, shared_keys] = creator.all(AUDITING)?;
        let audits = AuditContracts {
            corpora,
            documents,
            transfers,
            sharedKeys: shared_keys,
            publication,
        };
        let retrieval = creator.with(RETRIEVAL, terms.retrieval(audits).abi_encode())?;
        let predicate = verifier::creation_code(verifier::ANSWERS);
        let predicate = Predicate {
            verifierCodehash: keccak256(&predicate[verifier::PREFIX..]),
            verifier: creator.create("the predicate's verifier", predicate)?,
            vkDigest: keccak256("the simulated predicate"),
            weightsCommit: U256::from_be_bytes(keccak256("the predicate's weights").0) >> 8,
        };

        let provider = account(Agent::Provider);
        let record = ModelRecord {
            mp: provider,
            verifier,
            verifierCodehash: keccak256(&verifier::creation_code(verifier::CLASSES)[verifier::PREFIX..]),
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
            contracts: [registry, accuracy, prediction, retrieval, corpora],
            model_hash: model_hash(&record),
            record,
            model_id,
            predicate,
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
