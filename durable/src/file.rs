//! Files that are either as they were or as they should be, whatever dies in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's umask allows.
    Shared,
    /// The owner alone (mode 0600 where the system has modes).
    Private,
}

impl Access {
    /// Of files or directories with this mode less the umask, or the owner's part of it.
    pub(crate) fn builder(self, mode: u32) -> tempfile::Builder<'static, 'static> {
        let mut builder = tempfile::Builder::new();
        builder.suffix(".tmp");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match self {
            Self::Private => mode & 0o700,
            Self::Shared => mode,
        }));
        builder
    }
}

/// A file could not be written or copied.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub struct FileError {
    doing: String,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// `doing` goes before the path: "write", "copy x to".
    pub(crate) fn new(doing: impl Into<String>, path: &Path, source: io::Error) -> Self {
        Self {
            doing: doing.into(),
            path: path.to_owned(),
            source,
        }
    }
}

/// A file that is written beside its place, in a directory that exists. Until [`Pending::commit`] nobody sees it; dropped before, it
/// is gone.
#[derive(Debug)]
pub struct Pending {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Pending {
    /// # Errors
    /// Those of the operating system.
    pub fn begin(path: &Path, access: Access) -> io::Result<Self> {
        if path.file_name().is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
        }
        let file = access.builder(0o666).tempfile_in(parent(path))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, file),
            path: path.to_owned(),
        })
    }

    /// All that was written so far, to be read from its beginning.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn written(&mut self) -> io::Result<File> {
        self.file.flush()?;
        self.file.get_ref().reopen()
    }

    /// Puts the file in its place, synced, and syncs the directory; what was there is replaced.
    ///
    /// # Errors
    /// Those of the operating system; what was there is then as it was.
    pub fn commit(self) -> io::Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        sync_dir(&parent(&self.path))
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Pending {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Replaces the file at `path`, or creates it, by `bytes`.
///
/// # Errors
/// Those of the operating system; the file is then as it was before.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut pending = Pending::begin(path, access)?;
    pending.write_all(bytes)?;
    pending.commit()
}

/// Creates the file at `path`, synced; where the file system has links nobody ever sees it half written.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is a file, which is left alone; others of the operating system.
pub fn create(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let write = |mut file: &File| file.write_all(bytes).and_then(|()| file.sync_all());
    let temporary = access.builder(0o666).tempfile_in(parent(path))?;
    write(temporary.as_file())?;
    // Unlike a rename, a link refuses to replace what is there.
    let mut result = fs::hard_link(temporary.path(), path);
    if result.as_ref().is_err_and(|e| e.kind() != io::ErrorKind::AlreadyExists) {
        // A file system without links: refusing to overwrite matters more than never being seen half written.
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if access == Access::Private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        result = options.open(path).and_then(|file| write(&file));
    }
    result?;
    sync_dir(&parent(path))
}

/// As [`replace`], in a directory that is made if there is none; readable by the owner alone if `private`, else by whom the umask
/// allows.
///
/// # Errors
/// Those of the operating system, with the path.
pub fn write_atomic(path: &Path, bytes: &[u8], private: bool) -> Result<(), FileError> {
    fill(path, private, |file| file.write_all(bytes)).map_err(|source| FileError::new("write", path, source))
}

/// Copies a file in one step; who may read the copy is as with [`write_atomic`], whoever may read the file.
///
/// # Errors
/// Those of [`open_regular`](crate::read::open_regular) and of writing, with both paths.
pub fn copy_atomic(from: &Path, to: &Path, private: bool) -> Result<(), FileError> {
    let copy = |file: &mut Pending| io::copy(&mut crate::read::open_regular(from)?, file).map(drop);
    fill(to, private, copy).map_err(|source| FileError::new(format!("copy {} to", from.display()), to, source))
}

fn fill(path: &Path, private: bool, write: impl FnOnce(&mut Pending) -> io::Result<()>) -> io::Result<()> {
    fs::create_dir_all(parent(path))?;
    let access = if private { Access::Private } else { Access::Shared };
    let mut pending = Pending::begin(path, access)?;
    write(&mut pending)?;
    pending.commit()
}

/// The directory that a file is in.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Has the names in a directory survive a crash.
///
/// # Errors
/// Those of the operating system.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
