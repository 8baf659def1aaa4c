//! A corpus of documents on anvil: committed to, killed in the middle, attested, sampled, opened and checked, each party a process
//! with a home of its own.

use assay_marketplace::corpus::leaves;
use assay_protocol::retrieval::corpora::corpus_tree;
use e2e::{root, text, Devnet, Party, CONSUMER, OUTSIDER, PROVIDER};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Real digits, which the repository has for another purpose.
const DOCUMENTS: usize = 60;

struct Story {
    devnet: Devnet,
    documents: PathBuf,
}

impl Story {
    fn new() -> Self {
        let devnet = Devnet::up();
        let documents = devnet.path("archive");
        std::fs::create_dir(&documents).unwrap();
        let digits = std::fs::read_dir(root().join("models/digits/heldout")).unwrap();
        let mut digits: Vec<PathBuf> = digits.map(|entry| entry.unwrap().path()).collect();
        digits.sort();
        for digit in digits.iter().take(DOCUMENTS) {
            std::fs::copy(digit, documents.join(digit.file_name().unwrap())).unwrap();
        }
        Self { devnet, documents }
    }

    fn responder(&self) -> Party<'_> {
        self.devnet.party("responder", PROVIDER)
    }

    fn source(&self) -> Party<'_> {
        self.devnet.party("source", CONSUMER)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.devnet.path(name)
    }

    fn commits(&self) -> Vec<&str> {
        vec!["corpus", "commit", text(&self.documents), "--size", "96"]
    }

    fn committed(&self) -> String {
        let committed = self.responder().does(&self.commits());
        committed["id"].as_str().unwrap().to_owned()
    }

    /// Opens what was drawn, or these; where the opening is.
    fn opened(&self, id: &str, what: &[&str], name: &str) -> PathBuf {
        let opening = self.path(name);
        let out = ["--out", text(&opening), "--yes"];
        self.responder().reads(&[&["corpus", "open", id], what, &out].concat());
        opening
    }
}

fn files(of: &Path) -> Vec<Vec<u8>> {
    ["salts", "commitments"]
        .map(|name| std::fs::read(of.join(name)).unwrap())
        .to_vec()
}

#[test]
fn a_corpus_is_committed_to_once_whatever_is_killed() {
    let story = Story::new();
    let responder = story.responder();
    let before = responder.nonce();
    for step in 1..6u64 {
        // Somewhere in the command, another place each time.
        responder.is_killed(&story.commits(), Duration::from_millis(step * 131 % 700));
    }
    let corpus = story.path("archive.corpus");
    let salts = std::fs::read(corpus.join("salts")).ok();
    let committed = responder.does(&story.commits());
    if let Some(salts) = salts {
        assert_eq!(std::fs::read(corpus.join("salts")).unwrap(), salts, "drawn once");
    }
    let kept = files(&corpus);
    let again = responder.does(&story.commits());
    assert_eq!((&again["id"], &again["root"]), (&committed["id"], &committed["root"]));
    assert_eq!(files(&corpus), kept);
    assert_eq!(responder.nonce() - before, 1, "one transaction");
    // Also where this machine has forgotten what it sent.
    let forgetful = story.devnet.party("forgetful", PROVIDER);
    let found = forgetful.does(&story.commits());
    assert_eq!(found["id"], committed["id"]);
    assert!(found.get("sent").is_none(), "{found}");
    assert_eq!(responder.nonce() - before, 1);
    // Another uri would be another transaction.
    let (_, said) = responder.fails(&[&story.commits()[..], &["--uri", "ipfs://x"]].concat());
    assert!(said.contains("committed to before, with uri \"\""), "{said}");

    let id = committed["id"].as_str().unwrap();
    let shown = story.source().reads(&["corpus", "show", id]);
    assert_eq!(shown["size"], DOCUMENTS);
    assert_eq!(
        (&shown["root"], &shown["inputWords"]),
        (&committed["root"], &892.into())
    );
    assert_eq!(
        shown["responder"].as_str().unwrap().to_lowercase(),
        responder.address().to_lowercase()
    );
    assert_eq!(shown["deployment"]["grade"], "REPRODUCED");
    assert_eq!(shown["attestations"], Value::Array(Vec::new()));
    // What is there cannot be of another folder.
    std::fs::copy(root().join("models/digits/README.md"), story.documents.join("notes.md")).unwrap();
    let (_, said) = responder.fails(&story.commits());
    assert!(said.contains("notes.md is no PNG image"), "{said}");
}

#[test]
fn a_document_that_was_altered_before_the_transaction_is_not_committed_to() {
    let story = Story::new();
    let responder = story.responder();
    let before = responder.nonce();
    // All of it is on disk, and no transaction was signed.
    let (_, said) = responder.fails(&[&story.commits()[..], &["--max-cost", "0.000000001"]].concat());
    assert!(said.contains("--max-cost"), "{said}");
    let name = story.documents.join("0007_7.png");
    let good = std::fs::read(&name).unwrap();
    std::fs::copy(story.documents.join("0011_1.png"), &name).unwrap();
    let (_, said) = responder.fails(&story.commits());
    assert!(
        said.contains("0007_7.png, was altered") && said.contains("hint: "),
        "{said}"
    );
    assert_eq!(responder.nonce(), before, "nothing was committed to");
    std::fs::write(&name, &good).unwrap();
    responder.does(&story.commits());
    // What is on chain stays, and the documents are not read for nothing.
    std::fs::copy(story.documents.join("0011_1.png"), &name).unwrap();
    responder.does(&story.commits());
    assert_eq!(responder.nonce() - before, 1);
}

#[test]
fn every_leaf_is_in_a_file_for_everybody() {
    let story = Story::new();
    let responder = story.responder();
    // Neither among the documents, nor in the directory that nobody else reads, nor in place of another file.
    for inside in [story.documents.join("leaves"), story.path("archive.corpus/leaves")] {
        let (code, said) = responder.fails(&[&story.commits()[..], &["--leaves", text(&inside)]].concat());
        assert!(code == 2 && said.contains("name a file outside of it"), "{said}");
        assert!(!inside.exists());
    }
    let (mine, named) = (story.path("mine"), story.path("named"));
    std::fs::write(&mine, "something else").unwrap();
    let (_, said) = responder.fails(&[&story.commits()[..], &["--leaves", text(&mine)]].concat());
    assert!(
        said.contains("holds something else") && said.contains("hint: "),
        "{said}"
    );
    assert_eq!(std::fs::read(&mine).unwrap(), b"something else");

    let committed = responder.does(&[&story.commits()[..], &["--leaves", text(&named)]].concat());
    assert_eq!(committed["leaves"], text(&named));
    let again = responder.does(&story.commits());
    let beside = story.path("archive.corpus.leaves");
    assert_eq!(
        again["leaves"].as_str().unwrap(),
        beside.canonicalize().unwrap().to_str().unwrap()
    );
    assert_eq!(std::fs::read(&beside).unwrap(), std::fs::read(&named).unwrap());
    assert_eq!(std::fs::read(&beside).unwrap().len(), 15 + 32 * DOCUMENTS);
    let leaves = leaves::load(&beside).unwrap();
    let root = corpus_tree(&leaves).unwrap().root().to_string();
    assert_eq!(committed["root"], root);
}

#[test]
fn sources_attest_what_is_committed_to_once_each() {
    let story = Story::new();
    // So that the registry itself has confirmations enough.
    story.devnet.rpc("anvil_mine", "[\"0x40\"]");
    let id = story.committed();
    let statement = story.path("statement.txt");
    std::fs::write(&statement, "These are our scans.").unwrap();
    let attest = ["corpus", "attest", &id, "--statement", text(&statement)];
    let source = story.source();
    let before = source.nonce();
    let zero = format!("0x{:064}", 0);
    let (code, said) = source.fails(&[&attest[..], &["--root", &zero]].concat());
    assert!(code == 2 && said.contains("these are other documents"), "{said}");
    let (_, said) = source.fails(&["corpus", "attest", &zero, "--text", "ours"]);
    assert!(said.contains("has no corpus"), "{said}");
    let (_, said) = source.fails(&[&attest[..], &["--confirmations", "50"]].concat());
    assert!(said.contains("does not have 50 confirmations"), "{said}");
    for step in 1..3u64 {
        source.is_killed(&attest, Duration::from_millis(step * 67));
    }
    let attested = source.does(&attest);
    let again = source.does(&attest);
    assert_eq!(attested["statement"], again["statement"]);
    assert_eq!(source.nonce() - before, 1);
    let (_, said) = source.fails(&["corpus", "attest", &id, "--text", "not ours"]);
    assert!(said.contains("said something else"), "{said}");
    story
        .responder()
        .does(&["corpus", "attest", &id, "--text", "all of it"]);

    let shown = story.source().reads(&["corpus", "show", &id]);
    let said = shown["attestations"].as_array().unwrap();
    assert_eq!(said.len(), 2);
    assert_eq!(
        (&said[0]["statement"], &said[0]["own"]),
        (&attested["statement"], &false.into())
    );
    assert_eq!(said[1]["own"], true);
    assert_eq!(said[0]["attestedAt"], attested["attestedAt"]);
    let listed = source.reads(&["corpus", "list", &story.responder().address()]);
    assert_eq!(listed["corpora"][0]["id"], id.as_str());
    assert_eq!(listed["corpora"][0]["attestationCount"], 2);
}

#[test]
fn what_a_source_draws_is_opened_to_its_originals_and_tampering_is_found() {
    let story = Story::new();
    let id = story.committed();
    let (source, sample) = (story.source(), story.path("drawn.sample"));
    let drawn = source.reads(&["corpus", "sample", &id, "--count", "12", "--out", text(&sample)]);
    assert_eq!(drawn["indices"].as_array().unwrap().len(), 12);
    let (_, said) = source.fails_to_read(&["corpus", "sample", &id, "--count", "12", "--out", text(&sample)]);
    assert!(said.contains("never replaced"), "{said}");
    let (code, _) = story
        .responder()
        .fails_to_read(&["corpus", "open", &id, "--sample", text(&sample), "--out", "x"]);
    assert_eq!(code, 2, "without a terminal only --yes is consent");
    let opening = story.opened(&id, &["--sample", text(&sample)], "drawn.opening");
    let archive = story.documents.clone();
    let checks = |opening: &Path, more: &[&str]| {
        let outsider = story.devnet.party("outsider", OUTSIDER);
        let check = ["corpus", "check", text(opening), "--sample", text(&sample)];
        let (code, said) = outsider.fails_to_read(&[&check[..], more].concat());
        assert_eq!(code, 3, "{said}");
        said
    };
    let extracted = story.path("extracted");
    let check = ["corpus", "check", text(&opening), "--sample", text(&sample)];
    let more = ["--originals", text(&archive), "--extract", text(&extracted)];
    let checked = source.reads(&[&check[..], &more].concat());
    // C(60 − m, 12)/C(60, 12) is above 5 % up to 11.
    assert_eq!(
        (&checked["shows"]["drawn"], &checked["shows"]["failingAtMost"]),
        (&12.into(), &11.into())
    );
    assert_eq!(std::fs::read_dir(&extracted).unwrap().count(), 12);

    // Nothing of the file is believed.
    let good = std::fs::read(&opening).unwrap();
    let (header, fixed) = (18 + 32 + 12, 4 + 31 + 32 + 1 + 6 * 32 + 4);
    let bad = story.path("bad.opening");
    for (at, expected) in [
        (0, "does not begin as openings of documents do"),
        (20, "it is of corpus"),
        (header + 3, "document"),
        (header + 10, "original, salts or path were altered"),
        (header + 40, "original, salts or path were altered"),
        (header + 80, "original, salts or path were altered"),
        (header + fixed + 200, "document"),
        (good.len() - 30, "document"),
    ] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        std::fs::write(&bad, bytes).unwrap();
        let said = checks(&bad, &[]);
        assert!(
            said.contains(expected) && said.contains("bad.opening"),
            "byte {at}: {said}"
        );
    }
    std::fs::write(&bad, &good[..good.len() - 1]).unwrap();
    assert!(checks(&bad, &[]).contains("cut off"));
    std::fs::write(&bad, [&good[..], &[0]].concat()).unwrap();
    assert!(checks(&bad, &[]).contains("added to"));

    // What was drawn and is not opened; what the source does not have; another corpus of the same documents.
    let first = drawn["indices"][0].as_u64().unwrap();
    let other = (0..DOCUMENTS as u64).find(|index| *index != first).unwrap().to_string();
    let few = story.opened(&id, &["--index", &other], "few.opening");
    let said = checks(&few, &[]);
    assert!(
        said.contains(&format!("document {first} was drawn and is not opened")),
        "{said}"
    );
    let elsewhere = story.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("one.png"), b"one").unwrap();
    let said = checks(&opening, &["--originals", text(&elsewhere)]);
    assert!(said.contains("is none of the files in"), "{said}");
    let second = story.path("second.corpus");
    let committed = story
        .responder()
        .does(&[&story.commits()[..], &["--corpus", text(&second)]].concat());
    let second_id = committed["id"].as_str().unwrap();
    assert_ne!(second_id, id);
    let other = story.opened(second_id, &["--index", &first.to_string()], "other.opening");
    assert!(checks(&other, &[]).contains("it is of corpus"));
    // The files of the one do not open the other.
    let (_, said) = story.responder().fails_to_read(&[
        "corpus",
        "open",
        &id,
        "--index",
        "0",
        "--corpus",
        text(&second),
        "--out",
        text(&story.path("none")),
        "--yes",
    ]);
    assert!(said.contains("holds another corpus"), "{said}");
}

#[test]
fn an_original_that_was_altered_since_is_not_opened() {
    let story = Story::new();
    let id = story.committed();
    let opening = story.path("all.opening");
    let name = story.documents.join("0007_7.png");
    let good = std::fs::read(&name).unwrap();
    std::fs::copy(story.documents.join("0011_1.png"), &name).unwrap();
    let indices: Vec<String> = (0..DOCUMENTS).map(|index| index.to_string()).collect();
    let mut open = vec!["corpus", "open", &id, "--out", text(&opening), "--yes"];
    open.extend(indices.iter().flat_map(|index| ["--index", index.as_str()]));
    let (_, said) = story.responder().fails_to_read(&open);
    assert!(
        said.contains("0007_7.png, was altered") && said.contains("hint: "),
        "{said}"
    );
    assert!(!opening.exists(), "whole or not at all");
    std::fs::write(&name, good).unwrap();
    story.responder().reads(&open);
    let checked = story
        .source()
        .reads(&["corpus", "check", text(&opening), "--corpus-id", &id]);
    assert_eq!(checked["documents"].as_array().unwrap().len(), DOCUMENTS);
    assert!(checked.get("shows").is_none(), "nobody drew these");
}
