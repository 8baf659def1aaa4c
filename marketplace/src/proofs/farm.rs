//! Proofs made by other processes, maybe on other machines: asked for, looked at until they are there, given up.

use crate::engagement::facts::CUT;
use crate::engagement::Site;
use crate::proofs::claims::{here, Claims, Made};
use crate::proofs::task::Task;
use crate::proving::promises::MARGIN;
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use assay_durable::report::Reporter;
use assay_protocol::units::in_words;
use assay_prover::proof::ProofBundle;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Tasks that are handed over together.
const TOGETHER: usize = 32;

/// How often it is looked whether proofs are there.
const PAUSE: Duration = Duration::from_secs(2);

/// What sending proofs takes after they are there, seconds.
pub const SENDING: u64 = 60;

/// An answer that is waited for.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = eyre::Result<T>> + Send + 'a>>;

/// Whoever makes proofs elsewhere.
pub trait Proofs: fmt::Debug + Send + Sync {
    /// Those of these statements that nobody was asked for yet.
    fn unknown<'a>(&'a self, id: B256, statements: &'a [B256]) -> Answer<'a, BTreeSet<B256>>;

    /// Asks for proofs of this model, each until its time in Unix seconds; what is known already is not asked for twice.
    fn ask<'a>(&'a self, prover: &'a Prover, tasks: Vec<(Task, u64)>) -> Answer<'a, ()>;

    /// How far what an id asked for is.
    fn look<'a>(&'a self, prover: &'a Prover, id: B256) -> Answer<'a, Look>;

    /// The proofs of these statements that are there, unverified.
    fn take<'a>(&'a self, statements: &'a [B256]) -> Answer<'a, Vec<(B256, Vec<u8>)>>;

    /// Ends what is not needed any more: what is being made, what waits, and what was handed over for it.
    fn give_up(&self, id: B256) -> Answer<'_, ()>;
}

/// How far a farm is with what an id asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// Wait for a worker.
    pub queued: u64,
    /// Are being made.
    pub running: u64,
    /// Are there.
    pub done: u64,
    /// Failed so often that nobody tries again: statements, and why.
    pub set_aside: BTreeMap<B256, String>,
}

/// The positions of an id, by what their proofs say.
fn by_statement(claims: &mut impl Claims) -> eyre::Result<BTreeMap<B256, usize>> {
    let positions = claims.positions().into_iter();
    let named = positions.map(|position| Ok((claims.about(position)?.statement(), position)));
    named.collect()
}

/// Asks a farm for every proof that it was not asked for before: how many those are. What is asked for is in the journal first.
///
/// # Errors
/// If a task cannot be made, or handed over.
pub async fn request<V: Venue>(
    site: &Site<V>,
    claims: &mut impl Claims,
    prover: &Prover,
    farm: &dyn Proofs,
) -> eyre::Result<usize> {
    let id = claims.id();
    let named = by_statement(claims)?;
    let statements: Vec<B256> = named.keys().copied().collect();
    let unknown = farm.unknown(id, &statements).await?;
    // In the order of the claims, the most urgent first.
    let unknown: BTreeSet<usize> = unknown
        .iter()
        .filter_map(|statement| named.get(statement).copied())
        .collect();
    let wanted: Vec<usize> = claims.positions().into_iter().filter(|p| unknown.contains(p)).collect();
    cut(site, id, &wanted)?;
    let now = claims.now().await?;
    let bar = site
        .report
        .bar("handing over what is to be proven", wanted.len() as u64);
    for (chunk, positions) in wanted.chunks(TOGETHER).enumerate() {
        let mut tasks = Vec::with_capacity(positions.len());
        for position in positions {
            tasks.push((claims.task(*position)?, claims.by(*position, now)));
        }
        farm.ask(prover, tasks).await?;
        bar.set((chunk * TOGETHER + positions.len()) as u64);
    }
    Ok(wanted.len())
}

/// Notes which positions go into one proof: each into one, for good.
fn cut<V: Venue>(site: &Site<V>, id: B256, positions: &[usize]) -> eyre::Result<()> {
    let mut journal = site.journal(id)?;
    let mut groups = journal.fact(&CUT)?.unwrap_or_default();
    let known: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let before = groups.len();
    groups.extend(positions.iter().filter(|p| !known.contains(p)).map(|p| vec![*p]));
    if groups.len() > before {
        journal.set_fact(&CUT, &groups)?;
    }
    Ok(())
}

/// Verifies and keeps every proof that a farm has ready: their positions. What does not verify is complained about.
///
/// # Errors
/// If the farm does not answer, or a proof cannot be kept.
pub async fn collect(claims: &mut impl Claims, farm: &dyn Proofs, out: &Reporter) -> eyre::Result<Vec<usize>> {
    let named = by_statement(claims)?;
    let statements: Vec<B256> = named.keys().copied().collect();
    let mut kept = Vec::new();
    for chunk in statements.chunks(TOGETHER) {
        for (statement, bytes) in farm.take(chunk).await? {
            let Some(position) = named.get(&statement).copied() else {
                continue;
            };
            let bundle = ProofBundle::from_bytes(&bytes).map_err(eyre::Report::from);
            match bundle.and_then(|bundle| claims.keep(position, &bundle, None)) {
                Ok(()) => kept.push(position),
                Err(error) => out.warn(format_args!(
                    "the farm's proof of position {position} does not count: {error:#}"
                )),
            }
        }
    }
    Ok(kept)
}

/// Why proofs are made here though a farm was asked for them.
enum Fallback {
    Gone(String),
    Idle,
}

/// Has a farm make every proof that is asked for, and keeps what it made, as long as `goes_on`. If the farm does not answer, or
/// nobody works for it, and the time that is left is what proving here takes, they are made here.
///
/// # Errors
/// Those of the claims, if what was asked for was set aside, and of [`here`].
pub async fn there<V: Venue>(
    site: &Site<V>,
    claims: &mut impl Claims,
    prover: &Prover,
    farm: &dyn Proofs,
    goes_on: impl Fn() -> bool,
) -> eyre::Result<Made> {
    let (mut made, mut requested, mut was_gone) = (Made::default(), false, false);
    let id = claims.id();
    while !claims.positions().is_empty() {
        if !goes_on() {
            made.stopped = true;
            return Ok(made);
        }
        let looked = async {
            if !requested {
                request(site, claims, prover, farm).await?;
                requested = true;
            }
            let kept = collect(claims, farm, &site.report).await?;
            made.positions.extend(kept);
            farm.look(prover, id).await
        };
        let fallback = match looked.await {
            Ok(look) => {
                let left: BTreeSet<B256> = by_statement(claims)?.into_keys().collect();
                if let Some((_, why)) = look.set_aside.iter().find(|(statement, _)| left.contains(*statement)) {
                    if look.queued + look.running == 0 {
                        eyre::bail!(
                            "{} proof(s) were set aside after they failed: {why}",
                            look.set_aside.len()
                        );
                    }
                }
                was_gone = false;
                (look.running == 0 && look.queued > 0).then_some(Fallback::Idle)
            }
            Err(error) => {
                let why = format!("{error:#}");
                if !std::mem::replace(&mut was_gone, true) {
                    site.report.warn(format_args!("the farm: {why}; it is asked again"));
                }
                Some(Fallback::Gone(why))
            }
        };
        if let Some(fallback) = fallback {
            if let Some(left) = is_urgent(claims, prover).await? {
                let why = match fallback {
                    Fallback::Gone(why) => why,
                    Fallback::Idle => "no worker takes its tasks".into(),
                };
                site.report.warn(format_args!(
                    "the proofs are made here, since they are due in {} and the farm makes none: {why}",
                    in_words(left)
                ));
                let here = here(claims, prover, &site.home, |_| goes_on(), &site.report).await?;
                made.positions.extend(here.positions);
                made.stopped = here.stopped;
                // Another start of what is there would be wasted.
                farm.give_up(id).await.ok();
                return Ok(made);
            }
        }
        wait(&goes_on).await;
    }
    Ok(made)
}

/// Waits between two looks, unless it is told to end.
async fn wait(goes_on: &impl Fn() -> bool) {
    const STEP: Duration = Duration::from_millis(200);
    let mut waited = Duration::ZERO;
    while waited < PAUSE && goes_on() {
        tokio::time::sleep(STEP).await;
        waited += STEP;
    }
}

/// The time that is left in seconds, if it is no more than what proving everything here takes.
async fn is_urgent(claims: &impl Claims, prover: &Prover) -> eyre::Result<Option<u64>> {
    let now = claims.now().await?;
    let one = prover.speed().of_one().as_secs_f64().ceil() as u64;
    let mut needed = SENDING;
    for position in claims.positions() {
        needed += one.max(1) * MARGIN;
        let left = claims.by(position, now).saturating_sub(now);
        if left <= needed {
            return Ok(Some(left));
        }
    }
    Ok(None)
}
