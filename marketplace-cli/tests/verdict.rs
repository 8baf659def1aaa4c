//! What readers are told of a verdict whose verifier nobody compared with an architecture.

use crate::node_support;
use crate::support;

use alloy::primitives::{keccak256, Address, B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::SolCall;
use assay_chain::client::Chain;
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_durable::report::Reporter;
use assay_marketplace::accuracy::anybody::verdict::Listed;
use assay_marketplace::accuracy::provider::accept::{accept, Policy};
use assay_marketplace::accuracy::provider::proceed::proceed_now;
use assay_marketplace::accuracy::provider::submit::submission;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_marketplace::proving::{save_arch, verifier_key};
use assay_marketplace::testset;
use assay_marketplace::verifier::check::{Trust, VerifierGrade};
use assay_protocol::abi::IAccuracyMarket::verdictCall;
use assay_protocol::abi::{Metric, ModelRecord, ProofItem};
use assay_prover::circuit::FrozenArchitecture;
use node_support::in_front_of;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;
use support::{small_architecture, World, UNTRUSTING};

/// Ten bytes that accept any proof.
const YES: [u8; 10] = [0x60, 1, 0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3];

const ANY: Policy = Policy {
    max_target_bps: 10_000,
    consumers: Vec::new(),
    against_advice: true,
};

/// The architecture file of the small model, and the digest of its key.
fn architecture(w: &World) -> (PathBuf, B256) {
    let path = w.dir.path().join("small.arch.json");
    let frozen = FrozenArchitecture::plan_with(small_architecture(), 3, 64).unwrap();
    save_arch(&path, &frozen).unwrap();
    let out = Reporter::silent();
    let string = SrsUse::dev().load(&w.market.chain, frozen.layout.k, &out).unwrap();
    (path, verifier_key(&frozen, string, &out).unwrap().vk_digest().into())
}

/// Offers a set, accepts it, and has four proofs of one byte accepted.
async fn settled(w: &World) -> B256 {
    let (m, id) = (&w.market, w.opened(1).await.id);
    accept(&w.mp, id, &ANY, None).await.unwrap();
    proceed_now(&w.mp, id).await.unwrap();
    let set = testset::load(&w.dir.path().join("set-1")).unwrap();
    let tree = set.tree().unwrap();
    let item = |(i, e): (usize, &assay_protocol::testset::Example)| ProofItem {
        position: i as u32,
        inputCommit: e.input_commit,
        label: e.label,
        leafSalt: e.leaf_salt,
        path: tree.path(i).unwrap(),
        output: U256::from(e.label),
        proof: vec![0].into(),
    };
    let items = set.examples.iter().enumerate().map(item).collect();
    let mut journal = Journal::open(&w.dir.path().join("proofs.json")).unwrap();
    let call = submission(m, id, items, None);
    w.mp.account
        .send(&mut journal, "submit", &call, &w.mp.report)
        .await
        .unwrap();
    id
}

/// What the program prints about a verdict, as text and as JSON, for one engagement and for its model.
fn printed(w: &World, id: B256, trust: &[&str]) -> Vec<String> {
    let mut printed = Vec::new();
    for (command, subject) in [("show", id), ("list", w.model_id)] {
        for json in [None, Some("--json")] {
            let output = Command::new(env!("CARGO_BIN_EXE_assay"))
                .args(["verdict", command, &subject.to_string()])
                .args(json)
                .args(trust)
                .args(["--rpc-url", &w.node.url(), "--market", &w.market.address.to_string()])
                .arg("--home")
                .arg(w.dir.path().join("reader"))
                .output()
                .expect("the program runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            printed.push(String::from_utf8(output.stdout).unwrap());
        }
    }
    printed
}

#[tokio::test]
async fn proofs_that_an_unknown_verifier_accepted_are_never_called_proven() {
    let mut w = World::new().await;
    let (arch, vk_digest) = architecture(&w);
    let yes = w.deploy(&YES).await;
    // Everything but the contract is as it should be.
    let record = ModelRecord {
        vkDigest: vk_digest,
        ..w.record(yes).await
    };
    w.model_id = w.register(&record).await;
    let id = settled(&w).await;
    assert_eq!(w.market.verdict(id).await.unwrap().provenOnChain, 4);

    let arch = arch.to_str().unwrap();
    let reader = w.dir.path().join("reader");
    for (trust, why) in [
        (&[][..], "give --arch FILE or --trust-codehash HASH"),
        (&["--arch", arch], "is not the verifier of this architecture"),
        (
            &[
                "--trust-codehash",
                "0x0000000000000000000000000000000000000000000000000000000000000001",
            ],
            "has code hash",
        ),
    ] {
        for text in printed(&w, id, trust) {
            assert!(
                !text.contains("PROVEN") && !text.contains("proven on chain"),
                "{trust:?}: {text}"
            );
            assert!(text.contains("NOT CHECKED") && text.contains(why), "{trust:?}: {text}");
            assert!(
                text.contains(&yes.to_string()) || text.contains(&format!("{yes:?}")),
                "{text}"
            );
        }
        let show: serde_json::Value = serde_json::from_str(&printed(&w, id, trust)[1]).unwrap();
        assert_eq!(
            (
                show["bound95"].as_f64(),
                show["assurance"].as_str(),
                show["verifier"]["grade"].as_str()
            ),
            (Some(0.0), Some("NOT CHECKED"), Some("NOT CHECKED"))
        );
        let listed: serde_json::Value = serde_json::from_str(&printed(&w, id, trust)[3]).unwrap();
        let lengths = ["proven", "optimistic", "notChecked"].map(|kind| listed[kind].as_array().unwrap().len());
        assert_eq!(lengths, [0, 0, 1]);
    }
    assert!(reader.is_dir());

    // Somebody who knows this code says so.
    let codehash = record.verifierCodehash.to_string();
    let [text, json, list, _] = &printed(&w, id, &["--trust-codehash", &codehash])[..] else {
        panic!("four texts")
    };
    assert!(
        text.starts_with("PROVEN: at least 4 of 4 correct, each of them proven on chain") && text.contains("SAME CODE"),
        "{text}"
    );
    assert!(list.contains("PROVEN: 1"), "{list}");
    let show: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        (
            show["assurance"].as_str(),
            show["verifier"]["grade"].as_str(),
            show["deployment"]["grade"].as_str()
        ),
        (Some("PROVEN"), Some("SAME CODE"), Some("REPRODUCED"))
    );
    assert!(show["bound95"].as_f64().unwrap() > 0.4);
    for (field, expected) in [
        ("vkDigest", vk_digest.to_string()),
        ("codehash", codehash),
        ("weightsCommit", B256::from(record.weightsCommit).to_string()),
        ("classes", "10".into()),
    ] {
        assert_eq!(show["verifier"][field].to_string().trim_matches('"'), expected);
    }

    // Contracts that are not this release's may say anything.
    w.rpc(
        "anvil_setCode",
        vec![w.market.params.judges.proofs.to_string().into(), "0x00".into()],
    )
    .await;
    std::fs::remove_dir_all(reader).unwrap();
    let codehash = record.verifierCodehash.to_string();
    for text in printed(&w, id, &["--trust-codehash", &codehash]) {
        assert!(!text.contains("PROVEN") && text.contains("UNKNOWN"), "{text}");
    }
}

#[tokio::test]
async fn a_record_that_the_architecture_does_not_have_is_refused_by_reader_consumer_and_provider() {
    let w = World::new().await;
    let (arch, vk_digest) = architecture(&w);
    let trust = Trust {
        arch: Some(arch),
        ..UNTRUSTING
    };
    let right = ModelRecord {
        vkDigest: vk_digest,
        ..w.record(w.market.registry).await
    };
    type Change = fn(&mut ModelRecord);
    let changes: [(&str, Change); 6] = [
        ("verifying key", |r| r.vkDigest = B256::repeat_byte(1)),
        ("metric TOP5", |r| r.metric = Metric::TOP5),
        ("11 classes", |r| r.classes = 11),
        ("inputs of 8 words", |r| r.inputWords = 8),
        ("words per hash", |r| r.wordsPerHash = 1),
        ("weights commitment", |r| r.weightsCommit = U256::from(1) << 248),
    ];
    for (named, change) in changes {
        let mut record = right.clone();
        change(&mut record);
        let judged = trust.judge(&w.market.chain, &record, &w.mc.report).await.unwrap();
        assert_eq!(judged.grade, VerifierGrade::NotChecked);
        assert!(judged.why.as_ref().unwrap().contains(named), "{judged}");
        let refused = trust.require(&w.market.chain, &record, &w.mc.report).await.unwrap_err();
        assert!(format!("{refused:#}").contains(named), "{refused:#}");
    }

    // Under another program this provider registered its model with one class too many.
    let wrong = ModelRecord { classes: 11, ..right };
    let mut w = w;
    w.model_id = w.register(&wrong).await;
    let id = w.opened(1).await.id;
    let refused = accept(&w.mp, id, &ANY, None).await.unwrap_err();
    assert!(
        format!("{refused:#}").contains("registered with 11 classes, this architecture has 10"),
        "{refused:#}"
    );
}

#[tokio::test]
async fn code_that_can_change_has_no_grade_under_a_trusted_hash() {
    let w = World::new().await;
    let genuine = w.deploy(&YES).await;
    let delegation = [&[0xef, 0x01, 0x00], &genuine[..]].concat();
    // EIP-1167.
    let proxy = [
        &hex::decode("363d3d373d3d3d363d73").unwrap()[..],
        &genuine[..],
        &hex::decode("5af43d82803e903d91602b57fd5bf3").unwrap(),
    ]
    .concat();
    for (code, why) in [(delegation, "EIP-7702"), (proxy, "in its own place")] {
        let address = Address::repeat_byte(0x77);
        let hexadecimal = format!("0x{}", hex::encode(&code));
        w.rpc("anvil_setCode", vec![address.to_string().into(), hexadecimal.into()])
            .await;
        let record = w.record(address).await;
        assert_eq!(record.verifierCodehash, keccak256(&code));
        let trust = Trust {
            trust_codehash: Some(record.verifierCodehash),
            ..UNTRUSTING
        };
        let judged = trust.judge(&w.market.chain, &record, &w.mc.report).await.unwrap();
        assert_eq!(judged.grade, VerifierGrade::NotChecked);
        assert!(judged.why.as_ref().unwrap().contains(why), "{judged}");
        assert!(trust.require(&w.market.chain, &record, &w.mc.report).await.is_err());
    }
    // A hash says nothing about the record beside it; what no architecture has is refused all the same.
    let record = ModelRecord {
        wordsPerHash: 1,
        ..w.record(genuine).await
    };
    let trust = Trust {
        trust_codehash: Some(record.verifierCodehash),
        ..UNTRUSTING
    };
    let judged = trust.judge(&w.market.chain, &record, &w.mc.report).await.unwrap();
    assert!(judged.why.unwrap().contains("words per hash"));
    // The code of a contract that changed after its registration.
    let mut record = w.record(genuine).await;
    record.verifierCodehash = B256::repeat_byte(1);
    let trust = Trust {
        trust_codehash: Some(record.verifierCodehash),
        ..UNTRUSTING
    };
    let judged = trust.judge(&w.market.chain, &record, &w.mc.report).await.unwrap();
    assert!(judged.why.unwrap().contains("is not the one that was registered"));
    assert!(!w.market.chain.provider.get_code_at(genuine).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_engagements_of_a_model_are_asked_for_side_by_side() {
    let w = World::new().await;
    let mut ids = Vec::new();
    for seed in 0..40 {
        ids.push(w.opened(seed).await.id);
    }
    let (waiting, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = most.clone();
    // Whoever asks one by one is kept waiting to the end.
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    let slow = in_front_of(w.node.url(), move |request| {
        let is_verdict = request.to_string().contains(&hex::encode(verdictCall::SELECTOR));
        let (waiting, highest) = (waiting.clone(), highest.clone());
        async move {
            if is_verdict {
                highest.fetch_max(waiting.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                while highest.load(Ordering::Relaxed) < 32 && tokio::time::Instant::now() < patience {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
            None
        }
    });
    let chain = Chain::connect(&slow.await, None).await.unwrap();
    let market = Market::load(chain, w.market.address).await.unwrap();
    let listed = Listed::read(&w.seeing(&w.mc, &market), w.model_id, &UNTRUSTING, true)
        .await
        .unwrap();
    assert!(listed.open.is_empty());
    let offers: Vec<B256> = listed.offers.iter().flatten().map(|fields| fields.id).collect();
    assert_eq!(offers, ids);
    assert_eq!(most.load(Ordering::Relaxed), 32, "at one time");
}
