//! Prepares the examples of an engagement.

use crate::testset::{labelled_images, read_image};
use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_durable::report::Reporter;
use assay_protocol::testset::{ImageSize, TestSet};
use eyre::WrapErr;
use rand::rngs::OsRng;
use rand::seq::SliceRandom;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The result of a build.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Built {
    /// The directory.
    pub set: PathBuf,
    /// Images, each with its label.
    pub examples: usize,
    /// What an offer will commit to.
    pub test_root: B256,
}

impl std::fmt::Display for Built {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} examples in {}\ntest root {}",
            self.examples,
            self.set.display(),
            self.test_root
        )
    }
}

/// Salts these images and saves the set at `to`.
pub fn build(images: &[(PathBuf, u32)], size: ImageSize, to: &Path, out: &Reporter) -> eyre::Result<Built> {
    eyre::ensure!(
        !to.exists(),
        "{} exists already: a test set is never overwritten",
        to.display()
    );
    let images = images.iter().map(|(path, label)| Ok((read_image(path, size)?, *label)));
    let images = images.collect::<eyre::Result<Vec<_>>>()?;
    let bar = out.bar("committing to images", images.len() as u64);
    let set = TestSet::build(size, images, |done| bar.set(done))?;
    crate::testset::save(&set, to)?;
    let to = to.canonicalize().wrap_err("the set is not where it was written")?;
    Ok(Built {
        set: to,
        examples: set.examples.len(),
        test_root: set.root()?,
    })
}

/// `count` of a folder's labelled images, or all, in random order.
pub fn draw(dir: &Path, count: Option<u32>) -> eyre::Result<Vec<(PathBuf, u32)>> {
    let mut found = labelled_images(dir)?;
    let count = count.map_or(found.len(), |n| n as usize);
    if count > found.len() {
        return Err(usage(format!(
            "{} holds {} images, not {count}",
            dir.display(),
            found.len()
        )));
    }
    found.shuffle(&mut OsRng);
    found.truncate(count);
    Ok(found)
}
