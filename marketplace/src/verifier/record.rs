//! What an architecture determines of a model's record.

use crate::proving::{input_words, WORDS_PER_HASH};
use alloy::primitives::{B256, U256};
use assay_chain::error::hinted;
use assay_protocol::abi::{Metric, ModelRecord};
use assay_prover::model::{Architecture, OutputMode};
use assay_prover::proof::VerifierKey;

/// Bits of a weights commitment.
const COMMIT_BITS: usize = 248;

/// What an output mode is for the contracts.
///
/// # Errors
/// For a mode whose proofs no contract reads.
pub fn metric_of(mode: OutputMode) -> eyre::Result<Metric> {
    match mode {
        OutputMode::Top1 => Ok(Metric::TOP1),
        OutputMode::Bit => Ok(Metric::BIN),
        OutputMode::Top5 => Ok(Metric::TOP5),
        OutputMode::Logits => Err(hinted(
            "this model's output is its logits, a number per class: the contracts compare one number with a label",
            "it serves assay prove and assay verify only; for a market import the network with --metric top1, top5 or bin",
        )),
    }
}

/// The fields of a record that follow from the architecture and its key; [`check_any`] has the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Determined {
    /// Names the verifying key.
    pub vk_digest: B256,
    /// What the output is compared with a label by.
    pub metric: Metric,
    /// Answers that the model can give.
    pub classes: u32,
    /// L: words of an image.
    pub input_words: u32,
}

/// A field of a record that the architecture does not have: proofs show something else than the record says, or honest data
/// count as bad.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum RecordMismatch {
    #[error("the model is registered with verifying key {given}, this architecture gives {expected}")]
    VkDigest { given: B256, expected: B256 },
    #[error("the model is registered with metric {given:?}, the circuit proves {expected:?}")]
    Metric { given: Metric, expected: Metric },
    #[error("the model is registered with {given} classes, this architecture has {expected}")]
    Classes { given: u32, expected: u32 },
    #[error("the model is registered with inputs of {given} words, this architecture takes {expected}")]
    InputWords { given: u32, expected: u32 },
    #[error("the model is registered with {given} words per hash, the circuit hashes {expected}")]
    WordsPerHash { given: u32, expected: u32 },
    #[error("the model is registered with weights commitment {given:#x}, which has more than {COMMIT_BITS} bits")]
    WeightsCommit { given: U256 },
}

impl Determined {
    /// `vk_digest` has to be of a key of this architecture.
    ///
    /// # Errors
    /// If it is none for a market, see [`metric_of`].
    pub fn by(architecture: &Architecture, vk_digest: B256) -> eyre::Result<Self> {
        Ok(Self {
            vk_digest,
            metric: metric_of(architecture.output)?,
            classes: architecture.classes() as u32,
            input_words: input_words(architecture.image_len()),
        })
    }

    /// Of the architecture that the key was made for.
    ///
    /// # Errors
    /// As [`Determined::by`].
    pub fn by_key(key: &VerifierKey) -> eyre::Result<Self> {
        Self::by(&key.compiled().frozen.architecture, key.vk_digest().into())
    }

    /// # Errors
    /// The first field of the record that differs.
    pub fn check(&self, record: &ModelRecord) -> Result<(), RecordMismatch> {
        if record.vkDigest != self.vk_digest {
            return Err(RecordMismatch::VkDigest {
                given: record.vkDigest,
                expected: self.vk_digest,
            });
        }
        if record.metric != self.metric {
            return Err(RecordMismatch::Metric {
                given: record.metric,
                expected: self.metric,
            });
        }
        if record.classes != self.classes {
            return Err(RecordMismatch::Classes {
                given: record.classes,
                expected: self.classes,
            });
        }
        if record.inputWords != self.input_words {
            return Err(RecordMismatch::InputWords {
                given: record.inputWords,
                expected: self.input_words,
            });
        }
        check_any(record)
    }
}

/// Checks what every architecture of this release determines alike. The metric is not among it; a record with a verifier's
/// code and another metric has no proof that counts, because no word is an output of both, unless it says the same.
///
/// # Errors
/// The first field of the record that differs.
pub fn check_any(record: &ModelRecord) -> Result<(), RecordMismatch> {
    if record.wordsPerHash != WORDS_PER_HASH {
        return Err(RecordMismatch::WordsPerHash {
            given: record.wordsPerHash,
            expected: WORDS_PER_HASH,
        });
    }
    if record.weightsCommit.bit_len() > COMMIT_BITS {
        return Err(RecordMismatch::WeightsCommit {
            given: record.weightsCommit,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Address;
    use assay_chain::error::hint_of;
    use assay_prover::model::{Conv, ConvKind, Layer, Op, Padding, Shape, TensorId};

    fn architecture() -> Architecture {
        let classifier = Op::Conv(Conv {
            input: TensorId(1),
            out_channels: 10,
            kind: ConvKind::Pointwise,
            stride: 1,
            pad: Padding::NONE,
            input_zero: 0,
        });
        let layers = [
            (Op::GlobalAvgPool { input: TensorId::IMAGE }, Shape::new(3, 1, 1)),
            (classifier, Shape::new(10, 1, 1)),
        ];
        Architecture {
            input: Shape::new(3, 8, 8),
            shift: 10,
            layers: layers.into_iter().map(|(op, output)| Layer { op, output }).collect(),
            output: OutputMode::Top1,
        }
    }

    const KEY: B256 = B256::repeat_byte(7);

    /// 192 bytes are 7 words of 31.
    fn record() -> ModelRecord {
        ModelRecord {
            mp: Address::ZERO,
            verifier: Address::ZERO,
            verifierCodehash: B256::ZERO,
            vkDigest: KEY,
            weightsCommit: (U256::from(1) << COMMIT_BITS) - U256::from(1),
            metric: Metric::TOP1,
            classes: 10,
            inputWords: 7,
            wordsPerHash: WORDS_PER_HASH,
            uri: String::new(),
        }
    }

    fn determined() -> Determined {
        Determined::by(&architecture(), KEY).unwrap()
    }

    fn mismatch(change: impl Fn(&mut ModelRecord)) -> RecordMismatch {
        let mut record = record();
        change(&mut record);
        determined().check(&record).unwrap_err()
    }

    #[test]
    fn the_record_of_an_architecture_agrees_with_it() {
        architecture().validate().unwrap();
        assert_eq!(determined().check(&record()), Ok(()));
    }

    #[test]
    fn the_metric_follows_from_the_output_and_logits_have_none() {
        for (output, classes, metric) in [
            (OutputMode::Top1, 10, Metric::TOP1),
            (OutputMode::Top5, 10, Metric::TOP5),
            (OutputMode::Bit, 2, Metric::BIN),
        ] {
            let mut architecture = architecture();
            architecture.output = output;
            let last = architecture.layers.last_mut().unwrap();
            last.output.c = classes;
            if let Op::Conv(conv) = &mut last.op {
                conv.out_channels = classes;
            }
            architecture.validate().unwrap();
            let determined = Determined::by(&architecture, KEY).unwrap();
            for given in [Metric::TOP1, Metric::TOP5, Metric::BIN] {
                let record = ModelRecord {
                    metric: given,
                    classes: classes as u32,
                    ..record()
                };
                let expected = metric;
                let wrong = RecordMismatch::Metric { given, expected };
                let result = if given == metric { Ok(()) } else { Err(wrong) };
                assert_eq!(determined.check(&record), result, "{output}");
            }
        }
        let mut logits = architecture();
        logits.output = OutputMode::Logits;
        let refused = Determined::by(&logits, KEY).unwrap_err();
        assert!(
            hint_of(&refused).unwrap().contains("--metric top1, top5 or bin"),
            "{refused}"
        );
    }

    #[test]
    fn each_field_that_differs_alone_is_named() {
        let expected = KEY;
        let given = B256::repeat_byte(8);
        assert_eq!(
            mismatch(|r| r.vkDigest = given),
            RecordMismatch::VkDigest { given, expected }
        );
        for given in [Metric::TOP5, Metric::BIN] {
            let expected = Metric::TOP1;
            assert_eq!(
                mismatch(|r| r.metric = given),
                RecordMismatch::Metric { given, expected }
            );
        }
        for given in [9, 11] {
            let expected = 10;
            assert_eq!(
                mismatch(|r| r.classes = given),
                RecordMismatch::Classes { given, expected }
            );
        }
        for given in [6, 8] {
            let expected = 7;
            assert_eq!(
                mismatch(|r| r.inputWords = given),
                RecordMismatch::InputWords { given, expected }
            );
        }
        for given in [WORDS_PER_HASH - 1, WORDS_PER_HASH + 1] {
            let expected = WORDS_PER_HASH;
            assert_eq!(
                mismatch(|r| r.wordsPerHash = given),
                RecordMismatch::WordsPerHash { given, expected }
            );
        }
        let given = U256::from(1) << COMMIT_BITS;
        assert_eq!(
            mismatch(|r| r.weightsCommit = given),
            RecordMismatch::WeightsCommit { given }
        );
    }
}
