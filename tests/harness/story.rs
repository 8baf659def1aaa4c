//! An engagement with an encrypted transfer, as the stories move it on. N1 = 1, N2 = 3.

use crate::{text, Party, Setting, OUTSIDER};
use serde_json::Value;
use std::path::PathBuf;

const HOUR: u64 = 3600;

/// `n` milliether in wei, as decimals.
pub fn milliether(n: u128) -> String {
    (n * 1_000_000_000_000_000).to_string()
}

/// An engagement with an encrypted transfer, moved on step by step.
#[derive(Debug)]
pub struct Story {
    /// Both parties, a model and a devnet.
    pub setting: Setting,
    /// Of the engagement.
    pub id: String,
    /// Hand-over directory of ciphertext.
    pub cipher: PathBuf,
    /// Hand-over directory of proofs.
    pub proofs: PathBuf,
}

impl Story {
    /// Offered and accepted. All four examples have the model's answer as label.
    pub fn locked(options: &[&str]) -> Self {
        Self::with_correct(4, options)
    }

    /// Offered and accepted; `correct` of four examples have the model's answer as label.
    pub fn with_correct(correct: usize, options: &[&str]) -> Self {
        Self::of(Setting::new(), correct, options)
    }

    /// The same with a model of the caller's.
    pub fn of(setting: Setting, correct: usize, options: &[&str]) -> Self {
        let id = setting.open_with("set", correct, 6_000, options);
        let leaves = setting.shared("set").join("leaves.json");
        setting
            .provider()
            .does(&["mp", "accept", &id, "--leaves", text(&leaves), "--force"]);
        Self {
            cipher: setting.shared("cipher"),
            proofs: setting.shared("proofs"),
            setting,
            id,
        }
    }

    /// A command of the consumer.
    pub fn mc(&self, command: &str, args: &[&str]) -> Value {
        self.setting
            .consumer()
            .does(&[&["mc", command, &self.id], args].concat())
    }

    /// A command of the consumer that signs nothing.
    pub fn mc_reads(&self, command: &str, args: &[&str]) -> Value {
        self.setting
            .consumer()
            .reads(&[&["mc", command, &self.id], args].concat())
    }

    /// A command of the provider.
    pub fn mp(&self, command: &str, args: &[&str]) -> Value {
        self.setting
            .provider()
            .does(&[&["mp", command, &self.id], args].concat())
    }

    /// The ciphertext is handed over, its root on chain.
    pub fn committed(self) -> Self {
        self.mc("send", &["--to", text(&self.cipher)]);
        self
    }

    /// The provider has it.
    pub fn acked(self) -> Self {
        self.mp("ack", &["--from", text(&self.cipher)]);
        self
    }

    /// The probe set is open.
    pub fn probing(self) -> Self {
        let story = self.committed().acked();
        story.mc("reveal", &[]);
        story
    }

    /// All keys are out.
    pub fn proving(self) -> Self {
        let story = self.probing();
        let probed = story.setting.with_model(&["mp", "probe", &story.id, "--at-least", "1"]);
        assert_eq!(
            (probed["opened"].as_u64(), probed["correct"].as_u64()),
            (Some(1), Some(1))
        );
        assert_eq!(probed["advice"], "proceed");
        assert_eq!(story.mp("proceed", &[])["state"], "Proceeded");
        story.mc("reveal", &[]);
        story
    }

    /// Three proofs made, three positions claimed.
    pub fn claimed(self) -> Self {
        let story = self.proving();
        assert_eq!(story.setting.with_model(&["mp", "prove", &story.id])["correct"], 3);
        let posted = story.mp("post", &["--to", text(&story.proofs)]);
        assert_eq!(
            (posted["claimed"].as_u64(), posted["needed"].as_u64()),
            (Some(3), Some(2))
        );
        story
    }

    /// As a reader sees it who has the architecture.
    pub fn verdict(&self) -> Value {
        self.setting.verdict(&self.id)
    }

    /// After `hours` anybody ends it; the outcome.
    pub fn times_out(&self, hours: u64) -> String {
        self.setting.devnet.pass(hours * HOUR);
        let outsider = self.setting.devnet.party("outsider", OUTSIDER);
        outsider.does(&["timeout", "run", &self.id])["outcome"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What each side can fetch from the market, wei.
    pub fn credits(&self) -> (String, String) {
        let fetch = |party: Party<'_>| {
            let withdrawn = party.does(&["withdraw"]);
            let amount = withdrawn["withdrawals"]
                .as_array()
                .unwrap()
                .first()
                .map(|w| w["amountWei"].clone());
            amount.map_or("0".to_owned(), |wei| wei.as_str().unwrap().to_owned())
        };
        (fetch(self.setting.consumer()), fetch(self.setting.provider()))
    }
}
