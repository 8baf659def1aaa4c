//! Rounds of predictions, as the stories move them on.

use crate::{labelled_images, text, Setting};
use assay_prover::model::Model;
use serde_json::Value;

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

    /// A round as the chain has it.
    pub fn round(&self, id: &str) -> Value {
        self.consumer().reads(&["predict", "show", id])
    }
}
