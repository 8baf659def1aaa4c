//! Makes the proofs of contested outputs.

use crate::capacity;
use crate::engagement::paths::{proof_path, proving_lock};
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Site};
use crate::inputs::{Input, Inputs};
use crate::job::{Asked, Job};
use crate::prediction::facts::INPUTS;
use crate::prediction::held::{load_committed, outputs_path};
use crate::proving::stated::{is_in_file, Stated};
use crate::proving::Prover;
use alloy::primitives::{B256, U256};
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{require_state, Venue};
use assay_durable::lock::Lock;
use assay_protocol::abi::{RoundState, RoundView};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::ids::round_context;
use assay_protocol::units::utc;
use serde::Serialize;
use std::collections::BTreeSet;

/// What of a round is proven here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundProofs {
    /// Of the round.
    pub id: B256,
    /// Contested and not proven on chain.
    pub unproven: BTreeSet<u32>,
    /// Those whose proof was made now.
    pub made: Vec<u32>,
    /// Whether it was told to end before all were made.
    pub stopped: bool,
}

impl std::fmt::Display for RoundProofs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} contested predictions to prove, {} proofs made",
            self.unproven.len(),
            self.made.len()
        )?;
        write!(f, "next: assay predict answer {}", self.id)
    }
}

/// What the proof of an index must say.
fn stated(market: &Rounds, id: B256, index: u32, weights_commit: U256, input: &Input, output: U256) -> Stated {
    Stated {
        ctx: round_context(market.chain.id, market.address, id, index.into()).to_be_bytes(),
        weights_commit: weights_commit.to_be_bytes(),
        input_commit: input.commit().to_be_bytes(),
        outputs: vec![output.to_be_bytes()],
    }
}

/// The inputs that this provider served.
///
/// # Errors
/// If it has none.
pub fn served_inputs(site: &Site<Rounds>, id: B256) -> eyre::Result<Inputs> {
    let path = Journal::peek(&site.journal_path(id), &INPUTS)?.ok_or_else(|| {
        hinted(
            format!("this program did not serve round {id}, so it does not know the inputs"),
            "use the --home with which it was served",
        )
    })?;
    Inputs::open(&path)
}

/// Proves every contested index that has no proof here and is not proven on chain; looks before each whether to end.
///
/// # Errors
/// If another process proves for this round, or an output is not what the model says.
pub async fn prove(
    desk: &Desk<Rounds>,
    id: B256,
    prover: &Prover,
    shall_end: impl Fn() -> bool,
) -> eyre::Result<RoundProofs> {
    let round = desk.market.newest(id).await?;
    require_party(&round, &desk.account, Party::Provider)?;
    require_state(id, &round, &[RoundState::Served])?;
    let _lock = Lock::take_from(
        &proving_lock(desk, id),
        "another assay process makes the proofs of this round",
        "wait until it has ended, then repeat the command",
    )?;
    let terms = desk.market.proof_terms(round.modelId).await?;
    capacity::require_registered(prover, &terms)?;
    let unproven = desk.market.unproven(id, &round).await?;
    if !unproven.is_empty() {
        require_in_time(desk, &round).await?;
    }
    let outputs = load_committed(&outputs_path(desk, id), id, &round)?;
    let inputs = served_inputs(desk, id)?;
    let mut made = Vec::new();
    let mut stopped = false;
    let mut job = Job::new(prover, &desk.home);
    for index in unproven.iter().copied() {
        let input = inputs.read(index as usize)?;
        let output = outputs.output(index as usize).unwrap_or_default();
        let stated = stated(&desk.market, id, index, terms.weightsCommit, &input, output);
        let file = proof_path(desk, id, index as usize);
        if is_in_file(prover.verifier_key(), &file, &stated, &desk.report) {
            continue;
        }
        let says = prover.output_of(&input.image)?;
        eyre::ensure!(
            says == output,
            "prediction {index} was served as {output}, the model says {says}: it cannot be proven"
        );
        let asked = Asked { id, by: round.answerBy };
        let Some(turn) = job.turn(Some(asked), || !shall_end(), &desk.report)? else {
            stopped = true;
            break;
        };
        // Others may have been proving for long.
        let now = desk.market.newest(id).await?;
        require_state(id, &now, &[RoundState::Served])?;
        require_in_time(desk, &now).await?;
        if !desk.market.unproven(id, &now).await?.contains(&index) {
            continue;
        }
        turn.prove_into(&input.image, &input.salt, &stated, &file, &desk.report)?;
        made.push(index);
    }
    Ok(RoundProofs {
        id,
        unproven,
        made,
        stopped,
    })
}

async fn require_in_time(desk: &Desk<Rounds>, round: &RoundView) -> eyre::Result<()> {
    if desk.market.chain.now().await? <= round.answerBy {
        return Ok(());
    }
    Err(hinted(
        format!("the answers were due {}", utc(round.answerBy)),
        "nothing can be proven to this round any more",
    ))
}

/// Indices whose proof is in its file, whatever it is worth.
pub fn with_files(site: &Site<Rounds>, id: B256, indices: &BTreeSet<u32>) -> BTreeSet<u32> {
    let is_there = |index: &u32| proof_path(site, id, *index as usize).is_file();
    indices.iter().copied().filter(is_there).collect()
}
