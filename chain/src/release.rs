//! Which contracts are those of this release, and the only way to send them money.
//!
//! Code on a chain is compared with `artefacts/release.json`: the same bytes with immutables, library addresses and a library's
//! own address masked; each masked place must hold what the market's parameters say, and the linked library must have this
//! release's code too. Code alone does not show that a constructor ran: what other code put there can have begun with other
//! storage, say invented credits, and with parameters that the constructors refuse. So the contracts with storage must also have
//! been created from this release's creation code, see `origin`: registry and their markets by the genuine factory, which keeps its
//! hash; retrieval markets, `PublishedTransfers` and `CorpusRegistry` at the address that code and parameters determine. A market
//! creates its own terms, and judges and libraries have no storage.

use crate::artefact::{address, address_at, Release};
use crate::audits::Audits;
use crate::client::{Call, Chain};
use crate::corpora::Corpora;
use crate::error::hinted;
use crate::immutables::{of_audits, of_marketplace, of_rounds, parts_of_audits, Immutables};
use crate::market::Market;
use crate::origin::{self, Created};
use crate::rounds::Rounds;
use crate::venue::Venue;
use alloy::eips::BlockId;
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::{SolCall, SolValue};
use assay_durable::file::write_atomic;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::future::Future;
use std::path::Path;

/// One contract of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Name in the sources.
    pub contract: String,
    /// Where it is on this chain.
    pub address: Address,
    /// keccak256 of its code, immutables and all.
    pub codehash: B256,
    /// Why it is not this release's, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
}

/// The contracts behind a market, compared with this release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    pub(crate) chain_id: u64,
    /// Registry, markets, terms, judges, and the libraries that these are linked to; or the registry of corpora alone.
    pub parts: Vec<Part>,
}

impl Survey {
    /// Reads the code of everything that decides about money: as of the newest confirmed block.
    pub async fn of(market: &Market) -> eyre::Result<Self> {
        let release = Release::this();
        let reader = CodeReader::new(&market.chain).await?;
        let expected = of_marketplace(market).await?;
        let judges = &market.params.judges;
        let mut contracts = vec![
            ("ModelRegistry", market.registry),
            ("AccuracyMarket", market.address),
            ("AccuracyTerms", address(expected["TERMS"])),
            ("ProofJudge", judges.proofs),
            ("TransferJudge", judges.transfers),
            ("PublishedTransfers", judges.publication),
        ];
        let prediction = address(expected["PREDICTION"]);
        let mut expected_of_rounds = Immutables::new();
        if !prediction.is_zero() {
            // It can burn stakes as the accuracy market can.
            contracts.push(("PredictionMarket", prediction));
            if let Some(rounds) = Rounds::if_any(market).await? {
                expected_of_rounds = of_rounds(market, &rounds);
                contracts.push(("OutputJudge", rounds.params.judge));
            }
        }
        let mut survey = Self {
            chain_id: market.chain.id,
            parts: Vec::new(),
        };
        let codes = try_join_all(contracts.iter().map(|(_, at)| reader.code(*at))).await?;
        for ((contract, at), code) in contracts.into_iter().zip(codes) {
            let expected = match contract {
                "PredictionMarket" => &expected_of_rounds,
                _ => &expected,
            };
            let part = Whole::new(contract, at, &code);
            survey.compare(&reader, &release, part, expected).await?;
        }
        Ok(survey)
    }

    /// The registry of corpora, which depends on no other contract.
    async fn of_corpora(corpora: &Corpora) -> eyre::Result<Self> {
        let reader = CodeReader::new(&corpora.chain).await?;
        let code = reader.code(corpora.address).await?;
        let mut survey = Self {
            chain_id: corpora.chain.id,
            parts: Vec::new(),
        };
        let part = Whole::new("CorpusRegistry", corpora.address, &code);
        survey
            .compare(&reader, &Release::this(), part, &Immutables::new())
            .await?;
        Ok(survey)
    }

    /// Everything that decides about the money of audits.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn of_audits(audits: &Audits) -> eyre::Result<Self> {
        let reader = CodeReader::new(&audits.chain).await?;
        let (release, expected) = (Release::this(), of_audits(audits.address, &audits.params));
        let parts = parts_of_audits(audits.address, &audits.params);
        let mut survey = Self {
            chain_id: audits.chain.id,
            parts: Vec::new(),
        };
        let arguments = audits.params.abi_encode();
        let codes = try_join_all(parts.iter().map(|(_, at)| reader.code(*at))).await?;
        for ((contract, at), code) in parts.into_iter().zip(codes) {
            let mut part = Whole::new(contract, at, &code);
            if contract == "RetrievalMarket" {
                part.arguments = &arguments;
            }
            survey.compare(&reader, &release, part, &expected).await?;
        }
        Ok(survey)
    }

    /// Adds a contract with this code, and the libraries that it is linked to.
    async fn compare(
        &mut self,
        reader: &CodeReader<'_>,
        release: &Release,
        part: Whole<'_>,
        expected: &Immutables,
    ) -> eyre::Result<()> {
        let Whole { contract, at, code, .. } = part;
        let artefact = &release.contracts[contract];
        let mut difference = artefact.difference(code, at, expected);
        if difference.is_none() {
            difference = origin::difference(reader.chain, release, part.created(), reader.block).await?;
        }
        self.add(contract, at, code, difference);
        if !artefact.is_code(code) {
            return Ok(());
        }
        for (library, places) in &artefact.libraries {
            let mut linked: Vec<Address> = places.iter().map(|at| address_at(code, *at)).collect();
            linked.dedup();
            for at in linked {
                let code = reader.code(at).await?;
                let difference = release.contracts[library].difference(&code, at, expected);
                self.add(library, at, &code, difference);
            }
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, contract: &str, address: Address, code: &[u8], differs: Option<String>) {
        self.parts.push(Part {
            contract: contract.to_owned(),
            address,
            codehash: keccak256(code),
            differs,
        });
    }

    /// Whether every part has this release's code.
    pub fn is_reproduced(&self) -> bool {
        self.parts.iter().all(|part| part.differs.is_none())
    }

    /// Names these contracts with their code, on this chain.
    pub fn digest(&self) -> B256 {
        let parts: Vec<(String, Address, B256)> = self
            .parts
            .iter()
            .map(|part| (part.contract.clone(), part.address, part.codehash))
            .collect();
        keccak256((U256::from(self.chain_id), parts).abi_encode())
    }

    /// What is not this release's, in words.
    pub fn differences(&self) -> Vec<String> {
        let of = |part: &Part| {
            let why = part.differs.as_ref()?;
            Some(format!("{} at {}: {why}", part.contract, part.address))
        };
        self.parts.iter().filter_map(of).collect()
    }
}

/// A contract with its code.
struct Whole<'a> {
    contract: &'a str,
    at: Address,
    code: &'a [u8],
    /// Of its constructor, where its address follows from them.
    arguments: &'a [u8],
}

impl<'a> Whole<'a> {
    fn new(contract: &'a str, at: Address, code: &'a [u8]) -> Self {
        let arguments = &[];
        Self {
            contract,
            at,
            code,
            arguments,
        }
    }

    fn created(&self) -> Created<'a> {
        Created {
            contract: self.contract,
            at: self.at,
            arguments: self.arguments,
        }
    }
}

/// Code as of one block.
struct CodeReader<'a> {
    chain: &'a Chain,
    block: BlockId,
}

impl<'a> CodeReader<'a> {
    async fn new(chain: &'a Chain) -> eyre::Result<Self> {
        let block = chain.newest_confirmed().await?;
        Ok(Self { chain, block })
    }

    async fn code(&self, at: Address) -> eyre::Result<Bytes> {
        Ok(self.chain.provider.get_code_at(at).block_id(self.block).await?)
    }
}

/// How far the contracts behind a market are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DeploymentGrade {
    /// They have this release's code, and its parameters agree.
    Reproduced,
    /// They are other ones, which the user trusts by their digest.
    Trusted,
    /// Neither: nothing about money is to be believed.
    Unknown,
}

/// The grade of a market's contracts, and what it rests on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentCheck {
    /// Of all the contracts together.
    pub grade: DeploymentGrade,
    /// Names all contracts with their code; absent if they were compared by an earlier command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<B256>,
    /// What is not this release's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

/// What is kept about a market whose contracts were found to be this release's.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remembered {
    /// Of the market; it contains the addresses of all others, whose code cannot change.
    codehash: B256,
    release: B256,
}

impl DeploymentCheck {
    /// Compares the contracts with this release, once for each market: that they are is remembered in the file `kept`.
    pub async fn of(market: &impl Surveyed, kept: &Path, trusted: Option<B256>) -> eyre::Result<Self> {
        let reader = CodeReader::new(market.chain()).await?;
        let remembered = Remembered {
            codehash: keccak256(reader.code(market.keystone()).await?),
            release: Release::hash(),
        };
        let before = std::fs::read(kept)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        if before.as_ref() == Some(&remembered) {
            return Ok(Self {
                grade: DeploymentGrade::Reproduced,
                digest: None,
                differences: Vec::new(),
            });
        }
        let check = Self::of_survey(&market.survey().await?, trusted);
        if check.grade == DeploymentGrade::Reproduced {
            // Where nothing can be written the next command compares again.
            write_atomic(kept, &serde_json::to_vec_pretty(&remembered)?, false).ok();
        }
        Ok(check)
    }

    /// Compares the registry of corpora with this release.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn of_corpora(corpora: &Corpora, trusted: Option<B256>) -> eyre::Result<Self> {
        Ok(Self::of_survey(&Survey::of_corpora(corpora).await?, trusted))
    }

    /// What a comparison comes to; `trusted` is the digest of contracts that are not this release's and are trusted all the same.
    pub fn of_survey(survey: &Survey, trusted: Option<B256>) -> Self {
        let digest = survey.digest();
        let grade = if survey.is_reproduced() {
            DeploymentGrade::Reproduced
        } else if trusted == Some(digest) {
            DeploymentGrade::Trusted
        } else {
            DeploymentGrade::Unknown
        };
        Self {
            grade,
            digest: Some(digest),
            differences: survey.differences(),
        }
    }

    /// Whether money may depend on these contracts.
    pub fn is_known(&self) -> bool {
        self.grade != DeploymentGrade::Unknown
    }
}

impl DeploymentCheck {
    /// Fails unless these contracts are known; `what` and `advice` say what they are and what not to do with them.
    ///
    /// # Errors
    /// With what differs, and the digest that trusts it all the same.
    pub fn require_known(&self, what: impl fmt::Display, advice: &str) -> eyre::Result<()> {
        if self.is_known() {
            return Ok(());
        }
        let hint = self.digest.map_or_else(String::new, |digest| {
            format!("; if you have checked them yourself: --trust-deployment {digest}")
        });
        Err(hinted(
            format!("{what} of this release: {}", self.differences.join("; ")),
            format!("{advice}{hint}"),
        ))
    }
}

impl fmt::Display for DeploymentCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.grade {
            DeploymentGrade::Reproduced => write!(f, "REPRODUCED: the code of assay {}", env!("CARGO_PKG_VERSION")),
            DeploymentGrade::Trusted => write!(f, "TRUSTED by --trust-deployment"),
            DeploymentGrade::Unknown => write!(f, "UNKNOWN: {}", self.differences.join("; ")),
        }
    }
}

/// A market whose contracts can be compared with this release.
pub trait Surveyed: Venue {
    /// The contract whose code, with its immutables, fixes all others.
    fn keystone(&self) -> Address;

    /// Compares everything that decides about its money.
    ///
    /// # Errors
    /// If the node does not answer.
    fn survey(&self) -> impl Future<Output = eyre::Result<Survey>> + Send;
}

impl Surveyed for Market {
    fn keystone(&self) -> Address {
        self.address
    }

    async fn survey(&self) -> eyre::Result<Survey> {
        Survey::of(self).await
    }
}

impl Surveyed for Rounds {
    fn keystone(&self) -> Address {
        self.marketplace.address
    }

    async fn survey(&self) -> eyre::Result<Survey> {
        Survey::of(&self.marketplace).await
    }
}

impl Surveyed for Audits {
    fn keystone(&self) -> Address {
        self.address
    }

    async fn survey(&self) -> eyre::Result<Survey> {
        Survey::of_audits(self).await
    }
}

/// A market whose contracts are this release's, or trusted by the user's word: only through it calls carry money.
#[derive(Debug, Clone)]
pub struct CheckedMarket<V = Market>(V);

impl<V: Surveyed> CheckedMarket<V> {
    /// # Errors
    /// If a contract is not this release's and `trusted` is not the digest of them all.
    pub async fn new(market: V, kept: &Path, trusted: Option<B256>) -> eyre::Result<Self> {
        let check = DeploymentCheck::of(&market, kept, trusted).await?;
        check.require_known(
            format_args!("the contracts of market {} are not those", market.keystone()),
            "do not send them money",
        )?;
        Ok(Self(market))
    }

    /// A call of the market that pays.
    pub fn paying(&self, call: &impl SolCall, value_wei: u128) -> Call {
        Call::new(self.0.address(), call).with_value(value_wei)
    }
}

impl CheckedMarket {
    /// A call of the registry that pays.
    pub fn paying_registry(&self, call: &impl SolCall, value_wei: u128) -> Call {
        self.0.registry_call(call).with_value(value_wei)
    }
}
