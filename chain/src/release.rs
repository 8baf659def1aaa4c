//! Which contracts are those of this release, and the only way to send them money.
//!
//! Code on a chain is compared with `artefacts/release.json`: the same bytes with immutables, library addresses and a library's
//! own address masked; each masked place must hold what the market's parameters say, and the linked library must have this
//! release's code too. Code alone does not show that a constructor ran: what other code put there can have begun with other
//! storage, say invented credits, and with parameters that the constructors refuse. So the contracts with storage must also have
//! been created from this release's creation code, see `origin`: registry and markets by the genuine factory, which keeps its
//! hash, `PublishedTransfers` and `CorpusRegistry` at the address that their code determines. The market creates its own terms, and judges and
//! libraries have no storage.

use crate::artefact::{address, address_at, Release};
use crate::client::{Call, Chain};
use crate::corpora::Corpora;
use crate::error::hinted;
use crate::market::Market;
use crate::origin;
use crate::rounds::Rounds;
use crate::venue::Venue;
use alloy::eips::BlockId;
use alloy::primitives::{keccak256, Address, Bytes, B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::{SolCall, SolValue};
use assay_durable::file::write_atomic;
use assay_protocol::abi::IAccuracyMarket::termsCall;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

/// A stake is this many strikes, as in `ModelRegistry`.
const STRIKES_PER_STAKE: u64 = 1000;

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
    chain_id: u64,
    /// Registry, markets, terms, judges, and the libraries that these are linked to; or the registry of corpora alone.
    pub parts: Vec<Part>,
}

impl Survey {
    /// Reads the code of everything that decides about money: as of the newest confirmed block.
    pub async fn of(market: &Market) -> eyre::Result<Self> {
        let release = Release::this();
        let reader = CodeReader::new(&market.chain).await?;
        let expected = immutables(market).await?;
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
        let mut of_rounds = BTreeMap::new();
        if !prediction.is_zero() {
            // It can burn stakes as the accuracy market can.
            contracts.push(("PredictionMarket", prediction));
            if let Some(rounds) = Rounds::if_any(market).await? {
                of_rounds = round_immutables(market, &rounds);
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
                "PredictionMarket" => &of_rounds,
                _ => &expected,
            };
            survey.compare(&reader, &release, contract, at, &code, expected).await?;
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
        let (release, none) = (Release::this(), BTreeMap::new());
        survey
            .compare(&reader, &release, "CorpusRegistry", corpora.address, &code, &none)
            .await?;
        Ok(survey)
    }

    /// Adds a contract with this code, and the libraries that it is linked to.
    async fn compare(
        &mut self,
        reader: &CodeReader<'_>,
        release: &Release,
        contract: &str,
        at: Address,
        code: &[u8],
        expected: &BTreeMap<&str, U256>,
    ) -> eyre::Result<()> {
        let artefact = &release.contracts[contract];
        let mut difference = artefact.difference(code, at, expected);
        if difference.is_none() {
            difference = origin::difference(reader.chain, release, contract, at, reader.block).await?;
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

    fn add(&mut self, contract: &str, address: Address, code: &[u8], differs: Option<String>) {
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

/// What each immutable of the contracts must be; those of one name are the same in all of them.
async fn immutables(market: &Market) -> eyre::Result<BTreeMap<&'static str, U256>> {
    let chain = &market.chain;
    let terms = chain.view(market.address, &termsCall {}).await?;
    let p = &market.params;
    let (prices, windows, judges, transfer, claim) = (&p.prices, &p.windows, &p.judges, &p.transfer, &p.claim);
    let word = |address: Address| U256::from_be_bytes(address.into_word().0);
    let (n1, n2) = (U256::from(p.n1), U256::from(p.n2));
    let (price_input, fee) = (U256::from(p.priceInput), U256::from(prices.fee));
    let strike = n1 * price_input;
    let deposit = U256::from(2) * (n1 + n2) * price_input;
    Ok(BTreeMap::from([
        ("REGISTRY", word(market.registry)),
        ("ACCURACY", word(market.address)),
        ("PREDICTION", word(market.prediction().await?)),
        ("TERMS", word(terms)),
        ("PARAMS_HASH", market.params_hash.into()),
        ("TREASURY", word(p.treasury)),
        ("PROOF_JUDGE", word(judges.proofs)),
        ("TRANSFER_JUDGE", word(judges.transfers)),
        ("PUBLICATION", word(judges.publication)),
        ("PRICE_INPUT", price_input),
        ("PRICE_PROOF", U256::from(prices.proof)),
        ("PRICE_INFERENCE", U256::from(prices.inference)),
        ("FEE", fee),
        ("FEES", U256::from(2) * fee),
        ("ENTRY", deposit + fee),
        ("ESCROW", U256::from(2) * deposit),
        ("STRIKE", strike),
        ("STAKE", U256::from(STRIKES_PER_STAKE) * strike),
        ("N1", n1),
        ("N2", n2),
        ("N", n1 + n2),
        ("FAULT_STRIKES", U256::from(p.faultStrikes)),
        ("ACCEPT_WINDOW", U256::from(windows.accept)),
        ("DECIDE_WINDOW", U256::from(windows.decide)),
        ("PROVE_BASE", U256::from(windows.proveBase)),
        ("PROVE_TIME_PER_ITEM", U256::from(windows.proveTimePerItem)),
        ("UNBOND_WINDOW", U256::from(p.unbondWindow)),
        ("WORDS_PER_CHUNK", U256::from(transfer.wordsPerChunk)),
        ("COMMIT_WINDOW", U256::from(transfer.commitWindow)),
        ("ACK_WINDOW", U256::from(transfer.ackWindow)),
        ("PUBLISH_WINDOW", U256::from(transfer.publishWindow)),
        ("KEY_WINDOW", U256::from(transfer.keyWindow)),
        ("CHALLENGE_WINDOW", U256::from(claim.challengeWindow)),
        ("RESPOND_WINDOW", U256::from(claim.respondWindow)),
        ("ANSWER_TIME", U256::from(claim.answerTime)),
        ("CHALLENGE_BOND", U256::from(claim.challengeBond)),
        ("DIRECT_MAX", U256::from(claim.directMax)),
    ]))
}

/// What each immutable of the prediction market must be; what it shares with the accuracy market is that one's.
fn round_immutables(market: &Market, rounds: &Rounds) -> BTreeMap<&'static str, U256> {
    let word = |address: Address| U256::from_be_bytes(address.into_word().0);
    let (p, windows) = (&rounds.params, &rounds.params.windows);
    BTreeMap::from([
        ("REGISTRY", word(market.registry)),
        ("JUDGE", word(p.judge)),
        ("TREASURY", word(market.params.treasury)),
        ("PARAMS_HASH", rounds.params_hash.into()),
        ("PRICE_PROOF", U256::from(p.priceProof)),
        ("FEE", U256::from(p.fee)),
        ("ANSWER_GAS", U256::from(p.answerGas)),
        ("ACCEPT_WINDOW", U256::from(windows.accept)),
        ("PUBLISH_WINDOW", U256::from(windows.publish)),
        ("CONTEST_WINDOW", U256::from(windows.contest)),
        ("RESPOND_WINDOW", U256::from(windows.respond)),
        ("ANSWER_TIME", U256::from(windows.answerTime)),
        ("UNBOND_WINDOW", U256::from(market.params.unbondWindow)),
    ])
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
    pub async fn of(market: &Market, kept: &Path, trusted: Option<B256>) -> eyre::Result<Self> {
        let remembered = Remembered {
            codehash: keccak256(CodeReader::new(&market.chain).await?.code(market.address).await?),
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
        let check = Self::of_survey(&Survey::of(market).await?, trusted);
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

/// A market whose contracts are this release's, or trusted by the user's word: only through it calls carry money.
#[derive(Debug, Clone)]
pub struct CheckedMarket(Market);

impl CheckedMarket {
    /// # Errors
    /// If a contract is not this release's and `trusted` is not the digest of them all.
    pub async fn new(market: Market, kept: &Path, trusted: Option<B256>) -> eyre::Result<Self> {
        let check = DeploymentCheck::of(&market, kept, trusted).await?;
        check.require_known(
            format_args!("the contracts of market {} are not those", market.address),
            "do not send them money",
        )?;
        Ok(Self(market))
    }

    /// A call that pays, of this market or of the one for predictions that its registry names.
    pub fn paying(&self, venue: &impl Venue, call: &impl SolCall, value_wei: u128) -> Call {
        Call::new(venue.address(), call).with_value(value_wei)
    }

    /// A call of the registry that pays.
    pub fn paying_registry(&self, call: &impl SolCall, value_wei: u128) -> Call {
        self.registry_call(call).with_value(value_wei)
    }
}

impl Deref for CheckedMarket {
    type Target = Market;

    fn deref(&self) -> &Market {
        &self.0
    }
}
