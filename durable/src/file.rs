//! Small files that are either as they were or as they should be, whatever dies in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's umask allows.
    Shared,
    /// The owner alone (mode 0600 where the system has modes).
    Private,
}

/// Replaces the file at `path`, or creates it, by `bytes`: written under a name of its own, synced, renamed, and the
/// directory synced.
///
/// # Errors
/// Those of the operating system; the file is then as it was before.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let temporary = temporary_path(path)?;
    let result = write_new(&temporary, bytes, access).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The file is an orphan either way.
        let _ = fs::remove_file(&temporary);
    }
    result?;
    sync_directory_of(path)
}

/// Creates the file at `path`, synced; where the file system has links nobody ever sees it half written.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is a file, which is left alone; others of the operating system.
pub fn create(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let temporary = temporary_path(path)?;
    // Unlike a rename, a link refuses to replace what is there.
    let mut result = write_new(&temporary, bytes, access).and_then(|()| fs::hard_link(&temporary, path));
    let _ = fs::remove_file(&temporary);
    if result.as_ref().is_err_and(|e| e.kind() != io::ErrorKind::AlreadyExists) {
        // A file system without links: refusing to overwrite matters more than never being seen half written.
        result = write_new(path, bytes, access);
    }
    result?;
    sync_directory_of(path)
}

fn write_new(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name beside `path` that nobody else uses.
fn temporary_path(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{:016x}.tmp", std::process::id(), rand::random::<u64>()));
    Ok(path.with_file_name(temporary))
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}
