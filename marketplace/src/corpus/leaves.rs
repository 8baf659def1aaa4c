//! Every leaf of a corpus in one public file, so that a requester can hold them before it asks.
//!
//! ```text
//! "assay-leaves 1\n"               15 bytes
//! the leaves in their order        32 bytes each
//! ```
//! Leaves are salted hashes and say nothing of the documents.
//!
//! # Soundness
//! Nothing of the file is believed: [`require_of`] compares all of it with the root on chain.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use alloy::primitives::B256;
use assay_chain::error::{hinted, usage, Error, Kind};
use assay_durable::file::{self, parent, Access};
use assay_durable::read::read_regular;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::retrieval::policy;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use eyre::WrapErr;
use std::io;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 15] = b"assay-leaves 1\n";

/// Bytes of the file for the largest corpus.
const MAX_BYTES: u64 = (MAGIC.len() + 32 * MAX_DOCUMENTS) as u64;

/// Where the leaves of a corpus are if nobody says otherwise: beside its directory.
///
/// # Errors
/// If the directory has no name.
pub fn beside(corpus: &Path) -> eyre::Result<PathBuf> {
    let no_name = || usage(format!("{} has no name: say with --leaves where", corpus.display()));
    let mut name = corpus.file_name().ok_or_else(no_name)?.to_owned();
    name.push(".leaves");
    Ok(corpus.with_file_name(name))
}

/// Fails unless the file is outside of all these directories, as it is or as it will be.
///
/// # Errors
/// If it is in one of them, or there is no directory for it: what is published belongs neither among documents nor among salts.
pub fn require_outside(path: &Path, directories: &[&Path]) -> eyre::Result<()> {
    let resolved = |dir: &Path| {
        dir.canonicalize()
            .wrap_err_with(|| format!("there is no directory {}", dir.display()))
    };
    let own = resolved(&parent(path))?;
    for dir in directories {
        if own.starts_with(resolved(dir)?) {
            return Err(usage(format!(
                "the leaves are published, {} is not: name a file outside of it with --leaves",
                dir.display()
            )));
        }
    }
    Ok(())
}

/// Writes the file, for whoever the umask lets read it, whole or not at all. One that is there and the same is left alone.
///
/// # Errors
/// If another file is there, or it cannot be written.
pub fn save(path: &Path, leaves: &[B256]) -> eyre::Result<()> {
    let mut bytes = MAGIC.to_vec();
    leaves.iter().for_each(|leaf| bytes.extend_from_slice(leaf.as_slice()));
    match file::create(path, &bytes, Access::Shared) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if read_regular(path, bytes.len() as u64).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            Err(hinted(
                format!(
                    "{} is there, and holds something else than the leaves of this corpus",
                    path.display()
                ),
                "it is not replaced: move it away, or name another file with --leaves",
            ))
        }
        done => done.wrap_err_with(|| format!("cannot write {}", path.display())),
    }
}

/// The leaves in a file, of whatever corpus they are.
///
/// # Errors
/// If it cannot be read; of kind rejected if it is no such file, was cut off or added to.
pub fn load(path: &Path) -> eyre::Result<Vec<B256>> {
    let bytes = read_regular(path, MAX_BYTES).map_err(|error| {
        hinted(
            format!("cannot read {}: {error}", path.display()),
            "the responder publishes the file: assay corpus commit writes it",
        )
    })?;
    let refused = |why: &str| rejected(path, why);
    let leaves = bytes.strip_prefix(MAGIC);
    let leaves = leaves.ok_or_else(|| refused("it does not begin as the leaves of a corpus do"))?;
    let (leaves, rest) = leaves.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(refused("it was cut off or added to: its end is no whole leaf"));
    }
    if leaves.is_empty() {
        return Err(refused("it has no leaves"));
    }
    Ok(leaves.iter().map(|leaf| B256::new(*leaf)).collect())
}

/// The leaves in a file, if they are all of this corpus.
///
/// # Errors
/// Those of [`load`]; of kind rejected if they are those of another corpus, or not all.
pub fn require_of(path: &Path, corpus: &Corpus) -> eyre::Result<Vec<B256>> {
    let leaves = load(path)?;
    policy::require_leaves(corpus, &leaves).map_err(|missing| rejected(path, &missing.to_string()))?;
    Ok(leaves)
}

fn rejected(path: &Path, why: &str) -> eyre::Report {
    let error = Error::new(Kind::Rejected, format!("leaves in {} rejected: {why}", path.display()));
    error
        .hint("fetch the file again from where the responder publishes it; it can write it anew: assay corpus commit")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Address;
    use assay_chain::error::hint_of;
    use assay_protocol::retrieval::corpora::corpus_tree;

    fn leaves() -> Vec<B256> {
        (0..5).map(B256::repeat_byte).collect()
    }

    fn corpus() -> Corpus {
        Corpus {
            rs: Address::ZERO,
            size: 5,
            committedAt: 1,
            root: corpus_tree(&leaves()).unwrap().root(),
            inputWords: 1,
            wordsPerHash: 2,
        }
    }

    fn refused<T: std::fmt::Debug>(result: eyre::Result<T>, expected: &str) {
        let error = result.expect_err(expected);
        let said = format!("{error:#}");
        assert!(said.contains("the.leaves") && said.contains(expected), "{said}");
        assert!(Kind::Rejected.is_of(&error) && hint_of(&error).is_some(), "{said}");
    }

    #[test]
    fn the_file_is_of_all_leaves_of_one_corpus() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("the.leaves");
        assert!(load(&path).is_err());
        save(&path, &leaves()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 15 + 5 * 32);
        assert_eq!(load(&path).unwrap(), leaves());
        assert_eq!(require_of(&path, &corpus()).unwrap(), leaves());
        let other = Corpus {
            root: B256::ZERO,
            ..corpus()
        };
        refused(
            require_of(&path, &other),
            "5 leaves that are not those of the corpus of 5",
        );
    }

    #[test]
    fn a_file_that_was_altered_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("the.leaves");
        save(&path, &leaves()).unwrap();
        let good = std::fs::read(&path).unwrap();
        let mut altered = good.clone();
        altered[100] ^= 1;
        // What a whole number of leaves hides is shown by their root and number.
        for (bad, expected) in [
            (altered, "5 leaves that are not those of the corpus of 5"),
            (good[..good.len() - 32].to_vec(), "4 leaves that are not"),
            ([&good[..], &[0; 32]].concat(), "6 leaves that are not"),
        ] {
            std::fs::write(&path, bad).unwrap();
            assert!(load(&path).is_ok(), "{expected}");
            refused(require_of(&path, &corpus()), expected);
        }
        let mut magic = good.clone();
        magic[0] ^= 1;
        for (bad, expected) in [
            (magic, "does not begin as"),
            (good[..10].to_vec(), "does not begin as"),
            (Vec::new(), "does not begin as"),
            (good[..15].to_vec(), "no leaves"),
            (good[..good.len() - 1].to_vec(), "cut off or added to"),
            ([&good[..], &[0]].concat(), "cut off or added to"),
        ] {
            std::fs::write(&path, bad).unwrap();
            refused(load(&path), expected);
        }
        let long = std::fs::File::create(&path).unwrap();
        long.set_len(MAX_BYTES + 1).unwrap();
        let said = load(&path).unwrap_err().to_string();
        assert!(said.contains("it has more than"), "{said}");
    }

    #[test]
    fn another_file_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("the.leaves");
        save(&path, &leaves()).unwrap();
        save(&path, &leaves()).unwrap();
        assert!(save(&path, &leaves()[1..]).is_err());
        assert!(save(&path, &[leaves(), leaves()].concat()).is_err());
        assert_eq!(load(&path).unwrap(), leaves());
    }

    #[test]
    fn what_is_published_is_neither_among_documents_nor_among_salts() {
        let dir = tempfile::tempdir().unwrap();
        let private = dir.path().join("archive.corpus");
        std::fs::create_dir_all(private.join("deep")).unwrap();
        assert_eq!(beside(&private).unwrap(), dir.path().join("archive.corpus.leaves"));
        assert!(require_outside(&beside(&private).unwrap(), &[&private]).is_ok());
        for inside in ["archive.corpus/x", "archive.corpus/deep/x", "archive.corpus/deep/../x"] {
            let said = require_outside(&dir.path().join(inside), &[&private])
                .unwrap_err()
                .to_string();
            assert!(said.contains("outside of it with --leaves"), "{said}");
        }
        assert!(require_outside(&dir.path().join("nowhere/x"), &[&private]).is_err());
        assert!(beside(Path::new("..")).is_err());
    }
}
