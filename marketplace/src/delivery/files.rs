//! What files of each kind are called in a directory, or while they are kept; and how many of them are looked at.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use assay_exchange::blob::BlobKind;
use assay_protocol::ids::N_MAX;
use assay_protocol::retrieval::delivery::MAX_DEMANDED;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use std::path::{Path, PathBuf};

/// An encrypted test set.
pub const CIPHER_FILE: &str = "transfer.cipher";
/// The test leaves by dataset index, which a provider wants to see before it accepts.
pub const LEAVES_FILE: &str = "leaves.json";
/// The inputs of a round.
pub const INPUTS_FILE: &str = "inputs.assay";
/// The outputs of a round.
pub const OUTPUTS_FILE: &str = "outputs.json";
/// The weights of an audit's predicate, opened, see [`openings::model`](crate::openings::model).
pub const PREDICATE_FILE: &str = "predicate.opening";
/// Documents of an audit, opened, see [`corpus::opening`](crate::corpus::opening).
pub const DOCUMENTS_FILE: &str = "documents.opening";
/// What shows the whole of an audit to others.
pub const PACKAGE_FILE: &str = "audit.evidence";

const PROOF_SUFFIX: &str = "proof";
const PARCEL_SUFFIX: &str = "parcel";

/// Bytes of the largest package that is fetched: the originals of documents are most of it.
pub const MAX_PACKAGE_BYTES: u64 = 4 << 30;

/// Bytes of all proofs of an engagement; of all parcels of an audit, and of the openings of its documents.
const MAX_PROOFS_BYTES: u64 = 1 << 30;
const MAX_PARCELS_BYTES: u64 = 8 << 30;
const MAX_DOCUMENTS_BYTES: u64 = 32 << 30;

/// Where there is one file that is right each party can put another one there.
const MAX_OTHERS: usize = 4;

/// The file of the documents of demand `m`.
pub fn parcel_name(m: u32) -> String {
    format!("demand-{m:05}.{PARCEL_SUFFIX}")
}

/// What files of a kind are called.
enum Names {
    /// There is one of this name.
    One(&'static str),
    /// There are many with this suffix.
    Many(&'static str),
}

fn names(kind: BlobKind) -> Names {
    match kind {
        BlobKind::Leaves => Names::One(LEAVES_FILE),
        BlobKind::Cipher => Names::One(CIPHER_FILE),
        BlobKind::Inputs => Names::One(INPUTS_FILE),
        BlobKind::Outputs => Names::One(OUTPUTS_FILE),
        BlobKind::Predicate => Names::One(PREDICATE_FILE),
        BlobKind::Documents => Names::One(DOCUMENTS_FILE),
        BlobKind::Package => Names::One(PACKAGE_FILE),
        BlobKind::Proofs => Names::Many(PROOF_SUFFIX),
        BlobKind::Parcels => Names::Many(PARCEL_SUFFIX),
    }
}

/// How much of a kind is fetched from a server.
pub(super) struct Most {
    /// Files, and their bytes together.
    pub(super) files: usize,
    pub(super) bytes: u64,
    /// Whether each of them is worth something without the others.
    pub(super) each_counts: bool,
}

impl Most {
    /// As many proofs as the largest test set has examples; as many parcels as full demands for all documents of the largest corpus.
    pub(super) fn of(kind: BlobKind) -> Self {
        let many = |files, bytes| Self {
            files,
            bytes,
            each_counts: true,
        };
        let one = |bytes| Self {
            files: MAX_OTHERS,
            bytes,
            each_counts: false,
        };
        match kind {
            BlobKind::Proofs => many(N_MAX, MAX_PROOFS_BYTES),
            BlobKind::Parcels => many(MAX_DOCUMENTS / MAX_DEMANDED, MAX_PARCELS_BYTES),
            BlobKind::Documents => one(MAX_DOCUMENTS_BYTES),
            _ => one(u64::MAX),
        }
    }
}

/// The name under which a file goes into a directory: what there is one of is found by its name alone, whatever it is called where
/// it comes from.
pub(super) fn name_in_directory(kind: BlobKind, file: &Path) -> PathBuf {
    match names(kind) {
        Names::One(name) => name.into(),
        Names::Many(_) => file.file_name().unwrap_or(file.as_os_str()).into(),
    }
}

/// Files of a kind in a directory; or the file itself, if it is one.
pub(super) fn found(path: &Path, kind: BlobKind) -> std::io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let suffix = match names(kind) {
        Names::Many(suffix) => suffix,
        Names::One(name) => {
            let file = path.join(name);
            return Ok(file.is_file().then_some(file).into_iter().collect());
        }
    };
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|found| found == suffix) {
            files.push(file);
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_are_in_the_order_of_their_demands() {
        let dir = tempfile::tempdir().unwrap();
        for m in [10, 2, 0] {
            std::fs::write(dir.path().join(parcel_name(m)), b"").unwrap();
        }
        std::fs::write(dir.path().join("00001.proof"), b"").unwrap();
        let expected = ["demand-00000.parcel", "demand-00002.parcel", "demand-00010.parcel"];
        let found = found(dir.path(), BlobKind::Parcels).unwrap();
        assert_eq!(found, expected.map(|name| dir.path().join(name)));
    }

    #[test]
    fn what_there_is_one_of_has_few_candidates() {
        for kind in BlobKind::ALL {
            let most = Most::of(kind);
            let is_many = [BlobKind::Proofs, BlobKind::Parcels].contains(&kind);
            assert_eq!(
                (most.files > MAX_OTHERS, most.each_counts),
                (is_many, is_many),
                "{kind}"
            );
        }
    }
}
