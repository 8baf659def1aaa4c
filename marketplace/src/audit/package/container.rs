//! The file of a package.
//!
//! ```text
//! "assay-evidence 2\n"                                       17 bytes
//! lengths of the three parts                                 8 bytes each, big-endian
//! the record                                                 JSON, as this program writes it
//! the opening of the predicate's weights                     see `assay model open`
//! documents opened to their originals, or nothing            see `assay corpus open`
//! ```
//!
//! # Soundness
//! Nothing of it is believed: [`check`](super::check) follows every byte to the hashes of blocks.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::record::Record;
use super::refusal::{refused, require};
use alloy::primitives::Bytes;
use assay_chain::error::{hinted, usage, Error, Kind};
use assay_durable::file::{Access, Pending};
use assay_durable::read::open_regular;
use eyre::WrapErr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 17] = b"assay-evidence 2\n";
/// With which packages of every version begin.
const NAME: &[u8] = b"assay-evidence ";
/// What comes before the parts.
const HEAD: u64 = MAGIC.len() as u64 + 3 * 8;
/// An audit in which some ten thousand documents are proven.
const MAX_RECORD: u64 = 512 << 20;
/// As for any opening of weights.
const MAX_PREDICATE: u64 = 256 << 20;
/// Documents are read one after the other.
const MAX_DOCUMENTS: u64 = 1 << 40;

/// A package that is read.
#[derive(Debug)]
pub struct Package {
    /// What it says of the chain.
    pub record: Record,
    /// Opening of the predicate's weights.
    pub predicate: Bytes,
    /// Where its documents begin and how many bytes they are, if it has any.
    documents: Option<(u64, u64)>,
    path: PathBuf,
}

impl Package {
    /// Reads a package but for its documents.
    ///
    /// # Errors
    /// If the file cannot be read; of kind rejected if it is no package, or not written as this program writes it.
    pub fn open(path: &Path) -> eyre::Result<Self> {
        let mut file = open_regular(path).map_err(|error| {
            hinted(
                format!("cannot read {}: {error}", path.display()),
                "assay audit export makes it",
            )
        })?;
        let length = file.metadata()?.len();
        let mut magic = [0; MAGIC.len()];
        fill(&mut file, &mut magic)?;
        require(magic.starts_with(NAME), || {
            "it does not begin as packages of evidence do"
        })?;
        if magic != *MAGIC {
            return Err(other_version(&magic));
        }
        let mut number = || -> eyre::Result<u64> {
            let mut bytes = [0; 8];
            fill(&mut file, &mut bytes)?;
            Ok(u64::from_be_bytes(bytes))
        };
        let [record, predicate, documents] = [number()?, number()?, number()?];
        for (part, length, limit) in [
            ("record", record, MAX_RECORD),
            ("predicate", predicate, MAX_PREDICATE),
            ("documents", documents, MAX_DOCUMENTS),
        ] {
            require(length <= limit, || {
                format!("its {part} is said to have {length} bytes, at most {limit} are read")
            })?;
        }
        // Three numbers below 2^41.
        let stated = HEAD + record + predicate + documents;
        require(length == stated, || {
            format!("it has {length} bytes, its parts {stated}: it was cut off or added to")
        })?;
        let mut part = |length: u64| -> eyre::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            (&mut file).take(length).read_to_end(&mut bytes)?;
            require(bytes.len() as u64 == length, || "it was cut off")?;
            Ok(bytes)
        };
        Ok(Self {
            record: read(&part(record)?)?,
            predicate: part(predicate)?.into(),
            documents: (documents > 0).then_some((HEAD + record + predicate, documents)),
            path: path.to_owned(),
        })
    }

    /// The bytes of its documents, if it has any.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn documents(&self) -> eyre::Result<Option<Take<File>>> {
        let Some((start, length)) = self.documents else {
            return Ok(None);
        };
        let mut file = open_regular(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Some(file.take(length)))
    }
}

fn other_version(magic: &[u8]) -> eyre::Report {
    let name = |magic: &[u8]| String::from_utf8_lossy(magic).trim_end().to_owned();
    let (given, own) = (name(magic), name(MAGIC));
    Error::new(
        Kind::Rejected,
        format!("evidence rejected: it is a package {given:?}, this program reads {own:?}"),
    )
    .hint("check it with the release that wrote it, or ask for a package of this one")
    .into()
}

fn fill(file: &mut File, bytes: &mut [u8]) -> eyre::Result<()> {
    match file.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(refused("it was cut off")),
        other => Ok(other?),
    }
}

/// One record has one text, so that no byte of a file says nothing.
fn read(text: &[u8]) -> eyre::Result<Record> {
    let record: Record =
        serde_json::from_slice(text).map_err(|error| refused(format!("its record is none: {error}")))?;
    let own = serde_json::to_vec(&record)?;
    require(own == text, || "its record is not written as this program writes it")?;
    Ok(record)
}

/// Whether a package can be written there.
///
/// # Errors
/// If there is a file already.
pub fn require_free(path: &Path) -> eyre::Result<()> {
    if path.exists() {
        return Err(usage(format!(
            "{} exists already and is not replaced: give --out another name",
            path.display()
        )));
    }
    Ok(())
}

/// A package that is written and not in its place yet.
#[derive(Debug)]
pub struct Unseen {
    file: Pending,
    path: PathBuf,
    lengths: [u64; 3],
}

/// Writes a package beside its place, where nobody sees it; documents are read here and nowhere else.
///
/// # Errors
/// If a part is larger than is read, another file is there, or the operating system refuses.
pub fn begin(path: &Path, record: &Record, predicate: &[u8], documents: Option<&Path>) -> eyre::Result<Unseen> {
    require_free(path)?;
    let record = serde_json::to_vec(record)?;
    let open = |path: &Path| open_regular(path).wrap_err_with(|| format!("cannot read {}", path.display()));
    let mut opened = documents.map(open).transpose()?;
    let length = match &opened {
        Some(file) => file.metadata()?.len(),
        None => 0,
    };
    let lengths = [record.len() as u64, predicate.len() as u64, length];
    for (length, limit) in lengths.iter().zip([MAX_RECORD, MAX_PREDICATE, MAX_DOCUMENTS]) {
        eyre::ensure!(
            *length <= limit,
            "a part of the package has {length} bytes, at most {limit} are read again"
        );
    }
    let mut fill = || -> io::Result<Pending> {
        // Documents are of whoever handed them over.
        let mut file = Pending::begin(path, Access::Private)?;
        file.write_all(MAGIC)?;
        for length in lengths {
            file.write_all(&length.to_be_bytes())?;
        }
        file.write_all(&record)?;
        file.write_all(predicate)?;
        if let Some(documents) = &mut opened {
            let copied = io::copy(documents, &mut file)?;
            if copied != length {
                return Err(io::Error::other("the documents changed while they were read"));
            }
        }
        Ok(file)
    };
    Ok(Unseen {
        file: fill().wrap_err_with(|| format!("cannot write {}", path.display()))?,
        path: path.to_owned(),
        lengths,
    })
}

impl Unseen {
    /// The bytes of its documents as they were written, if it has any.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn documents(&mut self) -> eyre::Result<Option<Take<File>>> {
        let [record, predicate, documents] = self.lengths;
        if documents == 0 {
            return Ok(None);
        }
        let mut file = self.file.written()?;
        file.seek(SeekFrom::Start(HEAD + record + predicate))?;
        Ok(Some(file.take(documents)))
    }

    /// Puts it in its place; how many bytes it has.
    ///
    /// # Errors
    /// If there is a file by now, or the operating system refuses.
    pub fn commit(self) -> eyre::Result<u64> {
        require_free(&self.path)?;
        let path = self.path;
        self.file
            .commit()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        Ok(HEAD + self.lengths.iter().sum::<u64>())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::{SCHEMA, VERSION};
    use super::*;
    use alloy::primitives::{Address, B256};
    use std::collections::BTreeMap;
    use std::fs;

    pub(in super::super) fn record() -> Record {
        Record {
            schema: SCHEMA.into(),
            version: VERSION,
            release: B256::repeat_byte(1),
            report: vec!["nothing".into()],
            chain_id: 1,
            market: Address::repeat_byte(2),
            audit: B256::repeat_byte(3),
            request_number: 0,
            params: Bytes::new(),
            reference_string: B256::repeat_byte(4),
            key_data: None,
            blocks: Vec::new(),
            accounts: Vec::new(),
            relayed: Vec::new(),
            nodes: Vec::new(),
            codes: BTreeMap::from([(Address::repeat_byte(5), Bytes::from_static(&[6]))]),
        }
    }

    /// A package in a directory of its own.
    fn written() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let (path, documents) = (dir.path().join("audit.evidence"), dir.path().join("documents"));
        fs::write(&documents, b"documents").unwrap();
        let mut unseen = begin(&path, &record(), b"predicate", Some(&documents)).unwrap();
        // What happens to the file from now on changes nothing.
        fs::write(&documents, b"others").unwrap();
        assert!(!path.exists());
        let mut written = Vec::new();
        unseen.documents().unwrap().unwrap().read_to_end(&mut written).unwrap();
        assert_eq!(written, b"documents");
        let length = unseen.commit().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), length);
        (dir, path)
    }

    #[test]
    fn a_package_is_read_as_it_was_written_and_never_replaced() {
        let (_dir, path) = written();
        let package = Package::open(&path).unwrap();
        assert_eq!(
            (&package.record, &package.predicate[..]),
            (&record(), &b"predicate"[..])
        );
        let mut documents = Vec::new();
        package
            .documents()
            .unwrap()
            .unwrap()
            .read_to_end(&mut documents)
            .unwrap();
        assert_eq!(documents, b"documents");
        let again = begin(&path, &record(), b"", None).unwrap_err();
        assert!(Kind::Usage.is_of(&again), "{again}");
    }

    fn refused(path: &Path, bytes: &[u8]) -> String {
        fs::write(path, bytes).unwrap();
        let error = Package::open(path).unwrap_err();
        assert!(Kind::Rejected.is_of(&error), "{error:#}");
        error.to_string()
    }

    #[test]
    fn what_is_cut_off_or_added_to_is_refused() {
        let (_dir, path) = written();
        let whole = fs::read(&path).unwrap();
        for length in [0, 3, 17, 30, HEAD as usize, whole.len() - 1] {
            let said = refused(&path, &whole[..length]);
            assert!(said.contains("cut off"), "{length}: {said}");
        }
        let said = refused(&path, &[&whole[..], b" "].concat());
        assert!(said.contains("added to"), "{said}");
        let old = [b"assay-evidence 1\n", &whole[17..]].concat();
        let said = refused(&path, &old);
        assert!(
            said.contains("a package \"assay-evidence 1\", this program reads \"assay-evidence 2\""),
            "{said}"
        );
        assert!(refused(&path, &[b"x", &whole[1..]].concat()).contains("does not begin as"));
        let mut longer = whole.clone();
        longer[17] = 1;
        assert!(refused(&path, &longer).contains("at most"));
    }

    /// Another word, a field that is not known, and what only looks the same.
    #[test]
    fn a_record_has_one_text() {
        let (_dir, path) = written();
        let text = serde_json::to_string(&record()).unwrap();
        let with = |text: &str| {
            let lengths = [text.len() as u64, 0, 0].map(u64::to_be_bytes).concat();
            [&MAGIC[..], &lengths, text.as_bytes()].concat()
        };
        for (from, to, why) in [
            ("{", "{ ", "not written as"),
            ("0x0202", "0X0202", "not written as"),
            ("{\"schema\"", "{\"note\":1,\"schema\"", "unknown field"),
            ("\"chainId\":1", "\"chainId\":-1", "its record is none"),
            ("\"keyData\":null,", "", "not written as"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let said = refused(&path, &with(&changed));
            assert!(said.contains(why), "{from}: {said}");
        }
    }
}
