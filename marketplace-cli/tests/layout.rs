//! Where the contracts keep what evidence proves of them: the slots in `assay_chain::audit_storage` against the compiler's own.

use alloy::primitives::{keccak256, Address, B256, U256};
use assay_chain::account_proof::Storage;
use assay_chain::audit_storage::{
    attestation_slots, attestations_of, audit_of, audit_slots, corpus_of, corpus_slots, count_slot, demand_of,
    demand_slots, ending_of, id_slot, ACCEPTED, ATTESTATIONS, AUDITS, CORPORA, DEMANDS, REQUESTED,
};
use assay_chain::repository::Repository;
use assay_protocol::abi::{AuditOutcome, AuditState, DemandState};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A source with everything that it imports, by the path that imports name it by.
fn sources(root: &Path, first: &[&str]) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut left: Vec<String> = first.iter().map(|path| (*path).to_owned()).collect();
    while let Some(path) = left.pop() {
        if found.contains_key(&path) {
            continue;
        }
        let text = std::fs::read_to_string(root.join(&path)).unwrap_or_else(|why| panic!("{path}: {why}"));
        for import in text.split("import ").skip(1) {
            let statement = import.split(';').next().unwrap_or_default();
            let Some(named) = statement.split('"').nth(1) else {
                continue;
            };
            left.push(match named.starts_with('.') {
                true => joined(Path::new(&path).parent().unwrap(), named),
                false => format!("node_modules/{named}"),
            });
        }
        found.insert(path, json!({ "content": text }));
    }
    found
}

fn joined(folder: &Path, relative: &str) -> String {
    let mut path = PathBuf::from(folder);
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    path.to_str().unwrap().to_owned()
}

/// The compiler's storage layout of both contracts.
fn layouts() -> [Value; 2] {
    let repository = Repository::find().unwrap();
    let root = repository.root();
    let of = [
        ("RetrievalMarket", "contracts/src/RetrievalMarket.sol"),
        ("CorpusRegistry", "contracts/src/CorpusRegistry.sol"),
    ];
    let input = json!({
        "language": "Solidity",
        "sources": sources(root, &of.map(|(_, path)| path)),
        "settings": {
            "remappings": [
                "@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/",
                "poseidon-solidity/=node_modules/poseidon-solidity/"
            ],
            "evmVersion": "cancun",
            "outputSelection": { "*": { "RetrievalMarket": ["storageLayout"], "CorpusRegistry": ["storageLayout"] } },
        },
    });
    let mut solc = Command::new(root.join("scripts/solc"))
        .arg("--standard-json")
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    solc.stdin
        .take()
        .unwrap()
        .write_all(input.to_string().as_bytes())
        .unwrap();
    let answer: Value = serde_json::from_slice(&solc.wait_with_output().unwrap().stdout).unwrap();
    of.map(|(name, path)| {
        let layout = &answer["contracts"][path][name]["storageLayout"];
        assert!(layout.is_object(), "{}", answer["errors"]);
        layout.clone()
    })
}

fn slot_of(layout: &Value, variable: &str) -> u64 {
    let all = layout["storage"].as_array().unwrap();
    let found = all.iter().find(|entry| entry["label"] == variable).unwrap();
    found["slot"].as_str().unwrap().parse().unwrap()
}

/// Fields of a struct by their names: slot, offset and length in bytes. Those of a point are apart.
fn members(layout: &Value, name: &str) -> BTreeMap<String, (u64, usize, usize)> {
    let types = layout["types"].as_object().unwrap();
    let length = |of: &Value| -> usize {
        types[of.as_str().unwrap()]["numberOfBytes"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    let is_named = |of: &Value| of["label"].as_str().unwrap().rsplit(['.', ' ']).next() == Some(name);
    let found = types
        .values()
        .find(|of| of["label"].as_str().unwrap().starts_with("struct") && is_named(of));
    let mut members = BTreeMap::new();
    for member in found.unwrap()["members"].as_array().unwrap() {
        let label = member["label"].as_str().unwrap();
        let slot: u64 = member["slot"].as_str().unwrap().parse().unwrap();
        let offset = member["offset"].as_u64().unwrap() as usize;
        if length(&member["type"]) == 64 {
            members.insert(format!("{label}.x"), (slot, 0, 32));
            members.insert(format!("{label}.y"), (slot + 1, 0, 32));
        } else {
            members.insert(label.to_owned(), (slot, offset, length(&member["type"])));
        }
    }
    members
}

/// Storage in which a struct at `base` has these values, every field by its name.
fn stored(base: B256, members: &BTreeMap<String, (u64, usize, usize)>, values: &BTreeMap<String, U256>) -> Storage {
    let mut words = BTreeMap::<B256, U256>::new();
    for (label, (slot, offset, length)) in members {
        let value = values[label];
        assert!(value.bit_len() <= 8 * length, "{label}");
        let slot = B256::from(U256::from_be_bytes(base.0) + U256::from(*slot));
        *words.entry(slot).or_default() |= value << (8 * offset);
    }
    words.into_iter().collect()
}

/// Each field another number, so that none is taken for another.
fn numbered(members: &BTreeMap<String, (u64, usize, usize)>, own: &[(&str, u64)]) -> BTreeMap<String, U256> {
    let number = |(i, label): (usize, &String)| {
        let own = own.iter().find(|(name, _)| name == label);
        (
            label.clone(),
            U256::from(own.map_or(1000 + i as u64, |(_, value)| *value)),
        )
    };
    members.keys().enumerate().map(number).collect()
}

fn mapped(key: B256, slot: B256) -> B256 {
    keccak256([key.0, slot.0].concat())
}

fn word(number: u64) -> B256 {
    U256::from(number).into()
}

#[test]
fn audits_and_demands_are_read_where_the_compiler_puts_them() {
    let [market, _] = layouts();
    assert_eq!(slot_of(&market, "_audits"), AUDITS);
    assert_eq!(slot_of(&market, "_demands"), DEMANDS);
    assert_eq!(slot_of(&market, "_ids"), REQUESTED);
    assert_eq!(slot_of(&market, "_accepted"), ACCEPTED);
    let id = B256::repeat_byte(9);

    let members_of_audit = members(&market, "Audit");
    let own = [("state", 5), ("outcome", 0), ("approved", 1), ("confirmed", 0)];
    let values = numbered(&members_of_audit, &own);
    let base = mapped(id, word(AUDITS));
    let storage = stored(base, &members_of_audit, &values);
    let audit = audit_of(&storage, id).unwrap();
    let number = |label: &str| -> u64 { values[label].to() };
    let hash = |label: &str| B256::from(values[label]);
    let address = |label: &str| Address::from_word(hash(label));
    assert_eq!(
        [audit.corpusId, audit.predicateHash],
        ["corpusId", "predicateHash"].map(hash)
    );
    assert_eq!(
        [audit.requestHash, audit.answersHash, audit.seed],
        ["requestHash", "answersHash", "coin"].map(hash)
    );
    assert_eq!(
        [audit.requesterKey.x, audit.requesterKey.y],
        [values["requesterKey.x"], values["requesterKey.y"]]
    );
    assert_eq!(
        [audit.rq, audit.rs, audit.authority],
        ["rq", "rs", "authority"].map(address)
    );
    assert_eq!(
        (audit.state, audit.outcome),
        (AuditState::Delivering, AuditOutcome::None)
    );
    assert_eq!((audit.approved, audit.confirmed), (true, false));
    assert_eq!(
        (audit.deadline, audit.closedAt, audit.overruleBy),
        (number("clock"), 0, number("overruleBy"))
    );
    assert_eq!(audit.corpusCommittedAt, number("corpusCommittedAt"));
    let (b, c) = (&audit.bounds, &audit.counts);
    for (label, value) in [
        ("size", audit.size),
        ("inputWords", audit.inputWords),
        ("samples", b.samples),
        ("namedMax", b.namedMax),
        ("onesMax", b.onesMax),
        ("withholdMax", b.withholdMax),
        ("pages", c.pages),
        ("positives", c.positives),
        ("withheld", c.withheld),
        ("overruled", c.overruled),
        ("named", c.named),
        ("due", c.due),
        ("proven", c.proven),
        ("demands", c.demands),
        ("openDemands", c.openDemands),
        ("published", c.published),
        ("demanded", c.demanded),
    ] {
        assert_eq!(u64::from(value), number(label), "{label}");
    }
    assert_eq!([b.bond, b.price].map(U256::from), [values["bond"], values["price"]]);
    let ending = ending_of(&storage, id).unwrap();
    assert_eq!(ending, (audit.rq, AuditState::Delivering, AuditOutcome::None));
    // Every word of the struct, and no other.
    let words = members_of_audit.values().map(|(slot, ..)| *slot).max().unwrap() + 1;
    assert_eq!(audit_slots(id).len() as u64, words);
    assert_eq!(audit_slots(id)[0], base);

    let members_of_demand = members(&market, "Demand");
    let values = numbered(&members_of_demand, &[("state", 2), ("published", 1)]);
    let base = mapped(word(3), mapped(id, word(DEMANDS)));
    let demand = demand_of(&stored(base, &members_of_demand, &values), id, 3).unwrap();
    let hash = |label: &str| B256::from(values[label]);
    assert_eq!([demand.listHash, demand.ctRoot], ["listHash", "ctRoot"].map(hash));
    assert_eq!(
        [demand.ephemeral.x, demand.ephemeral.y],
        [values["ephemeral.x"], values["ephemeral.y"]]
    );
    assert_eq!((demand.state, demand.published), (DemandState::Delivered, true));
    assert_eq!(U256::from(demand.documents), values["documents"]);
    assert_eq!(
        [demand.paid, demand.spent].map(U256::from),
        [values["paid"], values["spent"]]
    );
    assert_eq!(U256::from(demand.deadline), values["clock"]);
    assert_eq!(
        U256::from(demand.settleAfter),
        values["clock"] + values["publishWindow"]
    );
    let words = members_of_demand.values().map(|(slot, ..)| *slot).max().unwrap() + 1;
    assert_eq!(demand_slots(id, 3).len() as u64, words);
}

#[test]
fn corpora_and_lists_are_read_where_the_compiler_puts_them() {
    let [market, registry] = layouts();
    assert_eq!(slot_of(&registry, "_corpora"), CORPORA);
    assert_eq!(slot_of(&registry, "_attestations"), ATTESTATIONS);
    let corpus = B256::repeat_byte(7);
    let members_of_corpus = members(&registry, "Corpus");
    let values = numbered(&members_of_corpus, &[]);
    let base = mapped(corpus, word(CORPORA));
    let read = corpus_of(&stored(base, &members_of_corpus, &values), corpus).unwrap();
    assert_eq!(read.rs, Address::from_word(values["rs"].into()));
    assert_eq!(U256::from_be_bytes(read.root.0), values["root"]);
    for (label, value) in [
        ("size", read.size),
        ("inputWords", read.inputWords),
        ("wordsPerHash", read.wordsPerHash),
    ] {
        assert_eq!(U256::from(value), values[label], "{label}");
    }
    assert_eq!(U256::from(read.committedAt), values["committedAt"]);
    let words = members_of_corpus.values().map(|(slot, ..)| *slot).max().unwrap() + 1;
    assert_eq!(corpus_slots(corpus).len() as u64, words);

    let list = mapped(corpus, word(ATTESTATIONS));
    assert_eq!(count_slot(ATTESTATIONS, corpus), list);
    let members_of_attestation = members(&registry, "Attestation");
    let values = numbered(&members_of_attestation, &[]);
    let words = members_of_attestation.values().map(|(slot, ..)| *slot).max().unwrap() + 1;
    let nth = |i: u64| B256::from(U256::from_be_bytes(keccak256(list).0) + U256::from(i * words));
    assert_eq!(attestation_slots(corpus, 0).len() as u64, words);
    assert_eq!(attestation_slots(corpus, 1)[0], nth(1));
    let stored = stored(nth(0), &members_of_attestation, &values);
    let one = [(list, U256::ONE)].into_iter();
    let storage: Storage = one
        .chain(
            attestation_slots(corpus, 0)
                .into_iter()
                .map(|slot| (slot, stored.word(slot).unwrap())),
        )
        .collect();
    let said = attestations_of(&storage, corpus).unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].source, Address::from_word(values["source"].into()));
    assert_eq!(U256::from(said[0].attestedAt), values["attestedAt"]);
    assert_eq!(U256::from_be_bytes(said[0].statement.0), values["statement"]);

    let list = mapped(corpus, word(slot_of(&market, "_accepted")));
    let third = B256::from(U256::from_be_bytes(keccak256(list).0) + U256::from(3));
    assert_eq!(
        (count_slot(ACCEPTED, corpus), id_slot(ACCEPTED, corpus, 3)),
        (list, third)
    );
}
