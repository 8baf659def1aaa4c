//! Files that survive a crash: written beside their place, synced, then renamed.

use crate::exit::Hinted;
use eyre::WrapErr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Replaces `path` with `bytes` in one step; readable by the owner alone if `private`.
pub fn write_atomic(path: &Path, bytes: &[u8], private: bool) -> eyre::Result<()> {
    let dir = parent(path);
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(&dir)?;
        let mut temp = tempfile::NamedTempFile::new_in(&dir)?;
        temp.write_all(bytes)?;
        if !private {
            allow_all_to_read(temp.as_file())?;
        }
        temp.as_file().sync_all()?;
        temp.persist(path).map_err(|e| e.error)?;
        sync_dir(&dir)
    };
    write().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// Opens a file that another party may have put there: a pipe would keep the reader waiting, a device never end.
pub fn open_regular(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(std::io::Error::new(
        std::io::ErrorKind::InvalidInput,
        "it is no regular file",
    ))
}

/// The bytes of such a file, of which there are no more than `limit`.
pub fn read_regular(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let what = format!("it has more than {limit} bytes");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, what));
    }
    Ok(bytes)
}

/// Copies a file in one step, readable by the owner alone.
pub fn copy_atomic(from: &Path, to: &Path) -> eyre::Result<()> {
    let dir = parent(to);
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(&dir)?;
        let mut temp = tempfile::NamedTempFile::new_in(&dir)?;
        std::io::copy(&mut open_regular(from)?, temp.as_file_mut())?;
        temp.as_file().sync_all()?;
        temp.persist(to).map_err(|e| e.error)?;
        sync_dir(&dir)
    };
    copy().wrap_err_with(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Fills a new directory in one step: `fill` writes into a temporary one, which is synced and renamed to `path`.
///
/// # Errors
/// If `path` exists, or as `fill` says.
pub fn create_dir_atomic(path: &Path, fill: impl FnOnce(&Path) -> eyre::Result<()>) -> eyre::Result<()> {
    if path.exists() {
        eyre::bail!("{} exists already", path.display());
    }
    let dir = parent(path);
    fs::create_dir_all(&dir).wrap_err_with(|| format!("cannot create {}", dir.display()))?;
    let temp = private_dir_in(&dir).wrap_err_with(|| format!("cannot write in {}", dir.display()))?;
    fill(temp.path())?;
    let finish = || -> std::io::Result<()> {
        sync_tree(temp.path())?;
        fs::rename(temp.path(), path)?;
        sync_dir(&dir)
    };
    finish().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// Somebody else holds a lock.
#[derive(Debug, thiserror::Error)]
#[error("{} is in use", path.display())]
pub struct InUse {
    path: PathBuf,
    source: Hinted,
}

/// A file that a second process cannot lock before this value is dropped.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// # Errors
    /// If another process holds it.
    pub fn take(path: &Path) -> eyre::Result<Self> {
        let open = || -> std::io::Result<File> {
            fs::create_dir_all(parent(path))?;
            OpenOptions::new().create(true).truncate(false).write(true).open(path)
        };
        let file = open().wrap_err_with(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(fs::TryLockError::WouldBlock) => Err(InUse {
                path: path.to_owned(),
                source: Hinted {
                    error: "another assay command works on the same thing".into(),
                    hint: "wait for it, then repeat the command".into(),
                    cause: None,
                },
            }
            .into()),
            Err(fs::TryLockError::Error(e)) => Err(e).wrap_err_with(|| format!("cannot lock {}", path.display())),
        }
    }
}

pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn sync_tree(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    sync_dir(dir)
}

pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

/// A new directory that only its owner can enter.
fn private_dir_in(dir: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(dir)
}

#[cfg(unix)]
fn allow_all_to_read(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_all_to_read(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn pipes_directories_and_long_files_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, file) = (dir.path().join("pipe"), dir.path().join("file"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        fs::write(&file, [1; 10]).unwrap();
        for refused in [pipe.as_path(), dir.path(), Path::new("/dev/zero")] {
            assert!(open_regular(refused).is_err(), "{}", refused.display());
        }
        assert_eq!(read_regular(&file, 10).unwrap(), [1; 10]);
        assert!(read_regular(&file, 9).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_readable_by_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/secret");
        write_atomic(&path, b"1", true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        write_atomic(&path, b"2", false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn a_failed_fill_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        assert!(create_dir_atomic(&target, |_| eyre::bail!("disk full")).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        create_dir_atomic(&target, |temp| Ok(fs::write(temp.join("x"), b"1")?)).unwrap();
        assert!(create_dir_atomic(&target, |_| Ok(())).is_err());
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = Lock::take(&path).unwrap();
        assert!(Lock::take(&path).is_err());
        drop(held);
        Lock::take(&path).unwrap();
    }
}
