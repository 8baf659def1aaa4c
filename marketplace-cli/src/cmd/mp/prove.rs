//! Checks the test set and proves what the engagement asks for.

use super::advice;
use super::demand::{missed, Demand};
use super::held::{not_whole, proof_path, Held};
use super::{proceed, require_provider, require_time};
use crate::args::keys::KeyArgs;
use crate::args::model::ModelArgs;
use crate::chain::market::{require_state, Market};
use crate::context::Context;
use crate::engagement::{Desk, Site};
use crate::exit::{hinted, UsageError};
use crate::promises::MARGIN;
use crate::prover_api::ModelFiles;
use crate::prover_api::{verify, Prover, Proving};
use crate::testset::{StoredSet, TestSet};
use crate::transfer::bitmap::ResultBitmap;
use alloy::primitives::B256;
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use assay_protocol::abi::{Adjudication, EngagementView, Mode, ProofTerms, State};
use assay_protocol::units::{in_words, utc};
use assay_prover::proof::ProofBundle;
use eyre::WrapErr;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp prove 0x3f… --set /mnt/shared/3f --model digits.assay --keystore me.json --proceed\n  \
    assay mp prove 0x3f… --model digits.assay --keystore me.json      after an encrypted transfer\n\n\
    Checks the whole set first: commitments, root, and that the model is right often enough. Where the proofs go on chain it\n\
    makes as many as the target still needs there; of a result that is claimed, or will be, every correct one. Interrupted, it\n\
    goes on where it stopped: proofs that are there and verify are kept. It does not begin if the proofs that the target needs\n\
    take longer than the window is open, nor beside another process that proves for this engagement or with this model."
)]
pub struct Args {
    /// Engagement
    id: B256,
    /// Test set that the consumer handed over in clear
    #[arg(long, value_name = "DIR")]
    set: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    /// Commit to proving (assay mp submit does it otherwise) as soon as the set is checked, for proofs that take longer
    /// than the time to decide
    #[arg(long)]
    proceed: bool,
    /// Prove every example that the model gets right, not only as many as the target needs
    #[arg(long)]
    all: bool,
    /// Begin even if the time seems too short
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keys: KeyArgs,
}

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
    pub id: B256,
    pub examples: usize,
    pub correct: usize,
    pub needed: u32,
    pub proven_on_chain: u32,
    /// Whether the result is claimed, and proofs are sent on challenges only.
    pub optimistic: bool,
    /// Proofs that were not there before.
    pub made: usize,
    /// Further ones that could be proven: the target does not need them.
    pub left_out: usize,
    pub proofs: Vec<OneProof>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneProof {
    pub position: usize,
    pub file: PathBuf,
    pub proof_bytes: usize,
    /// Absent if the proof was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl OneProof {
    fn new(position: usize, file: PathBuf, bundle: &ProofBundle, seconds: Option<f64>) -> Self {
        Self {
            position,
            file,
            proof_bytes: bundle.proof().len(),
            seconds,
        }
    }
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

pub async fn run(args: Args, ctx: &Context) -> eyre::Result<()> {
    let desk = ctx.desk(&args.keys).await?;
    let prover = ModelFiles::from(args.model).prover(&desk.market.chain, false, &ctx.out)?;
    let manner = Manner {
        proceed: args.proceed,
        all: args.all,
        force: args.force,
    };
    let result = prove(&desk, args.id, args.set.as_deref(), &prover, manner).await?;
    ctx.out.result(&result, &result)
}

/// Checks the set and proves what the engagement asks for.
pub async fn prove(desk: &Desk, id: B256, set: Option<&Path>, prover: &Prover, manner: Manner) -> eyre::Result<Proven> {
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
    let proving = plan.begin(prover)?;
    prepared.begin(desk, prover, &plan, manner.proceed).await?;
    let mut made = Vec::new();
    if let Some(proving) = &proving {
        for position in plan.to_make.iter().copied() {
            desk.report.note(format_args!(
                "example {position} ({} of {})",
                made.len() + 1,
                plan.to_make.len()
            ));
            if plan.is_used_up(made.len(), prover)? {
                desk.report
                    .warn("the model's proofs are used up; the target is met all the same");
                break;
            }
            made.push(prepared.prove(desk, proving, position)?);
        }
    }
    let left_out = plan.left_out + plan.to_make.len() - made.len();
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

/// A proven set that was checked and run through the model. Nobody else makes proofs of it before this is dropped.
#[derive(Debug)]
pub struct Prepared {
    pub held: Held,
    /// Positions that the model gets right.
    pub correct: Vec<usize>,
    pub needed: u32,
    e: EngagementView,
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
    left_out: usize,
    demand: Demand,
}

/// Checks the set and runs the model on it; evidence about bad data is sent at once.
///
/// # Errors
/// If another process proves for this engagement, the consumer sent bad data, or the set is not here.
pub async fn prepare(desk: &Desk, id: B256, set: Option<&Path>, prover: &Prover) -> eyre::Result<Prepared> {
    let e = desk.market.engagement(id).await?;
    require_provider(&e, &desk.account)?;
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

/// Opens an encrypted proven set, once all its keys are out; evidence about bad data is sent at once.
///
/// # Errors
/// If the consumer sent bad data.
pub async fn open_set(desk: &Desk, id: B256, e: &EngagementView) -> eyre::Result<Held> {
    const OPEN: [State; 4] = [State::Proving, State::Claimed, State::FullDemanded, State::Probing];
    // The probe set of FULL is judged by `assay mp probe`.
    let allowed = if e.mode == Mode::FULL { &OPEN[..3] } else { &OPEN };
    require_state(id, e, allowed)?;
    let mut held = Held::open(desk, id, e, None).await?;
    let Some(accusation) = held.check(&desk.report)? else {
        return Ok(held);
    };
    let sent = accusation.send(desk).await?;
    Err(hinted(
        format!(
            "the consumer sent bad data and has lost its deposit: {}",
            accusation.evidence
        ),
        format!("transaction {}; fetch the money: assay withdraw", sent.tx_hash),
    ))
}

impl Plan {
    /// The right to make its proofs, if any are to be made: taken before anything is committed to.
    ///
    /// # Errors
    /// If another process proves with this model.
    pub fn begin<'a>(&self, prover: &'a Prover) -> eyre::Result<Option<Proving<'a>>> {
        if self.to_make.is_empty() {
            return Ok(None);
        }
        prover.begin().map(Some)
    }

    /// Whether the model can make no more proofs, and the target is met all the same once so many of these are made.
    pub fn is_used_up(&self, made: usize, prover: &Prover) -> eyre::Result<bool> {
        Ok(made >= self.required && prover.remaining()? == 0)
    }
}

impl Prepared {
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
            Ok(is_there)
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
    async fn fit(&self, site: &Site, prover: &Prover, plan: &mut Plan, proceed_first: bool) -> eyre::Result<()> {
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
    pub async fn begin(&self, desk: &Desk, prover: &Prover, plan: &Plan, proceed_first: bool) -> eyre::Result<()> {
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
        journal.set_fact("imageBytes", &prover.image_len())?;
        if self.e.mode == Mode::CLEAR {
            // A better copy of the set may have come.
            advice::note(&mut journal, self.e.guard, None)?;
        }
        if proceed_first && self.e.mode == Mode::CLEAR {
            proceed(desk, &mut journal, id).await?;
        }
        Ok(())
    }

    /// Proves one position.
    pub fn prove(&mut self, site: &Site, proving: &Proving<'_>, position: usize) -> eyre::Result<OneProof> {
        let (held, prover) = (&mut self.held, proving.prover);
        let id = held.engagement.id;
        let file = proof_path(site, id, position);
        let statement = held.statement_at(position)?;
        let example = held.example(position, prover.image_len())?;
        let example = example.map_err(|why| eyre::eyre!("nothing can be proven at position {position}: {why}"))?;
        let began = Instant::now();
        let bundle = proving.prove(
            &example.image,
            &example.input_salt,
            statement.ctx,
            Some(id),
            &site.report,
        )?;
        let seconds = began.elapsed().as_secs_f64();
        verify(prover.verifier_key(), &bundle, &statement)?;
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        bundle.save(&file)?;
        Ok(OneProof::new(position, file, &bundle, Some(seconds)))
    }
}

/// The proof of a position that is there and verifies.
fn existing(site: &Site, held: &mut Held, prover: &Prover, position: usize) -> eyre::Result<Option<OneProof>> {
    let file = proof_path(site, held.engagement.id, position);
    if !file.exists() {
        return Ok(None);
    }
    let statement = held.statement_at(position)?;
    let bundle = ProofBundle::load(&file).map_err(eyre::Report::from);
    match bundle.and_then(|bundle| verify(prover.verifier_key(), &bundle, &statement).map(|()| bundle)) {
        Ok(bundle) => Ok(Some(OneProof::new(position, file, &bundle, None))),
        Err(error) => {
            site.report
                .warn(format_args!("{} does not count: {error}", file.display()));
            Ok(None)
        }
    }
}

/// Locked by whoever makes the proofs of an engagement.
pub fn proving_lock(site: &Site, id: B256) -> PathBuf {
    site.files(id).join("proving.lock")
}

/// Where this provider keeps a set in clear: what the consumer put somewhere may be gone when proofs are sent.
pub fn clear_set(site: &Site, id: B256) -> PathBuf {
    site.files(id).join("set")
}

/// Copies a set in clear, if it is the one of the engagement and is not here yet. Images are compared with their commitments
/// when they are read.
fn keep_clear_set(site: &Site, id: B256, e: &EngagementView, given: Option<&Path>) -> eyre::Result<()> {
    let own = clear_set(site, id);
    if StoredSet::open(&own).is_ok_and(|set| set.tree().root() == e.testRoot) {
        return Ok(());
    }
    let given = given.ok_or_else(|| UsageError("a set in clear is given with --set DIR".into()))?;
    let set = given_set(id, e.testRoot, given)?;
    if own.exists() {
        std::fs::remove_dir_all(&own).wrap_err_with(|| format!("cannot replace {}", own.display()))?;
    }
    crate::testset::save(&set, &own)
}

/// The set in clear that the consumer handed over. That a file is missing here is no reason to end an engagement.
fn given_set(id: B256, test_root: B256, given: &Path) -> eyre::Result<TestSet> {
    if !given.is_dir() {
        return Err(UsageError(format!("--set {}: there is no such directory", given.display())).into());
    }
    let load = || -> eyre::Result<(TestSet, B256)> {
        let set = crate::testset::load(given)?;
        let root = set.root()?;
        Ok((set, root))
    };
    let (set, root) = load().map_err(|error| not_whole(given, &error))?;
    if root != test_root {
        let what = format!("the set leads to root {root}, the consumer committed to {test_root}");
        return Err(hinted(
            what,
            format!("if --set is right and the consumer has no better copy: assay mp abort {id}"),
        ));
    }
    Ok(set)
}

/// Whether the model can still make so many proofs.
pub fn has_budget(prover: &Prover, needed: u32, out: &Reporter) -> eyre::Result<bool> {
    let remaining = prover.remaining()?;
    if remaining < u64::from(needed) {
        out.warn(format_args!(
            "the model carries {remaining} more proofs, {needed} are needed"
        ));
    }
    Ok(remaining >= u64::from(needed))
}

/// Fails unless this program can prove for the registered model.
pub fn require_registered(prover: &Prover, terms: &ProofTerms) -> eyre::Result<()> {
    if prover.vk_digest() == terms.vkDigest && prover.weights_commit()? == terms.weightsCommit {
        return Ok(());
    }
    Err(hinted(
        "model, secret or reference string are not the ones of the registered model",
        "check --model, --secret, --arch and --srs",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Hinted;

    #[test]
    fn a_set_that_is_not_there_is_no_reason_to_abort() {
        let dir = tempfile::tempdir().unwrap();
        let typo = given_set(B256::ZERO, B256::ZERO, &dir.path().join("typo")).unwrap_err();
        assert!(typo.is::<UsageError>() && typo.to_string().contains("typo"), "{typo}");
        let empty = given_set(B256::ZERO, B256::ZERO, dir.path()).unwrap_err();
        let hint = &empty.downcast_ref::<Hinted>().unwrap().hint;
        assert!(hint.contains("check --set") && !hint.contains("abort"), "{hint}");
    }
}
