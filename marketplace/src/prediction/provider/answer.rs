//! Sends the proofs of contested outputs.

use crate::engagement::batch::largest_batch;
use crate::engagement::paths::proof_path;
use crate::engagement::{Desk, Sent};
use crate::inputs::{require_root, Inputs};
use crate::prediction::held::{load_committed, outputs_path};
use crate::prediction::provider::prove::{served_inputs, with_files};
use crate::proving::bundle;
use alloy::primitives::{keccak256, Bytes, B256};
use assay_chain::client::Call;
use assay_chain::client::Settled;
use assay_chain::error::{hinted, rejected};
use assay_chain::market::all_answers;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, unsettled, Venue, View};
use assay_protocol::abi::IPredictionMarket::answerCall;
use assay_protocol::abi::{AnswerGroup, OutputOpening, RoundState, RoundView};
use assay_protocol::ids::round_context;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::prediction::decide::answers_are_due;
use assay_protocol::prediction::outputs::Outputs;
use serde::Serialize;
use std::collections::BTreeSet;

/// Answers of one transaction: what nodes take as 128 KiB.
const MAX_BATCH: usize = 20;

/// The result of answering.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundAnswers {
    /// Of the round.
    pub id: B256,
    /// In the order of sending.
    pub batches: Vec<AnswerBatch>,
    /// Contested and not proven after it.
    pub unproven: u32,
    /// As the contract names it.
    pub state: String,
    #[serde(skip)]
    next: Option<String>,
}

/// Answers that share a transaction.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerBatch {
    /// Of the predictions.
    pub indices: Vec<u32>,
    /// That transaction.
    pub sent: Sent,
}

impl std::fmt::Display for RoundAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for b in &self.batches {
            writeln!(f, "predictions {:?}: {} gas", b.indices, b.sent.gas_used)?;
        }
        write!(f, "{} contested predictions are not proven yet", self.unproven)?;
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}

/// Sends every proof that is here and asked for, once the judge has accepted it.
///
/// # Errors
/// If none is here, or the judge accepts none of them.
pub async fn answer(desk: &Desk<Rounds>, id: B256) -> eyre::Result<RoundAnswers> {
    let round = desk.market.newest(id).await?;
    require_state(id, &round, &[RoundState::Served])?;
    let unproven = desk.market.unproven(id, &round).await?;
    let mut ready = with_files(desk, id, &unproven);
    if !ready.is_empty() {
        ready = lasting(desk, id, &round, ready).await?;
    }
    let mut batches = Vec::new();
    if !ready.is_empty() {
        let openings = Openings::new(desk, id, &round)?;
        let mut groups = judged(desk, id, &round, &openings, &ready).await?;
        let mut journal = desk.journal(id)?;
        while !groups.is_empty() {
            let call_of = |size: usize| call(&desk.market, id, groups.iter().take(size).map(|(_, group)| group));
            let size = largest_batch(desk, groups.len().min(MAX_BATCH), call_of).await;
            let call = call_of(size);
            let indices: Vec<u32> = groups.drain(..size).map(|(index, _)| index).collect();
            // A step is named after what it sends: another batch is another step.
            let step = format!("answer-{}", hex::encode(&keccak256(&call.data)[..8]));
            let receipt = desk.account.send(&mut journal, &step, &call, &desk.report).await?;
            batches.push(AnswerBatch {
                indices,
                sent: Sent::from(&receipt),
            });
        }
    } else if !unproven.is_empty() {
        return Err(hinted(
            format!(
                "{} predictions are contested, and none has its proof here",
                unproven.len()
            ),
            format!("run: assay predict answer {id} --model FILE, which makes it"),
        ));
    }
    let after = desk.market.newest(id).await?;
    Ok(RoundAnswers {
        id,
        batches,
        unproven: after.contested - after.proven,
        state: format!("{:?}", after.state),
        next: after.next(id),
    })
}

/// Those whose contest has its confirmations: an answer to one that a reorganisation takes back reverts. All of them once little time
/// is left, or if the node cannot say: there is no more to lose than gas.
///
/// # Errors
/// [`Kind::Unsettled`](assay_chain::error::Kind) if there is none, or if the node does not answer.
async fn lasting(
    desk: &Desk<Rounds>,
    id: B256,
    round: &RoundView,
    mut ready: BTreeSet<u32>,
) -> eyre::Result<BTreeSet<u32>> {
    let now = desk.market.chain.now().await?;
    if answers_are_due(now, round.answerBy, desk.market.answer_window(round.contested)) {
        return Ok(ready);
    }
    let Some(contested) = desk.market.confirmed_contests(id, round).await? else {
        return Ok(ready);
    };
    ready.retain(|index| contested.contains(index));
    if ready.is_empty() {
        return Err(unsettled(RoundView::THING, id, Settled::Deep(desk.market.chain.confirmations)).into());
    }
    Ok(ready)
}

fn call<'a>(market: &Rounds, id: B256, groups: impl Iterator<Item = &'a AnswerGroup>) -> Call {
    market.call(&answerCall {
        id,
        groups: groups.cloned().collect(),
    })
}

/// What opens inputs and outputs of a round that was served here.
#[derive(Debug)]
pub struct Openings {
    inputs: Inputs,
    tree: MerkleTree,
    outputs: Outputs,
}

impl Openings {
    /// # Errors
    /// If inputs or outputs are not here, or lead to other roots than the round's.
    pub fn new(desk: &Desk<Rounds>, id: B256, round: &RoundView) -> eyre::Result<Self> {
        let inputs = served_inputs(desk, id)?;
        let bar = desk.report.bar("opening inputs", inputs.len() as u64);
        let commits = inputs.commits(|done| bar.set(done))?;
        Ok(Self {
            tree: require_root(&commits, round.inputRoot, inputs.path())?,
            outputs: load_committed(&outputs_path(desk, id), id, round)?,
            inputs,
        })
    }

    /// The answer of an index with the proof in its file.
    fn proven(&self, desk: &Desk<Rounds>, id: B256, index: u32) -> eyre::Result<AnswerGroup> {
        let file = proof_path(desk, id, index as usize);
        let bundle = bundle::load(&file)?;
        let input = self.inputs.read(index as usize)?;
        let statement = bundle
            .statement()
            .ok_or_else(|| rejected("its instances are none of this circuit"))?;
        let ctx = round_context(desk.market.chain.id, desk.market.address, id, index.into());
        let output = self.outputs.output(index as usize).unwrap_or_default();
        let commit = input.commit();
        if (statement.ctx, statement.input_commit, statement.output)
            != (ctx.to_be_bytes(), commit.to_be_bytes(), output.to_be_bytes())
        {
            return Err(rejected("it is about another context, input or output"));
        }
        self.group(index, bundle.proof().to_vec().into())
    }

    /// The answer of an index with this proof, whatever it is worth.
    ///
    /// # Errors
    /// If the round has no such index.
    pub fn group(&self, index: u32, proof: Bytes) -> eyre::Result<AnswerGroup> {
        let (opened, path) = (self.outputs.open(index as usize), self.tree.path(index as usize));
        let (opened, path) = opened
            .zip(path)
            .ok_or_else(|| eyre::eyre!("the round has no prediction {index}"))?;
        let commit = self.inputs.read(index as usize)?.commit();
        Ok(AnswerGroup {
            indices: vec![index],
            inputCommits: vec![commit],
            inputPaths: vec![path],
            outputs: vec![OutputOpening {
                word: opened.word,
                salt: opened.salt,
                path: opened.path,
            }],
            proof,
        })
    }
}

/// Groups that the market's judge accepts.
///
/// # Errors
/// If there is none.
async fn judged(
    desk: &Desk<Rounds>,
    id: B256,
    round: &RoundView,
    openings: &Openings,
    indices: &BTreeSet<u32>,
) -> eyre::Result<Vec<(u32, AnswerGroup)>> {
    let (mut groups, mut refused) = (Vec::new(), None);
    for index in indices {
        match openings.proven(desk, id, *index) {
            Ok(group) => groups.push((*index, group)),
            Err(error) => refused = Some((*index, error)),
        }
    }
    let asked = groups.iter().map(|(_, group)| desk.market.judge(id, round, group));
    let mut answers = all_answers(asked).await?.into_iter();
    groups.retain(|(index, _)| match answers.next() {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            refused = Some((*index, error));
            false
        }
        None => false,
    });
    if let Some((index, error)) = refused {
        let file = proof_path(desk, id, index as usize);
        desk.report
            .warn(format_args!("{} is not sent: {error:#}", file.display()));
        if groups.is_empty() {
            return Err(error.wrap_err(format!("the proof of prediction {index} would be refused")));
        }
    }
    Ok(groups)
}
