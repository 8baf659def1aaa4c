//! Makes the proofs of contested outputs.

use crate::capacity;
use crate::engagement::paths::{proof_path, proving_lock};
use crate::engagement::play::require_party;
use crate::engagement::{Desk, Site};
use crate::home::Journaled;
use crate::inputs::{Input, Inputs};
use crate::prediction::facts::INPUTS;
use crate::prediction::held::{load_committed, outputs_path};
use crate::proofs::claims::{Claims, Missing};
use crate::proofs::farm::{anywhere, Proofs};
use crate::proofs::task::{About, Place, Shown, Task};
use crate::proving::stated::Stated;
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
use assay_protocol::prediction::outputs::Outputs;
use assay_protocol::units::utc;
use assay_prover::proof::ProofBundle;
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

/// The contested predictions of a round that are not proven on chain, with what proves them.
#[derive(Debug)]
pub struct Contested<'a> {
    desk: &'a Desk<Rounds>,
    prover: &'a Prover,
    id: B256,
    round: RoundView,
    weights_commit: U256,
    outputs: Outputs,
    inputs: Inputs,
    /// Contested and not proven on chain.
    unproven: BTreeSet<u32>,
    missing: Missing,
    _lock: Lock,
}

impl<'a> Contested<'a> {
    /// # Errors
    /// If another process proves for this round, or it is not this program's, or too late.
    pub async fn read(desk: &'a Desk<Rounds>, id: B256, prover: &'a Prover) -> eyre::Result<Self> {
        let round = desk.market.newest(id).await?;
        require_party(&round, &desk.account, Party::Provider)?;
        require_state(id, &round, &[RoundState::Served])?;
        let lock = Lock::take_from(
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
        let mut contested = Self {
            outputs: load_committed(&outputs_path(desk, id), id, &round)?,
            inputs: served_inputs(desk, id)?,
            desk,
            prover,
            id,
            round,
            weights_commit: terms.weightsCommit,
            unproven,
            missing: Missing::default(),
            _lock: lock,
        };
        let files = contested.unproven.clone().into_iter().map(|index| index as usize);
        let files = files.map(|index| (index, proof_path(desk, id, index)));
        let stated = |index| {
            let input = contested.inputs.read(index)?;
            Ok(contested.stated(index, &input))
        };
        contested.missing = Missing::among(files, prover, stated, &desk.report)?;
        Ok(contested)
    }

    /// What the proof of an index must say.
    fn stated(&self, index: usize, input: &Input) -> Stated {
        let market = &self.desk.market;
        let output = self.outputs.output(index).unwrap_or_default();
        Stated {
            ctx: round_context(market.chain.id, market.address, self.id, index as u64).to_be_bytes(),
            weights_commit: self.weights_commit.to_be_bytes(),
            input_commit: input.commit().to_be_bytes(),
            outputs: vec![output.to_be_bytes()],
        }
    }
}

impl Claims for Contested<'_> {
    fn id(&self) -> B256 {
        self.id
    }

    fn positions(&self) -> Vec<usize> {
        self.missing.positions()
    }

    async fn now(&self) -> eyre::Result<u64> {
        self.desk.market.chain().now().await
    }

    fn by(&self, _: usize, _: u64) -> u64 {
        self.round.answerBy
    }

    fn about(&mut self, index: usize) -> eyre::Result<About> {
        let stated = self.stated(index, &self.inputs.read(index)?);
        Ok(About::stated(self.prover.vk_digest(), &stated))
    }

    fn task(&mut self, index: usize) -> eyre::Result<Task> {
        let input = self.inputs.read(index)?;
        let (output, says) = (
            self.outputs.output(index).unwrap_or_default(),
            self.prover.output_of(&input.image)?,
        );
        eyre::ensure!(
            says == output,
            "prediction {index} was served as {output}, the model says {says}: it cannot be proven"
        );
        let place = Place {
            kind: Journaled::Round,
            id: self.id,
            position: index,
        };
        let shown = Shown {
            image: &input.image,
            salt: &input.salt,
        };
        let about = About::stated(self.prover.vk_digest(), &self.stated(index, &input));
        Ok(Task::new(self.prover.arch_id(), place, about, shown))
    }

    async fn is_asked(&self, index: usize) -> eyre::Result<bool> {
        let now = self.desk.market.newest(self.id).await?;
        require_state(self.id, &now, &[RoundState::Served])?;
        require_in_time(self.desk, &now).await?;
        Ok(self
            .desk
            .market
            .unproven(self.id, &now)
            .await?
            .contains(&u32::try_from(index)?))
    }

    fn keep(&mut self, index: usize, bundle: &ProofBundle, _: Option<f64>) -> eyre::Result<()> {
        let stated = self.stated(index, &self.inputs.read(index)?);
        self.missing.keep(index, self.prover.verifier_key(), bundle, &stated)
    }
}

/// Proves every contested index that has no proof here and is not proven on chain, with a farm if there is one; looks before each whether
/// to end.
///
/// # Errors
/// If another process proves for this round, or an output is not what the model says.
pub async fn prove(
    desk: &Desk<Rounds>,
    id: B256,
    prover: &Prover,
    farm: Option<&dyn Proofs>,
    shall_end: impl Fn() -> bool,
) -> eyre::Result<RoundProofs> {
    let mut contested = Contested::read(desk, id, prover).await?;
    desk.account.require_proofs(contested.positions().len())?;
    let made = anywhere(desk, &mut contested, prover, farm, || !shall_end()).await?;
    Ok(RoundProofs {
        id,
        unproven: contested.unproven,
        made: made.positions.into_iter().map(|index| index as u32).collect(),
        stopped: made.stopped,
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
