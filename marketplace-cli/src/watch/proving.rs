//! Proofs take long: one at a time is made beside everything else, so that no other deadline waits for it.

use super::Desk;
use crate::chain::market::Market;
use crate::cmd::mp::prove::{prepare, Prepared};
use crate::prover_api::Prover;
use crate::transfer::bitmap::ResultBitmap;
use alloy::primitives::B256;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How the work on one engagement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every example that the model gets right has its proof, or the model can make no more.
    All,
    /// The model gets too few right.
    BelowTarget,
    /// Told to end.
    Stopped,
}

/// The engagement whose proofs are being made.
#[derive(Debug)]
pub struct Job {
    pub id: B256,
    /// Until when the proofs are needed, Unix seconds.
    pub by: u64,
    stop: Arc<AtomicBool>,
    task: JoinHandle<eyre::Result<Ended>>,
}

impl Job {
    /// Checks the set, runs the model, and proves what it gets right; a set in clear is committed to first.
    pub fn start(desk: Desk, id: B256, by: u64, set: Option<PathBuf>, prover: Arc<Prover>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let work = async move {
            let (ctx, market, account) = (&desk.ctx, &desk.market, &desk.account);
            let mut prepared = prepare(ctx, market, account, id, set.as_deref(), &prover).await?;
            if !prepared.meets_target() {
                return Ok(Ended::BelowTarget);
            }
            prepared.begin(ctx, market, account, &prover, true).await?;
            let positions = due_positions(market, id, &prepared).await?;
            for (made, position) in positions.into_iter().enumerate() {
                if told.load(Ordering::Relaxed) {
                    return Ok(Ended::Stopped);
                }
                if prepared.is_used_up(made, &prover)? {
                    break;
                }
                prepared.prove(ctx, market, &prover, position)?;
            }
            Ok(Ended::All)
        };
        let task = tokio::task::spawn_blocking(move || Handle::current().block_on(work));
        Self { id, by, stop, task }
    }

    /// Ends the work after the proof that is being made.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub async fn wait(self) -> eyre::Result<Ended> {
        self.task.await?
    }
}

/// What to prove, the most urgent first: all that is correct, or of a posted result what was claimed.
async fn due_positions(market: &Market, id: B256, prepared: &Prepared) -> eyre::Result<Vec<usize>> {
    let mut positions = prepared.correct.clone();
    if prepared.is_claimed() {
        let bitmap = market.posted_result(id).await?;
        let claimed = ResultBitmap::parse(prepared.held.len(), &bitmap)?;
        let challenges = market.open_challenges(id).await?;
        positions.retain(|position| claimed.is_set(*position));
        positions.sort_by_key(|position| {
            let challenge = challenges.iter().find(|(p, _)| *p as usize == *position);
            challenge.map_or(u64::MAX, |(_, challenge)| challenge.deadline)
        });
    }
    Ok(positions)
}
