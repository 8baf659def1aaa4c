//! Proofs that a model's owner has promised, and how fast they are made: one file beside the model's secret file, for all
//! engagements, commands and daemons that use the secret.
//!
//! Read and written under the lock of the secret file, so that what is promised and what the secret's counter leaves are seen
//! together. An engagement's promise is the number of proofs that it may still ask for; every proof made for it lowers it.
//!
//! The proofs of a secret are its own; time is not: what is promised with other secrets is a [`Load`] on the same prover, which
//! [`crate::capacity`] collects from all files of a state directory.
//!
//! ```text
//! SECRET.promises   {"version":1,"proofMillis":…,"countedMillis":…,
//!                    "promises":{ID:{"proofs":…,"windowSeconds":…,"chain":…,"market":…}},
//!                    "farm":{"id":…,"allotted":…,"seen":{"used":…,"total":…}}}
//! ```
//!
//! A farm counts proofs by itself, but none that this file did not allot to it before, so that the secret's counter stays the only
//! one that all count from. What a farm was allotted is never proven with anywhere else, whatever becomes of the farm.

pub mod allotted;

use crate::proving::promises::allotted::{Allotted, Counted};
use alloy::primitives::{Address, B256};
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_prover::secret::{LockedSecret, Reservation};
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const VERSION: u32 = 1;
const MAX_BYTES: u64 = 16 << 20;

/// What is promised may take at most one part in so many of its time: machines get busy, and blocks are late.
pub const MARGIN: u64 = 2;

/// What one engagement may still ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Promise {
    /// Every proof that is made for it lowers this.
    pub proofs: u64,
    /// Time for all of them from the moment that they are asked for.
    pub window_seconds: u64,
    /// Where the engagement is: [`assay_chain::client::Chain::label`], and the market.
    pub chain: String,
    /// On `chain`.
    pub market: Address,
}

impl Promise {
    /// What it takes of the prover, with so many milliseconds for each proof.
    pub fn load(&self, millis: u64) -> Load {
        Load {
            proofs: self.proofs,
            millis,
            window_seconds: self.window_seconds,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    version: u32,
    /// Of one proof on this machine, once one was made.
    #[serde(default)]
    proof_millis: Option<u64>,
    /// With which the newest promise was made.
    #[serde(default)]
    counted_millis: Option<u64>,
    promises: BTreeMap<B256, Promise>,
    /// The only one that proofs are allotted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    farm: Option<Allotted>,
}

/// Proofs that are promised with one secret, as others count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// How many.
    pub proofs: u64,
    /// For each, milliseconds.
    pub millis: u64,
    /// Time for all of them.
    pub window_seconds: u64,
}

/// How long a proof takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// Of earlier proofs on this machine: slower ones count at once, faster ones by a quarter.
    Measured(Duration),
    /// Twice what `assay plan` estimates.
    Estimated(Duration),
    /// What it estimates, and no more: before anything is measured that will be.
    Planned(Duration),
    /// Of a farm: the last hour, shared out among the proofs of this model that it made in it.
    Farm(Duration),
}

impl Speed {
    /// One proof after the other.
    pub fn of_one(self) -> Duration {
        match self {
            Self::Measured(time) | Self::Estimated(time) | Self::Planned(time) | Self::Farm(time) => time,
        }
    }

    fn millis(self) -> u64 {
        u64::try_from(self.of_one().as_millis()).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Display for Speed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.of_one().as_secs_f64();
        match self {
            Self::Measured(_) => write!(f, "a proof takes {seconds:.1} s on this machine"),
            Self::Estimated(_) => write!(
                f,
                "a proof takes {seconds:.1} s by twice the estimate, none was measured yet"
            ),
            Self::Planned(_) => write!(f, "a proof takes {seconds:.1} s by the estimate"),
            Self::Farm(_) => write!(f, "the farm made a proof every {seconds:.1} s in the last hour"),
        }
    }
}

/// Why another promise cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum Refusal {
    #[error(
        "the model's weights commitment carries {remaining} more proofs, {promised} are promised to other engagements and \
         this offer may ask for {asked}"
    )]
    Budget { remaining: u64, promised: u64, asked: u64 },
    #[error(
        "{speed}: the {proofs} proofs that would be promised within {window} s take {seconds} s, with a margin of {MARGIN} \
         {} s",
        seconds * MARGIN
    )]
    Time {
        speed: Speed,
        /// Of all engagements whose windows are no longer than `window`.
        proofs: u64,
        window: u64,
        /// For all of them.
        seconds: u64,
    },
}

/// The file, which nobody else reads or writes before this is dropped.
#[derive(Debug)]
pub struct Promises {
    path: PathBuf,
    content: Content,
    secret: LockedSecret,
    beside: Vec<Load>,
}

/// Where the promises of a secret are.
pub fn promises_path(secret: &Path) -> PathBuf {
    let mut path = secret.as_os_str().to_owned();
    path.push(".promises");
    path.into()
}

impl Promises {
    /// Waits for the secret file's lock. No file means that nothing is promised.
    ///
    /// # Errors
    /// If the secret or the file cannot be read.
    pub fn open(secret: &Path) -> eyre::Result<Self> {
        Self::under(LockedSecret::open(secret)?, secret)
    }

    /// As [`Promises::open`], under a lock that is held.
    fn under(locked: LockedSecret, secret: &Path) -> eyre::Result<Self> {
        let path = promises_path(secret);
        Ok(Self {
            content: read(&path)?,
            path,
            secret: locked,
            beside: Vec::new(),
        })
    }

    /// The same beside what is promised with other secrets.
    pub fn beside(self, beside: Vec<Load>) -> Self {
        Self { beside, ..self }
    }

    /// What is promised with this secret to anything but this.
    pub fn loads_but(&self, id: B256) -> Vec<Load> {
        let millis = self.content.proof_millis.or(self.content.counted_millis);
        // Nobody knows: of one that takes longer the first proof tells.
        let millis = millis.unwrap_or(1000);
        self.others(id)
            .into_iter()
            .map(|promise| promise.load(millis))
            .collect()
    }

    fn others(&self, id: B256) -> Vec<&Promise> {
        let others = self.content.promises.iter().filter(|(other, _)| **other != id);
        others.map(|(_, promise)| promise).collect()
    }

    /// Of the promises, not of the secret.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `None` if nothing is promised to the engagement.
    pub fn get(&self, id: B256) -> Option<&Promise> {
        self.content.promises.get(&id)
    }

    /// Engagements of one market with a promise.
    pub fn engagements(&self, chain: &str, market: Address) -> Vec<B256> {
        let of_market = |p: &Promise| p.chain == chain && p.market == market;
        let found = self.content.promises.iter().filter(|(_, p)| of_market(p));
        found.map(|(id, _)| *id).collect()
    }

    /// How long a proof takes here, as far as that was measured.
    pub fn measured(&self) -> Option<Speed> {
        let millis = self.content.proof_millis?;
        Some(Speed::Measured(Duration::from_millis(millis)))
    }

    /// Promises proofs to `id`, instead of what was promised to it before; on disk when this returns.
    ///
    /// # Errors
    /// [`Refusal`] with the file's name, if the model's proofs or the time do not suffice for everything together; nothing is
    /// promised then.
    pub fn promise(&mut self, id: B256, promise: Promise, speed: Speed) -> eyre::Result<()> {
        let others = self.others(id);
        let admitted = require_budget(&others, &promise, self.secret.remaining()).and_then(|()| {
            let millis = speed.millis();
            let own = others.iter().map(|other| other.load(millis));
            let loads: Vec<Load> = own.chain(self.beside.iter().copied()).collect();
            admit(&loads, promise.load(millis), speed)
        });
        if let Err(refusal) = admitted {
            let remedy = match refusal {
                Refusal::Budget { .. } => "register the model anew with a secret file of its own: another --secret",
                Refusal::Time { .. } => {
                    "let assay prove measure anew if this machine was busy, or take it on where proofs are made faster"
                }
            };
            let is_alone = others.is_empty() && (self.beside.is_empty() || matches!(refusal, Refusal::Budget { .. }));
            let hint = match is_alone {
                true => remedy.to_owned(),
                false => format!(
                    "wait until other engagements are closed, or {remedy}; {} lists what is promised (entries of chains that are \
                     gone can be taken out)",
                    self.path.display()
                ),
            };
            return Err(hinted(refusal.to_string(), hint));
        }
        self.content.promises.insert(id, promise);
        self.content.counted_millis = Some(speed.millis());
        self.save()
    }

    /// Takes promises back that cannot be asked for any more.
    pub fn release(&mut self, ids: &[B256]) -> eyre::Result<()> {
        let before = self.content.promises.len();
        self.content.promises.retain(|id, _| !ids.contains(id));
        if self.content.promises.len() == before {
            return Ok(());
        }
        self.save()
    }

    /// What a farm was allotted, if one is named.
    pub fn allotted(&self) -> Option<&Allotted> {
        self.content.farm.as_ref()
    }

    /// Names a farm that counts so; what it has to count from then on. Another one than before, or an old copy of it, only if what was
    /// allotted is `given_up`: then nothing is left that it may have granted before.
    ///
    /// # Errors
    /// If another one is named, or this one had counted further than it says: its database is an old copy.
    pub fn name_farm(&mut self, id: &str, says: Counted, given_up: bool) -> eyre::Result<Counted> {
        let farm = Allotted::name(self.content.farm.clone(), id, says, given_up)?;
        let counts = farm.seen;
        self.content.farm = Some(farm);
        self.save()?;
        Ok(counts)
    }

    /// Forgets the farm: what it was allotted is given up, and the next one that is named counts anew. For a file that is older than
    /// what the farm was told.
    ///
    /// # Errors
    /// If that cannot be kept.
    pub fn forget_farm(&mut self) -> eyre::Result<()> {
        match self.content.farm.take() {
            Some(_) => self.save(),
            None => Ok(()),
        }
    }

    /// Notes that the farm knows its total.
    ///
    /// # Errors
    /// If that cannot be kept.
    pub fn note_told(&mut self, total: u64) -> eyre::Result<()> {
        if let Some(farm) = &mut self.content.farm {
            farm.seen.total = farm.seen.total.max(total);
        }
        self.save()
    }

    /// Allots so many more proofs to the farm that is named, or as many of them as are promised to `id` or to nobody: the farm's total
    /// then. On disk when this returns; dying in between wastes them.
    ///
    /// # Errors
    /// If no farm is named.
    pub fn allot(&mut self, id: B256, proofs: u64) -> eyre::Result<u64> {
        eyre::ensure!(self.content.farm.is_some(), "no farm is named");
        let promised = self.get(id).map_or(0, |promise| promise.proofs);
        let proofs = proofs.min(self.free() + promised).min(self.remaining());
        self.secret.reserve_proofs(proofs)?;
        if let Some(promise) = self.content.promises.get_mut(&id) {
            promise.proofs = promise.proofs.saturating_sub(proofs);
        }
        let farm = self.content.farm.as_mut().map_or(0, |farm| {
            farm.allotted += proofs;
            farm.allotted
        });
        self.save()?;
        Ok(farm)
    }

    /// Proofs that the secret still carries, promised or not.
    pub fn remaining(&self) -> u64 {
        self.secret.remaining()
    }

    /// Proofs that nobody is promised.
    pub fn free(&self) -> u64 {
        let promised = self.content.promises.values().map(|p| p.proofs).sum();
        self.secret.remaining().saturating_sub(promised)
    }

    fn save(&self) -> eyre::Result<()> {
        Ok(write_atomic(
            &self.path,
            &serde_json::to_vec_pretty(&self.content)?,
            true,
        )?)
    }
}

/// Takes one of the model's proofs, of what is promised to `id` or of what nobody is promised.
///
/// For an engagement the promise is lowered after the secret's counter is on disk: dying in between promises one proof too
/// many. `complain` hears why the promise could not be lowered; a deadline does not wait for that.
///
/// # Errors
/// If no proofs are left, or for nobody's proof all are promised.
pub fn reserve_proof(
    secret: &Path,
    id: Option<B256>,
    complain: impl FnOnce(eyre::Report),
) -> eyre::Result<Reservation> {
    let Some(id) = id else {
        let mut promises = Promises::open(secret)?;
        let remaining = promises.secret.remaining();
        if remaining > 0 && promises.free() == 0 {
            return Err(hinted(
                format!("all of the {remaining} proofs that this model still carries are promised to engagements"),
                format!("{} lists them", promises.path.display()),
            ));
        }
        return Ok(promises.secret.reserve_proof()?);
    };
    let mut locked = LockedSecret::open(secret)?;
    let reservation = locked.reserve_proof()?;
    let lower = || -> eyre::Result<()> {
        let mut promises = Promises::under(locked, secret)?;
        match promises.content.promises.get_mut(&id) {
            Some(promise) if promise.proofs > 0 => promise.proofs -= 1,
            _ => return Ok(()),
        }
        promises.save()
    };
    if let Err(error) = lower() {
        complain(error);
    }
    Ok(reservation)
}

/// Notes how long a proof took: slower ones count at once, faster ones by a quarter.
pub fn note_speed(secret: &Path, time: Duration) -> eyre::Result<()> {
    let mut promises = Promises::open(secret)?;
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    let known = promises.content.proof_millis.unwrap_or(0);
    promises.content.proof_millis = Some(millis.max(known - known / 4 + millis.min(known) / 4));
    promises.save()
}

/// Whether the secret still carries what is promised with it.
fn require_budget(others: &[&Promise], new: &Promise, remaining: u64) -> Result<(), Refusal> {
    let promised: u64 = others.iter().map(|p| p.proofs).sum();
    if promised.saturating_add(new.proofs) > remaining {
        return Err(Refusal::Budget {
            remaining,
            promised,
            asked: new.proofs,
        });
    }
    Ok(())
}

/// Whether one prover can answer everything that is promised, with whatever secret, whenever it is asked for; `speed` is that of
/// the new proofs.
///
/// Proofs are made in the order of their deadlines, so windows that begin whenever they like are all met if those no longer than
/// any window, begun together, fit into it. A claim of which only some positions are challenged is due sooner than its whole
/// window, but no sooner than in proportion to what is asked. The margin of two covers that where such claims have one window,
/// as in one market; it leaves some room, not always enough, for the proof that is being made when something urgent comes.
///
/// # Errors
/// [`Refusal::Time`] with the window that is too short.
pub fn admit(others: &[Load], new: Load, speed: Speed) -> Result<(), Refusal> {
    let mut all = [others, &[new]].concat();
    all.sort_by_key(|load| load.window_seconds);
    let (mut proofs, mut needed) = (0u64, 0u64);
    for load in all {
        proofs = proofs.saturating_add(load.proofs);
        needed = needed.saturating_add(load.millis.saturating_mul(load.proofs));
        // What fitted before goes on fitting: only windows that the new promise fills further are looked at.
        let is_affected = load.window_seconds >= new.window_seconds;
        if is_affected && needed.saturating_mul(MARGIN) > load.window_seconds.saturating_mul(1000) {
            return Err(Refusal::Time {
                speed,
                proofs,
                window: load.window_seconds,
                seconds: needed.div_ceil(1000),
            });
        }
    }
    Ok(())
}

fn read(path: &Path) -> eyre::Result<Content> {
    let damaged = || {
        format!(
            "{} is damaged; restore it, or remove it if this model has no open engagement",
            path.display()
        )
    };
    let bytes = match read_regular(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Content {
                version: VERSION,
                ..Content::default()
            })
        }
        Err(e) => return Err(e).wrap_err_with(|| format!("cannot read {}", path.display())),
    };
    let content: Content = serde_json::from_slice(&bytes).wrap_err_with(damaged)?;
    eyre::ensure!(
        content.version == VERSION,
        "{}: version {}, this program reads {VERSION}",
        path.display(),
        content.version
    );
    Ok(content)
}

#[cfg(test)]
mod tests;
