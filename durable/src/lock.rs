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

/// Who holds a lock, if no more is known, and what to do then.
const SOMEBODY: &str = "another assay command works on the same thing";
const LATER: &str = "wait for it, then repeat the command";

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
        Self::take_from(path, SOMEBODY, LATER)
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

    /// The lock of a directory itself, which is lost with it: nothing is left of it when the directory has another name.
    ///
    /// # Errors
    /// If another process holds it, or it is another directory by now.
    pub fn take_directory(path: &Path) -> Result<Self, LockError> {
        let failed = |doing: &str, source| FileError::new(doing, path, source);
        let dir = File::open(path).map_err(|source| failed("open", source))?;
        let in_use = || InUse {
            path: path.to_owned(),
            source: Holder {
                who: SOMEBODY.into(),
                remedy: LATER.into(),
            },
        };
        match dir.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(in_use().into()),
            Err(fs::TryLockError::Error(source)) => return Err(failed("lock", source).into()),
        }
        // Whoever held it may have removed or renamed it.
        let is_same = dir
            .metadata()
            .and_then(|held| Ok(is_same_file(&held, &fs::metadata(path)?)));
        match is_same {
            Ok(true) => Ok(Self(dir)),
            _ => Err(in_use().into()),
        }
    }

    /// Whether somebody holds it.
    pub fn is_held(path: &Path) -> bool {
        let file = File::open(path);
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }
}

#[cfg(unix)]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_its_own_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::create_dir(&path).unwrap();
        let held = Lock::take_directory(&path).unwrap();
        let refused = Lock::take_directory(&path).unwrap_err();
        assert!(
            refused.remedy().is_some_and(|remedy| remedy.contains("repeat")),
            "{refused}"
        );
        // Under another name it is still held.
        fs::rename(&path, dir.path().join("b")).unwrap();
        assert!(Lock::take_directory(&dir.path().join("b")).is_err());
        assert!(Lock::take_directory(&path).unwrap_err().remedy().is_none());
        drop(held);
        Lock::take_directory(&dir.path().join("b")).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

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
