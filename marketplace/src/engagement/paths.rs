//! Where the files of an engagement or a round are.

use super::Site;
use alloy::primitives::B256;
use assay_chain::venue::Venue;
use std::path::PathBuf;

/// Where the proofs of an engagement or a round are kept; `position` counts in the proven set, or in the round.
pub fn proof_path<V: Venue>(site: &Site<V>, id: B256, position: usize) -> PathBuf {
    proofs_dir(site, id).join(proof_name(position))
}

/// Directory of its proofs, whether or not there are any.
pub fn proofs_dir<V: Venue>(site: &Site<V>, id: B256) -> PathBuf {
    site.files(id).join("proofs")
}

/// Name of a proof's file, by which directories and servers find it; `position` counts in the proven set, or in the round.
pub fn proof_name(position: usize) -> String {
    format!("{position:05}.proof")
}

/// Where files that come from the other party's server are put before they are checked.
pub fn fetched_files<V: Venue>(site: &Site<V>, id: B256) -> PathBuf {
    site.files(id).join("fetched")
}

/// Locked by whoever makes the proofs of an engagement or a round.
pub fn proving_lock<V: Venue>(site: &Site<V>, id: B256) -> PathBuf {
    site.files(id).join("proving.lock")
}
