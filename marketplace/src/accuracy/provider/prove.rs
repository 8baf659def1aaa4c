//! Checks the test set and proves what the engagement asks for.

use crate::accuracy::provider::advice;
use crate::accuracy::provider::prepared::{prepare, OneProof};
use crate::accuracy::provider::wanted::Wanted;
use crate::engagement::Desk;
use crate::proofs::claims::here;
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_protocol::abi::{Adjudication, State};
use serde::Serialize;
use std::path::Path;

/// How to go about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// Commit to proving a set in clear first.
    pub proceed: bool,
    /// Prove more than the target needs.
    pub all: bool,
    /// Begin even if the time seems too short.
    pub force: bool,
}

/// The result: which examples have a proof.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    /// Of the engagement.
    pub id: B256,
    /// Those that count.
    pub examples: usize,
    /// Those of them that the model gets right.
    pub correct: usize,
    /// Right answers that meet the target.
    pub needed: u32,
    /// Positions.
    pub proven_on_chain: u32,
    /// Whether the result is claimed, and proofs are sent on challenges only.
    pub optimistic: bool,
    /// Proofs that were not there before.
    pub made: usize,
    /// Further ones that could be proven: the target does not need them.
    pub left_out: usize,
    /// All that are here, these and earlier ones.
    pub proofs: Vec<OneProof>,
}

impl std::fmt::Display for Proven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} of {} correct, {} needed, {} proven on chain",
            self.correct, self.examples, self.needed, self.proven_on_chain
        )?;
        let before = self.proofs.len() - self.made;
        write!(f, "proofs: {} made, {before} there before", self.made)?;
        match self.left_out {
            0 => writeln!(f)?,
            n => writeln!(f, ", {n} left out that the target does not need")?,
        }
        for p in &self.proofs {
            match p.seconds {
                Some(s) => writeln!(f, "example {}: {} bytes in {s:.1} s", p.position, p.proof_bytes)?,
                None => writeln!(f, "example {}: {} bytes, proven before", p.position, p.proof_bytes)?,
            }
        }
        let next = if self.optimistic { "post" } else { "submit" };
        write!(f, "next: assay mp {next} {}", self.id)
    }
}

/// Checks the set, and begins with the proofs that the engagement asks for.
///
/// # Errors
/// If the set cannot be proven, or not in time.
pub async fn begin<'a>(
    desk: &'a Desk,
    id: B256,
    set: Option<&Path>,
    prover: &'a Prover,
    manner: Manner,
) -> eyre::Result<Wanted<'a>> {
    let mut prepared = prepare(desk, id, set, prover).await?;
    if !prepared.meets_target() {
        let what = format!(
            "{} of {} correct, {} are needed",
            prepared.correct.len(),
            prepared.held.len(),
            prepared.needed
        );
        let command = if prepared.e.state == State::Probing {
            let mut journal = desk.journal(id)?;
            advice::note(&mut journal, prepared.e.guard, Some(what.clone()))?;
            "abort"
        } else {
            "concede"
        };
        let hint = format!("the target cannot be proven: assay mp {command} {id}");
        return Err(hinted(what, hint));
    }
    let mut plan = prepared.plan(desk, prover, manner.all).await?;
    if !manner.force {
        prepared.fit(desk, prover, &mut plan, manner.proceed).await?;
    }
    prepared.begin(desk, prover, &plan, manner.proceed).await?;
    Ok(Wanted::new(desk, prover, prepared, plan))
}

/// Checks the set and proves what the engagement asks for.
///
/// # Errors
/// As [`begin`], and if a proof cannot be made.
pub async fn prove(desk: &Desk, id: B256, set: Option<&Path>, prover: &Prover, manner: Manner) -> eyre::Result<Proven> {
    let mut wanted = begin(desk, id, set, prover, manner).await?;
    here(&mut wanted, prover, &desk.home, |_| true, &desk.report).await?;
    let (prepared, plan, made) = wanted.into_parts();
    let left_out = plan.left_out + plan.to_make.len();
    let (made, mut proofs) = (made.len(), [plan.there, made].concat());
    proofs.sort_unstable_by_key(|proof| proof.position);
    Ok(Proven {
        id,
        examples: prepared.held.len(),
        correct: prepared.correct.len(),
        needed: prepared.needed,
        proven_on_chain: prepared.e.provenOnChain,
        optimistic: prepared.e.adjudication == Adjudication::OPTIMISTIC,
        made,
        left_out,
        proofs,
    })
}
