//! Locks that one process has at a time and that end with it.

use crate::file::{parent, FileError};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Somebody else holds a lock.
#[derive(Debug, thiserror::Error)]
#[error("{} is in use", path.display())]
pub struct InUse {
    path: PathBuf,
    source: Holder,
}

#[derive(Debug, thiserror::Error)]
#[error("{who}")]
struct Holder {
    who: String,
    remedy: String,
}

/// A lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(transparent)]
    InUse(#[from] InUse),
    /// The operating system does not let this one have it.
    #[error(transparent)]
    File(#[from] FileError),
}

impl LockError {
    /// What to do, if another process holds the lock.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::InUse(in_use) => Some(&in_use.source.remedy),
            Self::File(_) => None,
        }
    }
}

/// A file that a second process cannot lock before this value is dropped, or its process has ended however it did.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held until it is dropped, never read")] File);

impl Lock {
    /// # Errors
    /// If another process holds it.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let remedy = "wait for it, then repeat the command";
        Self::take_from(path, "another assay command works on the same thing", remedy)
    }

    /// As [`Lock::take`], for a lock of which it is known who holds it and what to do then.
    ///
    /// # Errors
    /// If another process holds it.
    pub fn take_from(path: &Path, holder: &str, remedy: &str) -> Result<Self, LockError> {
        let open = || -> io::Result<File> {
            fs::create_dir_all(parent(path))?;
            OpenOptions::new().create(true).truncate(false).write(true).open(path)
        };
        let file = open().map_err(|source| FileError::new("open", path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(fs::TryLockError::WouldBlock) => Err(InUse {
                path: path.to_owned(),
                source: Holder {
                    who: holder.into(),
                    remedy: remedy.into(),
                },
            }
            .into()),
            Err(fs::TryLockError::Error(source)) => Err(FileError::new("lock", path, source).into()),
        }
    }

    /// Whether somebody holds it.
    pub fn is_held(path: &Path) -> bool {
        let file = File::open(path);
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert!(!Lock::is_held(&path));
        let held = Lock::take(&path).unwrap();
        let refused = Lock::take_from(&path, "somebody has it", "wait").unwrap_err();
        assert!(refused.remedy() == Some("wait") && Lock::is_held(&path));
        assert!(Lock::take(dir.path()).unwrap_err().remedy().is_none());
        drop(held);
        assert!(!Lock::is_held(&path));
        Lock::take(&path).unwrap();
    }
}
