//! Audits of a corpus of small images, as the stories move them on.

use crate::{small_architecture_with, text, Devnet, Party, CONSUMER, OUTSIDER, PROVIDER};
use assay_prover::model::{FoldedModel, Model, OutputMode};
use assay_prover::reference;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Anvil account of the authority.
const AUTHORITY: u32 = 3;

/// A corpus of images of which the predicate says that some match, committed to, and a predicate with its verifier.
#[derive(Debug)]
pub struct Audited {
    /// The chain.
    pub devnet: Devnet,
    /// The opening of the predicate's weights.
    pub predicate: PathBuf,
    /// Architecture file of the predicate.
    pub arch: PathBuf,
    /// What the registry calls the corpus.
    pub corpus_id: String,
    /// Every leaf of it, as the responder published them.
    pub leaves: PathBuf,
}

impl Audited {
    /// A corpus of `zeros` documents without a match and `ones` with one.
    pub fn new(zeros: usize, ones: usize) -> Self {
        let devnet = Devnet::up();
        let (model, arch) = devnet.small_model_of(OutputMode::Bit, seed_of_both());
        let documents = devnet.path("archive");
        images(
            &Model::load(&model).expect("the model is there"),
            &documents,
            zeros,
            ones,
        );
        let (responder, requester) = (devnet.party("responder", PROVIDER), devnet.party("requester", CONSUMER));
        let committed = responder.does(&["corpus", "commit", text(&documents), "--size", "8"]);
        requester.does(&["mp", "deploy-verifier", text(&arch)]);
        let predicate = devnet.path("predicate.opening");
        requester.reads(&[
            "model",
            "open",
            "--model",
            text(&model),
            "--arch",
            text(&arch),
            "--predicate",
            "--out",
            text(&predicate),
            "--yes",
        ]);
        Self {
            corpus_id: committed["id"].as_str().expect("a corpus").to_owned(),
            leaves: committed["leaves"].as_str().expect("a file").into(),
            devnet,
            predicate,
            arch,
        }
    }

    /// Who asks.
    pub fn requester(&self) -> Party<'_> {
        self.devnet.party("requester", CONSUMER)
    }

    /// Who committed the corpus.
    pub fn responder(&self) -> Party<'_> {
        self.devnet.party("responder", PROVIDER)
    }

    /// Who may approve and overrule.
    pub fn authority(&self) -> Party<'_> {
        self.devnet.party("authority", AUTHORITY)
    }

    /// Somebody else.
    pub fn outsider(&self) -> Party<'_> {
        self.devnet.party("outsider", OUTSIDER)
    }

    /// A directory that both sides can reach.
    pub fn shared(&self) -> PathBuf {
        self.devnet.path("shared")
    }

    /// Options of a request with a sample of this size, a bond of 50 milliether and a price of 10.
    pub fn asks<'a>(&'a self, samples: &'a str, options: &[&'a str]) -> Vec<&'a str> {
        let own = [
            "audit",
            "request",
            &self.corpus_id,
            "--predicate",
            text(&self.predicate),
            "--leaves",
            text(&self.leaves),
            "--samples",
            samples,
            "--bond",
            "0.05",
            "--price",
            "0.01",
        ];
        [&own[..], options].concat()
    }

    /// Requests it; the audit.
    pub fn requested(&self, samples: &str, options: &[&str]) -> String {
        let requested = self.requester().does(&self.asks(samples, options));
        requested["id"].as_str().expect("an audit").to_owned()
    }

    /// A command of the responder, about an audit.
    pub fn rs(&self, command: &str, id: &str, options: &[&str]) -> Value {
        self.responder().does(&[&["audit", command, id], options].concat())
    }

    /// A command of the requester, about an audit.
    pub fn rq(&self, command: &str, id: &str, options: &[&str]) -> Value {
        self.requester().does(&[&["audit", command, id], options].concat())
    }

    /// Accepts it with the predicate from the file that was published.
    pub fn accepted(&self, id: &str, options: &[&str]) -> Value {
        let own = [
            "--predicate",
            text(&self.predicate),
            "--max-bond",
            "0.05",
            "--max-matches",
            "100",
        ];
        self.rs("accept", id, &[&own[..], options].concat())
    }

    /// Requested, accepted, answered, revealed, proven.
    pub fn proven(&self, samples: &str, options: &[&str]) -> String {
        let id = self.requested(samples, options);
        self.accepted(&id, &[]);
        self.rs("answer", &id, &[]);
        self.rq("reveal", &id, &[]);
        let proven = self.rs("prove", &id, &[]);
        assert_eq!(proven["state"], "Delivering", "{proven}");
        id
    }

    /// As a reader has it who knows the predicate's architecture.
    pub fn shown(&self, id: &str) -> Value {
        let outsider = self.devnet.party("outsider", OUTSIDER);
        outsider.reads(&["audit", "show", id, "--arch", text(&self.arch)])
    }

    /// Changes the facts in a party's journal of an audit, as only a party itself could.
    pub fn rewrite_journal(&self, party: &str, id: &str, change: impl FnOnce(&mut Value)) {
        self.rewrite(party, id, "journal.json", |journal| change(&mut journal["facts"]));
    }

    /// Changes a JSON file that a party keeps of an audit.
    pub fn rewrite(&self, party: &str, id: &str, file: &str, change: impl FnOnce(&mut Value)) {
        let path = self.file(party, id, file).expect("the party keeps it");
        let mut content: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("it is there")).expect("it is JSON");
        change(&mut content);
        std::fs::write(&path, serde_json::to_vec(&content).expect("plain data")).expect("the file can be written");
    }

    /// What a party fetches from the market, wei.
    pub fn fetched(&self, party: Party<'_>) -> u128 {
        let withdrawn = party.does(&["withdraw"]);
        let withdrawals = withdrawn["withdrawals"].as_array().expect("a list");
        let wei = |w: &Value| w["amountWei"].as_str().expect("wei").parse::<u128>().expect("wei");
        withdrawals.iter().map(wei).sum()
    }
}

/// Images of noise, each of another brightness and contrast.
struct Noise(ChaCha20Rng);

impl Noise {
    fn image(&mut self, bytes: usize) -> Vec<u8> {
        let (low, span) = (self.0.gen_range(0..=255u32), self.0.gen_range(1..=256u32));
        let mut byte = || ((low + self.0.gen_range(0..span)) % 256) as u8;
        (0..bytes).map(|_| byte()).collect()
    }
}

/// What a network of two classes says.
fn answer(model: &Model, folded: &FoldedModel, image: &[u8]) -> usize {
    let trace = reference::run(&model.architecture, folded, image).expect("the model is total");
    trace.top1()
}

/// The seed of parameters with which a network answers a tenth of all noise with a match at least, and as much with none.
fn seed_of_both() -> u64 {
    const TRIES: usize = 100;
    let is_of_both = |seed: &u64| {
        let model =
            Model::random(small_architecture_with(OutputMode::Bit), *seed).expect("random parameters are valid");
        let folded = model.fold().expect("the model folds");
        let mut noise = Noise(ChaCha20Rng::seed_from_u64(97));
        let images = (0..TRIES).map(|_| noise.image(model.architecture.image_len()));
        let ones: usize = images.map(|image| answer(&model, &folded, &image)).sum();
        (TRIES / 10..TRIES - TRIES / 10).contains(&ones)
    };
    (0..1000).find(is_of_both).expect("some network tells noise apart")
}

/// Writes images until there are so many of each answer.
fn images(model: &Model, directory: &Path, zeros: usize, ones: usize) {
    std::fs::create_dir_all(directory).expect("the directory can be made");
    let arch = &model.architecture;
    let folded = model.fold().expect("the model folds");
    let mut noise = Noise(ChaCha20Rng::seed_from_u64(97));
    let (mut left, mut number) = ([zeros, ones], 0);
    while left != [0, 0] {
        let bytes = noise.image(arch.image_len());
        let answer = answer(model, &folded, &bytes);
        if left[answer] == 0 {
            continue;
        }
        left[answer] -= 1;
        let (w, h) = (arch.input.w as u32, arch.input.h as u32);
        image::RgbImage::from_raw(w, h, bytes)
            .expect("the sizes fit")
            .save(directory.join(format!("{number:04}.png")))
            .expect("the image can be written");
        number += 1;
    }
}
