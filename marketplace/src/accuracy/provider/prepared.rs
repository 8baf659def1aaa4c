//! A proven set that is ready to be proven, and which of its positions to prove.

use crate::accuracy::provider::advice;
use crate::accuracy::provider::held::Held;
use crate::accuracy::provider::proceed::proceed;
use crate::accuracy::provider::set::{keep_clear_set, open_set};
use crate::capacity::{has_budget, require_registered};
use crate::engagement::facts::IMAGE_BYTES;
use crate::engagement::paths::{proof_path, proving_lock};
use crate::engagement::play::{require_party, require_time};
use crate::engagement::{Desk, Site};
use crate::proving::promises::MARGIN;
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::market::Market;
use assay_chain::venue::require_state;
use assay_durable::lock::Lock;
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::accuracy::demand::{missed, Demand};
use assay_protocol::transfer::bitmap::ResultBitmap;
use assay_protocol::units::{in_words, utc};
use assay_prover::proof::ProofBundle;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A proven set that was checked and run through the model. Nobody else makes proofs of it before this is dropped.
#[derive(Debug)]
pub struct Prepared {
    /// The examples, checked.
    pub held: Held,
    /// Positions that the model gets right.
    pub correct: Vec<usize>,
    /// Right answers that meet the target.
    pub needed: u32,
    pub(super) e: EngagementView,
    _lock: Lock,
}

/// The proofs that an engagement asks for.
#[derive(Debug)]
pub struct Plan {
    /// Those that are there and verify.
    pub there: Vec<OneProof>,
    /// Positions of those that are not, the most urgent first.
    pub to_make: Vec<usize>,
    /// Without the first so many of them the engagement is lost.
    required: usize,
    /// Correct examples of which none is asked for.
    pub(super) left_out: usize,
    pub(super) demand: Demand,
}

/// Checks the set and runs the model on it; evidence about bad data is sent at once.
///
/// # Errors
/// If another process proves for this engagement, the consumer sent bad data, or the set is not here.
pub async fn prepare(desk: &Desk, id: B256, set: Option<&Path>, prover: &Prover) -> eyre::Result<Prepared> {
    let e = desk.market.engagement(id).await?;
    require_party(&e, &desk.account, Party::Provider)?;
    let lock = Lock::take_from(
        &proving_lock(desk, id),
        "another assay process makes the proofs of this engagement",
        "wait until it has ended, then repeat the command",
    )?;
    let mut held = match e.mode {
        Mode::CLEAR => {
            require_state(id, &e, &[State::Probing, State::Proving])?;
            keep_clear_set(desk, id, &e, set)?;
            Held::open(desk, id, &e, None).await?
        }
        _ => open_set(desk, id, &e).await?,
    };
    require_registered(prover, &held.engagement.terms)?;
    Ok(Prepared {
        correct: held.correct(prover, &desk.report)?,
        held,
        needed: desk.market.needed(e.mode, e.targetBps),
        e,
        _lock: lock,
    })
}

impl Plan {
    /// Whether the model can make no more proofs, and the target is met all the same once so many of these are made.
    pub fn is_used_up(&self, made: usize, prover: &Prover) -> eyre::Result<bool> {
        Ok(made >= self.required && prover.remaining()? == 0)
    }
}

impl Prepared {
    /// Whether the model gets enough right: else there is nothing to prove.
    pub fn meets_target(&self) -> bool {
        self.correct.len() >= self.needed as usize
    }

    /// Whether a result was posted: then only what it claims can be asked for.
    fn is_claimed(&self) -> bool {
        matches!(self.e.state, State::Claimed | State::FullDemanded)
    }

    /// What the engagement asks for now; everything that can be proven if `all`.
    pub async fn plan(&mut self, site: &Site, prover: &Prover, all: bool) -> eyre::Result<Plan> {
        let id = self.held.engagement.id;
        self.e = site.market.engagement(id).await?;
        require_state(
            id,
            &self.e,
            &[State::Probing, State::Proving, State::Claimed, State::FullDemanded],
        )?;
        let (mut candidates, mut challenges) = (self.correct.clone(), Vec::new());
        if self.is_claimed() {
            let claimed = ResultBitmap::parse(self.held.len(), &site.market.posted_result(id).await?)?;
            candidates.retain(|position| claimed.is_set(*position));
            challenges = site.market.open_challenges(id).await?;
        }
        let candidates = site.market.not_proven(id, &self.e, candidates).await?;
        let now = site.market.chain.now().await?;
        let demand = Demand::of(&self.e, self.needed, &challenges, now, all);
        let mut there = Vec::new();
        let chosen = demand.choose(&candidates, |position| {
            let found = existing(site, &mut self.held, prover, position)?;
            let is_there = found.is_some();
            there.extend(found);
            eyre::Ok(is_there)
        })?;
        Ok(Plan {
            there,
            to_make: chosen.to_make,
            required: chosen.required,
            left_out: chosen.left_out,
            demand,
        })
    }

    /// Leaves out what the target does not need and there may be no time for.
    ///
    /// # Errors
    /// If there is no time for what the target needs.
    pub(super) async fn fit(
        &self,
        site: &Site,
        prover: &Prover,
        plan: &mut Plan,
        proceed_first: bool,
    ) -> eyre::Result<()> {
        if plan.to_make.is_empty() {
            return Ok(());
        }
        // A claimed result is open to new challenges until its window ends, and each has a deadline of its own.
        if self.e.state != State::Claimed || plan.required == 0 {
            require_time(&site.market, &self.e).await?;
        }
        let now = site.market.chain.now().await?;
        let opens_window = proceed_first && self.e.mode == Mode::CLEAR && self.e.state == State::Probing;
        let end = if opens_window {
            now + site.market.prove_seconds(self.e.mode)
        } else {
            self.e.deadline
        };
        let speed = prover.speed();
        let due = plan.demand.due(&plan.to_make[..plan.required], end);
        if let Some((proofs, deadline)) = missed(&due, now, speed.of_one()) {
            let time = speed.of_one().saturating_mul(proofs);
            return Err(hinted(
                format!(
                    "{proofs} proof(s) need about {}, the window closes in {} (at {}): {speed}",
                    in_words(time.as_secs_f64().ceil() as u64),
                    in_words(deadline.saturating_sub(now)),
                    utc(deadline)
                ),
                self.more_time(&site.market, opens_window),
            ));
        }
        if matches!(self.e.state, State::Probing | State::Proving) {
            let one = speed
                .of_one()
                .saturating_mul(MARGIN as u32)
                .max(Duration::from_millis(1));
            let fits = Duration::from_secs(end.saturating_sub(now)).as_millis() / one.as_millis();
            let kept = plan.required.max(usize::try_from(fits).unwrap_or(usize::MAX));
            let late = plan.to_make.len().saturating_sub(kept);
            if late > 0 {
                plan.to_make.truncate(kept);
                plan.left_out += late;
                site.report.warn(format_args!(
                    "{late} proof(s) more than the target needs are left out, the window closes in {}: {speed}",
                    in_words(end.saturating_sub(now))
                ));
            }
        }
        Ok(())
    }

    /// What to do where the time seems too short.
    fn more_time(&self, market: &Market, opens_window: bool) -> String {
        let id = self.held.engagement.id;
        let window = in_words(market.prove_seconds(self.e.mode));
        match (self.e.state, self.e.mode) {
            (State::Probing, Mode::CLEAR) if !opens_window => {
                format!("--proceed commits to proving first, which opens a window of {window}; --force begins without")
            }
            (State::Probing, mode) if mode != Mode::CLEAR => {
                format!("assay mp proceed {id} opens a window of {window}; --force begins without")
            }
            _ => "--force begins all the same, and keeps what it makes".into(),
        }
    }

    /// Notes what the later commands need, and commits to proving a set in clear if asked to.
    pub async fn begin(&mut self, desk: &Desk, prover: &Prover, plan: &Plan, proceed_first: bool) -> eyre::Result<()> {
        let id = self.held.engagement.id;
        let required = u32::try_from(plan.required)?;
        if self.e.state == State::Probing && !has_budget(prover, required, &desk.report)? {
            return Err(hinted(
                format!(
                    "this model's weights commitment carries {} more proofs, {required} are needed",
                    prover.remaining()?,
                ),
                format!("the target cannot be proven: assay mp abort {id}"),
            ));
        }
        let mut journal = desk.journal(id)?;
        journal.set_fact(&IMAGE_BYTES, &prover.image_len())?;
        if self.e.mode == Mode::CLEAR {
            // A better copy of the set may have come.
            advice::note(&mut journal, self.e.guard, None)?;
        }
        if proceed_first && self.e.mode == Mode::CLEAR {
            proceed(desk, &mut journal, id).await?;
            // Its window is another one now.
            self.e = desk.market.engagement(id).await?;
        }
        Ok(())
    }
}

/// The proof of a position that is there and verifies.
fn existing(site: &Site, held: &mut Held, prover: &Prover, position: usize) -> eyre::Result<Option<OneProof>> {
    let file = proof_path(site, held.engagement.id, position);
    if !file.exists() {
        return Ok(None);
    }
    let counts = held.counts_at(position)?;
    let bundle = ProofBundle::load(&file).map_err(eyre::Report::from);
    match bundle.and_then(|bundle| counts.verify(prover.verifier_key(), &bundle).map(|()| bundle)) {
        Ok(bundle) => Ok(Some(OneProof::new(position, file, &bundle, None))),
        Err(error) => {
            site.report
                .warn(format_args!("{} does not count: {error}", file.display()));
            Ok(None)
        }
    }
}

/// A proof in its file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneProof {
    /// In the proven set.
    pub position: usize,
    /// The proof with its statement.
    pub file: PathBuf,
    /// Of the proof alone, as it goes on chain.
    pub proof_bytes: usize,
    /// Absent if the proof was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl OneProof {
    pub(super) fn new(position: usize, file: PathBuf, bundle: &ProofBundle, seconds: Option<f64>) -> Self {
        Self {
            position,
            file,
            proof_bytes: bundle.proof().len(),
            seconds,
        }
    }
}
