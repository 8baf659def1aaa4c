//! Proofs in files.

use assay_chain::error::rejected;
use assay_prover::proof::{BundleError, ProofBundle};
use std::path::Path;

/// A proof from its file; one that cannot be read says nothing about a proof.
pub fn load(path: &Path) -> eyre::Result<ProofBundle> {
    ProofBundle::load(path).map_err(|error| match error {
        BundleError::Io { source, .. } => eyre::Report::new(source).wrap_err(format!("cannot read {}", path.display())),
        error => rejected(error.to_string()).wrap_err(format!("{} is no proof", path.display())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::Kind;

    fn is_rejected(error: &eyre::Report) -> bool {
        Kind::Rejected.is_of(error)
    }

    #[test]
    fn a_file_that_is_not_there_is_no_false_proof() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("42.proof");
        for unreadable in [path.as_path(), dir.path()] {
            let error = load(unreadable).unwrap_err();
            assert!(!is_rejected(&error));
            assert_eq!(error.to_string(), format!("cannot read {}", unreadable.display()));
        }
        std::fs::write(&path, b"no proof").unwrap();
        let error = load(&path).unwrap_err();
        assert!(is_rejected(&error));
        assert_eq!(error.to_string(), format!("{} is no proof", path.display()));
    }
}
