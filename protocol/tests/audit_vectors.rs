//! Values of corpora and audits that Rust and Solidity must agree on: `contracts/test/fixtures/audit_vectors.json`.
//!
//! `BLESS=1` writes the file anew; otherwise it must be what this program computes. Numbers are words, structs their ABI encoding.

#[path = "audit_vectors/amounts.rs"]
mod amounts;
#[path = "audit_vectors/parameters.rs"]
mod parameters;

use alloy::primitives::{address, keccak256, Address, Bytes, B256, U256};
use alloy::sol_types::SolValue;
use assay_protocol::abi::{PageOpening, Point, Predicate, RequestTerms, SharedSecret, TransferEvidence};
use assay_protocol::ids::{audit_context, SCALAR_ORDER};
use assay_protocol::retrieval::answers::Answers;
use assay_protocol::retrieval::corpora::{
    corpus_id, corpus_tree, document_leaf, file_hash, leaf_salt, Document, InputShape,
};
use assay_protocol::retrieval::delivery::{judge_slot, layout, Parcel};
use assay_protocol::retrieval::posted::{replay, Step};
use assay_protocol::retrieval::sample::sample;
use assay_protocol::retrieval::shared_key::{dleq_challenge, open, DeliveryKey, KeyPair, KeySeed};
use assay_protocol::retrieval::statement::{
    audit_id, audit_params_hash, audit_seed, list_hash, page_hash, predicate_hash, request_hash, with_page,
    with_withheld,
};
use assay_protocol::testset::input_commit;
use assay_protocol::transfer::abi::{terms as transfer_terms, RecordedKey};
use assay_protocol::transfer::evidence::Evidence;
use assay_protocol::transfer::fault::Fault;
use assay_protocol::transfer::judge::{Dismissed, Terms};
use assay_protocol::transfer::open::Opened;
use assay_protocol::transfer::places::{Listed, Places};
use assay_statement::field::Word;
use assay_statement::input::InputSalt;
use parameters::{params, word};
use serde_json::{json, Value};
use std::path::PathBuf;

const MARKET: Address = address!("00000000000000000000000000000000000a55a7");
const CHAIN: u64 = 31_337;

fn named(name: &str) -> B256 {
    keccak256(name)
}

fn words(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(word).collect()
}

fn encoded(value: &impl SolValue) -> String {
    Bytes::from(value.abi_encode()).to_string()
}

fn tags() -> Value {
    let names = [
        "corpus",
        "document",
        "file",
        "predicate",
        "audit",
        "audit-request",
        "audit-params",
        "page",
        "answers",
        "withheld",
        "list",
        "shared",
        "dleq",
    ];
    let tag = |name: &str| (name.to_owned(), json!(named(&format!("assay.{name}.v1")).to_string()));
    Value::Object(names.into_iter().map(tag).collect())
}

fn predicate() -> Predicate {
    Predicate {
        verifier: Address::repeat_byte(0x11),
        verifierCodehash: named("code"),
        vkDigest: named("key"),
        weightsCommit: U256::from_be_bytes(named("weights").0) >> 8,
    }
}

fn terms() -> RequestTerms {
    RequestTerms {
        corpusId: named("corpus"),
        predicateHash: predicate_hash(&predicate()),
        samples: 299,
        namedMax: 20,
        onesMax: 500,
        withholdMax: 10,
        saltHash: named("salt hash"),
        requesterKey: pair("requester").public(),
        authority: Address::repeat_byte(0x22),
        bond: 1 << 100,
        price: 7,
        expiry: 1_800_000_000,
    }
}

fn identifiers() -> Value {
    let shape = InputShape {
        words: 892,
        per_hash: 2,
    };
    let (responder, requester) = (Address::repeat_byte(8), Address::repeat_byte(9));
    let params_hash = audit_params_hash(&params());
    json!({
        "contract": MARKET.to_string(),
        "responder": responder.to_string(),
        "requester": requester.to_string(),
        "corpusRoot": named("root").to_string(),
        "corpusId": corpus_id(CHAIN, MARKET, responder, named("root"), 10_000, shape).to_string(),
        "auditId": audit_id(CHAIN, MARKET, named("corpus"), 3).to_string(),
        "predicate": encoded(&predicate()),
        "predicateHash": predicate_hash(&predicate()).to_string(),
        "params": encoded(&params()),
        "paramsHash": params_hash.to_string(),
        "terms": encoded(&terms()),
        "requestHash": request_hash(named("audit"), requester, &terms(), params_hash).to_string(),
        "context": word(audit_context(CHAIN, MARKET, named("audit"), 1_048_575)),
        "answersHash": named("answers").to_string(),
        "salt": named("salt").to_string(),
        "seed": audit_seed(named("audit"), named("answers"), named("salt")).to_string(),
    })
}

/// With salts that are the same each time.
fn document(i: u8) -> Document {
    let image = (0..80).map(|b: u8| b.wrapping_mul(i + 1)).collect::<Vec<_>>();
    let mut salt = [i; 31];
    salt[0] = 7;
    let input_salt = InputSalt(salt);
    Document {
        doc_commit: input_commit(&image, &input_salt),
        image,
        input_salt,
        file_hash: file_hash(&[i]),
        file_salt: named(&format!("file salt {i}")),
    }
}

fn leaves(n: u8) -> Vec<B256> {
    (0..n).map(|i| document(i).leaf(i.into())).collect()
}

fn documents() -> Value {
    let (n, i) = (11u8, 9u8);
    let document = document(i);
    let tree = corpus_tree(&leaves(n)).unwrap();
    assert_eq!(leaf_salt(document.file_hash, document.file_salt), document.leaf_salt());
    assert_eq!(
        document_leaf(i.into(), document.doc_commit, document.leaf_salt()),
        document.leaf(i.into())
    );
    json!({
        "documents": word(n),
        "index": word(i),
        "fileHash": document.file_hash.to_string(),
        "fileSalt": document.file_salt.to_string(),
        "leafSalt": document.leaf_salt().to_string(),
        "docCommit": word(document.doc_commit),
        "leaf": document.leaf(i.into()).to_string(),
        "path": tree.path(i.into()).unwrap().iter().map(B256::to_string).collect::<Vec<_>>(),
        "root": tree.root().to_string(),
    })
}

/// Ones of a corpus: none, all, or those that a hash picks.
fn ones(name: &str, size: usize) -> Vec<u32> {
    let picks = |i: &u32| match name {
        "none" => false,
        "all" => true,
        _ => keccak256(i.to_be_bytes())[0] < 40,
    };
    (0..size as u32).filter(picks).collect()
}

fn opening(page: &PageOpening) -> String {
    encoded(page)
}

/// Sizes at the borders of bytes and pages; what is hashed, counted and drawn of each.
fn answers() -> Vec<Value> {
    let (id, request) = (named("audit"), named("request"));
    let mut cases = Vec::new();
    for (size, pattern) in [
        (1, "none"),
        (1, "all"),
        (9, "some"),
        (64, "some"),
        (4095, "some"),
        (4096, "all"),
        (4097, "some"),
        (8193, "some"),
        (9000, "none"),
    ] {
        let answers = Answers::of(size, ones(pattern, size)).unwrap();
        let pages: Vec<PageOpening> = (0..answers.pages()).map(|q| answers.page(q).unwrap()).collect();
        let withheld: Vec<u32> = answers.ones().step_by(3).take(4).collect();
        let log = named("log");
        let mut steps: Vec<Step> = pages
            .iter()
            .map(|page| Step::Page {
                bits: page.bits.to_vec(),
            })
            .collect();
        if !withheld.is_empty() {
            let indices = withheld.clone();
            steps.push(Step::Withheld { indices, log });
        }
        let posted = replay(id, request, size, &steps).unwrap();
        let mut hash = request;
        let page_hashes: Vec<B256> = pages
            .iter()
            .enumerate()
            .map(|(q, page)| page_hash(id, q, page.before, &page.bits))
            .collect();
        for page in &page_hashes {
            hash = with_page(hash, *page);
        }
        let sealed = hash;
        if !withheld.is_empty() {
            hash = with_withheld(hash, list_hash(&withheld), log);
        }
        assert_eq!(hash, posted.answers_hash);
        let seed = audit_seed(id, hash, named("salt"));
        let drawn = sample(&answers, seed, 12);
        let ranks = drawn.iter().map(|index| answers.zeros_before(*index as usize) as u32);
        // The first and last documents of each page, whatever was answered about them.
        let edges = (0..pages.len()).flat_map(|q| [q * 4096, (q * 4096 + 4095).min(size - 1)]);
        let edges: Vec<u32> = edges.map(|index| index as u32).collect();
        cases.push(json!({
            "size": word(size),
            "positives": word(answers.positives()),
            "pages": pages.iter().map(opening).collect::<Vec<_>>(),
            "pageHashes": page_hashes.iter().map(B256::to_string).collect::<Vec<_>>(),
            "requestHash": request.to_string(),
            "pagesHash": sealed.to_string(),
            "withheld": words(withheld.iter().copied()),
            "listHash": list_hash(&withheld).to_string(),
            "log": log.to_string(),
            "answersHash": hash.to_string(),
            "seed": seed.to_string(),
            "samples": words([12]),
            "drawn": words(drawn.iter().copied()),
            "ranks": words(ranks),
            "edges": words(edges.iter().copied()),
            "edgeAnswers": words(edges.iter().map(|i| u32::from(answers.answer(*i as usize).unwrap()))),
            "edgeZerosBefore": words(edges.iter().map(|i| answers.zeros_before(*i as usize) as u32)),
        }));
    }
    cases
}

fn pair(name: &str) -> KeyPair {
    KeyPair::new(KeySeed::new(named(name).0)).unwrap()
}

/// A proof about a shared point, and everything that is not one.
fn shared_keys() -> Value {
    let id = named("audit");
    let (requester, responder) = (pair("requester"), pair("responder"));
    let (key, ephemeral) = (requester.public(), responder.public());
    let secret = requester.reveal(id, 5, &ephemeral).unwrap();
    let opened = open(id, 5, &key, &ephemeral, &secret).unwrap();
    let challenge = dleq_challenge(
        opened.stream,
        &key,
        &ephemeral,
        &secret.shared,
        &secret.commitG,
        &secret.commitE,
    );
    let changed = |change: fn(&mut SharedSecret)| {
        let mut secret = secret.clone();
        change(&mut secret);
        secret
    };
    let wrong = [
        (
            "another point",
            5,
            changed(|s| s.shared = pair("somebody else").public()),
        ),
        (
            "another first commitment",
            5,
            changed(|s| s.commitG = pair("somebody else").public()),
        ),
        (
            "another second commitment",
            5,
            changed(|s| s.commitE = pair("somebody else").public()),
        ),
        (
            "the negative of the point",
            5,
            changed(|s| s.shared = negative(&s.shared)),
        ),
        ("the next response", 5, changed(|s| s.response += U256::from(1))),
        (
            "a response that is not canonical",
            5,
            changed(|s| s.response += SCALAR_ORDER),
        ),
        (
            "infinity",
            5,
            changed(|s| {
                s.shared = Point {
                    x: U256::ZERO,
                    y: U256::ZERO,
                }
            }),
        ),
        (
            "infinity in a commitment",
            5,
            changed(|s| {
                s.commitE = Point {
                    x: U256::ZERO,
                    y: U256::ZERO,
                }
            }),
        ),
        ("off the curve", 5, changed(|s| s.shared.y += U256::from(1))),
        (
            "a coordinate that is not canonical",
            5,
            changed(|s| s.commitG.x += base_order()),
        ),
        ("another demand", 6, secret.clone()),
        ("the responder's own", 5, responder.reveal(id, 5, &key).unwrap()),
    ];
    let wrong = wrong.map(|(name, m, secret)| {
        assert!(open(id, m, &key, &ephemeral, &secret).is_err(), "{name}");
        json!({ "name": name, "m": word(m), "secret": encoded(&secret) })
    });
    json!({
        "id": id.to_string(),
        "m": word(5u32),
        "key": encoded(&key),
        "ephemeral": encoded(&ephemeral),
        "secret": encoded(&secret),
        "stream": opened.stream.to_string(),
        "master": B256::from(*opened.master.expose()).to_string(),
        "challenge": word(challenge),
        "wrong": wrong,
    })
}

fn base_order() -> U256 {
    alloy::primitives::uint!(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47_U256)
}

fn negative(point: &Point) -> Point {
    Point {
        x: point.x,
        y: base_order() - point.y,
    }
}

const DOCUMENTS: u8 = 11;
const INDICES: [u32; 3] = [2, 3, 9];

fn delivery_key() -> DeliveryKey {
    let (requester, responder) = (pair("requester"), pair("responder"));
    requester.delivery_key(named("audit"), 5, &responder.public()).unwrap()
}

/// The honest delivery, with what opens it; then one call of `judgeSlot` for each way to get a word wrong, and for claims about the
/// honest one.
fn delivery() -> Value {
    let leaves = leaves(DOCUMENTS);
    let root = corpus_tree(&leaves).unwrap().root();
    let listed = Listed::new(INDICES.to_vec(), DOCUMENTS.into()).unwrap();
    let layout = layout(INDICES.len(), 3, 2).unwrap();
    let key = delivery_key();
    let asked: Vec<Document> = INDICES.iter().map(|i| document(*i as u8)).collect();
    let mut honest = Parcel::encrypt(layout, &key, &listed, &asked).unwrap();
    let call = |name: &str, parcel: &Parcel, evidence: &Evidence| {
        let terms = Terms {
            engagement_id: key.stream,
            layout,
            test_root: root,
            ct_root: parcel.root(),
            order: &listed,
        };
        let verdict = judge_slot(layout, &key, &listed, root, parcel.root(), evidence);
        assert!(
            matches!(verdict, Ok(_) | Err(Dismissed::NoFault)),
            "{name}: {verdict:?}"
        );
        let master = RecordedKey::Master(key.master.clone());
        let arguments = (
            transfer_terms(&terms, B256::ZERO, evidence.index, &master),
            U256::from(evidence.position),
            U256::from(INDICES.len()),
            TransferEvidence::from(evidence),
        );
        json!({
            "name": name,
            "fault": evidence.fault.to_string(),
            "slot": word(evidence.position),
            "convicts": verdict.is_ok(),
            "arguments": Bytes::from(arguments.abi_encode_params()).to_string(),
        })
    };
    let mut calls = Vec::new();
    let words: Vec<Word> = honest.words().copied().collect();
    let each = words.len() / INDICES.len();
    for at in (0..each).map(|w| each + w) {
        let mut changed = words.clone();
        changed[at][31] ^= 1;
        let mut parcel = Parcel::from_words(layout, key.stream, &changed).unwrap();
        let Opened::Faulty(evidence) = parcel.open(&key, &listed, &leaves).unwrap() else {
            panic!("word {at} goes unnoticed");
        };
        calls.push(call(&format!("word {at}"), &parcel, &evidence));
    }
    let mut swapped = asked.clone();
    swapped.swap(0, 2);
    let mut swapped = Parcel::encrypt(layout, &key, &listed, &swapped).unwrap();
    let Opened::Faulty(evidence) = swapped.open(&key, &listed, &leaves).unwrap() else {
        panic!("swapped documents go unnoticed");
    };
    calls.push(call("swapped", &swapped, &evidence));
    for (name, fault) in [
        ("header", Fault::Leaf),
        ("salt", Fault::Salt),
        ("start", Fault::Start),
        ("words", Fault::Word { chunk: 0, word: 1 }),
        ("step", Fault::Step { chunk: 0 }),
        ("last step", Fault::Step { chunk: 1 }),
    ] {
        for slot in 0..INDICES.len() {
            let place = listed.place(slot).unwrap();
            let evidence = Evidence::collect_at(&mut honest, &leaves, slot, place, fault).unwrap();
            calls.push(call(&format!("honest {name} of slot {slot}"), &honest, &evidence));
        }
    }
    json!({
        "documents": word(DOCUMENTS),
        "indices": self::words(INDICES),
        "listHash": list_hash(&INDICES).to_string(),
        "inputWords": word(3u32),
        "wordsPerChunk": word(2u32),
        "stream": key.stream.to_string(),
        "master": B256::from(*key.master.expose()).to_string(),
        "corpusRoot": root.to_string(),
        "ctRoot": honest.root().to_string(),
        "cipherWords": words.iter().map(|w| B256::from(*w).to_string()).collect::<Vec<_>>(),
        "calls": calls,
    })
}

fn vectors() -> Value {
    json!({
        "about": "written by BLESS=1 cargo test -p assay-protocol --test audit_vectors; do not edit",
        "tags": tags(),
        "identifiers": identifiers(),
        "document": documents(),
        "answers": answers(),
        "sharedKey": shared_keys(),
        "delivery": delivery(),
        "amounts": amounts::amounts(&terms()),
    })
}

#[test]
fn the_vectors_of_audits_are_what_this_program_computes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/test/fixtures/audit_vectors.json");
    let computed = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &computed).unwrap();
    }
    let written = std::fs::read_to_string(&path).expect("BLESS=1 writes the vectors");
    assert!(
        written == computed,
        "the vectors changed: look why, then run with BLESS=1"
    );
}
