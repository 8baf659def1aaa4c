use super::advice;
use super::held::{not_whole, proof_path, Held};
use super::transfer::own_files;
use super::{proceed, require_provider};
use crate::chain::account::Account;
use crate::chain::bindings::{Adjudication, EngagementView, Mode, ProofTerms, State};
use crate::chain::keys::KeyArgs;
use crate::chain::market::{require_state, Market};
use crate::cmd::engagement_journal;
use crate::context::Context;
use crate::exit::{hinted, UsageError};
use crate::output::Output;
use crate::prover_api::{verify, ModelArgs, Prover};
use crate::testset::{StoredSet, TestSet};
use alloy::primitives::B256;
use assay_prover::proof::ProofBundle;
use eyre::WrapErr;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay mp prove 0x3f… --set /mnt/shared/3f --model digits.assay --keystore me.json --proceed\n  \
    assay mp prove 0x3f… --model digits.assay --keystore me.json      after an encrypted transfer\n\n\
    Checks the whole set first: commitments, root, and that the model is right often enough. Interrupted, it goes on where\n\
    it stopped: proofs that are there and verify are kept."
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
    #[command(flatten)]
    keys: KeyArgs,
}

/// The result: which examples have a proof.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    pub id: B256,
    pub examples: usize,
    pub correct: usize,
    pub needed: u32,
    /// Whether the result is claimed, and proofs are sent on challenges only.
    pub optimistic: bool,
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

impl std::fmt::Display for Proven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} of {} correct, {} needed, {} proven",
            self.correct,
            self.examples,
            self.needed,
            self.proofs.len()
        )?;
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
    let (market, account) = ctx.market_and_account(&args.keys).await?;
    let prover = args.model.prover(&market.chain, false, &ctx.out)?;
    let result = prove(
        ctx,
        &market,
        &account,
        args.id,
        args.set.as_deref(),
        &prover,
        args.proceed,
    )
    .await?;
    ctx.out.result(&result, &result)
}

/// Checks the set and proves every example that the model gets right.
pub async fn prove(
    ctx: &Context,
    market: &Market,
    account: &Account,
    id: B256,
    set: Option<&Path>,
    prover: &Prover,
    proceed_first: bool,
) -> eyre::Result<Proven> {
    let mut prepared = prepare(ctx, market, account, id, set, prover).await?;
    if !prepared.meets_target() {
        let command = if prepared.state == State::Probing {
            advice::note(&mut engagement_journal(ctx, &market.chain, id)?, prepared.guard, true)?;
            "abort"
        } else {
            "concede"
        };
        return Err(hinted(
            format!(
                "{} of {} correct, {} are needed",
                prepared.correct.len(),
                prepared.held.len(),
                prepared.needed
            ),
            format!("the target cannot be proven: assay mp {command} {id}"),
        ));
    }
    prepared.begin(ctx, market, account, prover, proceed_first).await?;
    let mut proofs = Vec::new();
    for (done, position) in prepared.correct.clone().into_iter().enumerate() {
        ctx.out.note(format_args!(
            "example {position} ({} of {})",
            done + 1,
            prepared.correct.len()
        ));
        if prepared.is_used_up(proofs.len(), prover)? {
            ctx.out
                .warn("the model's proofs are used up; the target is met all the same");
            break;
        }
        proofs.push(prepared.prove(ctx, market, prover, position)?);
    }
    Ok(Proven {
        id,
        examples: prepared.held.len(),
        correct: prepared.correct.len(),
        needed: prepared.needed,
        optimistic: prepared.adjudication == Adjudication::OPTIMISTIC,
        proofs,
    })
}

/// A proven set that was checked and run through the model.
#[derive(Debug)]
pub struct Prepared {
    pub held: Held,
    /// Positions that the model gets right.
    pub correct: Vec<usize>,
    pub needed: u32,
    state: State,
    guard: B256,
    mode: Mode,
    adjudication: Adjudication,
}

/// Checks the set and runs the model on it; evidence about bad data is sent at once.
///
/// # Errors
/// If the consumer sent bad data, or the set is not here.
pub async fn prepare(
    ctx: &Context,
    market: &Market,
    account: &Account,
    id: B256,
    set: Option<&Path>,
    prover: &Prover,
) -> eyre::Result<Prepared> {
    let e = market.engagement(id).await?;
    require_provider(&e, account)?;
    let mut held = match e.mode {
        Mode::CLEAR => {
            require_state(id, &e, &[State::Probing, State::Proving])?;
            keep_clear_set(ctx, market, id, &e, set)?;
            Held::open(ctx, market, id, &e, None).await?
        }
        _ => open_set(ctx, market, account, id, &e).await?,
    };
    require_registered(prover, &held.statement.terms)?;
    Ok(Prepared {
        correct: held.correct(prover, &ctx.out)?,
        held,
        needed: market.needed(e.mode, e.targetBps),
        state: e.state,
        guard: e.guard,
        mode: e.mode,
        adjudication: e.adjudication,
    })
}

/// Opens an encrypted proven set, once all its keys are out; evidence about bad data is sent at once.
///
/// # Errors
/// If the consumer sent bad data.
pub async fn open_set(
    ctx: &Context,
    market: &Market,
    account: &Account,
    id: B256,
    e: &EngagementView,
) -> eyre::Result<Held> {
    const OPEN: [State; 4] = [State::Proving, State::Claimed, State::FullDemanded, State::Probing];
    // The probe set of FULL is judged by `assay mp probe`.
    let allowed = if e.mode == Mode::FULL { &OPEN[..3] } else { &OPEN };
    require_state(id, e, allowed)?;
    let mut held = Held::open(ctx, market, id, e, None).await?;
    let Some(accusation) = held.check(&ctx.out)? else {
        return Ok(held);
    };
    let sent = accusation.send(ctx, market, account).await?;
    Err(hinted(
        format!(
            "the consumer sent bad data and has lost its deposit: {}",
            accusation.evidence
        ),
        format!("transaction {}; fetch the money: assay withdraw", sent.tx_hash),
    ))
}

impl Prepared {
    pub fn meets_target(&self) -> bool {
        self.correct.len() >= self.needed as usize
    }

    /// Whether a result was posted: then only what it claims can be asked for.
    pub fn is_claimed(&self) -> bool {
        matches!(self.state, State::Claimed | State::FullDemanded)
    }

    /// Whether the model can make no more proofs and those made meet the target all the same.
    pub fn is_used_up(&self, made: usize, prover: &Prover) -> eyre::Result<bool> {
        Ok(made >= self.needed as usize && prover.remaining()? == 0)
    }

    /// Notes what the later commands need, and commits to proving a set in clear if asked to.
    pub async fn begin(
        &self,
        ctx: &Context,
        market: &Market,
        account: &Account,
        prover: &Prover,
        proceed_first: bool,
    ) -> eyre::Result<()> {
        let id = self.held.statement.id;
        if self.state == State::Probing && !has_budget(prover, self.needed, &ctx.out)? {
            return Err(hinted(
                format!(
                    "this model's weights commitment carries {} more proofs, {} are needed",
                    prover.remaining()?,
                    self.needed
                ),
                format!("the target cannot be proven: assay mp abort {id}"),
            ));
        }
        let mut journal = engagement_journal(ctx, &market.chain, id)?;
        journal.set_fact("imageBytes", &prover.image_len())?;
        advice::note(&mut journal, self.guard, false)?;
        if proceed_first && self.mode == Mode::CLEAR {
            proceed(ctx, market, account, &mut journal, id).await?;
        }
        Ok(())
    }

    /// Proves one position, unless a proof that verifies is there.
    pub fn prove(
        &mut self,
        ctx: &Context,
        market: &Market,
        prover: &Prover,
        position: usize,
    ) -> eyre::Result<OneProof> {
        prove_one(ctx, market, &mut self.held, prover, position)
    }
}

/// Where this provider keeps a set in clear: what the consumer put somewhere may be gone when proofs are sent.
pub fn clear_set(ctx: &Context, market: &Market, id: B256) -> PathBuf {
    own_files(ctx, market, id).join("set")
}

/// Copies a set in clear, if it is the one of the engagement and is not here yet. Images are compared with their commitments
/// when they are read.
fn keep_clear_set(
    ctx: &Context,
    market: &Market,
    id: B256,
    e: &EngagementView,
    given: Option<&Path>,
) -> eyre::Result<()> {
    let own = clear_set(ctx, market, id);
    if StoredSet::open(&own).is_ok_and(|set| set.tree().root() == e.testRoot) {
        return Ok(());
    }
    let given = given.ok_or_else(|| UsageError("a set in clear is given with --set DIR".into()))?;
    let set = given_set(id, e.testRoot, given)?;
    if own.exists() {
        std::fs::remove_dir_all(&own).wrap_err_with(|| format!("cannot replace {}", own.display()))?;
    }
    set.save(&own)
}

/// The set in clear that the consumer handed over. That a file is missing here is no reason to end an engagement.
fn given_set(id: B256, test_root: B256, given: &Path) -> eyre::Result<TestSet> {
    if !given.is_dir() {
        return Err(UsageError(format!("--set {}: there is no such directory", given.display())).into());
    }
    let load = || -> eyre::Result<(TestSet, B256)> {
        let set = TestSet::load(given)?;
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
pub fn has_budget(prover: &Prover, needed: u32, out: &Output) -> eyre::Result<bool> {
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

fn prove_one(
    ctx: &Context,
    market: &Market,
    held: &mut Held,
    prover: &Prover,
    position: usize,
) -> eyre::Result<OneProof> {
    let id = held.statement.id;
    let file = proof_path(ctx, market, id, position);
    let claim = held.claim(position)?;
    if file.exists() {
        match ProofBundle::load(&file)
            .map_err(eyre::Report::from)
            .and_then(|b| verify(prover.verifier_key(), &b, &claim).map(|()| b))
        {
            Ok(bundle) => {
                return Ok(OneProof {
                    position,
                    file,
                    proof_bytes: bundle.proof().len(),
                    seconds: None,
                })
            }
            Err(error) => ctx.out.warn(format_args!("{} is made again: {error}", file.display())),
        }
    }
    let example = held.example(position, prover.image_len())?;
    let example = example.map_err(|why| eyre::eyre!("nothing can be proven at position {position}: {why}"))?;
    let began = Instant::now();
    let bundle = prover.prove(&example.image, &example.input_salt.0, claim.ctx, Some(id), &ctx.out)?;
    let seconds = began.elapsed().as_secs_f64();
    verify(prover.verifier_key(), &bundle, &claim)?;
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent)?;
    }
    bundle.save(&file)?;
    Ok(OneProof {
        position,
        file,
        proof_bytes: bundle.proof().len(),
        seconds: Some(seconds),
    })
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
