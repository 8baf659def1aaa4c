//! The hand-written bindings against what forge compiled.

use alloy::primitives::{b256, keccak256, U256};
use alloy::sol_types::{SolError, SolInterface, SolValue};
use assay_chain::repository::Repository;
use assay_protocol::abi::corpora::ICorpusRegistry::{self, ICorpusRegistryCalls, ICorpusRegistryErrors};
use assay_protocol::abi::{
    AuditLibraries::AuditLibrariesErrors,
    IAccuracyMarket::{self, IAccuracyMarketCalls, IAccuracyMarketErrors},
    IAccuracyTerms::{IAccuracyTermsCalls, IAccuracyTermsErrors},
    IAuditTerms::{IAuditTermsCalls, IAuditTermsErrors},
    ICredits::{self, ICreditsCalls, ICreditsErrors},
    IDocumentJudge::{IDocumentJudgeCalls, IDocumentJudgeErrors},
    IMarketplaceFactory::{self, IMarketplaceFactoryCalls, IMarketplaceFactoryErrors},
    IModelRegistry::{self, IModelRegistryCalls, IModelRegistryErrors},
    IOutputJudge::{IOutputJudgeCalls, IOutputJudgeErrors},
    IPredictionMarket::{self, IPredictionMarketCalls, IPredictionMarketErrors},
    IProofJudge::{IProofJudgeCalls, IProofJudgeErrors},
    IPublishedTransfers::{IPublishedTransfersCalls, IPublishedTransfersErrors},
    IRetrievalMarket::{self, IRetrievalMarketCalls, IRetrievalMarketErrors},
    ISharedKeyJudge::{ISharedKeyJudgeCalls, ISharedKeyJudgeErrors},
    ITransferJudge::{ITransferJudgeCalls, ITransferJudgeErrors},
    Libraries::LibrariesErrors,
    MarketParams, Params,
};
use assay_protocol::ids::params_hash;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Selector or topic, in hexadecimal, to signature: of all entries of this kind in a contract's ABI.
fn compiled(contract: &str, kind: &str) -> BTreeMap<String, String> {
    let artifact = Repository::find()
        .and_then(|r| r.artifact(contract))
        .expect("compile the contracts first");
    let entries = artifact["abi"]
        .as_array()
        .expect("an ABI")
        .iter()
        .filter(|entry| entry["type"] == kind);
    let named = entries.map(|entry| {
        let signature = format!("{}{}", entry["name"].as_str().unwrap(), tuple(&entry["inputs"]));
        let hash = keccak256(&signature);
        let len = if kind == "event" { 32 } else { 4 };
        (hex::encode(&hash[..len]), signature)
    });
    named.collect()
}

/// Canonical types of a parameter list, tuples spelled out.
fn tuple(parameters: &Value) -> String {
    let types = parameters.as_array().into_iter().flatten().map(|p| {
        let name = p["type"].as_str().unwrap();
        match name.strip_prefix("tuple") {
            Some(suffix) => format!("{}{suffix}", tuple(&p["components"])),
            None => name.to_owned(),
        }
    });
    format!("({})", types.collect::<Vec<_>>().join(","))
}

fn ours<const N: usize>(groups: &[Vec<[u8; N]>]) -> BTreeSet<String> {
    groups.iter().flatten().map(hex::encode).collect()
}

/// Ours must be compiled; what is compiled must be ours, but for names in `not_called`.
fn compare(contract: &str, kind: &str, ours: &BTreeSet<String>, not_called: &[&str]) {
    let compiled = compiled(contract, kind);
    for selector in ours {
        assert!(compiled.contains_key(selector), "{contract} has no {kind} 0x{selector}");
    }
    for (selector, signature) in &compiled {
        let name = signature.split('(').next().unwrap();
        assert!(
            ours.contains(selector) || not_called.contains(&name),
            "{contract}: {kind} {signature} is not bound"
        );
    }
}

#[test]
fn functions_are_those_of_the_contracts() {
    let credits: Vec<_> = ICreditsCalls::selectors().collect();
    compare(
        "AccuracyMarket",
        "function",
        &ours(&[IAccuracyMarketCalls::selectors().collect(), credits.clone()]),
        &[],
    );
    let registry = ours(&[IModelRegistryCalls::selectors().collect(), credits]);
    // Only a market calls these, and nobody asks for interfaces.
    compare(
        "ModelRegistry",
        "function",
        &registry,
        &["reserve", "release", "supportsInterface"],
    );
    let predictions = ours(&[
        IPredictionMarketCalls::selectors().collect(),
        ICreditsCalls::selectors().collect(),
    ]);
    compare("PredictionMarket", "function", &predictions, &[]);
    let audits = ours(&[
        IRetrievalMarketCalls::selectors().collect(),
        ICreditsCalls::selectors().collect(),
    ]);
    compare("RetrievalMarket", "function", &audits, &[]);
    // Only its market calls these.
    let terms = ours(&[IAuditTermsCalls::selectors().collect()]);
    compare("AuditTerms", "function", &terms, &["checkRequest"]);
    let judge = ours(&[IOutputJudgeCalls::selectors().collect()]);
    compare("OutputJudge", "function", &judge, &[]);
    let terms = ours(&[IAccuracyTermsCalls::selectors().collect()]);
    compare("AccuracyTerms", "function", &terms, &[]);
    let judge = ours(&[ITransferJudgeCalls::selectors().collect()]);
    compare("TransferJudge", "function", &judge, &[]);
    let judge = ours(&[IProofJudgeCalls::selectors().collect()]);
    compare("ProofJudge", "function", &judge, &[]);
    let judge = ours(&[IDocumentJudgeCalls::selectors().collect()]);
    compare("DocumentJudge", "function", &judge, &[]);
    let judge = ours(&[ISharedKeyJudgeCalls::selectors().collect()]);
    compare("SharedKeyJudge", "function", &judge, &[]);
    let factory = ours(&[IMarketplaceFactoryCalls::selectors().collect()]);
    // Where contracts will be is computed here.
    compare("MarketplaceFactory", "function", &factory, &["cradle"]);
    let corpora = ours(&[ICorpusRegistryCalls::selectors().collect()]);
    compare("CorpusRegistry", "function", &corpora, &[]);
    // Only a market publishes.
    let publication = ours(&[IPublishedTransfersCalls::selectors().collect()]);
    compare("PublishedTransfers", "function", &publication, &["append"]);
}

#[test]
fn events_are_those_of_the_contracts() {
    let credits = ICredits::ICreditsEvents::SELECTORS.to_vec();
    let market = ours(&[
        IAccuracyMarket::IAccuracyMarketEvents::SELECTORS.to_vec(),
        credits.clone(),
    ]);
    compare("AccuracyMarket", "event", &market, &[]);
    let predictions = ours(&[
        IPredictionMarket::IPredictionMarketEvents::SELECTORS.to_vec(),
        credits.clone(),
    ]);
    compare("PredictionMarket", "event", &predictions, &[]);
    let audits = ours(&[
        IRetrievalMarket::IRetrievalMarketEvents::SELECTORS.to_vec(),
        credits.clone(),
    ]);
    compare("RetrievalMarket", "event", &audits, &[]);
    let registry = ours(&[IModelRegistry::IModelRegistryEvents::SELECTORS.to_vec(), credits]);
    compare("ModelRegistry", "event", &registry, &[]);
    let factory = ours(&[IMarketplaceFactory::IMarketplaceFactoryEvents::SELECTORS.to_vec()]);
    compare("MarketplaceFactory", "event", &factory, &[]);
    let corpora = ours(&[ICorpusRegistry::ICorpusRegistryEvents::SELECTORS.to_vec()]);
    compare("CorpusRegistry", "event", &corpora, &[]);
}

#[test]
fn every_refusal_of_the_contracts_has_words() {
    let library = [
        // Every contract with credits declares the last one; its words stand with the market that had it first.
        ICreditsErrors::selectors()
            .chain([IPredictionMarket::ValueTooLow::SELECTOR])
            .collect(),
        LibrariesErrors::selectors()
            .chain(AuditLibrariesErrors::selectors())
            .collect::<Vec<_>>(),
    ];
    let [credits, libraries] = library;
    // What a market's terms say about an offer is an error of the market.
    let market: Vec<_> = IAccuracyMarketErrors::selectors().collect();
    for (contract, own) in [
        ("AccuracyMarket", market.clone()),
        ("ModelRegistry", IModelRegistryErrors::selectors().collect()),
        ("AccuracyTerms", IAccuracyTermsErrors::selectors().collect()),
        ("MarketplaceFactory", IMarketplaceFactoryErrors::selectors().collect()),
        ("PredictionMarket", IPredictionMarketErrors::selectors().collect()),
        ("OutputJudge", IOutputJudgeErrors::selectors().collect()),
        ("ProofJudge", IProofJudgeErrors::selectors().collect()),
        ("TransferJudge", ITransferJudgeErrors::selectors().collect()),
        ("PublishedTransfers", IPublishedTransfersErrors::selectors().collect()),
        ("CorpusRegistry", ICorpusRegistryErrors::selectors().collect()),
        ("RetrievalMarket", IRetrievalMarketErrors::selectors().collect()),
        ("AuditTerms", IAuditTermsErrors::selectors().collect()),
        ("DocumentJudge", IDocumentJudgeErrors::selectors().collect()),
        ("SharedKeyJudge", ISharedKeyJudgeErrors::selectors().collect()),
    ] {
        let mut known = ours(&[own.clone(), credits.clone(), libraries.clone()]);
        // What several contracts refuse stands once, with the accuracy market.
        let with_the_first = [
            "AccuracyTerms",
            "PredictionMarket",
            "CorpusRegistry",
            "RetrievalMarket",
            "AuditTerms",
        ];
        if with_the_first.contains(&contract) {
            known.extend(ours(std::slice::from_ref(&market)));
        }
        // What is wrong with a request stands with its market, what is wrong with a verifier with the registry.
        if contract == "AuditTerms" {
            known.extend(ours(&[
                IRetrievalMarketErrors::selectors().collect(),
                IModelRegistryErrors::selectors().collect(),
            ]));
        }
        // What all judges of proofs refuse stands with two of them.
        if ["DocumentJudge", "ProofJudge"].contains(&contract) {
            known.extend(ours(&[
                IOutputJudgeErrors::selectors().collect(),
                IProofJudgeErrors::selectors().collect(),
            ]));
        }
        for (selector, signature) in compiled(contract, "error") {
            // OpenZeppelin's, in a library function that these contracts never reach with such a value.
            let unreachable = signature.starts_with("SafeCast");
            assert!(
                known.contains(&selector) || unreachable,
                "{contract}: {signature} has no words"
            );
        }
        let compiled = compiled(contract, "error");
        for selector in ours(&[own]) {
            assert!(compiled.contains_key(&selector), "{contract} has no error 0x{selector}");
        }
    }
}

/// Those of `contracts/test/unit/AccuracyMarket/params.t.sol`, and the hash that it pins.
#[test]
fn parameters_have_the_words_and_the_hash_of_the_contracts() {
    let encoded = |words: &[u64]| -> Vec<u8> {
        let words = words.iter().map(|word| U256::from(*word).to_be_bytes::<32>());
        words.flatten().collect()
    };
    let tail = [0xa3, 0xa4, 0xa5, 8, 4005, 4106, 4207, 4308, 4609, 4510, 13, 5002, 2];
    let head = [0xa1, 10_007, 101, 77_777, 4, 7201, 10_802, 18_003, 11];
    let given = encoded(&[&head[..], &tail].concat());
    assert_eq!(MarketParams::abi_decode_validate(&given).unwrap().abi_encode(), given);

    let head = [
        0xa1, 0xa2, 1_000_003, 10_007, 101, 77_777, 3, 4, 10, 7201, 10_802, 18_003, 11, 75_604,
    ];
    let words = encoded(&[&head[..], &tail].concat());
    let params = Params::abi_decode_validate(&words).unwrap();
    assert_eq!(params.abi_encode(), words);
    assert_eq!(
        params_hash(&params),
        b256!("260044776307d4bdf196b6c655b1de16f1560a3dbcf18f9bac4aa33c5331b830")
    );
}
