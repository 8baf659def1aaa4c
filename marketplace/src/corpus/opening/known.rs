//! What a source has itself, by the hashes of its files.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::B256;
use assay_chain::error::usage;
use assay_durable::read::open_regular;
use assay_durable::report::Reporter;
use eyre::WrapErr;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// SHA-256 of files.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) folder: PathBuf,
    hashes: BTreeSet<B256>,
}

impl Known {
    /// Of all files of a folder and of those in it.
    ///
    /// # Errors
    /// If one cannot be read, or there is none.
    pub(super) fn of(folder: &Path, out: &Reporter) -> eyre::Result<Self> {
        let files = files(folder)?;
        let bar = out.bar("reading the source's own files", files.len() as u64);
        let mut hashes = BTreeSet::new();
        for (done, path) in files.iter().enumerate() {
            let mut hash = Sha256::new();
            let mut copy = || io::copy(&mut open_regular(path)?, &mut hash);
            copy().wrap_err_with(|| format!("cannot read {}", path.display()))?;
            hashes.insert(B256::from_slice(&hash.finalize()));
            bar.set(done as u64 + 1);
        }
        if hashes.is_empty() {
            return Err(usage(format!("{} has no files", folder.display())));
        }
        Ok(Self {
            folder: folder.to_owned(),
            hashes,
        })
    }

    /// Whether a file of this hash is among them.
    pub(super) fn has(&self, hash: B256) -> bool {
        self.hashes.contains(&hash)
    }
}

fn files(folder: &Path) -> eyre::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        let context = || format!("cannot read {}", folder.display());
        for entry in std::fs::read_dir(&folder).wrap_err_with(context)? {
            let entry = entry.wrap_err_with(context)?;
            // Not through links to folders: they may lead back.
            let kind = entry.file_type().wrap_err_with(context)?;
            let is_file = kind.is_file() || kind.is_symlink() && entry.path().is_file();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if is_file {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}
