//! Files that somebody else may have put there, read within limits.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Opens a file that another party may have put there: a pipe would keep the reader waiting, a device never end.
///
/// # Errors
/// Those of the operating system, and if it is a directory, a pipe or a device.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

/// The bytes of such a file, of which there are no more than `limit`.
///
/// # Errors
/// Those of [`open_regular`], and if there are more.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let what = format!("it has more than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
}
