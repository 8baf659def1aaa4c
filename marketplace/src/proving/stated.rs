//! What a proof states, and what it has to state.

use alloy::primitives::U256;
use assay_chain::error::rejected;
use assay_durable::file::parent;
use assay_durable::report::Reporter;
use assay_protocol::abi::{Metric, ProofTerms};
use assay_protocol::ids::is_correct;
use assay_prover::model::OutputMode;
use assay_prover::proof::{self, ProofBundle, VerifierKey};
use assay_statement::field::Word;
use assay_statement::{instance, Statement};
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// Classes of a top-5 word.
const TOP5: usize = 5;

/// What a bundle says it proves, in any output mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// What the proof was made for.
    pub ctx: Word,
    /// The commitment to the weights.
    pub weights_commit: Word,
    /// The commitment to the image.
    pub input_commit: Word,
    /// One word, or one per class.
    pub outputs: Vec<Word>,
}

impl Stated {
    /// What the bundle says, true or not; `None` if it has no output.
    pub fn by(bundle: &ProofBundle) -> Option<Self> {
        let instances = bundle.instances();
        let outputs = instances.get(instance::OUTPUT..).filter(|words| !words.is_empty())?;
        Some(Self {
            ctx: *instances.get(instance::CTX)?,
            weights_commit: bundle.weights_commit(),
            input_commit: *instances.get(instance::INPUT_COMMIT)?,
            outputs: outputs.to_vec(),
        })
    }
}

/// Verifies a bundle, and that it states this.
///
/// # Errors
/// If it does not.
pub fn verify(key: &VerifierKey, bundle: &ProofBundle, expected: &Stated) -> eyre::Result<()> {
    if Stated::by(bundle).as_ref() != Some(expected) {
        return Err(another());
    }
    proof::verify(key, bundle).map_err(|e| rejected(e.to_string()))
}

/// Keeps a bundle in a file once it was verified and states this.
///
/// # Errors
/// As [`verify`], and if it cannot be kept.
pub fn keep(key: &VerifierKey, bundle: &ProofBundle, expected: &Stated, file: &Path) -> eyre::Result<()> {
    verify(key, bundle, expected)?;
    std::fs::create_dir_all(parent(file))?;
    Ok(bundle.save(file)?)
}

/// Whether a file holds a proof that states this and verifies; what else it holds is complained about.
pub fn is_in_file(key: &VerifierKey, file: &Path, expected: &Stated, out: &Reporter) -> bool {
    if !file.exists() {
        return false;
    }
    let bundle = ProofBundle::load(file).map_err(eyre::Report::from);
    match bundle.and_then(|bundle| verify(key, &bundle, expected)) {
        Ok(()) => true,
        Err(error) => {
            out.warn(format_args!("{} does not count: {error}", file.display()));
            false
        }
    }
}

/// What a proof must state to count in an engagement: all but the output, which has to be right for the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Of the position.
    pub ctx: U256,
    /// Of the model.
    pub weights_commit: U256,
    /// Of the example.
    pub input_commit: U256,
    /// What the model's output is compared with the label by.
    pub metric: Metric,
    /// Answers that the model can give.
    pub classes: u32,
    /// Of the example.
    pub label: u32,
}

impl Counts {
    /// A model's proof about one example.
    pub fn of(terms: &ProofTerms, ctx: U256, input_commit: U256, label: u32) -> Self {
        Self {
            ctx,
            weights_commit: terms.weightsCommit,
            input_commit,
            metric: terms.metric,
            classes: terms.classes,
            label,
        }
    }

    /// The bundle's statement if it counts; whether it is true is another question.
    pub fn stated_by(&self, bundle: &ProofBundle) -> Option<Statement> {
        let statement = bundle.statement()?;
        let output = U256::from_be_bytes(statement.output);
        let expected = Statement {
            ctx: self.ctx.to_be_bytes(),
            weights_commit: self.weights_commit.to_be_bytes(),
            input_commit: self.input_commit.to_be_bytes(),
            output: statement.output,
        };
        (statement == expected && is_correct(self.metric, self.classes, output, self.label)).then_some(statement)
    }

    /// Verifies a bundle, and that it counts.
    ///
    /// # Errors
    /// If it does not.
    pub fn verify(&self, key: &VerifierKey, bundle: &ProofBundle) -> eyre::Result<()> {
        self.stated_by(bundle).ok_or_else(another)?;
        proof::verify(key, bundle).map_err(|e| rejected(e.to_string()))
    }
}

fn another() -> eyre::Report {
    rejected("it is about another context, model, input or output")
}

/// What an output says, by its mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The class.
    Class(U256),
    /// 0 or 1.
    Bit(U256),
    /// Ascending.
    Top5([u32; TOP5]),
    /// Each `q̂`, by class.
    Logits(Vec<U256>),
}

impl Answer {
    /// The output of a true proof, or what the model gives; `None` if the mode has another number of words.
    pub fn of(mode: OutputMode, outputs: &[U256]) -> Option<Self> {
        Some(match (mode, outputs) {
            (OutputMode::Logits, logits) => Self::Logits(logits.to_vec()),
            (OutputMode::Top1, [class]) => Self::Class(*class),
            (OutputMode::Bit, [bit]) => Self::Bit(*bit),
            (OutputMode::Top5, [word]) => {
                Self::Top5(std::array::from_fn(|n| (*word >> (16 * n)).wrapping_to::<u16>().into()))
            }
            _ => return None,
        })
    }

    /// The class, where it is that.
    pub fn class(&self) -> Option<U256> {
        match self {
            Self::Class(class) => Some(*class),
            _ => None,
        }
    }

    /// Whether the answer is this class, or has it among its five; of logits it is the largest, the lowest index among equals.
    pub fn names(&self, class: u32) -> bool {
        match self {
            Self::Class(answer) | Self::Bit(answer) => *answer == U256::from(class),
            Self::Top5(classes) => classes.contains(&class),
            Self::Logits(logits) => largest(logits) == class as usize,
        }
    }
}

/// The lowest index among equals.
fn largest(logits: &[U256]) -> usize {
    (0..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "class {class}"),
            Self::Bit(bit) => write!(f, "bit {bit}"),
            Self::Top5([a, b, c, d, e]) => write!(f, "classes {a}, {b}, {c}, {d}, {e}"),
            Self::Logits(logits) => write!(f, "{} logits, the largest of class {}", logits.len(), largest(logits)),
        }
    }
}

/// An answer in a JSON object, for the modes without a class.
#[derive(Debug, Default, Serialize)]
pub struct Decoded {
    #[serde(skip_serializing_if = "Option::is_none")]
    bit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<[u32; TOP5]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logits: Option<Vec<u32>>,
}

impl From<&Answer> for Decoded {
    fn from(answer: &Answer) -> Self {
        let number = |word: &U256| word.saturating_to();
        let mut decoded = Self::default();
        match answer {
            Answer::Class(_) => {}
            Answer::Bit(bit) => decoded.bit = Some(number(bit)),
            Answer::Top5(classes) => decoded.classes = Some(*classes),
            Answer::Logits(logits) => decoded.logits = Some(logits.iter().map(number).collect()),
        }
        decoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(output: U256) -> ProofBundle {
        let words = [U256::from(1), U256::from(2), output].map(|word| word.to_be_bytes::<32>());
        ProofBundle::new([0; 32], [0; 32], 1, words.to_vec(), vec![7; 64]).unwrap()
    }

    fn counts(metric: Metric, classes: u32, label: u32) -> Counts {
        Counts {
            ctx: U256::from(1),
            weights_commit: U256::from_be_bytes(bundle(U256::ZERO).weights_commit()),
            input_commit: U256::from(2),
            metric,
            classes,
            label,
        }
    }

    fn word(classes: [u64; 5]) -> U256 {
        let classes = classes.iter().rev();
        classes.fold(U256::ZERO, |word, class| (word << 16) | U256::from(*class))
    }

    #[test]
    fn a_proof_counts_if_its_output_is_right_by_the_metric() {
        let five = bundle(word([1, 3, 5, 7, 65_535]));
        for label in [1, 3, 5, 7, 65_535] {
            assert!(
                counts(Metric::TOP5, 1 << 16, label).stated_by(&five).is_some(),
                "{label}"
            );
        }
        assert!(counts(Metric::TOP5, 1 << 16, 2).stated_by(&five).is_none());
        assert!(
            counts(Metric::TOP5, 9, 3).stated_by(&five).is_none(),
            "a class too large"
        );
        assert!(counts(Metric::TOP1, 10, 3).stated_by(&five).is_none());
        let one = bundle(U256::from(1));
        assert!(counts(Metric::BIN, 2, 1).stated_by(&one).is_some());
        assert!(counts(Metric::BIN, 2, 0).stated_by(&one).is_none());
        assert!(counts(Metric::TOP5, 10, 1).stated_by(&one).is_none());
    }

    #[test]
    fn a_proof_of_something_else_does_not_count() {
        let one = bundle(U256::from(1));
        let right = counts(Metric::TOP1, 10, 1);
        assert_eq!(right.stated_by(&one), one.statement());
        let changes: [fn(&mut Counts); 3] = [
            |c| c.ctx += U256::from(1),
            |c| c.weights_commit += U256::from(1),
            |c| c.input_commit += U256::from(1),
        ];
        for change in changes {
            let mut other = right;
            change(&mut other);
            assert_eq!(other.stated_by(&one), None);
        }
    }

    #[test]
    fn an_output_is_read_by_its_mode() {
        let (one, five) = ([U256::ONE], [word([0, 3, 5, 7, 65_535])]);
        let logits = [5, 9, 9].map(U256::from);
        for (mode, outputs, text, names, other, json) in [
            (OutputMode::Top1, &one[..], "class 1", 1, 0, "{}"),
            (OutputMode::Bit, &one, "bit 1", 1, 0, r#"{"bit":1}"#),
            (
                OutputMode::Top5,
                &five,
                "classes 0, 3, 5, 7, 65535",
                65_535,
                1,
                r#"{"classes":[0,3,5,7,65535]}"#,
            ),
            (
                OutputMode::Logits,
                &logits,
                "3 logits, the largest of class 1",
                1,
                2,
                r#"{"logits":[5,9,9]}"#,
            ),
        ] {
            let answer = Answer::of(mode, outputs).unwrap();
            assert_eq!(answer.to_string(), text);
            assert!(answer.names(names) && !answer.names(other), "{text}");
            assert_eq!(serde_json::to_string(&Decoded::from(&answer)).unwrap(), json);
        }
        assert_eq!(Answer::of(OutputMode::Top5, &logits), None);
    }
}
