//! Files that survive a crash: written beside their place, synced, then renamed.

use crate::exit::Hinted;
use eyre::WrapErr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Replaces `path` with `bytes` in one step; readable by the owner alone if `private`, else by whom the umask allows.
pub fn write_atomic(path: &Path, bytes: &[u8], private: bool) -> eyre::Result<()> {
    replace(path, private, |file| file.write_all(bytes)).wrap_err_with(|| format!("cannot write {}", path.display()))
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

/// Copies a file in one step; who may read the copy is as with [`write_atomic`], whoever may read the file.
pub fn copy_atomic(from: &Path, to: &Path, private: bool) -> eyre::Result<()> {
    let copy = |file: &mut File| std::io::copy(&mut open_regular(from)?, file).map(drop);
    replace(to, private, copy).wrap_err_with(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn replace(path: &Path, private: bool, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> std::io::Result<()> {
    let dir = parent(path);
    fs::create_dir_all(&dir)?;
    let mut temp = builder(private, 0o666).tempfile_in(&dir)?;
    fill(temp.as_file_mut())?;
    temp.as_file().sync_all()?;
    temp.persist(path).map_err(|e| e.error)?;
    sync_dir(&dir)
}

/// Fills a new directory in one step: `fill` writes into a temporary one, which is synced and renamed to `path`. Only the owner
/// can enter it if `private`, else whom the umask allows.
///
/// # Errors
/// If `path` exists, or as `fill` says.
pub fn create_dir_atomic(path: &Path, private: bool, fill: impl FnOnce(&Path) -> eyre::Result<()>) -> eyre::Result<()> {
    if path.exists() {
        eyre::bail!("{} exists already", path.display());
    }
    let dir = parent(path);
    fs::create_dir_all(&dir).wrap_err_with(|| format!("cannot create {}", dir.display()))?;
    let temp = builder(private, 0o777)
        .tempdir_in(&dir)
        .wrap_err_with(|| format!("cannot write in {}", dir.display()))?;
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

/// A file that a second process cannot lock before this value is dropped, or its process has ended however it did.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// # Errors
    /// If another process holds it.
    pub fn take(path: &Path) -> eyre::Result<Self> {
        let remedy = "wait for it, then repeat the command";
        Self::take_from(path, "another assay command works on the same thing", remedy)
    }

    /// As [`Lock::take`], for a lock of which it is known who holds it and what to do then.
    ///
    /// # Errors
    /// If another process holds it.
    pub fn take_from(path: &Path, holder: &str, remedy: &str) -> eyre::Result<Self> {
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
                    error: holder.into(),
                    hint: remedy.into(),
                    cause: None,
                },
            }
            .into()),
            Err(fs::TryLockError::Error(e)) => Err(e).wrap_err_with(|| format!("cannot lock {}", path.display())),
        }
    }

    /// Whether somebody holds it.
    pub fn is_held(path: &Path) -> bool {
        let file = File::open(path);
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
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

/// Makes files or directories with this mode less the umask, or the owner's part of it.
fn builder(private: bool, mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(if private {
        mode & 0o700
    } else {
        mode
    }));
    builder
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
    fn private_files_are_readable_by_the_owner_alone_and_others_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (file, copy, plain) = (
            dir.path().join("a/file"),
            dir.path().join("b/copy"),
            dir.path().join("plain"),
        );
        fs::write(&plain, b"0").unwrap();
        for (private, expected) in [(true, 0o600), (false, mode(&plain)), (true, 0o600)] {
            write_atomic(&file, b"1", private).unwrap();
            assert_eq!(mode(&file), expected);
            // Not the mode of what is copied.
            write_atomic(&file, b"2", !private).unwrap();
            copy_atomic(&file, &copy, private).unwrap();
            assert_eq!((mode(&copy), fs::read(&copy).unwrap()), (expected, b"2".to_vec()));
        }
    }

    #[test]
    fn a_failed_fill_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("set");
        assert!(create_dir_atomic(&target, true, |_| eyre::bail!("disk full")).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        create_dir_atomic(&target, true, |temp| Ok(fs::write(temp.join("x"), b"1")?)).unwrap();
        assert!(create_dir_atomic(&target, true, |_| Ok(())).is_err());
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        assert!(!Lock::is_held(&path));
        let held = Lock::take(&path).unwrap();
        assert!(Lock::take(&path).is_err() && Lock::is_held(&path));
        drop(held);
        assert!(!Lock::is_held(&path));
        Lock::take(&path).unwrap();
    }
}
