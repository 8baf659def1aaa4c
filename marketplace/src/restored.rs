//! What a state directory that was made of a backup does not know: what was promised, and which images were handed over, after it.
//!
//! [`MARK`] is there from then on until whoever runs it removes it, knowing that nothing of that is left or that it is journaled here.
//! Until then nothing new is promised, and no set passes as fresh; what is open goes on.

use crate::home::Home;
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_protocol::units::utc;
use eyre::WrapErr;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;

/// File of a state directory that came out of a backup.
pub const MARK: &str = "restored.json";

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// Of the backup, Unix seconds.
    time: u64,
}

fn read(home: &Path) -> eyre::Result<Option<Mark>> {
    let path = home.join(MARK);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).wrap_err_with(|| format!("{} is damaged", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).wrap_err_with(|| format!("cannot read {}", path.display())),
    }
}

/// Notes that `home` is of a backup of this time, Unix seconds; of several the first counts.
///
/// # Errors
/// If it cannot be written.
pub fn mark(home: &Path, time: u64) -> eyre::Result<()> {
    let first = read(home)?.map_or(time, |earlier| earlier.time.min(time));
    let mark = serde_json::to_vec(&Mark { time: first })?;
    Ok(write_atomic(&home.join(MARK), &mark, true)?)
}

/// Fails in a state directory that was restored: `so` is what does not happen there.
///
/// # Errors
/// With what to do then.
pub fn require_known(home: &Home, so: &str) -> eyre::Result<()> {
    let Some(Mark { time }) = read(home.path())? else {
        return Ok(());
    };
    let home = home.path();
    Err(hinted(
        format!(
            "{} came out of a backup of {}: what was promised or handed over since is not counted, so {so}",
            home.display(),
            utc(time)
        ),
        format!(
            "once nothing of it is left, or it is journaled here, remove {}",
            home.join(MARK).display()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said_until_the_mark_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().to_owned())).unwrap();
        require_known(&home, "nothing").unwrap();
        mark(dir.path(), 86_400).unwrap();
        // One that is restored again lacks what the first did.
        mark(dir.path(), 864_000).unwrap();
        let error = require_known(&home, "nothing new is accepted").unwrap_err().to_string();
        assert!(
            error.contains("1970-01-02") && error.ends_with("so nothing new is accepted"),
            "{error}"
        );
        std::fs::remove_file(dir.path().join(MARK)).unwrap();
        require_known(&home, "nothing").unwrap();
        std::fs::write(dir.path().join(MARK), b"{}").unwrap();
        assert!(require_known(&home, "nothing").is_err());
    }
}
