//! Whether a provider can answer what an offer may ask of it, beside everything that it has promised in whatever market.

use crate::engagement::facts::{MODEL, SECRET};
use crate::engagement::Site;
use crate::home::Home;
use crate::proving::promises::{admit, promises_path, Promise, Promises, Speed};
use crate::proving::{estimated_proof_time, load_model, Prover};
use crate::restored::require_known;
use alloy::primitives::{TxHash, B256};
use assay_chain::audits::Audits;
use assay_chain::error::hinted;
use assay_chain::journal::Journal;
use assay_chain::rounds::Rounds;
use assay_chain::venue::{ModelVenue, Venue, View};
use assay_durable::lock::{Lock, LockError};
use assay_durable::report::Reporter;
use assay_protocol::abi::ProofTerms;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The files of a model that this program registered.
#[derive(Debug)]
struct Files {
    model: PathBuf,
    secret: PathBuf,
}

/// What does not happen where it is not known what was promised.
const NOTHING_NEW: &str = "nothing new is accepted";

/// A promise that was just made.
#[derive(Debug)]
pub struct Reserved {
    id: B256,
    secret: PathBuf,
}

impl Reserved {
    /// Takes it back after a step that failed, unless a block may still take what was signed for it, now or by an earlier run: `before` is
    /// what [`Journal::signed`] said of the step before it was sent. Whether it was taken back.
    ///
    /// # Errors
    /// If promises cannot be written.
    pub fn release_unless_signed(
        &self,
        journal: &Journal,
        step: &str,
        before: Option<(TxHash, bool)>,
    ) -> eyre::Result<bool> {
        let waited = before.is_some_and(|(_, waits)| waits);
        if waited || journal.signed(step) != before {
            return Ok(false);
        }
        Promises::open(&self.secret)?.release(&[self.id])?;
        Ok(true)
    }
}

/// Promises every proof that an engagement or a round may ask for; `None` if the model was registered without its files, so that
/// nothing is known about them.
///
/// `farm` is how fast a farm makes proofs of this model, where one was asked; else this machine's speed counts.
///
/// Promises of both markets to what asks for no proof any more, and to offers that can no longer be accepted, are released first, as of the newest
/// confirmed block. What is promised with other secrets of the same state directory takes of the time, too.
///
/// # Errors
/// If the model's proofs or its proving speed do not suffice for everything that is promised, or [nobody knows](require_known) what is.
pub async fn reserve<V: ModelVenue>(
    site: &Site<V>,
    id: B256,
    model_id: B256,
    promise: Promise,
    farm: Option<Speed>,
) -> eyre::Result<Option<Reserved>> {
    require_known(&site.home, NOTHING_NEW)?;
    let Some(files) = files(site, model_id)? else {
        site.report
            .warn("this model was registered without its files: nobody checks whether its proofs can be made in time");
        return Ok(None);
    };
    let marketplace = site.market.marketplace();
    let rounds = Rounds::if_any(marketplace).await?;
    for secret in secrets(&site.home, &files.secret)? {
        let mut over = asks_nothing(marketplace, &secret).await?;
        if let Some(rounds) = &rounds {
            over.extend(asks_nothing(rounds, &secret).await?);
        }
        Promises::open(&secret)?.release(&over)?;
    }
    // The estimate takes a moment, in which the secret is not locked.
    let measured = Promises::open(&files.secret)?.measured();
    let speed = match farm.or(measured) {
        Some(speed) => speed,
        None => Speed::Estimated(2 * estimated_proof_time(&load_model(&files.model)?)?),
    };
    reserved(&site.home, id, files.secret, promise, speed).await.map(Some)
}

/// Promises the proofs that an audit may ask for with this prover; promises to audits that ask for nothing any more are released
/// first.
///
/// # Errors
/// As [`reserve`].
pub async fn reserve_for_audit(
    site: &Site<Audits>,
    id: B256,
    prover: &Prover,
    promise: Promise,
) -> eyre::Result<Reserved> {
    require_known(&site.home, NOTHING_NEW)?;
    let secret = prover.secret_path();
    release_of_audits(site, secret).await?;
    reserved(&site.home, id, secret.to_owned(), promise, prover.speed()).await
}

/// Fails unless there is time for what an audit may ask for, beside everything that is promised: nothing is promised by that, and
/// `secret` need not be there yet.
///
/// # Errors
/// With what the proofs would take.
pub async fn require_time_for_audit(
    site: &Site<Audits>,
    id: B256,
    secret: &Path,
    promise: &Promise,
    estimated: Speed,
) -> eyre::Result<()> {
    require_known(&site.home, NOTHING_NEW)?;
    release_of_audits(site, secret).await?;
    let (mut loads, mut speed) = (Vec::new(), estimated);
    let own = secret.canonicalize().ok();
    for other in secrets(&site.home, secret)? {
        let promises = Promises::open(&other)?;
        loads.extend(promises.loads_but(id));
        if Some(&other) == own.as_ref() {
            speed = promises.measured().unwrap_or(estimated);
        }
    }
    let millis = u64::try_from(speed.of_one().as_millis()).unwrap_or(u64::MAX);
    admit(&loads, promise.load(millis), speed).map_err(|refusal| {
        hinted(
            refusal.to_string(),
            "wait until other engagements and audits are closed, or take it on where proofs are made faster",
        )
    })
}

/// Takes back what was promised to something that is closed, with whatever secret of this state directory.
///
/// # Errors
/// If promises cannot be read.
pub fn release(home: &Home, id: B256) -> eyre::Result<()> {
    for secret in all_secrets(home)? {
        Promises::open(&secret)?.release(&[id])?;
    }
    Ok(())
}

async fn release_of_audits(site: &Site<Audits>, secret: &Path) -> eyre::Result<()> {
    for secret in secrets(&site.home, secret)? {
        let over = asks_nothing(&site.market, &secret).await?;
        Promises::open(&secret)?.release(&over)?;
    }
    Ok(())
}

/// Waits until nobody else who uses this state directory promises proofs.
async fn promising(home: &Home) -> eyre::Result<Lock> {
    const PAUSE: Duration = Duration::from_millis(50);
    loop {
        match Lock::take(&home.promising()) {
            Err(LockError::InUse(_)) => tokio::time::sleep(PAUSE).await,
            taken => return Ok(taken?),
        }
    }
}

/// Every secret with which something is promised from here: registered models' and predicates', each once.
fn all_secrets(home: &Home) -> eyre::Result<BTreeSet<PathBuf>> {
    let (models, mut secrets) = home.models_and_predicates()?;
    for journal in models {
        secrets.extend(Journal::peek(&journal, &SECRET)?);
    }
    // Whoever proves has it by this name; one that is gone promises nothing.
    let whole = secrets.iter().filter_map(|secret| secret.canonicalize().ok());
    Ok(whole.filter(|secret| promises_path(secret).is_file()).collect())
}

/// As [`all_secrets`], and this one if it is there.
fn secrets(home: &Home, secret: &Path) -> eyre::Result<BTreeSet<PathBuf>> {
    let mut secrets = all_secrets(home)?;
    secrets.extend(secret.canonicalize());
    Ok(secrets)
}

/// Promises it while nobody else does: no node is asked meanwhile, which might never answer.
async fn reserved(home: &Home, id: B256, secret: PathBuf, promise: Promise, speed: Speed) -> eyre::Result<Reserved> {
    let _promising = promising(home).await?;
    let mut beside = Vec::new();
    for other in all_secrets(home)?.into_iter().filter(|other| *other != secret) {
        beside.extend(Promises::open(&other)?.loads_but(id));
    }
    Promises::open(&secret)?.beside(beside).promise(id, promise, speed)?;
    Ok(Reserved { id, secret })
}

/// What can ask this market for none of the promised proofs any more.
async fn asks_nothing<V: Venue>(market: &V, secret: &Path) -> eyre::Result<Vec<B256>> {
    let promised = Promises::open(secret)?.engagements(&market.chain().label(), market.address());
    confirmed_as(market, promised, |e, now| e.is_proven() || has_lapsed(e, now)).await
}

/// Whether nobody can accept it any more, at that time.
pub fn has_lapsed(view: &impl View, now: u64) -> bool {
    view.is_offer() && now > view.deadline()
}

/// Those of which `holds` is true with confirmations. State and time are those of one block: an offer that is still one after its
/// last second was accepted by nobody, whatever came later.
///
/// It is not true of what no block has, say after a reorganisation: nobody knows whether it comes back.
///
/// # Errors
/// If the node does not tell its newest confirmed block.
pub async fn confirmed_as<V: Venue>(
    market: &V,
    ids: Vec<B256>,
    holds: impl Fn(&V::View, u64) -> bool,
) -> eyre::Result<Vec<B256>> {
    let block = market.chain().newest_confirmed().await?;
    let then = market.chain().time_of(block).await?;
    let mut found = Vec::new();
    for id in ids {
        // One that is too young for a confirmed state may be anything.
        if market.at(id, block).await.is_ok_and(|view| holds(&view, then)) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Where registration said that they are.
fn files<V: ModelVenue>(site: &Site<V>, model_id: B256) -> eyre::Result<Option<Files>> {
    let journal = site.home.model(site.market.chain(), model_id);
    let path = |fact| Journal::peek(&journal, fact);
    let (Some(model), Some(secret)) = (path(&MODEL)?, path(&SECRET)?) else {
        return Ok(None);
    };
    for file in [&model, &secret] {
        if !file.is_file() {
            return Err(hinted(
                format!("{}, with which model {model_id} was registered, is gone", file.display()),
                "put it back, or say where it is by registering the model again: assay mp register (costs nothing if it exists)",
            ));
        }
    }
    Ok(Some(Files { model, secret }))
}

/// Fails unless the secret that proofs are made with is the one that promises are kept beside.
pub fn require_registered_secret(journal: &Path, secret: &Path) -> eyre::Result<()> {
    let registered = Journal::peek(journal, &SECRET)?;
    let is_same = registered.is_none_or(|path| secret.canonicalize().is_ok_and(|own| own == path));
    if is_same {
        return Ok(());
    }
    Err(hinted(
        format!("the model was registered with another secret file than {}", secret.display()),
        "promises are kept beside the one it was registered with: use that, or register again: assay mp register (costs nothing if it exists)",
    ))
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
