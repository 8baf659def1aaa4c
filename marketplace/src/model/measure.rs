//! Measures how often a model is right, and says what target that carries.

use crate::accuracy::provider::advice;
use crate::proving::load_model;
use crate::proving::measured::Measured;
use crate::testset::StoredSet;
use crate::verifier::record::metric_of;
use alloy::primitives::U256;
use assay_chain::error::usage;
use assay_chain::market::Market;
use assay_chain::revert::mode_words;
use assay_durable::report::Reporter;
use assay_economics::binomial::stated_lower;
use assay_protocol::abi::{Metric, Mode};
use assay_protocol::ids::is_correct;
use assay_protocol::target::percent;
use assay_prover::model::Model;
use assay_prover::reference;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The result of a measurement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    /// The model file.
    pub model: PathBuf,
    /// What makes an answer right.
    pub metric: String,
    /// Labelled ones that were tried.
    pub examples: u32,
    /// Those of them that the model gets right.
    pub correct: u32,
    /// At least so often right, with a confidence of 95 %.
    pub bound95: f64,
    /// By mode of the market; absent without a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<[Largest; 3]>,
}

/// The largest target of one mode.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Largest {
    /// In words.
    pub mode: &'static str,
    /// Hundredths of a percent; absent if no target should be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_bps: Option<u16>,
    /// Right answers that meet the target; 0 without one.
    pub needed: u32,
    /// Examples that count in this mode.
    pub counted: u32,
}

impl Largest {
    fn of(market: &Market, mode: Mode, measured: &Measured) -> Self {
        let target_bps = advice::largest_target(market, mode, measured);
        Self {
            mode: mode_words(mode),
            target_bps,
            needed: target_bps.map_or(0, |bps| market.needed(mode, bps)),
            counted: market.proven_size(mode),
        }
    }
}

impl std::fmt::Display for Tested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = 100.0 * f64::from(self.correct) / f64::from(self.examples);
        writeln!(
            f,
            "right           {} of {} ({share:.2} %) by {}",
            self.correct, self.examples, self.metric
        )?;
        write!(f, "at least        {:.2} %, with 95 % confidence", 100.0 * self.bound95)?;
        let Some(targets) = &self.targets else {
            return write!(
                f,
                "\nlargest target  depends on a market's prices and sizes: give --rpc-url"
            );
        };
        for t in targets {
            write!(f, "\nlargest target  {}: ", t.mode)?;
            match t.target_bps {
                Some(bps) => write!(f, "{}, {} of {}", percent(bps), t.needed, t.counted)?,
                None => write!(f, "none: with these prices and sizes no target pays")?,
            }
        }
        Ok(())
    }
}

/// Runs a model on a set, keeps the measurement beside the model's file, and says which targets of the market it carries.
///
/// # Errors
/// If model or set cannot be read, an image has another size than the model's, or no metric is about its output.
pub fn test(model: &Path, set: &Path, market: Option<&Market>, out: &Reporter) -> eyre::Result<Tested> {
    let set = StoredSet::open(set)?;
    let network = load_model(model)?;
    let metric = metric_of(network.architecture.output)?;
    let correct = count_correct(&network, metric, &set, out)?;
    let examples = set.len() as u32;
    let measured = Measured::new(model, set.tree().root(), examples, correct)?;
    measured.save(model)?;
    let targets =
        market.map(|market| [Mode::CLEAR, Mode::SIMPLE, Mode::FULL].map(|mode| Largest::of(market, mode, &measured)));
    Ok(Tested {
        model: model.to_owned(),
        metric: format!("{metric:?}"),
        examples,
        correct,
        bound95: stated_lower(correct, examples),
        targets,
    })
}

/// How many examples the integer reference gets right.
///
/// # Errors
/// If an image cannot be read, is not the one the set commits to, or has another size than the model's.
fn count_correct(model: &Model, metric: Metric, set: &StoredSet, out: &Reporter) -> eyre::Result<u32> {
    let (architecture, folded) = (&model.architecture, model.fold()?);
    let bar = out.bar("running the model", set.len() as u64);
    let mut correct = 0;
    for position in 0..set.len() {
        let example = set.example(position)?;
        require_size(architecture.image_len(), example.image.len(), set.dir())?;
        let outputs = reference::run(architecture, &folded, &example.image)?.outputs(architecture.output);
        // The output of a mode that has a metric.
        let output = U256::from(outputs[0]);
        if is_correct(metric, architecture.classes() as u32, output, example.label) {
            correct += 1;
        }
        bar.set(position as u64 + 1);
    }
    Ok(correct)
}

fn require_size(of_model: usize, of_set: usize, set: &Path) -> eyre::Result<()> {
    if of_model == of_set {
        return Ok(());
    }
    Err(usage(format!(
        "an image of {} has {of_set} bytes, the model takes {of_model}: build the set with the model's --size",
        set.display()
    )))
}
