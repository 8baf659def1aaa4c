//! Imports a network.

use crate::proving::secret_beside;
use assay_chain::error::usage;
use assay_durable::report::Reporter;
use assay_prover::import::{import, ImportOptions, ImportReport};
use assay_prover::model::Model;
use eyre::WrapErr;
use std::path::Path;

/// Fails if a model is there that must not be replaced: what a registered model's secret file belongs to can never be made good.
pub fn require_free(out: &Path, force: bool) -> eyre::Result<()> {
    if !out.exists() {
        return Ok(());
    }
    let (model, secret) = (out.display(), secret_beside(out));
    if secret.exists() {
        return Err(usage(format!(
            "{model} has a secret file, {}: a registered model is never replaced; give --out another name",
            secret.display()
        )));
    }
    if !force {
        return Err(usage(format!("{model} exists already; --force replaces it")));
    }
    Ok(())
}

/// Imports as the options say, and saves.
pub fn import_model(
    onnx: &Path,
    calibration: Option<&Path>,
    options: &ImportOptions,
    to: &Path,
    out: &Reporter,
) -> eyre::Result<(Model, ImportReport)> {
    let imported = import(onnx, calibration, options, &out.phases());
    let (model, report) = imported.wrap_err_with(|| format!("cannot import {}", onnx.display()))?;
    save(&model, to)?;
    Ok((model, report))
}

/// Writes the model file; `path` is in the error.
pub fn save(model: &Model, path: &Path) -> eyre::Result<()> {
    model
        .save(path)
        .wrap_err_with(|| format!("cannot write {}", path.display()))
}
