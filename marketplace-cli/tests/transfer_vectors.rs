//! Values that the Solidity libraries and the judge must agree on: `contracts/test/fixtures/transfer_vectors.json`.
//!
//! `BLESS=1` writes the file anew; otherwise it must be what this program computes.

use crate::transfer_support;

use alloy::primitives::{keccak256, B256, U256};
use alloy::sol_types::SolValue;
use assay_protocol::abi::{BadData, TransferEvidence};
use assay_protocol::ids::SCALAR_ORDER;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::transfer::abi;
use assay_protocol::transfer::abi::RecordedKey;
use assay_protocol::transfer::bitmap::ResultBitmap;
use assay_protocol::transfer::chunks::Part;
use assay_protocol::transfer::evidence::Evidence;
use assay_protocol::transfer::fault::Fault;
use assay_protocol::transfer::judge::{judge, Dismissed};
use assay_protocol::transfer::keys::{example_key, mc_salt_hash, pack, seed, KeysOfRecord};
use assay_protocol::transfer::open::{open, Opened};
use assay_protocol::transfer::payload::header;
use assay_protocol::transfer::secret::{ExampleKey, MasterKey, McSalt};
use assay_protocol::transfer::shuffle::Shuffle;
use assay_protocol::transfer::words::{uint, TAG_CIPHER, TAG_KEY, TAG_KEYSTREAM, TAG_SALT, TAG_SEED, TAG_SHUFFLE};
use assay_protocol::transfer::{cipher, input_chain};
use assay_statement::field::Word;
use serde_json::{json, Value};
use std::path::PathBuf;
use transfer_support::{Delivery, Sender, ENGAGEMENT};

fn word(word: Word) -> String {
    B256::from(word).to_string()
}

fn words(words: impl IntoIterator<Item = Word>) -> Vec<String> {
    words.into_iter().map(word).collect()
}

fn named(name: &str) -> B256 {
    keccak256(name)
}

fn shuffles() -> Value {
    let whole = [1usize, 2, 3, 7, 64, 256, 257].map(|n| {
        let seed = named(&format!("seed {n}"));
        let order = Shuffle::new(seed, n);
        json!({
            "seed": seed,
            "n": word(uint(n)),
            "indices": words((0..n).map(|p| uint(order.index_of(p).unwrap()))),
        })
    });
    let seed = named("seed 65536");
    let order = Shuffle::new(seed, 65_536);
    let positions = [0usize, 1, 255, 256, 32_768, 65_535];
    json!({
        "whole": whole,
        "largest": {
            "seed": seed,
            "n": word(uint(65_536)),
            "positions": words(positions.map(uint)),
            "indices": words(positions.map(|p| uint(order.index_of(p).unwrap()))),
        },
    })
}

fn keystream() -> Value {
    let key = ExampleKey::new(named("example key").0);
    let id = named("engagement");
    let mut stream = [[0; 32]; 4];
    let chunk = 79_099;
    cipher::apply(&key, id, chunk, &mut stream);
    json!({
        "key": word(*key.expose()),
        "engagementId": id,
        "chunk": word(uint(chunk)),
        "words": words(stream),
    })
}

fn chain() -> Value {
    let salt = uint(77);
    let message: Vec<Word> = (0..5).map(|m| uint(1000 + m)).collect();
    let mut values = vec![input_chain::start(5, &salt).unwrap()];
    for call in message.chunks(2) {
        values.push(input_chain::absorb(values.last().unwrap(), call).unwrap());
    }
    json!({
        "inputWords": word(uint(5)),
        "salt": word(salt),
        "message": words(message),
        "values": words(values),
    })
}

fn bitmap() -> Value {
    let positions = [0usize, 3, 8, 9, 17];
    let bitmap = ResultBitmap::of(18, positions).unwrap();
    json!({
        "n": word(uint(18)),
        "bitmap": format!("0x{}", hex::encode(bitmap.bytes())),
        "positions": words(positions.map(uint)),
        "correct": word(uint(bitmap.correct() as usize)),
        "hash": bitmap.hash(),
    })
}

/// Values of a coin toss, with the order that comes of it.
struct Toss {
    mc_salt: McSalt,
    mp_seed: B256,
    seed: B256,
}

/// Sends, and lets both sides toss; the first two positions are the probe set.
fn toss(sender: &Sender) -> (Delivery, Toss) {
    let mut delivery = sender.deliver();
    let toss = Toss {
        mc_salt: McSalt::new(named("mc salt").0),
        mp_seed: named("mp seed"),
        seed: B256::ZERO,
    };
    let seed = seed(
        ENGAGEMENT,
        delivery.terms().test_root,
        delivery.ct_root,
        toss.mp_seed,
        &toss.mc_salt,
    );
    delivery.order = Shuffle::new(seed, sender.layout.examples());
    let probe = (0..2).map(|p| example_key(&sender.master, delivery.order.index_of(p).unwrap()));
    delivery.keys = KeysOfRecord {
        probe: probe.collect(),
        master: Some(sender.master.clone()),
    };
    (delivery, Toss { seed, ..toss })
}

fn transfer(sender: &Sender) -> Value {
    let (delivery, toss) = toss(sender);
    let layout = sender.layout;
    let mut file = delivery.file();
    let cipher_chunks: Vec<Vec<Word>> = (0..layout.examples())
        .flat_map(|i| file.read_example(i).unwrap())
        .collect();
    let leaves = cipher_chunks.iter().enumerate().map(|(k, c)| cipher::leaf(k, c).0);
    let plain = sender
        .chunks
        .iter()
        .flatten()
        .flat_map(|chunk| chunk.iter().copied().collect::<Vec<_>>());
    let positions = 0..layout.examples();
    json!({
        "engagementId": ENGAGEMENT,
        "examples": word(uint(layout.examples())),
        "inputWords": word(uint(layout.input_words())),
        "wordsPerChunk": word(uint(layout.chunk_words())),
        "master": word(*sender.master.expose()),
        "keys": words(positions.clone().map(|i| *example_key(&sender.master, i).expose())),
        "plainWords": words(plain),
        "cipherLeaves": words(leaves),
        "cipherWords": words(cipher_chunks.into_iter().flatten()),
        "ctRoot": delivery.ct_root,
        "testLeaves": delivery.test_leaves,
        "testRoot": delivery.terms().test_root,
        "mcSalt": word(*toss.mc_salt.expose()),
        "mcSaltHash": mc_salt_hash(&toss.mc_salt),
        "mpSeed": toss.mp_seed,
        "seed": toss.seed,
        "indices": words(positions.map(|p| uint(delivery.order.index_of(p).unwrap()))),
        "keysA": format!("0x{}", hex::encode(&*pack(&delivery.keys.probe))),
    })
}

/// One call of `judge`, ABI-encoded, and whether it convicts.
fn call(name: &str, delivery: &Delivery, seed: B256, master: &MasterKey, evidence: &Evidence) -> Value {
    let terms = delivery.terms();
    let position = evidence.position;
    let key = match delivery.keys.probe.get(position) {
        Some(key) => RecordedKey::Probe(key.clone()),
        None => RecordedKey::Master(master.clone()),
    };
    let verdict = judge(&terms, &delivery.key(position), evidence);
    assert!(
        matches!(verdict, Ok(_) | Err(Dismissed::NoFault)),
        "{name}: {verdict:?}"
    );
    let arguments = (
        abi::terms(&terms, seed, position, &key),
        TransferEvidence::from(evidence),
    );
    json!({
        "name": name,
        "fault": evidence.fault.to_string(),
        "claim": word(uint(BadData::from(evidence.fault.kind()) as usize)),
        "position": word(uint(position)),
        "convicts": verdict.is_ok(),
        "arguments": format!("0x{}", hex::encode(arguments.abi_encode_params())),
    })
}

/// Something that a sender can get wrong.
type Wrong = fn(&mut Sender);

/// Index of the example that is wrong in every case.
const VICTIM: usize = 2;

const WRONG: &[(&str, Fault, Wrong)] = &[
    ("another index", Fault::Index, |s| {
        *s.word_mut(VICTIM, 0, header::INDEX) = uint(1);
    }),
    ("another index, with a leaf to match", Fault::Index, |s| {
        *s.word_mut(VICTIM, 0, header::INDEX) = uint(1);
        s.commit_to_header(VICTIM);
    }),
    ("another label", Fault::Leaf, |s| {
        s.word_mut(VICTIM, 0, header::LABEL)[31] ^= 1;
    }),
    ("a label with high bits", Fault::Leaf, |s| {
        s.word_mut(VICTIM, 0, header::LABEL)[0] = 1;
    }),
    ("another leaf salt", Fault::Leaf, |s| {
        s.word_mut(VICTIM, 0, header::LEAF_SALT)[31] ^= 1;
    }),
    ("another commitment", Fault::Leaf, |s| {
        s.word_mut(VICTIM, 0, header::INPUT_COMMIT)[31] ^= 1;
    }),
    ("a salt of more than 248 bits", Fault::Salt, |s| {
        s.word_mut(VICTIM, 0, header::INPUT_SALT)[0] = 1;
    }),
    ("a salt that is the same in the field", Fault::Salt, |s| {
        add_order(s.word_mut(VICTIM, 0, header::INPUT_SALT));
    }),
    ("another salt", Fault::Start, |s| {
        s.word_mut(VICTIM, 0, header::INPUT_SALT)[31] ^= 1;
    }),
    ("another first chain value", Fault::Start, |s| {
        s.word_mut(VICTIM, 1, 0)[31] ^= 1;
    }),
    ("a first chain value that is the same in the field", Fault::Start, |s| {
        add_order(s.word_mut(VICTIM, 1, 0));
    }),
    ("a message word of 2^248", Fault::Word { chunk: 1, word: 2 }, |s| {
        *s.word_mut(VICTIM, 2, 2) = [0; 32];
        s.word_mut(VICTIM, 2, 2)[0] = 1;
    }),
    (
        "a message word that is the same in the field",
        Fault::Word { chunk: 0, word: 1 },
        |s| {
            add_order(s.word_mut(VICTIM, 1, 1));
        },
    ),
    ("padding that is not zero", Fault::Padding { chunk: 2, word: 2 }, |s| {
        s.word_mut(VICTIM, 3, 2)[31] = 1;
    }),
    ("another message word", Fault::Step { chunk: 0 }, |s| {
        s.word_mut(VICTIM, 1, 1)[31] ^= 1;
    }),
    ("another next chain value", Fault::Step { chunk: 0 }, |s| {
        s.word_mut(VICTIM, 2, 0)[31] ^= 1;
    }),
    (
        "a chain value that is the same in the field",
        Fault::Step { chunk: 1 },
        |s| {
            add_order(s.word_mut(VICTIM, 3, 0));
        },
    ),
    (
        "a commitment without an input behind it",
        Fault::Step { chunk: 2 },
        |s| {
            s.word_mut(VICTIM, 0, header::INPUT_COMMIT)[31] ^= 1;
            s.commit_to_header(VICTIM);
        },
    ),
];

fn add_order(word: &mut Word) {
    *word = (U256::from_be_bytes(*word) + SCALAR_ORDER).to_be_bytes();
}

fn evidence(honest: &Sender) -> Vec<Value> {
    let mut cases = Vec::new();
    let collect = |delivery: &Delivery, position, fault| {
        let index = delivery.order.index_of(position).unwrap();
        Evidence::collect(&mut delivery.file(), &delivery.test_leaves, position, index, fault).unwrap()
    };
    for (name, fault, corrupt) in WRONG {
        let mut sender = honest.clone();
        corrupt(&mut sender);
        let (delivery, toss) = toss(&sender);
        let found = open(
            &mut delivery.file(),
            &delivery.order,
            &delivery.test_leaves,
            &delivery.keys,
            0..4,
            |_| (),
        );
        let Opened::Faulty(found) = found.unwrap() else {
            panic!("{name}: no fault found");
        };
        assert_eq!((found.index, found.fault), (VICTIM, *fault), "{name}");
        cases.push(call(name, &delivery, toss.seed, &sender.master, &found));
    }

    // A chain value out of range is found one chunk earlier, but convicts by itself too.
    let mut sender = honest.clone();
    add_order(sender.word_mut(VICTIM, 3, 0));
    let (delivery, tossed) = toss(&sender);
    let position = delivery.order.position_of(VICTIM).unwrap();
    let found = collect(&delivery, position, Fault::ChainValue { chunk: 2 });
    cases.push(call(
        "a chain value out of range",
        &delivery,
        tossed.seed,
        &sender.master,
        &found,
    ));

    // Positions are dataset indices where the seed is zero.
    let mut sender = honest.clone();
    sender.word_mut(VICTIM, 1, 2)[31] ^= 1;
    let mut delivery = sender.deliver();
    delivery.order = Shuffle::identity(4);
    let found = collect(&delivery, VICTIM, Fault::Step { chunk: 0 });
    cases.push(call("without a seed", &delivery, B256::ZERO, &sender.master, &found));

    // A wrong probe key against honest data, and every claim against honest data under the right ones.
    let (mut delivery, tossed) = toss(honest);
    delivery.keys.probe[1] = ExampleKey::new(named("wrong key").0);
    let found = collect(&delivery, 1, Fault::Leaf);
    cases.push(call(
        "a wrong probe key",
        &delivery,
        tossed.seed,
        &honest.master,
        &found,
    ));
    let (delivery, tossed) = toss(honest);
    for position in 0..4 {
        let steps = (0..3).map(|chunk| Fault::Step { chunk });
        for claim in [Fault::Leaf, Fault::Start].into_iter().chain(steps) {
            let found = collect(&delivery, position, claim);
            let name = format!("honest, {claim}");
            cases.push(call(&name, &delivery, tossed.seed, &honest.master, &found));
        }
    }
    cases
}

fn vectors() -> Value {
    let honest = Sender::small();
    assert_eq!(honest.layout.parts().last(), Some(Part::Data(2)));
    let tree = MerkleTree::new(&honest.test_leaves).unwrap();
    json!({
        "about": "written by BLESS=1 cargo test --test program transfer_vectors; do not edit",
        "tags": {
            "salt": *TAG_SALT,
            "seed": *TAG_SEED,
            "shuffle": *TAG_SHUFFLE,
            "key": *TAG_KEY,
            "keystream": *TAG_KEYSTREAM,
            "cipher": *TAG_CIPHER,
        },
        "shuffle": shuffles(),
        "keystream": keystream(),
        "chain": chain(),
        "bitmap": bitmap(),
        "transfer": transfer(&honest),
        "testPath": { "index": word(uint(VICTIM)), "path": tree.path(VICTIM).unwrap() },
        "evidence": evidence(&honest),
    })
}

#[test]
fn the_committed_vectors_are_what_this_program_computes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/test/fixtures/transfer_vectors.json");
    let computed = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &computed).unwrap();
    }
    let committed = std::fs::read_to_string(&path).expect("BLESS=1 writes the vectors");
    assert!(
        committed == computed,
        "the vectors changed: look why, then run with BLESS=1"
    );
}

#[test]
fn every_case_of_evidence_ends_as_its_name_says() {
    for case in evidence(&Sender::small()) {
        let name = case["name"].as_str().unwrap();
        assert_eq!(case["convicts"], !name.starts_with("honest"), "{name}");
    }
}
