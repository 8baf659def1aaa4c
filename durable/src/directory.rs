//! Directories that appear whole or not at all, and those that only their owner enters.

use crate::file::{parent, sync_dir, Access, FileError};
use std::fs::{self, File};
use std::io;
use std::path::Path;

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
    if path.exists() {
        return Err(failed(
            "create",
            path,
            io::Error::new(io::ErrorKind::AlreadyExists, "it exists already"),
        ));
    }
    let dir = parent(path);
    fs::create_dir_all(&dir).map_err(|source| failed("create", &dir, source))?;
    let access = if private { Access::Private } else { Access::Shared };
    let temp = access
        .builder(0o777)
        .tempdir_in(&dir)
        .map_err(|source| failed("write in", &dir, source))?;
    fill(temp.path())?;
    let finish = || -> io::Result<()> {
        sync_tree(temp.path())?;
        fs::rename(temp.path(), path)?;
        sync_dir(&dir)
    };
    finish().map_err(|source| failed("write", path, source))
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
}
