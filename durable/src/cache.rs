//! Files that can be computed again, kept under the user's cache directory.
//!
//! An entry is one file per (kind, key): a header of [`HEADER_LEN`] bytes, then the payload.
//!
//! | bytes | content |
//! |---|---|
//! | 0..8 | magic and format version |
//! | 8..40 | BLAKE3 of kind, a zero byte, key: an entry under another entry's name is foreign |
//! | 40..48 | payload length, little-endian |
//! | 48..80 | BLAKE3 of the payload |
//!
//! The hash is checked over the whole payload *before* anything parses it, because the readers of the proving system
//! panic on bytes they did not write. An entry is written under a name of its own, synced and renamed, so a reader sees
//! a whole entry or none, whoever else writes it at the same time.
//!
//! A cache that cannot be read or written costs time, never a result: every such fact is a [`CacheEvent`] for the
//! caller to show. The hash finds damage, it is no protection against someone who may write to the directory.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::file::{Access, Pending};
use thiserror::Error;

/// Ends in the format version.
const MAGIC: [u8; 8] = *b"ASSAYC\x00\x01";
/// Bytes before the payload.
pub const HEADER_LEN: u64 = 80;
const BUFFER_LEN: usize = 1 << 20;
/// A temporary file older than this has no writer any more.
const STALE_AFTER: Duration = Duration::from_secs(24 * 3600);

/// The payload of a verified entry; ends at the payload's end.
pub type EntryReader = BufReader<Take<File>>;

/// Why no cache directory could be named.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CacheError {
    /// None of the variables that name one is set.
    #[error("no cache directory: set ASSAY_CACHE_DIR, XDG_CACHE_HOME or HOME")]
    NoDirectory,
}

/// What is wrong with an entry that was found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not start like an entry of this version.
    #[error("it is not a cache entry of this version")]
    NotAnEntry,
    /// A valid header that belongs to another kind or key.
    #[error("it belongs to another entry")]
    Foreign,
    /// The file's length is not what its header says.
    #[error("its payload has {got} bytes, expected {expected}")]
    Length {
        /// Bytes the header announces.
        expected: u64,
        /// Bytes in the file after the header.
        got: u64,
    },
    /// The payload changed since it was written.
    #[error("its checksum does not match")]
    Checksum,
    /// The payload is as it was written and still does not parse.
    #[error("its payload does not parse")]
    Unreadable(#[source] io::Error),
    /// The operating system could not read the file.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
}

/// What the cache did for one value.
#[derive(Debug)]
#[non_exhaustive]
pub enum CacheEvent {
    /// Read from the entry.
    Loaded,
    /// There was no entry; it was built and stored.
    Built,
    /// There was a damaged entry; it was built again and replaced.
    Rebuilt {
        /// The entry's file.
        path: PathBuf,
        /// What was wrong with it.
        damage: Damage,
    },
    /// There was an entry of an older format, as [`Cache::remove_superseded`] found; it was built again.
    Superseded {
        /// The older entry's file, which is gone.
        path: PathBuf,
        /// What the older entry does not have.
        lacked: &'static str,
    },
    /// It was built and could not be stored: the next run builds it again.
    NotStored {
        /// The entry's file.
        path: PathBuf,
        /// Why it could not be written.
        source: io::Error,
    },
}

impl CacheEvent {
    /// A sentence for the user, where the event deserves one.
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::Loaded | Self::Built => None,
            Self::Rebuilt { path, damage } => Some(format!("cache entry {} was rebuilt: {damage}", path.display())),
            Self::Superseded { path, lacked } => Some(format!(
                "cache entry {} of an older version was rebuilt: it has no {lacked}",
                path.display()
            )),
            Self::NotStored { path, source } => {
                Some(format!("cache entry {} could not be written: {source}", path.display()))
            }
        }
    }
}

/// A value and how it was obtained.
#[derive(Debug)]
pub struct Cached<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub event: CacheEvent,
}

/// A directory of entries.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `ASSAY_CACHE_DIR`, else `assay` in `XDG_CACHE_HOME`, else in `.cache` of the home directory.
    ///
    /// # Errors
    /// [`CacheError::NoDirectory`] if none of the variables is set.
    pub fn user() -> Result<Self, CacheError> {
        let var = |name| {
            std::env::var_os(name)
                .filter(|v: &OsString| !v.is_empty())
                .map(PathBuf::from)
        };
        var("ASSAY_CACHE_DIR")
            .or_else(|| {
                var("XDG_CACHE_HOME")
                    .filter(|p| p.is_absolute())
                    .map(|p| p.join("assay"))
            })
            .or_else(|| var("HOME").map(|p| p.join(".cache").join("assay")))
            .map(Self::at)
            .ok_or(CacheError::NoDirectory)
    }

    /// A cache in the directory `root`, which is created when the first entry is stored.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of an entry, whether or not it exists.
    pub fn path(&self, kind: &str, key: &[u8; 32]) -> PathBuf {
        self.root.join(kind).join(hex::encode(key))
    }

    /// Loads the entry, or builds and stores it.
    ///
    /// `kind` names a directory: lower-case letters, digits and `-`. `key` must identify everything the value depends
    /// on, the payload's format included. `read` sees verified bytes only and must consume all of them.
    ///
    /// # Errors
    /// Only those of `build`.
    pub fn load_or_build<T, E>(
        &self,
        kind: &str,
        key: &[u8; 32],
        read: impl FnOnce(&mut EntryReader) -> io::Result<T>,
        build: impl FnOnce() -> Result<T, E>,
        write: impl FnOnce(&T, &mut EntryWriter) -> io::Result<()>,
    ) -> Result<Cached<T>, E> {
        let damage = match self.load(kind, key, read) {
            Ok(Some(value)) => {
                return Ok(Cached {
                    value,
                    event: CacheEvent::Loaded,
                })
            }
            Ok(None) => None,
            Err(damage) => Some(damage),
        };
        let value = build()?;
        let path = self.path(kind, key);
        let event = match (self.store(kind, key, |writer| write(&value, writer)), damage) {
            (Err(source), _) => CacheEvent::NotStored { path, source },
            (Ok(()), Some(damage)) => CacheEvent::Rebuilt { path, damage },
            (Ok(()), None) => CacheEvent::Built,
        };
        Ok(Cached { value, event })
    }

    /// Removes the entry that an older version, which lacks something, wrote under another key; to be asked with what was done
    /// for the new entry. Whether there was one is told by the event only if the new entry was built for want of any.
    #[must_use]
    pub fn remove_superseded(&self, kind: &str, old: &[u8; 32], lacked: &'static str, event: CacheEvent) -> CacheEvent {
        let path = self.path(kind, old);
        match event {
            CacheEvent::Built if fs::remove_file(&path).is_ok() => CacheEvent::Superseded { path, lacked },
            other => other,
        }
    }

    /// Loads the entry; `None` if there is none.
    ///
    /// # Errors
    /// [`Damage`] if there is a file and it is not a sound entry.
    pub fn load<T>(
        &self,
        kind: &str,
        key: &[u8; 32],
        read: impl FnOnce(&mut EntryReader) -> io::Result<T>,
    ) -> Result<Option<T>, Damage> {
        let mut file = match File::open(self.path(kind, key)) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Damage::Io(e)),
        };
        let payload_len = verify(&mut file, kind, key)?;
        file.seek(SeekFrom::Start(HEADER_LEN)).map_err(Damage::Io)?;
        let mut reader = BufReader::with_capacity(BUFFER_LEN, file.take(payload_len));
        let value = read(&mut reader).map_err(Damage::Unreadable)?;
        match reader.read(&mut [0u8]).map_err(Damage::Io)? {
            0 => Ok(Some(value)),
            _ => Err(Damage::Unreadable(io::Error::new(
                io::ErrorKind::InvalidData,
                "bytes are left over",
            ))),
        }
    }

    /// Writes the entry, replacing one that exists.
    ///
    /// # Errors
    /// Those of the operating system and of `write`; the entry is then as it was before.
    pub fn store(
        &self,
        kind: &str,
        key: &[u8; 32],
        write: impl FnOnce(&mut EntryWriter) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.path(kind, key);
        let directory = self.root.join(kind);
        fs::create_dir_all(&directory)?;
        remove_stale(&directory);
        write_entry(&path, kind, key, write)
    }
}

fn binding(kind: &str, key: &[u8; 32]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&[0]).update(key);
    *hasher.finalize().as_bytes()
}

/// Checks the header against the name and the payload against the header; returns the payload's length.
fn verify(file: &mut File, kind: &str, key: &[u8; 32]) -> Result<u64, Damage> {
    let len = file.metadata().map_err(Damage::Io)?.len();
    let Some(got) = len.checked_sub(HEADER_LEN) else {
        return Err(Damage::NotAnEntry);
    };
    let mut magic = [0u8; 8];
    let mut bound_to = [0u8; 32];
    let mut expected = [0u8; 8];
    let mut checksum = [0u8; 32];
    for field in [&mut magic[..], &mut bound_to, &mut expected, &mut checksum] {
        file.read_exact(field).map_err(Damage::Io)?;
    }
    if magic != MAGIC {
        return Err(Damage::NotAnEntry);
    }
    if bound_to != binding(kind, key) {
        return Err(Damage::Foreign);
    }
    let expected = u64::from_le_bytes(expected);
    if expected != got {
        return Err(Damage::Length { expected, got });
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; BUFFER_LEN];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hasher.update(buffer.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Damage::Io(e)),
        };
    }
    if *hasher.finalize().as_bytes() != checksum {
        return Err(Damage::Checksum);
    }
    Ok(expected)
}

fn write_entry(
    path: &Path,
    kind: &str,
    key: &[u8; 32],
    write: impl FnOnce(&mut EntryWriter) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = Pending::begin(path, Access::Shared)?;
    file.write_all(&[0; HEADER_LEN as usize])?;
    let hashing = Hashing {
        file,
        hasher: blake3::Hasher::new(),
        len: 0,
    };
    let mut writer = EntryWriter(BufWriter::with_capacity(BUFFER_LEN, hashing));
    write(&mut writer)?;
    let Hashing { mut file, hasher, len } = writer.0.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    for field in [
        &MAGIC[..],
        &binding(kind, key),
        &len.to_le_bytes(),
        hasher.finalize().as_bytes(),
    ] {
        file.write_all(field)?;
    }
    file.commit()
}

/// Receives the payload of an entry that is being stored.
pub struct EntryWriter(BufWriter<Hashing>);

impl fmt::Debug for EntryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryWriter").finish_non_exhaustive()
    }
}

impl Write for EntryWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct Hashing {
    file: Pending,
    hasher: blake3::Hasher,
    len: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or_default());
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes what writers that died left behind; errors are somebody else's files.
fn remove_stale(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "tmp"))
    {
        let age = entry
            .metadata()
            .and_then(|m| m.modified())
            .ok()
            .and_then(|t| t.elapsed().ok());
        if age.is_some_and(|age| age > STALE_AFTER) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
