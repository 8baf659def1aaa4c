//! Models that this program registered.

use crate::capacity::require_registered_secret;
use crate::engagement::facts::{VK_DIGEST, WEIGHTS_COMMIT};
use crate::proving::Prover;
use crate::watch::station::Station;
use alloy::primitives::B256;
use assay_chain::journal::Journal;
use assay_chain::venue::{ModelVenue, Venue};
use std::path::PathBuf;

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
    for (id, _) in registered(desk)? {
        if let Some(model) = desk.market.marketplace().find_model(id).await? {
            desk.announce.vitals.saw_stake(id, model.stake);
        }
    }
    Ok(())
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
