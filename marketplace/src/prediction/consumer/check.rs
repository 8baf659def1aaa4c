//! Receives the outputs of a round, compares them with the root that the provider committed to, and with a model of this
//! consumer's own if it has one.

use crate::delivery::Delivery;
use crate::engagement::paths::fetched_files;
use crate::engagement::Desk;
use crate::prediction::consumer::send::offered_inputs;
use crate::prediction::facts::OUTPUTS_ROOT;
use crate::prediction::held::{load_committed, outputs_path, save, MAX_OUTPUTS_BYTES};
use crate::proving::stated::Answer;
use crate::proving::{load_model, output};
use crate::verifier::record::metric_of;
use alloy::primitives::{B256, U256};
use assay_chain::error::{hinted, usage};
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, Venue};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::{Metric, RoundState, RoundView};
use assay_protocol::prediction::outputs::Outputs;
use assay_prover::model::OutputMode;
use serde::Serialize;
use std::path::Path;

/// What was found out about the outputs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Of the round.
    pub id: B256,
    /// What they lead to, as the provider committed.
    pub outputs_root: B256,
    /// In the order of the inputs: a class, or as the model's metric packs it.
    #[serde(serialize_with = "decimals")]
    pub outputs: Vec<U256>,
    /// They in words.
    #[serde(skip)]
    pub answers: Vec<String>,
    /// Whether they are on chain.
    pub published: bool,
    /// Indices for which the reference model says something else; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differing: Option<Vec<u32>>,
}

fn decimals<S: serde::Serializer>(values: &[U256], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(U256::to_string))
}

impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} outputs, all under root {}",
            self.outputs.len(),
            self.outputs_root
        )?;
        for (index, answer) in self.answers.iter().enumerate() {
            writeln!(f, "{index:>6}  {answer}")?;
        }
        match &self.differing {
            None => {}
            Some(differing) if differing.is_empty() => writeln!(f, "the reference model agrees on all of them")?,
            Some(differing) => writeln!(f, "the reference model differs on {}: {differing:?}", differing.len())?,
        }
        write!(
            f,
            "next: assay predict contest {} to have some of them proven, or assay predict confirm {}",
            self.id, self.id
        )
    }
}

/// Receives and checks all outputs; with the file of a model also what that says of the inputs.
///
/// # Errors
/// If an opening is missing or leads elsewhere: then neither confirm nor contest.
pub async fn check(
    desk: &Desk<Rounds>,
    id: B256,
    from: Option<&Delivery>,
    reference: Option<&Path>,
    inputs: Option<&Path>,
) -> eyre::Result<Checked> {
    let round = desk.market.newest(id).await?;
    require_state(
        id,
        &round,
        &[RoundState::Rooted, RoundState::Served, RoundState::Closed],
    )?;
    let outputs = receive(desk, id, &round, from).await?;
    let mut journal = desk.journal(id)?;
    journal.set_fact(&OUTPUTS_ROOT, &outputs.root())?;
    let values: Vec<U256> = (0..round.predictions as usize)
        .filter_map(|index| outputs.output(index))
        .collect();
    let differing = match reference {
        Some(model) => {
            let inputs = offered_inputs(&journal, inputs)?;
            let model = load_model(model)?;
            let metric = metric_of(model.architecture.output)?;
            if metric != round.metric {
                return Err(usage(format!(
                    "the reference model's outputs are {metric:?}, the round's {:?}: they cannot be compared",
                    round.metric
                )));
            }
            let folded = model.fold()?;
            let bar = desk.report.bar("running the reference model", inputs.len() as u64);
            let says = inputs.each(
                |done| bar.set(done),
                |_, input| output(&model.architecture, &folded, &input.image),
            )?;
            let pairs = values.iter().zip(&says).zip(0u32..);
            Some(
                pairs
                    .filter(|((ours, theirs), _)| ours != theirs)
                    .map(|(_, index)| index)
                    .collect(),
            )
        }
        None => None,
    };
    Ok(Checked {
        id,
        outputs_root: outputs.root(),
        answers: values.iter().map(|value| in_words(round.metric, *value)).collect(),
        outputs: values,
        published: round.published,
        differing,
    })
}

/// An output by the model's metric.
fn in_words(metric: Metric, output: U256) -> String {
    let mode = match metric {
        Metric::TOP5 => OutputMode::Top5,
        Metric::BIN => OutputMode::Bit,
        _ => OutputMode::Top1,
    };
    Answer::of(mode, &[output]).map_or_else(|| output.to_string(), |answer| answer.to_string())
}

/// The outputs: those that were received before, else from the chain, else from where the provider hands them over.
async fn receive(desk: &Desk<Rounds>, id: B256, round: &RoundView, from: Option<&Delivery>) -> eyre::Result<Outputs> {
    let kept = outputs_path(desk, id);
    if kept.is_file() {
        match load_committed(&kept, id, round) {
            Ok(outputs) => return Ok(outputs),
            Err(error) => desk.report.warn(format_args!("{error:#}; receiving them again")),
        }
    }
    if round.published {
        let published = desk.market.published(id).await?;
        let (master, words) = published.ok_or_else(|| {
            hinted(
                format!("the node has no OutputsPublished event of round {id}"),
                "use a node that serves the logs of the whole chain",
            )
        })?;
        let outputs = Outputs::from_words(Rounds::lanes(round), words, round.predictions as usize, master)
            .filter(|outputs| outputs.root() == round.outputsRoot)
            .ok_or_else(|| {
                eyre::eyre!(
                    "the node's OutputsPublished event does not lead to {}",
                    round.outputsRoot
                )
            })?;
        save(&kept, id, &outputs)?;
        return Ok(outputs);
    }
    let missing = || {
        hinted(
            format!("the outputs of round {id} are not here"),
            "ask the provider for them and say where they are with --from; without them neither confirm nor contest: the provider \
             must publish, or give up the price",
        )
    };
    let from = from.ok_or_else(missing)?;
    let into = fetched_files(desk, id);
    let files = from
        .get(BlobKind::Outputs, &into, MAX_OUTPUTS_BYTES, &desk.report)
        .await?;
    let mut refused = None;
    for file in files {
        match load_committed(&file, id, round) {
            Ok(outputs) => {
                save(&kept, id, &outputs)?;
                return Ok(outputs);
            }
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(missing))
}
