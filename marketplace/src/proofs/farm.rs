//! Proofs made by other processes, maybe on other machines: asked for, looked at until they are there, given up.

use crate::engagement::facts::CUT;
use crate::engagement::Site;
use crate::proofs::claims::{here, Claims, Made};
use crate::proofs::task::Task;
use crate::proving::promises::{Speed, MARGIN};
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
use std::time::{Duration, Instant};

/// Tasks that are handed over together.
const TOGETHER: usize = 32;

/// How often it is looked whether proofs are there.
const PAUSE: Duration = Duration::from_secs(2);

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

    /// How many proofs of a model, by its weights' commitment, it made within the last hour.
    fn made_last_hour(&self, weights_commit: B256) -> Answer<'_, u64>;

    /// How full it is, for metrics.
    fn gauges(&self) -> Answer<'_, Gauges>;

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

/// How full a queue is: of all engagements, rounds and audits that it has not forgotten, and of all models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauges {
    /// Tasks that wait for a worker.
    pub queued: u64,
    /// Tasks with a worker, or with two.
    pub running: u64,
    /// Tasks with a proof.
    pub done: u64,
    /// Tasks that failed too often.
    pub set_aside: u64,
    /// Openings that may still be granted.
    pub openings_left: u64,
    /// Proofs that were stored within the last hour.
    pub made_last_hour: u64,
}

/// How fast a farm makes proofs of a model, and says so; `None` where it does not know, which is said, too.
pub async fn speed_of(farm: &dyn Proofs, weights_commit: B256, out: &Reporter) -> Option<Speed> {
    const HOUR: Duration = Duration::from_secs(3600);
    match farm.made_last_hour(weights_commit).await {
        Ok(0) => {
            out.warn("the farm made no proof of this model in the last hour: what this machine takes is counted with");
            None
        }
        Ok(made) => {
            out.note(format_args!(
                "the farm made {made} proof(s) of this model in the last hour: that is counted with"
            ));
            Some(Speed::Farm(HOUR.div_f64(made as f64)))
        }
        Err(error) => {
            out.warn(format_args!(
                "the farm: {error:#}; what this machine takes is counted with"
            ));
            None
        }
    }
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
    let known = journal.fact(&CUT)?.unwrap_or_default();
    let groups = cut_further(&known, positions);
    if groups != known {
        journal.set_fact(&CUT, &groups)?;
    }
    Ok(())
}

/// Groups as they were, and one for each position that is in none. A prover that proves several examples at once would have more than one
/// position a group: this is the place that says so.
fn cut_further(groups: &[Vec<usize>], positions: &[usize]) -> Vec<Vec<usize>> {
    let mut known: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let new = positions.iter().filter(|position| known.insert(**position));
    let new: Vec<_> = new.map(|position| vec![*position]).collect();
    [groups, &new].concat()
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

/// Has every proof made that is asked for: by a farm, if there is one, else here.
///
/// # Errors
/// Those of [`there`] or [`here`].
pub async fn anywhere<V: Venue>(
    site: &Site<V>,
    claims: &mut impl Claims,
    prover: &Prover,
    farm: Option<&dyn Proofs>,
    goes_on: impl Fn() -> bool,
) -> eyre::Result<Made> {
    match farm {
        Some(farm) => there(site, claims, prover, farm, goes_on).await,
        None => here(claims, prover, &site.home, |_| goes_on(), &site.report).await,
    }
}

/// Has a farm make every proof that is asked for, and keeps what it made, as long as `goes_on`. Nothing that happens to the farm ends
/// it: if none of its proofs comes for a while, and the time that is left is what proving here takes, they are made here one by one, and
/// the farm's are kept all the same.
///
/// # Errors
/// Those of the claims, and of [`here`].
pub async fn there<V: Venue>(
    site: &Site<V>,
    claims: &mut impl Claims,
    prover: &Prover,
    farm: &dyn Proofs,
    goes_on: impl Fn() -> bool,
) -> eyre::Result<Made> {
    let (mut made, mut is_requested, mut told) = (Made::default(), false, Told::default());
    let (id, mut quiet_since, mut was_urgent) = (claims.id(), Instant::now(), false);
    while !claims.positions().is_empty() {
        if !goes_on() {
            made.stopped = true;
            return Ok(made);
        }
        let looked = async {
            if !is_requested {
                request(site, claims, prover, farm).await?;
                is_requested = true;
            }
            let kept = collect(claims, farm, &site.report).await?;
            eyre::Ok((kept, farm.look(prover, id).await?))
        };
        let why = match looked.await {
            Ok((kept, look)) => {
                if !kept.is_empty() {
                    quiet_since = Instant::now();
                }
                made.positions.extend(kept);
                look.trouble()
            }
            Err(error) => Some(format!("{error:#}")),
        };
        told.tell(&site.report, why.as_deref());
        if let Some(left) = is_urgent(claims, prover, quiet_since.elapsed()).await? {
            if !std::mem::replace(&mut was_urgent, true) {
                let why = why.unwrap_or_else(|| "none came for too long".into());
                site.report.warn(format_args!(
                    "proofs are made here, since they are due in {} and the farm makes none: {why}",
                    in_words(left)
                ));
            }
            let one = here(claims, prover, &site.home, |made| made == 0 && goes_on(), &site.report).await?;
            made.positions.extend(one.positions);
            continue;
        }
        wait(&goes_on).await;
    }
    if was_urgent {
        // Another start of what is there would be wasted. A farm that is away hears of it some other day.
        farm.give_up(id).await.ok();
    }
    Ok(made)
}

/// What was said about the farm already.
#[derive(Debug, Default)]
struct Told(Option<String>);

impl Told {
    /// Says it once.
    fn tell(&mut self, out: &Reporter, why: Option<&str>) {
        if let Some(why) = why.filter(|why| self.0.as_deref() != Some(*why)) {
            out.warn(format_args!("the farm: {why}"));
        }
        self.0 = why.map(str::to_owned);
    }
}

impl Look {
    /// What keeps proofs from being made, if anything does.
    fn trouble(&self) -> Option<String> {
        if let Some(why) = self.set_aside.values().next() {
            return Some(format!(
                "{} proof(s) were set aside after they failed: {why}",
                self.set_aside.len()
            ));
        }
        (self.running == 0 && self.queued > 0).then(|| "no worker takes its tasks".into())
    }
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

/// The time that is left in seconds, if it is so little that proofs are made here.
async fn is_urgent(claims: &impl Claims, prover: &Prover, quiet: Duration) -> eyre::Result<Option<u64>> {
    let now = claims.now().await?;
    let left = claims
        .positions()
        .into_iter()
        .map(|position| claims.by(position, now).saturating_sub(now));
    Ok(too_little(left, claims.spare(), prover.speed().of_one(), quiet))
}

/// The first of these times in seconds, the most urgent proof's first, that is no more than what all proofs up to it take here, one after
/// the other, and `spare`; if no proof came for as long as three take, and as a lease, or for a quarter of what is left.
fn too_little(left: impl Iterator<Item = u64>, spare: u64, one: Duration, quiet: Duration) -> Option<u64> {
    const LEASE: u64 = 60;
    let one = one.as_secs_f64().ceil() as u64;
    let mut needed = spare;
    let first = left.into_iter().find(|left| {
        needed = needed.saturating_add(one.max(1).saturating_mul(MARGIN));
        *left <= needed
    })?;
    let patience = LEASE.max(3 * one).min(first / 4);
    (quiet.as_secs() >= patience).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_made_here_when_the_time_is_short_and_none_came_for_long() {
        let seconds = Duration::from_secs;
        let of = |left: &[u64], quiet| too_little(left.iter().copied(), 60, seconds(10), seconds(quiet));
        // Three take a minute with their margin, and a minute to be sent.
        assert_eq!(of(&[121; 3], 1000), None);
        assert_eq!(of(&[120; 3], 29), None);
        assert_eq!(of(&[120; 3], 30), Some(120));
        assert_eq!(of(&[20], 4), None);
        assert_eq!(of(&[20], 5), Some(20));
        assert_eq!(of(&[0], 0), Some(0));
        // Many proofs are always more than this machine could make: then a farm that goes on is let.
        assert_eq!(of(&[1000; 60], 59), None);
        assert_eq!(of(&[1000; 60], 60), Some(1000));
        // What has no deadline is never due.
        assert_eq!(of(&[u64::MAX; 9], 1000), None);
    }

    /// It made so many, or does not answer.
    #[derive(Debug)]
    struct Made(Option<u64>);

    impl Proofs for Made {
        fn has_task(&self, _: B256, _: B256) -> bool {
            false
        }

        fn ask<'a>(&'a self, _: &'a Prover, _: B256, _: Vec<Asked>) -> Answer<'a, usize> {
            Box::pin(async { Ok(0) })
        }

        fn look<'a>(&'a self, _: &'a Prover, _: B256) -> Answer<'a, Look> {
            Box::pin(async { Ok(Look::default()) })
        }

        fn take<'a>(&'a self, _: B256, _: &'a BTreeSet<B256>, _: Keep<'a>) -> Answer<'a, ()> {
            Box::pin(async { Ok(()) })
        }

        fn made_last_hour(&self, _: B256) -> Answer<'_, u64> {
            Box::pin(async { self.0.ok_or_else(|| eyre::eyre!("it does not answer")) })
        }

        fn gauges(&self) -> Answer<'_, Gauges> {
            Box::pin(async { Ok(Gauges::default()) })
        }

        fn give_up(&self, _: B256) -> Answer<'_, ()> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn a_farm_is_as_fast_as_it_was_and_one_that_made_nothing_counts_for_nothing() {
        let out = Reporter::silent();
        let speed = async |made| speed_of(&Made(made), B256::ZERO, &out).await;
        let fast = speed(Some(720)).await.expect("it made some");
        assert_eq!(fast, Speed::Farm(Duration::from_secs(5)));
        assert_eq!(fast.to_string(), "the farm made a proof every 5.0 s in the last hour");
        assert_eq!(speed(Some(0)).await, None);
        assert_eq!(speed(None).await, None);
    }

    #[test]
    fn no_position_is_in_two_groups() {
        let once = cut_further(&[], &[4, 2, 4]);
        assert_eq!(once, [vec![4], vec![2]]);
        assert_eq!(cut_further(&once, &[2, 7, 4]), [vec![4], vec![2], vec![7]]);
        // Of a program that puts several into one proof.
        let several = [vec![0, 1], vec![2, 3]];
        assert_eq!(cut_further(&several, &[3, 5, 0]), [vec![0, 1], vec![2, 3], vec![5]]);
    }

    #[test]
    fn trouble_is_told_once() {
        let idle = Look {
            queued: 2,
            ..Look::default()
        };
        assert_eq!(idle.trouble().as_deref(), Some("no worker takes its tasks"));
        let busy = Look {
            running: 1,
            ..idle.clone()
        };
        assert_eq!(busy.trouble(), None);
        let set_aside = BTreeMap::from([(B256::ZERO, "killed".to_owned())]);
        let poisoned = Look { set_aside, ..busy };
        assert!(poisoned
            .trouble()
            .is_some_and(|why| why.contains("1 proof(s) were set aside")));
    }
}
