//! Rounds of predictions, as the stories move them on.

use crate::{labelled_images, text, Setting};
use assay_prover::model::Model;
use serde_json::Value;
use std::process::{Command, Stdio};

impl Setting {
    /// Offers a round of `count` predictions of which `cap` may be contested; what `predict open` says.
    pub fn open_round(&self, name: &str, count: usize, cap: u32, options: &[&str]) -> Value {
        self.open_round_of(&self.model_id, name, count, cap, options)
    }

    /// The same of another model of the setting's architecture.
    pub fn open_round_of(&self, model_id: &str, name: &str, count: usize, cap: u32, options: &[&str]) -> Value {
        let network = Model::load(&self.model).expect("the model is there");
        let images = self.devnet.path(&format!("{name}-images"));
        let seed = name
            .bytes()
            .fold(3, |seed, byte| 37 * seed % 1_000_003 + u64::from(byte));
        labelled_images(&network, &images, seed, count, count);
        let inputs = self.devnet.path(&format!("{name}.inputs"));
        let (cap, size) = (cap.to_string(), network.architecture.input.h.to_string());
        let args = [
            "predict",
            "open",
            model_id,
            "--inputs",
            text(&inputs),
            "--images",
            text(&images),
            "--size",
            &size,
            "--contest-cap",
            &cap,
            "--arch",
            text(&self.arch),
        ];
        self.consumer().does(&[&args, options].concat())
    }

    /// Hands the inputs of a round over in a directory, and serves it; what `predict serve` says.
    pub fn serve_round(&self, id: &str) -> Value {
        let inputs = self.devnet.path(&format!("{id}-in"));
        self.consumer().does(&["predict", "send", id, "--to", text(&inputs)]);
        self.with_model(&["predict", "serve", id, "--inputs", text(&inputs)])
    }

    /// A party's daemon for rounds, which hands files over in `exchange`; the provider's serves, the consumer's contests one.
    pub fn rounds_daemon(&self, party: &str, exchange: &str, options: &[&str]) -> Command {
        let (model, arch) = (text(&self.model), text(&self.arch));
        let serves = ["--serve", "--max-deposit", "0.1"];
        let own = match party {
            "provider" => [
                &["predict", "watch", "mp", "--model", model, "--arch", arch],
                &serves[..],
            ]
            .concat(),
            _ => vec!["predict", "watch", "mc"],
        };
        let who = match party {
            "provider" => self.provider(),
            _ => self.consumer(),
        };
        let mut command = who.signing_at(&self.devnet.url, &own);
        command
            .args(["--exchange", exchange])
            .args(options)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Whether a party has noted that it has fetched what a closed round left.
    pub fn has_settled_round(&self, party: &str, id: &str) -> bool {
        let chains = std::fs::read_dir(self.shared(party)).into_iter().flatten().flatten();
        let journals = chains.map(|chain| chain.path().join("rounds").join(id).join("journal.json"));
        let settled = journals
            .filter_map(|journal| std::fs::read(journal).ok())
            .map(|content| {
                let content: Value = serde_json::from_slice(&content).expect("it is never half written");
                content["facts"]["settled"] == true
            });
        settled.into_iter().any(|settled| settled)
    }

    /// A round as the chain has it.
    pub fn round(&self, id: &str) -> Value {
        self.consumer().reads(&["predict", "show", id])
    }
}
