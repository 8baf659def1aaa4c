//! Evidence of audits: made beside a node, checked by a judge who has the file and the program, and neither node nor repository.

use alloy::primitives::{keccak256, Bytes};
use alloy::sol_types::SolEvent;
use assay_chain::error::Kind;
use assay_durable::report::Reporter;
use assay_marketplace::audit::package::check::{check, Ask};
use assay_marketplace::audit::package::record::Record;
use assay_marketplace::audit::package::result::EvidenceChecked;
use assay_marketplace::proving::reference_string::SrsUse;
use assay_protocol::abi::IRetrievalMarket::AuditProven;
use e2e::{assay, root, text, Audited, Devnet};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const HOUR: u64 = 3600;
/// What a package begins with, and the three lengths after it.
const MAGIC: usize = 17;
const HEAD: usize = MAGIC + 3 * 8;

/// Somebody on another machine: an empty directory, the program, no node.
struct Judge {
    directory: tempfile::TempDir,
    program: PathBuf,
}

impl Judge {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("assay");
        std::fs::copy(assay(), &program).unwrap();
        Self { directory, program }
    }

    fn runs(&self, repository: Option<&Path>, args: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.current_dir(self.directory.path()).args(args);
        command.env_remove("ETH_RPC_URL").env_remove("ASSAY_REPO");
        command.args(["--home", text(&self.directory.path().join("home"))]);
        if let Some(repository) = repository {
            command.env("ASSAY_REPO", repository);
        }
        command.output().unwrap()
    }

    fn reads(&self, repository: Option<&Path>, evidence: &Path) -> Value {
        let output = self.runs(repository, &["audit", "check", text(evidence), "--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// An audit with everything in it, closed; with the opening of two of its documents.
fn whole(story: &Audited) -> (String, PathBuf) {
    let authority = story.authority().address();
    let id = story.requested(
        "3",
        &["--named-max", "1", "--withhold-max", "2", "--authority", &authority],
    );
    story.authority().does(&["audit", "approve", &id]);
    let accepted = story.accepted(&id, &["--authority", &authority, "--withhold", "1"]);
    let matches = accepted["matches"].as_array().unwrap().iter();
    let ones: Vec<u64> = matches.map(|one| one["index"].as_u64().unwrap()).collect();
    let log = story.devnet.path("privilege.txt");
    std::fs::write(&log, "correspondence with counsel").unwrap();
    let one = ones[0].to_string();
    story
        .responder()
        .does(&["audit", "withhold", &id, "--log", text(&log), "--document", &one]);
    story.rs("answer", &id, &[]);
    let zero = (0..).find(|index| !ones.contains(index)).unwrap().to_string();
    story.rq("reveal", &id, &["--name", &zero]);
    story.rs("prove", &id, &[]);
    let ruling = story.devnet.path("order.txt");
    std::fs::write(&ruling, "disclose").unwrap();
    story
        .authority()
        .does(&["audit", "overrule", &id, "--all", "--ruling", text(&ruling)]);
    story.rq("demand", &id, &[]);
    // Not acknowledged, hence published.
    story.rs("deliver", &id, &["--demand", "0"]);
    story.devnet.pass(HOUR + 1);
    story.rs("publish", &id, &["--demand", "0"]);
    story.devnet.pass(2 * HOUR);
    story.outsider().does(&["timeout", "run", &id]);
    let opening = story.devnet.path("delivered.opening");
    let open = ["corpus", "open", &story.corpus_id, "--out", text(&opening), "--yes"];
    let [first, second] = [ones[0], ones[1]].map(|index| index.to_string());
    story
        .responder()
        .reads(&[&open[..], &["--index", &first, "--index", &second]].concat());
    (id, opening)
}

fn exports<'a>(story: &'a Audited, id: &'a str, out: &'a Path, options: &[&'a str]) -> Vec<&'a str> {
    let own = [
        "audit",
        "export",
        id,
        "--predicate",
        text(&story.predicate),
        "--out",
        text(out),
    ];
    [&own[..], options].concat()
}

#[test]
fn a_judge_without_a_node_follows_everything() {
    let story = Audited::new(9, 4);
    let (id, opening) = whole(&story);
    let evidence = story.devnet.path("audit.evidence");
    let exported = story
        .outsider()
        .reads(&exports(&story, &id, &evidence, &["--documents", text(&opening)]));
    assert_eq!((&exported["documents"], &exported["proofs"]), (&2.into(), &4.into()));
    // What is there is not replaced.
    let (code, said) = story.outsider().fails_to_read(&exports(&story, &id, &evidence, &[]));
    assert!(code == 2 && said.contains("is not replaced"), "{said}");

    let judge = Judge::new();
    let shown = story.shown(&id);
    let checked = judge.reads(None, &evidence);
    for field in [
        "verdict",
        "outcome",
        "answersHash",
        "seed",
        "positives",
        "overruled",
        "published",
        "closedAt",
    ] {
        assert_eq!(checked[field], shown[field], "{field}");
    }
    assert_eq!(checked["deployment"]["grade"], "REPRODUCED");
    assert_eq!(
        (&checked["proofs"]["verified"], &checked["proofs"]["due"]),
        (&4.into(), &4.into())
    );
    assert_eq!(checked["documents"]["documents"].as_array().unwrap().len(), 2);
    let judged = checked["judged"].as_array().unwrap();
    assert_eq!(judged.len(), 2);
    for judged in judged {
        assert_eq!((&judged["answered"], &judged["found"]), (&true.into(), &true.into()));
    }
    assert_eq!(checked["requests"], 1);
    let blocks = checked["trusted"]["blocks"].as_array().unwrap();
    for block in blocks {
        let number = format!("[\"0x{:x}\",false]", block["number"].as_u64().unwrap());
        let there: Value = serde_json::from_str(&story.devnet.rpc("eth_getBlockByNumber", &number)).unwrap();
        assert_eq!(there["hash"], block["hash"], "the one thing that is left to ask");
    }
    // Without the repository the verifier is not made anew, and nothing rests on it; with it, it is.
    let why = checked["predicate"]["notCompared"].as_str().unwrap();
    assert!(why.contains("could not be compiled here"), "{why}");
    assert_eq!(
        judge.reads(Some(&root()), &evidence)["predicate"]["notCompared"],
        Value::Null
    );
    // Nor with a compiler of anybody's.
    let theirs = story.devnet.path("theirs");
    std::fs::create_dir_all(theirs.join("node_modules/solc")).unwrap();
    std::fs::write(
        theirs.join("node_modules/solc/soljson.js"),
        "exports.cwrap = () => () => '{}'",
    )
    .unwrap();
    let read = judge.reads(Some(&theirs), &evidence);
    let why = read["predicate"]["notCompared"].as_str().unwrap();
    assert!(why.contains("is not the compiler of this release"), "{why}");

    let output = judge.runs(None, &["audit", "check", text(&evidence)]);
    let text = String::from_utf8(output.stdout).unwrap();
    for said in [
        "What was asked",
        "4 documents match, 9 do not",
        "of these overruled:",
        "not acknowledged, therefore published in full",
        "SAMPLED: 3 drawn and proven",
        "the verdict, with --delta 5 %: SAMPLED",
        "answered with a match, and the predicate finds one",
        "of 4 documents answered with a match, opened here: ",
        "As of block ",
        "said in a ruling with SHA-256 0x",
        "no source attested it",
        "0 others were accepted",
        "What is taken on trust",
        "the development one",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn only_what_has_ended_is_exported_and_with_its_own_predicate() {
    let story = Audited::new(3, 1);
    let id = story.requested("2", &[]);
    let out = story.devnet.path("early.evidence");
    let (_, said) = story.outsider().fails_to_read(&exports(&story, &id, &out, &[]));
    assert!(
        said.contains("has not ended") && said.contains("assay audit show"),
        "{said}"
    );
    assert!(!out.exists());
    story.rs("decline", &id, &["--reason", "too broad"]);
    let bad = story.devnet.path("bad.opening");
    let mut bytes = std::fs::read(&story.predicate).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bad, bytes).unwrap();
    let mut args = exports(&story, &id, &out, &[]);
    args[4] = text(&bad);
    let (_, said) = story.outsider().fails_to_read(&args);
    assert!(
        said.contains("--predicate takes what assay model open writes"),
        "{said}"
    );
    story.outsider().reads(&exports(&story, &id, &out, &[]));
    let checked = Judge::new().reads(None, &out);
    assert_eq!(
        (&checked["outcome"], &checked["verdict"]["assurance"]),
        (&"Declined".into(), &"NONE".into())
    );
    let report = checked["report"].to_string();
    assert!(
        report.contains("the request was refused") && report.contains("too broad"),
        "{report}"
    );
}

/// Code that calls an account with whatever it is called with, and fails if that does.
fn relay_to(account: &str) -> String {
    let account = account.trim_start_matches("0x");
    format!("0x60288060093d393df3363d3d373d3d363d3d73{account}5af16026575f5ffd5b00")
}

/// A transaction of an account that the node signs for; its receipt.
fn sent(devnet: &Devnet, fields: &str) -> Value {
    let sender = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let fields = format!(r#"[{{"from":"{sender}","gas":"0xf00000",{fields}}}]"#);
    let hash = devnet.rpc("eth_sendTransaction", &fields);
    let receipt = serde_json::from_str(&devnet.rpc("eth_getTransactionReceipt", &format!("[{hash}]")));
    let receipt: Value = receipt.unwrap();
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt
}

#[test]
fn proofs_that_came_through_another_contract_are_carried_and_verified() {
    let story = Audited::new(4, 1);
    let id = story.requested("2", &[]);
    story.accepted(&id, &[]);
    story.rs("answer", &id, &[]);
    story.rq("reveal", &id, &[]);
    let (devnet, market) = (&story.devnet, story.shown(&id)["market"].clone());
    // As the responder sent them, then once more by somebody else's contract.
    let before = devnet.rpc("evm_snapshot", "[]");
    story.rs("prove", &id, &[]);
    let signature = AuditProven::SIGNATURE_HASH;
    let filter = format!(r#"[{{"fromBlock":"0x0","address":{market},"topics":["{signature}","{id}"]}}]"#);
    let logs: Value = serde_json::from_str(&devnet.rpc("eth_getLogs", &filter)).unwrap();
    let calls: Vec<Value> = logs
        .as_array()
        .unwrap()
        .iter()
        .map(|log| {
            let transaction = devnet.rpc("eth_getTransactionByHash", &format!("[{}]", log["transactionHash"]));
            serde_json::from_str::<Value>(&transaction).unwrap()["input"].clone()
        })
        .collect();
    devnet.rpc("evm_revert", &format!("[{before}]"));
    let relay = sent(devnet, &format!(r#""data":"{}""#, relay_to(market.as_str().unwrap())));
    for call in &calls {
        sent(devnet, &format!(r#""to":{},"data":{call}"#, relay["contractAddress"]));
    }
    story.devnet.pass(3 * HOUR);
    assert_eq!(story.outsider().does(&["timeout", "run", &id])["outcome"], "Complete");

    let evidence = devnet.path("relayed.evidence");
    let exported = story.outsider().reads(&exports(&story, &id, &evidence, &[]));
    assert_eq!(exported["proofs"], 2);
    let read = Judge::new().reads(None, &evidence);
    assert_eq!(
        (&read["proofs"]["accepted"], &read["proofs"]["verified"]),
        (&2.into(), &2.into())
    );
    let besides = read["trusted"]["besides"].to_string();
    assert!(
        besides.contains(&format!("nothing of {} calls to the market", calls.len())),
        "{besides}"
    );

    let parts = Parts::of(&std::fs::read(&evidence).unwrap());
    let says = |change: &dyn Fn(&mut Record)| {
        let mut record = parts.record.clone();
        change(&mut record);
        let altered = devnet.path("altered.evidence");
        std::fs::write(&altered, parts.with(&serde_json::to_string(&record).unwrap())).unwrap();
        format!("{:#}", checked(&altered).unwrap_err())
    };
    // The last word of a call is of a proof, but for what fills it up.
    let said = says(&|record| {
        let call = &mut record.relayed[0].calls[0];
        let mut bytes = call.to_vec();
        let at = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[at] ^= 1;
        *call = bytes.into();
    });
    assert!(said.contains("the proof about document"), "{said}");
    let said = says(&|record| record.relayed.clear());
    assert!(said.contains("proofs are not in it"), "{said}");
}

fn checked(path: &Path) -> eyre::Result<EvidenceChecked> {
    let ask = Ask {
        srs: SrsUse::dev(),
        delta: "5%".parse().unwrap(),
        trusted_deployment: None,
    };
    check(path, &ask, &Reporter::silent())
}

/// A package taken apart.
struct Parts {
    record: Record,
    predicate: Vec<u8>,
    documents: Vec<u8>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let length = |n: usize| {
            let at = MAGIC + 8 * n;
            u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
        };
        let (record, predicate) = bytes[HEAD..].split_at(length(0));
        let (predicate, documents) = predicate.split_at(length(1));
        assert_eq!(documents.len(), length(2));
        Self {
            record: serde_json::from_slice(record).unwrap(),
            predicate: predicate.to_vec(),
            documents: documents.to_vec(),
        }
    }

    /// Put together again with another record, in the order of its fields.
    fn with(&self, record: &str) -> Vec<u8> {
        let parts = [record.as_bytes(), &self.predicate, &self.documents];
        let lengths = parts.map(|part| (part.len() as u64).to_be_bytes()).concat();
        [&b"assay-evidence 2\n"[..], &lengths, &parts.concat()].concat()
    }
}

/// Where a JSON text holds values, as ranges of bytes: strings without their quotation marks, numbers.
fn values(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let start = at + 1;
                at = start;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                // What a colon follows is a name.
                if bytes.get(at + 1) != Some(&b':') {
                    found.push(start..at);
                }
            }
            b'0'..=b'9' => {
                let start = at;
                while bytes[at].is_ascii_digit() {
                    at += 1;
                }
                found.push(start..at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

#[test]
fn whatever_is_altered_or_left_out_is_refused_by_name() {
    let story = Audited::new(5, 2);
    let (id, opening) = whole(&story);
    let evidence = story.devnet.path("audit.evidence");
    story
        .outsider()
        .reads(&exports(&story, &id, &evidence, &["--documents", text(&opening)]));
    let whole = std::fs::read(&evidence).unwrap();
    checked(&evidence).unwrap();
    let altered = story.devnet.path("altered.evidence");
    let refused = |bytes: &[u8], what: &str| {
        std::fs::write(&altered, bytes).unwrap();
        let error = match checked(&altered) {
            Ok(_) => panic!("{what} was altered, and nothing is said"),
            Err(error) => error,
        };
        assert!(Kind::Rejected.is_of(&error), "{what}: {error:#}");
        format!("{error:#}")
    };
    // The head, byte by byte, then each part in many places.
    for at in 0..HEAD {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refused(&bytes, &format!("byte {at}"));
    }
    let parts = Parts::of(&whole);
    let record_end = whole.len() - parts.predicate.len() - parts.documents.len();
    let places = (record_end..whole.len()).step_by(parts.predicate.len() / 20 + 1);
    for at in places.chain([record_end, whole.len() - parts.documents.len(), whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let said = refused(&bytes, &format!("byte {at}"));
        let part = if at < whole.len() - parts.documents.len() {
            "the predicate"
        } else {
            "its documents"
        };
        assert!(said.contains(part), "{said}");
    }
    // Every value of the record, in its first, middle and last character.
    let text = std::str::from_utf8(&whole[HEAD..record_end]).unwrap();
    for range in values(text) {
        let middle = (range.start + range.end) / 2;
        for at in [range.start, middle, range.end - 1] {
            let mut other = text.as_bytes().to_vec();
            other[at] = match other[at] {
                b'0' => b'1',
                b'x' | b' ' | b'\\' => continue,
                b'1'..=b'9' | b'b'..=b'z' | b'B'..=b'Z' => other[at] - 1,
                b'a' => b'b',
                other => other + 1,
            };
            let Ok(other) = String::from_utf8(other) else { continue };
            refused(&parts.with(&other), &text[range.start.saturating_sub(30)..at + 1]);
        }
    }
    left_out(&parts, &refused);
}

/// Packages that say less, each written as the program would write it.
fn left_out(parts: &Parts, refused: &dyn Fn(&[u8], &str) -> String) {
    let says = |what: &str, why: &str, change: &dyn Fn(&mut Record)| {
        let mut record = parts.record.clone();
        change(&mut record);
        let said = refused(&parts.with(&serde_json::to_string(&record).unwrap()), what);
        assert!(said.contains(why), "{what}: {said}");
    };
    for block in 1..parts.record.blocks.len() - 1 {
        // Each is missed by a rule of its own: a state, a count, a hash, a sum.
        says("a block", "", &|record| drop(record.blocks.remove(block)));
    }
    says("the request", "the audit was None", &|record| {
        drop(record.blocks.remove(0))
    });
    // Blocks without a part of the audit may follow the one in which it was closed: as of those nothing is different.
    let end = parts
        .record
        .blocks
        .iter()
        .rposition(|block| !block.transactions.is_empty());
    let end = end.unwrap();
    says("the last blocks", "its nodes do not lead from root", &|record| {
        record.blocks.truncate(end)
    });
    says(
        "the end",
        "state: the events lead to Delivering",
        &|record| match end + 1 == record.blocks.len() {
            true => record.blocks[end].transactions.clear(),
            false => drop(record.blocks.remove(end)),
        },
    );
    says(
        "transactions of a block",
        "a block has no part of the audit",
        &|record| {
            record.blocks[0].transactions.clear();
        },
    );
    for account in &parts.record.accounts {
        // Without the key's data the verifier cannot be compared; nobody does here.
        if parts.record.key_data == Some(account.address) {
            continue;
        }
        says("an account", "", &|record| {
            record.accounts.retain(|other| other.address != account.address);
            record.codes.remove(&account.address);
        });
    }
    says("a code", "its code is not", &|record| drop(record.codes.pop_first()));
    says("a word of storage", "is not proven", &|record| {
        let market = record.market;
        let account = record.accounts.iter_mut().find(|account| account.address == market);
        account.unwrap().slots.pop();
    });
    says("a word of storage twice", "is stated twice", &|record| {
        let market = record.market;
        let account = record
            .accounts
            .iter_mut()
            .find(|account| account.address == market)
            .unwrap();
        account.slots.push(account.slots[0]);
    });
    says("a node", "do not lead from root", &|record| {
        drop(record.nodes.remove(0))
    });
    says("a node of its own", "is not in its place, or there again", &|record| {
        record.nodes.push(record.nodes[0].clone());
    });
    says(
        "nodes that lead nowhere",
        "leads to nothing that is needed",
        &|record| {
            let last = keccak256(record.nodes.last().unwrap());
            let more = (0u64..).map(|n| Bytes::from(n.to_be_bytes().to_vec()));
            record.nodes.extend(more.filter(|node| keccak256(node) > last).take(1));
        },
    );
    says("a line of the report", "its report says something else", &|record| {
        drop(record.report.pop())
    });
}
