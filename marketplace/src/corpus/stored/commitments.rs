//! What the documents of a corpus were found to be, in its order. The file grows while they are read, so that a process that ends
//! early goes on where it was; each row says itself whether it was written whole.
//!
//! ```text
//! SHA-256 of the original, commitment to the model input     32 bytes each
//! first 8 bytes of SHA-256 of the salts' digest, index,      8 bytes, the index in 8, big-endian
//!   hash, commitment
//! ```
//!
//! So a row under other salts is none.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::{B256, U256};
use assay_durable::file::{parent, sync_dir};
use assay_durable::read::read_regular;
use eyre::WrapErr;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const ROW: usize = 72;

/// One document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Committed {
    /// SHA-256 of the original.
    pub(super) file_hash: B256,
    /// Salted, to the model input.
    pub(super) doc_commit: U256,
}

impl Committed {
    fn row(&self, salts: &[u8; 32], index: usize) -> [u8; ROW] {
        let mut row = [0; ROW];
        let commit: [u8; 32] = self.doc_commit.to_be_bytes();
        let check = check(salts, index, self.file_hash.as_slice(), &commit);
        let parts = self.file_hash.iter().chain(&commit).chain(&check);
        row.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
        row
    }

    fn parse(salts: &[u8; 32], index: usize, row: &[u8]) -> Option<Self> {
        let (hash, rest) = row.split_first_chunk::<32>()?;
        let (commit, stated) = rest.split_first_chunk::<32>()?;
        (check(salts, index, hash, commit) == stated).then(|| Self {
            file_hash: B256::new(*hash),
            doc_commit: U256::from_be_bytes(*commit),
        })
    }
}

fn check(salts: &[u8; 32], index: usize, hash: &[u8], commit: &[u8]) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(salts)
        .chain_update((index as u64).to_be_bytes())
        .chain_update(hash)
        .chain_update(commit)
        .finalize();
    let mut check = [0; 8];
    check.iter_mut().zip(digest).for_each(|(byte, d)| *byte = d);
    check
}

fn path(dir: &Path) -> PathBuf {
    dir.join("commitments")
}

/// Whether there is such a file, even one that cannot be read.
pub(super) fn are_in(dir: &Path) -> bool {
    path(dir).try_exists().unwrap_or(true)
}

/// Those of at most `count` documents that are there under the salts of this digest, up to the first that was not written whole.
///
/// # Errors
/// If the file cannot be read, or is longer.
pub(super) fn load(dir: &Path, salts: &[u8; 32], count: usize) -> eyre::Result<Vec<Committed>> {
    let path = path(dir);
    let bytes = match read_regular(&path, (count * ROW) as u64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).wrap_err_with(|| format!("cannot read {}", path.display())),
    };
    let rows = bytes.chunks(ROW).enumerate();
    Ok(rows
        .map_while(|(index, row)| Committed::parse(salts, index, row))
        .collect())
}

/// The file, to add to.
#[derive(Debug)]
pub(super) struct Growing {
    file: File,
    path: PathBuf,
    salts: [u8; 32],
    rows: usize,
}

impl Growing {
    /// Behind the first `rows` rows; whatever is after them is taken away.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(super) fn after(dir: &Path, salts: [u8; 32], rows: usize) -> eyre::Result<Self> {
        let path = path(dir);
        let open = || -> io::Result<File> {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&path)?;
            file.set_len((rows * ROW) as u64)?;
            sync_dir(&parent(&path))?;
            Ok(file)
        };
        let file = open().wrap_err_with(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            file,
            path,
            salts,
            rows,
        })
    }

    /// Adds rows. They are there if this process is killed; after [`Growing::sync`] also if the machine is.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(super) fn add(&mut self, some: &[Committed]) -> eyre::Result<()> {
        let rows = some
            .iter()
            .enumerate()
            .flat_map(|(i, made)| made.row(&self.salts, self.rows + i));
        let bytes: Vec<u8> = rows.collect();
        self.file
            .write_all(&bytes)
            .wrap_err_with(|| format!("cannot write {}", self.path.display()))?;
        self.rows += some.len();
        Ok(())
    }

    /// # Errors
    /// Those of the operating system.
    pub(super) fn sync(&self) -> eyre::Result<()> {
        self.file
            .sync_all()
            .wrap_err_with(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALTS: [u8; 32] = [7; 32];

    fn made(n: u8) -> Vec<Committed> {
        let one = |i: u8| Committed {
            file_hash: B256::repeat_byte(i),
            doc_commit: U256::from(i),
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn rows_are_read_up_to_the_first_that_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path(), &SALTS, 5).unwrap(), []);
        let mut growing = Growing::after(dir.path(), SALTS, 0).unwrap();
        growing.add(&made(2)).unwrap();
        growing.add(&made(5)[2..]).unwrap();
        growing.sync().unwrap();
        assert_eq!(load(dir.path(), &SALTS, 5).unwrap(), made(5));
        assert!(load(dir.path(), &SALTS, 4).is_err(), "longer than the corpus");
        let file = path(dir.path());
        let good = std::fs::read(&file).unwrap();
        for (bad, rows) in [(good[..5 * ROW - 1].to_vec(), 4), (good[..ROW].to_vec(), 1)] {
            std::fs::write(&file, &bad).unwrap();
            assert_eq!(load(dir.path(), &SALTS, 5).unwrap(), made(5)[..rows]);
        }
        for at in [2 * ROW, 2 * ROW + 40, 3 * ROW - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&file, &bad).unwrap();
            assert_eq!(load(dir.path(), &SALTS, 5).unwrap(), made(2));
        }
        // What a machine leaves that lost its power: the length without the bytes. And a row in another's place.
        let zeros = [&good[..3 * ROW], &[0; 2 * ROW]].concat();
        let twice = [&good[..3 * ROW], &good[..2 * ROW]].concat();
        for bad in [zeros, twice] {
            std::fs::write(&file, &bad).unwrap();
            assert_eq!(load(dir.path(), &SALTS, 5).unwrap(), made(3));
        }
        assert_eq!(load(dir.path(), &[8; 32], 5).unwrap(), [], "of other salts");
        Growing::after(dir.path(), SALTS, 3)
            .unwrap()
            .add(&made(5)[3..])
            .unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), good);
    }
}
