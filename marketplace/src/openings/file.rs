//! Files of openings, and how an opening of something else is refused.

use assay_chain::error::{usage, Error, Kind};
use assay_durable::file::{self, Access};
use std::io;
use std::path::Path;

/// An opening that opens something else, and what of it differs.
pub(crate) fn refuted(why: impl std::fmt::Display) -> eyre::Report {
    Error::new(Kind::Rejected, format!("opening rejected: {why}")).into()
}

/// Writes an opening, whole or not at all; one that is there and the same is left alone, another file is never replaced.
pub(super) fn write_opening(path: &Path, bytes: &[u8]) -> eyre::Result<()> {
    match file::create(path, bytes, Access::Shared) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if std::fs::read(path).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            Err(usage(format!(
                "{} exists already and is not replaced: give --out another name",
                path.display()
            )))
        }
        Err(error) => Err(eyre::Report::new(error).wrap_err(format!("cannot write {}", path.display()))),
    }
}
