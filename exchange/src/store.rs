//! Files under their hashes.
//!
//! ```text
//! ROOT/serve.lock                                   locked by the program that serves it
//! ROOT/<engagement>/<kind>/<id>                     complete
//! ROOT/<engagement>/<kind>/<id>.<uploader>.part     under way; of each party its own, so that none spoils another's
//! ```
//!
//! A file appears under its name in one step, after its content has been compared with the name and synced.

use super::blob::{id_of, Blob, BlobKind, Listed};
use alloy::primitives::{Address, B256};
use assay_durable::directory::create_private_dir;
use assay_durable::file::{parent, sync_dir};
use assay_durable::lock::Lock;
use eyre::WrapErr;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a file counts for at least: many small ones fill a disk too.
const BLOCK_BYTES: u64 = 4096;

/// How much strangers may store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of one file.
    pub blob_bytes: u64,
    /// Of one engagement, unfinished uploads included; no file counts for less than 4 KiB.
    pub engagement_bytes: u64,
    /// Of one upload request, which is held in memory.
    pub segment_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            blob_bytes: 16 << 30,
            engagement_bytes: 32 << 30,
            segment_bytes: 4 << 20,
        }
    }
}

/// How much of a file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of an upload under way; 0 if there is none.
    Partial(u64),
    /// Bytes of the file.
    Complete(u64),
}

/// Why the store does not give or take a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened and names its fields")]
pub enum StoreError {
    #[error("there is no such file")]
    Absent,
    #[error("{bytes} bytes are more than the {limit} that a file may have")]
    Size { bytes: u64, limit: u64 },
    #[error("the engagement would have more than {limit} bytes")]
    Quota { limit: u64 },
    #[error("{got} bytes from byte {offset} are no part of a file of {length}")]
    Segment { offset: u64, length: u64, got: u64 },
    #[error("the upload goes on at byte {expected}, not {got}")]
    Offset { expected: u64, got: u64 },
    #[error("another request is about the same file")]
    InUse,
    #[error("the content has the hash {got}, not {expected}; the upload begins again")]
    WrongHash { expected: B256, got: B256 },
    #[error("the store cannot be read or written")]
    Io(#[from] io::Error),
}

/// The files of all engagements that one party serves.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    limits: Limits,
    in_use: Mutex<HashSet<PathBuf>>,
}

impl Store {
    /// # Errors
    /// If the directory cannot be made.
    pub fn open(root: &Path, limits: Limits) -> io::Result<Self> {
        create_private_dir(root)?;
        Ok(Self {
            root: root.to_owned(),
            limits,
            in_use: Mutex::default(),
        })
    }

    /// Keeps every other program from serving the directory, until the result is dropped: limits and requests under way are known
    /// to one alone.
    ///
    /// # Errors
    /// If another one does, or the directory cannot be made.
    pub fn lock(root: &Path) -> eyre::Result<Lock> {
        create_private_dir(root).wrap_err_with(|| format!("cannot create {}", root.display()))?;
        Ok(Lock::take_from(
            &root.join("serve.lock"),
            "another assay serve has this store",
            "let that one serve every engagement (--engagement again and again, or --parties), or give this one another --store",
        )?)
    }

    /// How much parties may store.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn dir(&self, engagement: B256, kind: BlobKind) -> PathBuf {
        self.root.join(engagement.to_string()).join(kind.name())
    }

    /// Where a file is, if it is complete.
    pub fn path(&self, blob: &Blob) -> PathBuf {
        self.dir(blob.engagement, blob.kind).join(blob.id.to_string())
    }

    fn part(&self, blob: &Blob, uploader: Address) -> PathBuf {
        let name = format!("{}.{}.part", blob.id, uploader);
        self.dir(blob.engagement, blob.kind).join(name)
    }

    /// Copies a file of this machine into the store and returns its name. No limit applies.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn add(&self, engagement: B256, kind: BlobKind, source: &Path) -> io::Result<B256> {
        let dir = self.dir(engagement, kind);
        create_private_dir(&dir)?;
        let mut temp = tempfile::Builder::new().suffix(".part").tempfile_in(&dir)?;
        io::copy(&mut File::open(source)?, &mut temp)?;
        // Named by what was written, not by what was there to read.
        let id = id_of(File::open(temp.path())?)?;
        temp.as_file().sync_all()?;
        temp.persist(self.path(&Blob { engagement, kind, id }))
            .map_err(|e| e.error)?;
        sync_dir(&dir)?;
        Ok(id)
    }

    /// A complete file and its length.
    ///
    /// # Errors
    /// If it is not there.
    pub fn read(&self, blob: &Blob) -> Result<(File, u64), StoreError> {
        match File::open(self.path(blob)) {
            Ok(file) => {
                let bytes = file.metadata()?.len();
                Ok((file, bytes))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(StoreError::Absent),
            Err(e) => Err(e.into()),
        }
    }

    /// The complete files, in the order of their names.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn list(&self, engagement: B256, kind: BlobKind) -> io::Result<Vec<Listed>> {
        let mut list = Vec::new();
        for (name, bytes) in files(&self.dir(engagement, kind))? {
            if let Ok(id) = name.parse() {
                list.push(Listed { id, bytes });
            }
        }
        list.sort_unstable();
        Ok(list)
    }

    /// How far `uploader` got with a file.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn progress(&self, blob: &Blob, uploader: Address) -> io::Result<Progress> {
        match length(&self.path(blob))? {
            Some(bytes) => Ok(Progress::Complete(bytes)),
            None => Ok(Progress::Partial(length(&self.part(blob, uploader))?.unwrap_or(0))),
        }
    }

    /// Appends `segment`, which begins at byte `offset` of a file of `length` bytes. With its last byte the file takes its
    /// place. If the file is there already nothing happens.
    ///
    /// # Errors
    /// If the segment does not follow what is there, or a limit would be exceeded. If the content is another one than the
    /// name says, all of the upload is removed.
    pub fn append(
        &self,
        blob: &Blob,
        uploader: Address,
        offset: u64,
        length: u64,
        segment: &[u8],
    ) -> Result<Progress, StoreError> {
        let (path, part) = (self.path(blob), self.part(blob, uploader));
        let _used = self.take(&part)?;
        if let Some(bytes) = self::length(&path)? {
            return Ok(Progress::Complete(bytes));
        }
        let end = self.check(blob, &part, offset, length, segment.len() as u64)?;
        create_private_dir(&parent(&part))?;
        let have = self::length(&part)?.unwrap_or(0);
        if have != offset {
            return Err(StoreError::Offset {
                expected: have,
                got: offset,
            });
        }
        let mut file = private_options().append(true).create(true).read(true).open(&part)?;
        if let Err(error) = file.write_all(segment).and_then(|()| file.sync_data()) {
            file.set_len(offset)?;
            return Err(error.into());
        }
        if end < length {
            return Ok(Progress::Partial(end));
        }
        let got = id_of(File::open(&part)?)?;
        if got != blob.id {
            fs::remove_file(&part)?;
            return Err(StoreError::WrongHash { expected: blob.id, got });
        }
        file.sync_all()?;
        fs::rename(&part, &path)?;
        sync_dir(&parent(&path))?;
        Ok(Progress::Complete(length))
    }

    /// The byte after the segment, if it may be stored.
    fn check(&self, blob: &Blob, part: &Path, offset: u64, length: u64, got: u64) -> Result<u64, StoreError> {
        let limit = self.limits.blob_bytes;
        if length > limit {
            return Err(StoreError::Size { bytes: length, limit });
        }
        let end = offset.checked_add(got).filter(|end| got > 0 && *end <= length);
        let end = end.ok_or(StoreError::Segment { offset, length, got })?;
        let mut used = length.max(BLOCK_BYTES);
        for kind in BlobKind::ALL {
            let dir = self.dir(blob.engagement, kind);
            for (name, bytes) in files(&dir)? {
                if dir.join(name) != part {
                    used = used.saturating_add(bytes.max(BLOCK_BYTES));
                }
            }
        }
        let limit = self.limits.engagement_bytes;
        if used > limit {
            return Err(StoreError::Quota { limit });
        }
        Ok(end)
    }

    /// Removes everything about an engagement.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn forget(&self, engagement: B256) -> io::Result<()> {
        match fs::remove_dir_all(self.root.join(engagement.to_string())) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    fn take(&self, part: &Path) -> Result<InUse<'_>, StoreError> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if !in_use.insert(part.to_owned()) {
            return Err(StoreError::InUse);
        }
        Ok(InUse {
            store: self,
            part: part.to_owned(),
        })
    }
}

/// Keeps an upload to one request at a time.
struct InUse<'a> {
    store: &'a Store,
    part: PathBuf,
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let mut in_use = self.store.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.remove(&self.part);
    }
}

fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(data) => Ok(Some(data.len())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Names and lengths of the files in a directory; none if it does not exist.
fn files(dir: &Path) -> io::Result<Vec<(String, u64)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        // One that is gone by now was renamed or removed by another request.
        if let (Ok(name), Some(bytes)) = (entry.file_name().into_string(), length(&entry.path())?) {
            files.push((name, bytes));
        }
    }
    Ok(files)
}

pub(super) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::keccak256;

    const ID: B256 = B256::repeat_byte(1);
    const ME: Address = Address::repeat_byte(1);
    const OTHER: Address = Address::repeat_byte(2);

    fn store(limits: Limits) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store"), limits).unwrap();
        (dir, store)
    }

    fn blob(content: &[u8]) -> Blob {
        Blob {
            engagement: ID,
            kind: BlobKind::Cipher,
            id: keccak256(content),
        }
    }

    #[test]
    fn segments_in_order_become_a_file() {
        let (_dir, store) = store(Limits::default());
        let content = b"one and two";
        let blob = blob(content);
        let append = |offset, segment| store.append(&blob, ME, offset, 11, segment);
        assert_eq!(append(0, &content[..3]).unwrap(), Progress::Partial(3));
        assert_eq!(store.progress(&blob, ME).unwrap(), Progress::Partial(3));
        assert!(matches!(store.read(&blob), Err(StoreError::Absent)));
        assert!(store.list(ID, BlobKind::Cipher).unwrap().is_empty());
        for offset in [0, 2, 4] {
            let error = append(offset, &content[3..5]).unwrap_err();
            assert!(matches!(error, StoreError::Offset { expected: 3, .. }), "{error}");
        }
        assert_eq!(append(3, &content[3..]).unwrap(), Progress::Complete(11));
        assert_eq!(fs::read(store.path(&blob)).unwrap(), content);
        let listed = Listed { id: blob.id, bytes: 11 };
        assert_eq!(store.list(ID, BlobKind::Cipher).unwrap(), [listed]);
        assert!(store.list(ID, BlobKind::Proofs).unwrap().is_empty());
        assert_eq!(
            files(&store.dir(ID, BlobKind::Cipher)).unwrap().len(),
            1,
            "no part is left"
        );
        assert_eq!(
            append(0, content).unwrap(),
            Progress::Complete(11),
            "once more is no harm"
        );
        store.forget(ID).unwrap();
        assert!(matches!(store.read(&blob), Err(StoreError::Absent)));
        store.forget(ID).unwrap();
    }

    #[test]
    fn content_with_another_hash_is_removed() {
        let (_dir, store) = store(Limits::default());
        let blob = blob(b"right");
        store.append(&blob, ME, 0, 5, b"wr").unwrap();
        let error = store.append(&blob, ME, 2, 5, b"ong").unwrap_err();
        assert!(
            matches!(error, StoreError::WrongHash { got, .. } if got == keccak256(b"wrong")),
            "{error}"
        );
        assert!(files(&store.dir(ID, BlobKind::Cipher)).unwrap().is_empty());
        assert_eq!(store.append(&blob, ME, 0, 5, b"right").unwrap(), Progress::Complete(5));
    }

    #[test]
    fn parties_do_not_spoil_each_others_uploads() {
        let (_dir, store) = store(Limits::default());
        let blob = blob(b"right");
        store.append(&blob, OTHER, 0, 5, b"xxx").unwrap();
        assert_eq!(store.progress(&blob, ME).unwrap(), Progress::Partial(0));
        assert_eq!(store.append(&blob, ME, 0, 5, b"right").unwrap(), Progress::Complete(5));
        assert_eq!(store.append(&blob, OTHER, 3, 5, b"xx").unwrap(), Progress::Complete(5));
    }

    #[test]
    fn sizes_are_limited_before_anything_is_written() {
        let limits = Limits {
            blob_bytes: 10_000,
            engagement_bytes: 2 * BLOCK_BYTES,
            ..Limits::default()
        };
        let (_dir, store) = store(limits);
        let refused = |content: &[u8], offset, length, segment: &[u8]| {
            let error = store.append(&blob(content), ME, offset, length, segment).unwrap_err();
            assert!(matches!(
                store.progress(&blob(content), ME).unwrap(),
                Progress::Partial(0)
            ));
            error
        };
        assert!(matches!(
            refused(b"a", 0, 10_001, b"a"),
            StoreError::Size {
                bytes: 10_001,
                limit: 10_000
            }
        ));
        assert!(matches!(refused(b"a", 0, 1, b""), StoreError::Segment { .. }));
        assert!(matches!(refused(b"a", 0, 1, b"aa"), StoreError::Segment { .. }));
        assert!(matches!(refused(b"a", u64::MAX, 1, b"a"), StoreError::Segment { .. }));
        assert!(matches!(
            refused(b"a", 0, 9000, b"a"),
            StoreError::Quota { limit: 8192 }
        ));
        store.append(&blob(b"a"), ME, 0, 1, b"a").unwrap();
        store.append(&blob(b"b"), ME, 0, 4096, b"b").unwrap();
        assert!(matches!(refused(b"c", 0, 1, b"c"), StoreError::Quota { .. }));
        // The upload under way goes on: it is counted once.
        assert_eq!(
            store.append(&blob(b"b"), ME, 1, 4096, b"b").unwrap(),
            Progress::Partial(2)
        );
    }

    #[test]
    fn a_file_of_this_machine_is_added_by_its_hash() {
        let (dir, store) = store(Limits::default());
        let source = dir.path().join("file");
        fs::write(&source, b"content").unwrap();
        let id = store.add(ID, BlobKind::Leaves, &source).unwrap();
        assert_eq!(id, keccak256(b"content"));
        assert_eq!(store.list(ID, BlobKind::Leaves).unwrap(), [Listed { id, bytes: 7 }]);
    }

    #[test]
    fn an_upload_in_use_is_left_alone() {
        let (_dir, store) = store(Limits::default());
        let blob = blob(b"right");
        let used = store.take(&store.part(&blob, ME)).unwrap();
        assert!(matches!(
            store.append(&blob, ME, 0, 5, b"right"),
            Err(StoreError::InUse)
        ));
        drop(used);
        assert!(store.append(&blob, ME, 0, 5, b"right").is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_store() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, store) = store(Limits::default());
        let blob = blob(b"right");
        store.append(&blob, ME, 0, 5, b"right").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.root), 0o700);
        assert_eq!(mode(&store.path(&blob)), 0o600);
    }
}
