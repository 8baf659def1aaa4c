//! Models that this program registered.

use crate::capacity::require_registered_secret;
use crate::engagement::facts::{VK_DIGEST, WEIGHTS_COMMIT};
use crate::proving::Prover;
use crate::watch::station::Station;
use alloy::primitives::B256;
use assay_chain::journal::Journal;
use assay_chain::venue::Venue;

/// Models that this program registered and this prover proves for.
pub(super) fn own_models<V: Venue>(desk: &Station<V>, prover: &Prover) -> eyre::Result<Vec<B256>> {
    let (weights, digest) = (Some(prover.weights_commit()?), Some(prover.vk_digest()));
    let entries = std::fs::read_dir(desk.home.models(desk.market.chain()));
    let mut models = Vec::new();
    for entry in entries.into_iter().flatten() {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|suffix| suffix == "json");
        let id = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
        let (true, Some(id)) = (is_journal, id) else { continue };
        let registered = (
            Journal::peek(&path, &WEIGHTS_COMMIT)?,
            Journal::peek(&path, &VK_DIGEST)?,
        );
        if registered == (weights, digest) {
            require_registered_secret(&path, prover.secret_path())?;
            models.push(id);
        }
    }
    Ok(models)
}
