//! Proofs made by other processes, maybe on other machines: asked for, looked at until they are there, given up.

use crate::engagement::facts::CUT;
use crate::engagement::Site;
use crate::proofs::claims::{here, Claims, Made};
use crate::proofs::task::Task;
use crate::proving::promises::MARGIN;
use crate::proving::Prover;
use alloy::primitives::B256;
use assay_chain::error::{rejected, Kind};
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
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = eyre::Result<T>> + 'a>>;

/// What is done with a proof that is there: whether it counts.
pub type Keep<'a> = &'a mut dyn FnMut(B256, &[u8]) -> eyre::Result<bool>;

/// A proof that a farm is asked for.
#[derive(Debug)]
pub struct Asked {
    /// What it will say, but for its output.
    pub statement: B256,
    /// Until when it must be there, Unix seconds.
    pub by: u64,
    /// What it takes, unless that was handed over before.
    pub task: Option<Task>,
}

/// Whoever makes proofs elsewhere.
pub trait Proofs: fmt::Debug + Send + Sync {
    /// Whether what the proof of a statement takes was handed over.
    fn has_task(&self, id: B256, statement: B256) -> bool;

    /// Asks for proofs of this model, for an engagement, a round or an audit: how many of them are new.
    fn ask<'a>(&'a self, prover: &'a Prover, id: B256, asked: Vec<Asked>) -> Answer<'a, usize>;

    /// How far what an id asked for is.
    fn look<'a>(&'a self, prover: &'a Prover, id: B256) -> Answer<'a, Look>;

    /// Hands over the proofs of these statements that are there, unverified; what does not count is made again.
    fn take<'a>(&'a self, id: B256, statements: &'a BTreeSet<B256>, keep: Keep<'a>) -> Answer<'a, ()>;

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

/// Asks a farm for every proof that there is none of: how many of them it was not asked for before. What is asked for is in the journal
/// first.
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
    let positions = claims.positions();
    cut(site, id, &positions)?;
    let now = claims.now().await?;
    let bar = site
        .report
        .bar("handing over what is to be proven", positions.len() as u64);
    let mut new = 0;
    for (chunk, positions) in positions.chunks(TOGETHER).enumerate() {
        let mut asked = Vec::with_capacity(positions.len());
        for position in positions.iter().copied() {
            let statement = claims.about(position)?.statement();
            let is_there = farm.has_task(id, statement);
            asked.push(Asked {
                statement,
                by: claims.by(position, now),
                task: if is_there { None } else { Some(claims.task(position)?) },
            });
        }
        new += farm.ask(prover, id, asked).await?;
        bar.set((chunk * TOGETHER + positions.len()) as u64);
    }
    Ok(new)
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

/// Verifies and keeps every proof that a farm has ready: their positions. What does not count is complained about and made again.
///
/// # Errors
/// If the farm does not answer, or a proof cannot be kept.
pub async fn collect(claims: &mut impl Claims, farm: &dyn Proofs, out: &Reporter) -> eyre::Result<Vec<usize>> {
    let (id, named) = (claims.id(), by_statement(claims)?);
    let statements: BTreeSet<B256> = named.keys().copied().collect();
    let mut kept = Vec::new();
    let mut keep = |statement: B256, bytes: &[u8]| {
        let Some(position) = named.get(&statement).copied() else {
            return Ok(true);
        };
        let bundle = ProofBundle::from_bytes(bytes).map_err(|error| rejected(error.to_string()));
        match bundle.and_then(|bundle| claims.keep(position, &bundle, None)) {
            Ok(()) => {
                kept.push(position);
                Ok(true)
            }
            Err(error) if Kind::Rejected.is_of(&error) => {
                out.warn(format_args!(
                    "the farm's proof of position {position} does not count: {error:#}; it is made again"
                ));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    };
    farm.take(id, &statements, &mut keep).await?;
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
