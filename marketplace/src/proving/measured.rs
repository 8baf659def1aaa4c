//! How often a model was right on examples that its provider labelled: a file beside the model file, for later decisions.

use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_economics::belief::{Belief, Prior};
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Far above what such a file holds.
const MAX_BYTES: u64 = 4096;

/// What a model did on one labelled set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measured {
    /// Of the model file that was measured.
    model_sha256: B256,
    /// Which examples it was measured on.
    pub test_root: B256,
    /// Those that were tried.
    pub examples: u32,
    /// Those of them that the model gets right.
    pub correct: u32,
}

impl Measured {
    /// # Errors
    /// If the model file cannot be read.
    pub fn new(model: &Path, test_root: B256, examples: u32, correct: u32) -> eyre::Result<Self> {
        Ok(Self {
            model_sha256: hash_of(model)?,
            test_root,
            examples,
            correct,
        })
    }

    /// Keeps it beside the model file, in place of an earlier one.
    pub fn save(&self, model: &Path) -> eyre::Result<()> {
        Ok(write_atomic(
            &path_beside(model),
            &serde_json::to_vec_pretty(self)?,
            false,
        )?)
    }

    /// What was measured last of the model in this file; `None` if nothing was, or the file is another model now.
    ///
    /// # Errors
    /// If the measurement or the model file cannot be read.
    pub fn of(model: &Path) -> eyre::Result<Option<Self>> {
        let path = path_beside(model);
        let bytes = match read_regular(&path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).wrap_err_with(|| format!("cannot read {}", path.display())),
        };
        let measured: Option<Self> = serde_json::from_slice(&bytes).ok();
        let measured = measured.filter(|measured| measured.correct <= measured.examples);
        let measured = measured.ok_or_else(|| {
            hinted(
                format!("{} is damaged", path.display()),
                format!("measure again: assay model test {} --set DIR", model.display()),
            )
        })?;
        Ok((measured.model_sha256 == hash_of(model)?).then_some(measured))
    }

    /// What it tells about other examples, if they are drawn as these were.
    pub fn belief(&self) -> Belief {
        Belief::new(Prior::default(), self.correct, self.examples)
    }
}

fn path_beside(model: &Path) -> PathBuf {
    model.with_extension("tested.json")
}

fn hash_of(model: &Path) -> eyre::Result<B256> {
    let bytes = std::fs::read(model).wrap_err_with(|| format!("cannot read {}", model.display()))?;
    Ok(B256::from_slice(&Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::hint_of;

    #[test]
    fn a_measurement_is_of_the_model_file_that_was_measured() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m.assay");
        std::fs::write(&model, b"one").unwrap();
        assert_eq!(Measured::of(&model).unwrap(), None);
        let measured = Measured::new(&model, B256::repeat_byte(1), 48, 41).unwrap();
        measured.save(&model).unwrap();
        assert_eq!(Measured::of(&model).unwrap(), Some(measured));
        std::fs::write(&model, b"another").unwrap();
        assert_eq!(Measured::of(&model).unwrap(), None);
    }

    #[test]
    fn a_damaged_measurement_is_no_missing_one() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m.assay");
        std::fs::write(&model, b"one").unwrap();
        let too_many = Measured::new(&model, B256::ZERO, 1, 2).unwrap();
        for damaged in [&b"{"[..], &serde_json::to_vec(&too_many).unwrap()] {
            std::fs::write(path_beside(&model), damaged).unwrap();
            let error = Measured::of(&model).unwrap_err();
            assert!(error.to_string().contains("m.tested.json is damaged"), "{error}");
            assert!(hint_of(&error).unwrap().contains("assay model test"));
        }
    }
}
