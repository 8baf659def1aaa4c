//! Deployment of the contracts, and the address book.

use super::account::Account;
use super::client::{Call, Chain, DEVNET_CHAIN_ID};
use super::origin::{deployer_input, has_deployer, place, places, DEPLOYER};
use super::rehearsal::rehearse;
use crate::error::{hinted, hinted_because, UsageError};
use crate::journal::{Fact, Journal};
use crate::repository::Repository;
use alloy::eips::BlockId;
use alloy::primitives::{address, keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::{SolCall, SolValue};
use assay_durable::file::write_atomic;
use assay_durable::report::Reporter;
use assay_protocol::abi::{
    ClaimParams, IAccuracyMarket, IAccuracyTerms, IMarketplaceFactory, IModelRegistry, Judges, MarketParams, Mode,
    Prices, RegistryParams, TransferParams, Windows,
};
use assay_protocol::units::ether;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// About what the market uses for one item of `submitProofs`.
const PROOF_GAS: u128 = 900_000;

/// Nobody's: fees and strikes sent here deter, because they refund nobody.
pub const BURN_ADDRESS: Address = address!("000000000000000000000000000000000000dEaD");

/// A verifier contract and what was deployed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifierEntry {
    /// The contract that models register.
    pub address: Address,
    /// keccak256 of the deployed code; the registry pins it.
    pub codehash: B256,
    /// The contract that holds the verifying key.
    pub vk_data: Address,
    /// Names the circuit's verifying key.
    pub vk_digest: B256,
}

/// Where the contracts of one chain are: `deployment.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// EIP-155; a book of another chain is refused.
    pub chain_id: u64,
    /// `ModelRegistry`.
    pub registry: Address,
    /// `AccuracyMarket`.
    pub market: Address,
    /// By archId.
    #[serde(default)]
    pub verifiers: BTreeMap<B256, VerifierEntry>,
}

impl Deployment {
    /// Reads the address book at `path`.
    ///
    /// # Errors
    /// If there is none, it is damaged, or it is of another chain than `chain`.
    pub fn load(path: &Path, chain: &Chain) -> eyre::Result<Self> {
        let bytes = std::fs::read(path).map_err(|_| {
            hinted(
                format!("no address book for this chain: {}", path.display()),
                "give --market ADDRESS or --deployment FILE; on a devnet run: assay devnet up",
            )
        })?;
        let book: Self =
            serde_json::from_slice(&bytes).wrap_err_with(|| format!("{} is no address book", path.display()))?;
        if book.chain_id != chain.id {
            return Err(UsageError(format!(
                "{} is of chain {}, this is chain {}",
                path.display(),
                book.chain_id,
                chain.id
            ))
            .into());
        }
        Ok(book)
    }

    /// Writes the address book whole or not at all.
    pub fn save(&self, path: &Path) -> eyre::Result<()> {
        Ok(write_atomic(path, &serde_json::to_vec_pretty(self)?, false)?)
    }
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

    /// The registry's constructor argument; `market` has to be known before it is deployed.
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

    /// The market's constructor argument.
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

/// Code that creates a contract: an artifact's bytecode, linked to `libraries`, and its encoded constructor arguments.
pub fn creation_code(
    repository: &Repository,
    contract: &str,
    libraries: &[(&str, Address)],
    arguments: Vec<u8>,
) -> eyre::Result<Bytes> {
    let artifact = repository.artifact(contract)?;
    let code = artifact
        .pointer("/bytecode/object")
        .and_then(|code| code.as_str())
        .unwrap_or_default();
    let mut code = code.trim_start_matches("0x").to_owned();
    for (library, address) in libraries {
        for place in link_places(&artifact, library) {
            // A placeholder of 20 bytes, in hexadecimal.
            let place = 2 * place..2 * place + 40;
            if code.get(place.clone()).is_some() {
                code.replace_range(place, &hex::encode(address));
            }
        }
    }
    let code = hex::decode(code);
    let mut code = code.ok().filter(|code| !code.is_empty()).ok_or_else(|| {
        hinted(
            format!("the artifact of {contract} has no linked bytecode"),
            "run: scripts/forge build --force",
        )
    })?;
    code.extend(arguments);
    Ok(code.into())
}

/// Bytes of the bytecode at which the address of a library goes.
fn link_places(artifact: &serde_json::Value, library: &str) -> Vec<usize> {
    let files = artifact
        .pointer("/bytecode/linkReferences")
        .and_then(|refs| refs.as_object());
    let places = files.into_iter().flat_map(|files| files.values());
    let places = places.filter_map(|file| file.get(library)?.as_array()).flatten();
    places
        .filter_map(|place| Some(place["start"].as_u64()? as usize))
        .collect()
}

/// The genuine factory's creation code and address.
pub(super) fn factory(repository: &Repository) -> eyre::Result<(Bytes, Address)> {
    let code = creation_code(repository, "MarketplaceFactory", &[], Vec::new())?;
    let at = place(keccak256(&code));
    Ok((code, at))
}

/// The call by which `sender` creates a registry and a market that name each other.
pub(super) fn marketplace_call(
    repository: &Repository,
    sender: Address,
    salt: B256,
    terms: &MarketTerms,
    judges: Judges,
) -> eyre::Result<IMarketplaceFactory::createCall> {
    let (_, factory) = factory(repository)?;
    let code = |contract| creation_code(repository, contract, &[], Vec::new());
    let (registry, market) = places(factory, &code("Cradle")?, sender, salt);
    Ok(IMarketplaceFactory::createCall {
        salt,
        first: IMarketplaceFactory::Creation {
            code: code("ModelRegistry")?,
            arguments: terms.registry_params(market).abi_encode().into(),
        },
        second: IMarketplaceFactory::Creation {
            code: code("AccuracyMarket")?,
            arguments: terms.market_params(registry, judges).abi_encode().into(),
        },
        // There is no prediction market.
        third: IMarketplaceFactory::Creation {
            code: Bytes::new(),
            arguments: Bytes::new(),
        },
    })
}

/// Deploys everything: the contracts without parameters one by one, those that serve everybody unless the chain has them, then
/// registry and market by one call of the factory, so that there is never one without the other. What an earlier run with this journal
/// deployed is used again, where it is the same code with the same arguments.
///
/// # Errors
/// Before the first transaction for terms that the contracts refuse; after the last one if anything on chain differs from what
/// was meant.
pub async fn deploy(
    account: &Account,
    terms: &MarketTerms,
    repository: &Repository,
    journal: &mut Journal,
    out: &Reporter,
) -> eyre::Result<Deployment> {
    account.require_funds(0, 0).await?;
    let chain = &account.chain;
    for warning in terms.warnings(chain.provider.get_gas_price().await?) {
        out.warn(warning);
    }
    if !has_deployer(chain, BlockId::latest()).await? {
        return Err(hinted(
            format!("this chain has no deterministic deployment proxy at {DEPLOYER}"),
            "put it there first, as its authors describe (Arachnid/deterministic-deployment-proxy): the address of the factory \
             shows what it is only if that proxy made it",
        ));
    }
    rehearse(account, terms, repository).await?;
    let mut create = Creator {
        account,
        repository,
        journal,
        out,
    };
    let poseidon = create.contract("PoseidonT4", &[], Vec::new()).await?;
    let judges = Judges {
        transfers: create
            .contract("TransferJudge", &[("PoseidonT4", poseidon)], Vec::new())
            .await?,
        publication: create.placed("PublishedTransfers").await?,
        proofs: create.contract("ProofJudge", &[], Vec::new()).await?,
    };
    let factory = create.placed("MarketplaceFactory").await?;
    let (registry, market) = create.marketplace(factory, terms, judges).await?;
    check(chain, terms, judges, registry, market).await?;
    Ok(Deployment {
        chain_id: chain.id,
        registry,
        market,
        verifiers: BTreeMap::new(),
    })
}

/// Sends creations, each once.
struct Creator<'a> {
    account: &'a Account,
    repository: &'a Repository,
    journal: &'a mut Journal,
    out: &'a Reporter,
}

impl Creator<'_> {
    async fn contract(
        &mut self,
        contract: &str,
        libraries: &[(&str, Address)],
        arguments: Vec<u8>,
    ) -> eyre::Result<Address> {
        let call = Call::create(creation_code(self.repository, contract, libraries, arguments)?);
        let step = step_name(contract, &call.data);
        let receipt = self
            .account
            .send(self.journal, &step, &call, self.out)
            .await
            .wrap_err_with(|| format!("cannot deploy {contract}"))?;
        let address = receipt
            .contract_address
            .ok_or_else(|| eyre::eyre!("transaction {} created nothing", receipt.transaction_hash))?;
        self.out.note(format_args!("{contract} at {address}"));
        Ok(address)
    }

    /// A contract that serves everybody on its chain, at the address that its code determines.
    async fn placed(&mut self, contract: &str) -> eyre::Result<Address> {
        let chain = &self.account.chain;
        let code = creation_code(self.repository, contract, &[], Vec::new())?;
        let at = place(keccak256(&code));
        let confirmed = chain.newest_confirmed().await?;
        if !chain.provider.get_code_at(at).block_id(confirmed).await?.is_empty() {
            return Ok(at);
        }
        let call = Call {
            to: Some(DEPLOYER),
            data: deployer_input(&code),
            value_wei: 0,
        };
        let step = step_name(contract, &call.data);
        let sent = self.account.send(self.journal, &step, &call, self.out).await;
        sent.map_err(|error| {
            let hint = "if somebody else has just put it there, repeat the command";
            hinted_because(error, format!("cannot deploy {contract}"), hint)
        })?;
        self.out.note(format_args!("{contract} at {at}"));
        Ok(at)
    }

    /// Registry and market, which name each other. Their addresses follow from account and salt.
    async fn marketplace(
        &mut self,
        factory: Address,
        terms: &MarketTerms,
        judges: Judges,
    ) -> eyre::Result<(Address, Address)> {
        let call = |salt| marketplace_call(self.repository, self.account.address(), salt, terms, judges);
        // The same for every salt.
        let step = step_name("Marketplace", &call(B256::ZERO)?.abi_encode());
        let drawn = Fact::<B256>::named(format!("salt of {step}"));
        let salt = match self.journal.fact(&drawn)? {
            Some(salt) => salt,
            None => {
                let salt = B256::new(rand::random());
                self.journal.set_fact(&drawn, &salt)?;
                salt
            }
        };
        let call = Call::new(factory, &call(salt)?);
        let receipt = self
            .account
            .send(self.journal, &step, &call, self.out)
            .await
            .wrap_err("cannot create registry and market")?;
        let created = receipt
            .decoded_log::<IMarketplaceFactory::MarketplaceCreated>()
            .ok_or_else(|| eyre::eyre!("transaction {} created no marketplace", receipt.transaction_hash))?;
        let (registry, market) = (created.registry, created.accuracy);
        self.out
            .note(format_args!("ModelRegistry at {registry}, AccuracyMarket at {market}"));
        Ok((registry, market))
    }
}

/// Names a step by what it deploys: other code or arguments are another step.
fn step_name(what: &str, data: &[u8]) -> String {
    format!("{what} {}", hex::encode(&keccak256(data)[..8]))
}

/// Reads back what was deployed.
async fn check(
    chain: &Chain,
    terms: &MarketTerms,
    judges: Judges,
    registry: Address,
    market: Address,
) -> eyre::Result<()> {
    let registry_params = chain.view(registry, &IModelRegistry::paramsCall {}).await?;
    eyre::ensure!(
        registry_params == terms.registry_params(market),
        "the registry has other parameters than asked for"
    );
    let loaded = super::market::Market::load(chain.clone(), market).await?;
    let p = &loaded.params;
    eyre::ensure!(
        p.registry == registry
            && p.treasury == terms.treasury
            && p.n1 == terms.n1
            && p.n2 == terms.n2
            && p.judges == judges,
        "the market has other parameters than asked for"
    );
    let address = chain.view(market, &IAccuracyMarket::termsCall {}).await?;
    for mode in [Mode::CLEAR, Mode::FULL, Mode::SIMPLE] {
        let got = chain.view(address, &IAccuracyTerms::amountsCall { mode }).await?;
        let expected = loaded.amounts(mode);
        eyre::ensure!(
            got == expected,
            "the market's amounts are {got:?}, expected {expected:?}"
        );
    }
    if chain.id != DEVNET_CHAIN_ID {
        const MAX_CODE: usize = 24_576;
        for contract in [registry, market] {
            let len = chain.provider.get_code_at(contract).await?.len();
            eyre::ensure!(
                len > 0 && len <= MAX_CODE,
                "contract {contract} has {len} bytes of code"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devnet_terms_keep_to_the_incentive_inequalities() {
        assert_eq!(MarketTerms::devnet().warnings(2_000_000_000), Vec::<String>::new());
    }

    #[test]
    fn terms_that_invite_theft_or_starve_providers_are_warned_about() {
        let low = MarketTerms {
            fee: 1,
            ..MarketTerms::devnet()
        };
        assert!(low.warnings(3_000_000_000)[1].contains("its gas costs about 0.0027 ETH"));
        assert!(low.warnings(0)[0].contains("(I3)"));
        let high = MarketTerms {
            fee: 1 << 80,
            treasury: Address::repeat_byte(1),
            ..MarketTerms::devnet()
        };
        assert!(high.warnings(0)[0].contains("(I1)") && high.warnings(0).len() == 2);
    }

    #[test]
    fn registry_and_market_addresses_follow_the_create_rule() {
        let anvil_0 = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(anvil_0.create(0), address!("5FbDB2315678afecb367f032d93F642f64180aa3"));
    }
}
