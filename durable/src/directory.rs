//! Directories that appear whole or not at all, and those that only their owner enters.

use crate::file::{parent, sync_dir, Access, FileError};
use crate::lock::{Lock, LockError};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Fills a new directory in one step: `fill` writes into a temporary one, which is synced and renamed to `path`. Only the owner
/// can enter it if `private`, else whom the umask allows.
///
/// # Errors
/// If `path` exists, or as `fill` says.
pub fn create_dir_atomic<E: From<FileError>>(
    path: &Path,
    private: bool,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |doing: &str, path: &Path, source| E::from(FileError::new(doing, path, source));
    let dir = parent_of_new(path)?;
    let access = if private { Access::Private } else { Access::Shared };
    let temp = access
        .builder(0o777)
        .tempdir_in(&dir)
        .map_err(|source| failed("write in", &dir, source))?;
    fill(temp.path())?;
    Ok(put(temp.path(), path)?)
}

/// Where [`create_dir_found_again`] fills a directory before it is renamed to `path`.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".unfinished");
    parent(path).join(name)
}

/// As [`create_dir_atomic`] for a private directory, filled in the one that [`unfinished`] names. What a call left there whose process
/// was killed is removed, and `removed` hears of it; a call that is still at it is left alone.
///
/// # Errors
/// If `path` exists, another process fills it, something is in the way, or as `fill` says.
pub fn create_dir_found_again<E: From<FileError> + From<LockError>>(
    path: &Path,
    removed: impl FnOnce(&Path),
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    parent_of_new(path)?;
    let temp = unfinished(path);
    let failed = |doing: &str, source| FileError::new(doing, &temp, source);
    let is_left = match fs::symlink_metadata(&temp) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed("look at", error).into()),
        Ok(found) if found.is_dir() => true,
        // Nothing of this program's.
        Ok(_) => {
            let error = io::Error::new(io::ErrorKind::NotADirectory, "it is in the way: remove it");
            return Err(failed("fill", error).into());
        }
    };
    if is_left {
        let _held = Lock::take_directory(&temp)?;
        fs::remove_dir_all(&temp).map_err(|source| failed("remove", source))?;
        removed(&temp);
    }
    // One of another user's does not become this one's: what is there by now is an error.
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&temp).map_err(|source| failed("create", source))?;
    // Another call may have it by now: then it is that one's.
    let held = Lock::take_directory(&temp)?;
    let mut filling = Filling(Some(&temp));
    fill(&temp)?;
    put(&temp, path)?;
    filling.0 = None;
    drop(held);
    Ok(())
}

/// Removes a directory that was not finished.
struct Filling<'a>(Option<&'a Path>);

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        if let Some(unfinished) = self.0 {
            let _ = fs::remove_dir_all(unfinished);
        }
    }
}

/// The directory of something that is not there yet.
fn parent_of_new(path: &Path) -> Result<PathBuf, FileError> {
    if path.exists() {
        let error = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already");
        return Err(FileError::new("create", path, error));
    }
    let dir = parent(path);
    fs::create_dir_all(&dir).map_err(|source| FileError::new("create", &dir, source))?;
    Ok(dir)
}

/// Gives a directory that is filled its name.
fn put(temp: &Path, path: &Path) -> Result<(), FileError> {
    let finish = || -> io::Result<()> {
        sync_tree(temp)?;
        fs::rename(temp, path)?;
        sync_dir(&parent(path))
    };
    finish().map_err(|source| FileError::new("write", path, source))
}

/// Makes a directory that only its owner can enter, with those above it that are missing. One that is there stays as it is.
///
/// # Errors
/// Those of the operating system.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn sync_tree(dir: &Path) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_private_directory_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        create_private_dir(&deep).unwrap();
        create_private_dir(&deep).unwrap();
        for made in [deep.as_path(), &dir.path().join("a")] {
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        let mode = fs::metadata(&open).unwrap().permissions().mode();
        create_private_dir(&open).unwrap();
        assert_eq!(fs::metadata(&open).unwrap().permissions().mode(), mode);
    }

    #[test]
    fn a_failed_fill_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        assert!(create_dir_atomic(&target, true, |_| Err(FileError::new(
            "write",
            Path::new("x"),
            io::Error::other("disk full")
        )))
        .is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        create_dir_atomic(&target, true, |temp| {
            fs::write(temp.join("x"), b"1").map_err(|source| FileError::new("write", temp, source))
        })
        .unwrap();
        assert!(create_dir_atomic::<FileError>(&target, true, |_| Ok(())).is_err());
    }

    #[derive(Debug, thiserror::Error)]
    enum Failed {
        #[error(transparent)]
        File(#[from] FileError),
        #[error(transparent)]
        Lock(#[from] LockError),
    }

    /// What was removed, and how it ended.
    fn made(target: &Path, fill: impl FnOnce(&Path) -> Result<(), Failed>) -> (Option<PathBuf>, Result<(), Failed>) {
        let mut removed = None;
        let ended = create_dir_found_again(target, |temp| removed = Some(temp.to_owned()), fill);
        (removed, ended)
    }

    #[test]
    fn what_was_broken_off_is_found_and_removed_unless_somebody_is_at_it() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("home");
        let temp = unfinished(&target);
        assert_eq!(temp, dir.path().join(".home.unfinished"));
        // As a process leaves it that is killed.
        fs::create_dir_all(temp.join("deep")).unwrap();
        fs::write(temp.join("deep/key"), b"1").unwrap();
        let (removed, ended) = made(&target, |filled| {
            assert_eq!((filled, fs::read_dir(filled).unwrap().count()), (temp.as_path(), 0));
            // Another call at the same time.
            let (removed, ended) = made(&target, |_| panic!("two fill it"));
            let error = ended.unwrap_err().to_string();
            assert!(
                removed.is_none() && error.contains(".home.unfinished is in use"),
                "{error}"
            );
            fs::write(filled.join("x"), b"1").map_err(|source| FileError::new("write", filled, source).into())
        });
        ended.unwrap();
        assert_eq!(removed, Some(temp.clone()));
        assert!(target.join("x").is_file() && !temp.exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert!(made(&target, |_| panic!("it exists")).1.is_err());
    }

    #[test]
    fn what_fails_is_removed_and_what_is_in_the_way_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("home");
        let (removed, ended) = made(&target, |temp| {
            fs::write(temp.join("x"), b"1").unwrap();
            Err(FileError::new("write", temp, io::Error::other("disk full")).into())
        });
        assert!(removed.is_none() && ended.unwrap_err().to_string().contains(".home.unfinished"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        fs::write(unfinished(&target), b"mine").unwrap();
        let (removed, ended) = made(&target, |_| panic!("it is in the way"));
        assert!(removed.is_none() && ended.is_err());
        assert_eq!(fs::read(unfinished(&target)).unwrap(), b"mine");
    }
}
