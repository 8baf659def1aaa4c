//! The outputs of a round in a file: what a provider keeps before it commits to them, and hands over in a private round.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{B256, U256};
use assay_chain::error::hinted;
use assay_chain::rounds::Rounds;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_protocol::abi::RoundView;
use assay_protocol::prediction::outputs::Outputs;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use crate::delivery::OUTPUTS_FILE;
use crate::engagement::Site;

/// Far above 4096 words as JSON.
pub const MAX_OUTPUTS_BYTES: u64 = 1 << 20;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OutputsFile {
    version: u32,
    round: B256,
    master: B256,
    words: Vec<U256>,
}

/// Where the outputs of a round are kept.
pub fn outputs_path(site: &Site<Rounds>, id: B256) -> PathBuf {
    site.files(id).join(OUTPUTS_FILE)
}

/// Writes them, whole or not at all, readable by the owner alone.
pub fn save(path: &Path, id: B256, outputs: &Outputs) -> eyre::Result<()> {
    let file = OutputsFile {
        version: VERSION,
        round: id,
        master: outputs.master(),
        words: outputs.words().to_vec(),
    };
    Ok(write_atomic(path, &serde_json::to_vec(&file)?, true)?)
}

/// The outputs of a round from a file that anybody may have written: they are what they say only if their root is the round's.
///
/// # Errors
/// If the file cannot be read, is of another round, or does not hold as many outputs as the round has.
pub fn load(path: &Path, id: B256, round: &RoundView) -> eyre::Result<Outputs> {
    let context = || format!("{} holds no outputs of round {id}", path.display());
    if !path.exists() {
        return Err(hinted(
            format!("{} is not there", path.display()),
            "use the --home with which the round was served or its outputs were received",
        ));
    }
    let bytes = read_regular(path, MAX_OUTPUTS_BYTES).wrap_err_with(context)?;
    let file: OutputsFile = serde_json::from_slice(&bytes).wrap_err_with(context)?;
    eyre::ensure!(file.version == VERSION && file.round == id, "{}", context());
    Outputs::from_words(
        Rounds::lanes(round),
        file.words,
        round.predictions as usize,
        file.master,
    )
    .ok_or_else(|| eyre::eyre!("{}: there are too many or too few", context()))
}

/// As [`load`], with the root that the round commits to.
///
/// # Errors
/// As there, and if they lead to another root.
pub fn load_committed(path: &Path, id: B256, round: &RoundView) -> eyre::Result<Outputs> {
    let outputs = load(path, id, round)?;
    eyre::ensure!(
        outputs.root() == round.outputsRoot,
        "{} does not hold the outputs that the provider committed to: they lead to {} instead of {}",
        path.display(),
        outputs.root(),
        round.outputsRoot
    );
    Ok(outputs)
}
