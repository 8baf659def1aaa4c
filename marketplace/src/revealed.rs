//! Images this consumer has handed over: a test set is single-use, because a provider may train on what it saw.

use crate::home::Home;
use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_durable::lock::Lock;
use assay_protocol::testset::TestSet;
use eyre::WrapErr;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// SHA-256 of every image that was ever handed over.
#[derive(Debug)]
pub struct Revealed {
    path: PathBuf,
    images: BTreeSet<B256>,
    _lock: Lock,
}

impl Revealed {
    /// # Errors
    /// If another command has the list open, or its file is damaged.
    pub fn load(home: &Home) -> eyre::Result<Self> {
        let path = home.revealed();
        let lock = Lock::take(&path.with_extension("lock"))?;
        let images = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).wrap_err_with(|| format!("{} is damaged", path.display()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
            Err(e) => return Err(e).wrap_err_with(|| format!("cannot read {}", path.display())),
        };
        Ok(Self {
            path,
            images,
            _lock: lock,
        })
    }

    /// # Errors
    /// If any image of the set was handed over before.
    pub fn refuse(&self, set: &TestSet) -> eyre::Result<()> {
        let seen = set
            .fingerprints()
            .iter()
            .filter(|image| self.images.contains(*image))
            .count();
        if seen == 0 {
            return Ok(());
        }
        Err(hinted(
            format!(
                "{seen} image(s) of this set were handed over to a provider before, which may have trained on them"
            ),
            "build a set of fresh images, or use --allow-reuse",
        ))
    }

    /// On disk when this returns, which has to be before the images with these hashes are handed over.
    pub fn add(&mut self, images: impl IntoIterator<Item = B256>) -> eyre::Result<()> {
        self.images.extend(images);
        Ok(write_atomic(&self.path, &serde_json::to_vec(&self.images)?, true)?)
    }
}
