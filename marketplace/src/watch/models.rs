//! Models that this program registered, and what was taken on about them, or asked for, that it has no journal of.

use crate::capacity::require_registered_secret;
use crate::engagement::facts::{VK_DIGEST, WEIGHTS_COMMIT};
use crate::proving::Prover;
use crate::watch::alarms::UNJOURNALED;
use crate::watch::event::Subject;
use crate::watch::station::Station;
use alloy::primitives::B256;
use assay_chain::journal::Journal;
use assay_chain::market::all_answers;
use assay_chain::venue::{ModelVenue, Venue, View};
use assay_protocol::abi::ModelStatus;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Journals of the models that were registered from here, with their ids.
fn registered<V: Venue>(desk: &Station<V>) -> eyre::Result<Vec<(B256, PathBuf)>> {
    let mut models = Vec::new();
    for entry in std::fs::read_dir(desk.home.models(desk.market.chain()))
        .into_iter()
        .flatten()
    {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|suffix| suffix == "json");
        let id = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
        models.extend(id.filter(|_| is_journal).map(|id| (id, path)));
    }
    Ok(models)
}

/// Notes the stakes of the models that were registered from here.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn observe_stakes<V: ModelVenue>(desk: &Station<V>) -> eyre::Result<()> {
    let (market, vitals) = (desk.market.marketplace(), &desk.announce.vitals);
    let models = registered(desk)?;
    if models.is_empty() {
        return Ok(());
    }
    let required = market.stake_required().await?;
    for (id, _) in models {
        match market.find_model(id).await? {
            Some(model) if [ModelStatus::Active, ModelStatus::Suspended].contains(&model.status) => {
                vitals.saw_stake(id, model.stake, required);
            }
            _ => vitals.forget_stake(id),
        }
    }
    Ok(())
}

/// Views that are asked for at one time.
const PART: usize = 200;

/// How many ids about each model were looked at.
#[derive(Debug, Default)]
pub struct Unjournaled {
    looked: Mutex<BTreeMap<B256, u64>>,
    /// Set once a consumer's own were looked for.
    asked: OnceLock<()>,
}

impl Unjournaled {
    /// Says what is open, about a model that was registered from here, with this account as its provider, and of which nothing is known
    /// here: it was taken on after the backup that this state directory came out of, or from another one. Each is looked at once, and so
    /// those that were there when the daemon began: what it takes on has a journal. `ids` are those about a model, from the one of a
    /// number on.
    ///
    /// # Errors
    /// If the node does not answer, or events cannot be shown.
    pub async fn tell<V: ModelVenue>(
        &self,
        desk: &Station<V>,
        ids: impl AsyncFn(B256, u64) -> eyre::Result<Vec<B256>>,
    ) -> eyre::Result<()> {
        let hint =
            "if no other state directory has it: name it in the command that is due, then it is looked after from here";
        for (model, _) in registered(desk)? {
            let is_own = |view: &V::View| !view.is_offer() && view.provider() == desk.account.address();
            self.look(desk, model, &ids, is_own, hint).await?;
        }
        Ok(())
    }

    /// As [`Unjournaled::tell`], of what this account asked for, about any model, offers that nobody has taken among it; and once, when
    /// the daemon begins, since a consumer knows no list of its own. A registry that lists no models says nothing.
    ///
    /// # Errors
    /// As there.
    pub async fn tell_asked<V: ModelVenue>(
        &self,
        desk: &Station<V>,
        ids: impl AsyncFn(B256, u64) -> eyre::Result<Vec<B256>>,
    ) -> eyre::Result<()> {
        let market = desk.market.marketplace();
        if self.asked.get().is_some() || market.model_count().await?.is_none() {
            return Ok(());
        }
        let hint = "if no other state directory has it: name it in the command that is due, with what it was made of (--set or --inputs), \
                    then it is looked after from here; an offer that nobody took can be cancelled";
        for model in market.model_ids().await? {
            let is_own = |view: &V::View| view.consumer() == desk.account.address();
            self.look(desk, model, &ids, is_own, hint).await?;
        }
        let _ = self.asked.set(());
        Ok(())
    }

    async fn look<V: ModelVenue>(
        &self,
        desk: &Station<V>,
        model: B256,
        ids: &impl AsyncFn(B256, u64) -> eyre::Result<Vec<B256>>,
        is_own: impl Fn(&V::View) -> bool,
        hint: &str,
    ) -> eyre::Result<()> {
        let looked = || self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let from = looked().get(&model).copied().unwrap_or_default();
        let mut new = ids(model, from).await?;
        let until = from + new.len() as u64;
        new.retain(|id| !desk.files(*id).exists());
        for part in new.chunks(PART) {
            let views = all_answers(part.iter().map(|id| desk.market.find(*id))).await?;
            for (id, view) in part.iter().zip(views) {
                let Some(view) = view.filter(|view| !view.is_closed() && is_own(view)) else {
                    continue;
                };
                let fields = json!({
                    "state": format!("{:?}", view.state()),
                    "deadline": view.deadline(),
                    "hint": hint,
                });
                let subject = Subject(V::View::THING, *id);
                desk.announce.say(Some(subject), UNJOURNALED, fields)?;
            }
        }
        looked().insert(model, until);
        Ok(())
    }
}

/// Models that this program registered and this prover proves for.
pub(super) fn own_models<V: Venue>(desk: &Station<V>, prover: &Prover) -> eyre::Result<Vec<B256>> {
    let (weights, digest) = (Some(prover.weights_commit()?), Some(prover.vk_digest()));
    let mut models = Vec::new();
    for (id, path) in registered(desk)? {
        let made_of = (
            Journal::peek(&path, &WEIGHTS_COMMIT)?,
            Journal::peek(&path, &VK_DIGEST)?,
        );
        if made_of == (weights, digest) {
            require_registered_secret(&path, prover.secret_path())?;
            models.push(id);
        }
    }
    Ok(models)
}
