//! Values of rounds that Rust and Solidity must agree on: `contracts/test/fixtures/round_vectors.json`.
//!
//! `BLESS=1` writes the file anew; otherwise it must be what this program computes.

use alloy::primitives::{address, keccak256, Address, B256, U256};
use assay_protocol::abi::{Metric, PredictionParams, Privacy, QuietGas, RoundTerms, RoundWindows};
use assay_protocol::ids::{round_context, round_id, round_offer_hash, round_params_hash};
use assay_protocol::prediction::indices::bitmap;
use assay_protocol::prediction::inputs::{input_leaf, input_tree};
use assay_protocol::prediction::lanes::Lanes;
use assay_protocol::prediction::outputs::{output_leaf, output_salt, Outputs};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;

const MARKET: Address = address!("00000000000000000000000000000000000a55a7");
const CHAIN: u64 = 31_337;

fn named(name: &str) -> B256 {
    keccak256(name)
}

fn word(number: U256) -> String {
    B256::from(number).to_string()
}

fn terms() -> RoundTerms {
    RoundTerms {
        modelId: named("model"),
        modelHash: named("record"),
        inputRoot: named("inputs"),
        predictions: 4096,
        contestCap: 59,
        mpDeposit: 118_000,
        price: 7,
        privacy: Privacy::PRIVATE,
        expiry: 1_800_000_000,
    }
}

fn params() -> PredictionParams {
    PredictionParams {
        registry: Address::repeat_byte(1),
        treasury: Address::repeat_byte(2),
        judge: Address::repeat_byte(3),
        priceProof: 1000,
        fee: 5,
        answerGas: 1_000_000,
        quiet: QuietGas {
            confirm: 1,
            publishBase: 2,
            publishPerWord: 3,
        },
        windows: RoundWindows {
            accept: 10,
            publish: 11,
            contest: 12,
            respond: 13,
            answerTime: 14,
        },
        unbondWindow: 15,
    }
}

fn identifiers() -> Value {
    let id = named("round");
    json!({
        "roundId": round_id(CHAIN, MARKET, named("model"), 3),
        "market": MARKET,
        "offerHash": round_offer_hash(id, Address::repeat_byte(9), &terms(), 77, round_params_hash(&params())),
        "paramsHash": round_params_hash(&params()),
        "context": word(round_context(CHAIN, MARKET, id, 4095)),
    })
}

/// Every size at which the number of words or the depth of the tree changes, in every packing.
fn outputs() -> Vec<Value> {
    let master = named("master");
    let mut cases = Vec::new();
    for (number, metric) in [(0u8, Metric::TOP1), (1, Metric::TOP5), (2, Metric::BIN)] {
        for privacy in [Privacy::PUBLIC, Privacy::PRIVATE] {
            let lanes = Lanes::of(metric, privacy);
            for predictions in [1, 2, 3, 4, 15, 16, 31, 240, 241] {
                let mask = (U256::from(1) << lanes.bits) - U256::from(1);
                let value = |i: usize| U256::from_be_bytes(named(&format!("output {i}")).0) & mask;
                let values: Vec<U256> = (0..predictions).map(value).collect();
                let outputs = Outputs::commit(lanes, &values, master).unwrap();
                cases.push(json!({
                    "metric": number,
                    "private": u8::from(privacy == Privacy::PRIVATE),
                    "predictions": predictions,
                    "values": values.iter().map(|v| word(*v)).collect::<Vec<_>>(),
                    "words": outputs.words().iter().map(|w| word(*w)).collect::<Vec<_>>(),
                    "root": outputs.root(),
                }));
            }
        }
    }
    cases
}

fn vectors() -> Value {
    let commits: Vec<U256> = (0..5u64).map(|i| U256::from(i * i + 1)).collect();
    let tree = input_tree(&commits).unwrap();
    let some: BTreeSet<u32> = [0, 3, 8, 255, 256, 299].into();
    json!({
        "identifiers": identifiers(),
        "inputs": {
            "leaf": input_leaf(4, commits[4]),
            "commit": word(commits[4]),
            "path": tree.path(4).unwrap(),
            "root": tree.root(),
        },
        "output": {
            "master": named("master"),
            "salt": output_salt(named("master"), 17),
            "leaf": output_leaf(17, U256::from(99), output_salt(named("master"), 17)),
        },
        "outputs": outputs(),
        "bitmap": {
            "predictions": 300,
            "indices": some.iter().map(|i| word(U256::from(*i))).collect::<Vec<_>>(),
            "bytes": format!("0x{}", hex::encode(bitmap(&some, 300))),
        },
    })
}

#[test]
fn the_vectors_of_rounds_are_what_this_program_computes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/test/fixtures/round_vectors.json");
    let computed = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &computed).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == computed,
        "run with BLESS=1 if the protocol was meant to change"
    );
}
