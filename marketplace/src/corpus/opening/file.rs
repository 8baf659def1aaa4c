//! The file of an opening.
//!
//! ```text
//! "assay-documents 1\n"                                   18 bytes
//! id of the corpus                                        32 bytes
//! height, width, number of documents opened               4 bytes each, big-endian
//! for each document, their indices ascending:
//!   index                                                 4 bytes
//!   salt of the input, salt of the file                   31 and 32 bytes
//!   number of siblings, siblings from the leaf upward     1 byte, 32 bytes each
//!   length of the original, original                      4 bytes, and so many
//! ```
//!
//! # Soundness
//! Nothing of it is believed: `check` compares all of it with the root on chain.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::corpus::originals::MAX_ORIGINAL;
use crate::openings::file::refuted;
use alloy::primitives::B256;
use assay_chain::error::{hinted, usage};
use assay_durable::file::{Access, Pending};
use assay_durable::read::open_regular;
use assay_protocol::merkle::depth;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use assay_protocol::testset::ImageSize;
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use std::fs::File;
use std::io::{self, BufReader, Read, Take, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 18] = b"assay-documents 1\n";

/// Bytes of the longest opening of `count` documents of a corpus of `of`.
pub fn longest(count: usize, of: usize) -> u64 {
    let head = MAGIC.len() + 32 + 3 * 4;
    let each = (4 + 31 + 32 + 1 + 32 * depth(of) + 4) as u64 + MAX_ORIGINAL;
    (count as u64).saturating_mul(each).saturating_add(head as u64)
}

/// A document with all that leads from its original to the root.
pub(super) struct Opened {
    pub(super) index: u32,
    pub(super) input_salt: InputSalt,
    pub(super) file_salt: B256,
    /// Siblings from the leaf upward.
    pub(super) siblings: Vec<B256>,
    /// Byte for byte.
    pub(super) original: Vec<u8>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// An opening that is being written; nobody sees it before it is whole.
pub(super) struct Writer {
    file: Pending,
    path: PathBuf,
}

impl Writer {
    /// # Errors
    /// If there is a file already.
    pub(super) fn begin(path: &Path, corpus_id: B256, size: ImageSize, count: usize) -> eyre::Result<Self> {
        if path.exists() {
            return Err(usage(format!(
                "{} exists already and is not replaced: give --out another name",
                path.display()
            )));
        }
        let begin = || -> io::Result<Pending> {
            let mut file = Pending::begin(path, Access::Private)?;
            file.write_all(MAGIC)?;
            file.write_all(corpus_id.as_slice())?;
            for number in [size.height, size.width, count as u32] {
                file.write_all(&number.to_be_bytes())?;
            }
            Ok(file)
        };
        Ok(Self {
            file: begin().wrap_err_with(|| format!("cannot write {}", path.display()))?,
            path: path.to_owned(),
        })
    }

    /// # Errors
    /// Those of the operating system.
    pub(super) fn add(&mut self, opened: &Opened) -> eyre::Result<()> {
        let Self { file, path } = self;
        let mut add = || -> io::Result<()> {
            file.write_all(&opened.index.to_be_bytes())?;
            file.write_all(&opened.input_salt.0)?;
            file.write_all(opened.file_salt.as_slice())?;
            file.write_all(&[opened.siblings.len() as u8])?;
            for sibling in &opened.siblings {
                file.write_all(sibling.as_slice())?;
            }
            file.write_all(&(opened.original.len() as u32).to_be_bytes())?;
            file.write_all(&opened.original)
        };
        add().wrap_err_with(|| format!("cannot write {}", path.display()))
    }

    /// # Errors
    /// Those of the operating system.
    pub(super) fn finish(self) -> eyre::Result<()> {
        let Self { file, path } = self;
        file.commit()
            .wrap_err_with(|| format!("cannot write {}", path.display()))
    }
}

/// An opening that is read document by document.
#[derive(Debug)]
pub(crate) struct Reader {
    file: BufReader<Take<File>>,
    /// Of which corpus it says it is.
    pub(super) corpus_id: B256,
    /// Of every model input, as it says.
    pub(super) size: ImageSize,
    /// How many documents it says it has.
    pub(super) count: usize,
    read: usize,
    last: Option<u32>,
}

impl Reader {
    /// # Errors
    /// If the file cannot be read; of kind rejected if it is no opening.
    pub(crate) fn open(path: &Path) -> eyre::Result<Self> {
        let file = open_regular(path).map_err(|error| {
            hinted(
                format!("cannot read {}: {error}", path.display()),
                "the responder makes it: assay corpus open",
            )
        })?;
        Self::of(file.take(u64::MAX))
    }

    /// An opening that is a part of a file.
    ///
    /// # Errors
    /// Of kind rejected if the part is no opening.
    pub(crate) fn of(part: Take<File>) -> eyre::Result<Self> {
        let mut file = BufReader::new(part);
        let magic: [u8; MAGIC.len()] = bytes(&mut file)?;
        if magic != *MAGIC {
            return Err(refuted("it does not begin as openings of documents do"));
        }
        let corpus_id = B256::new(bytes(&mut file)?);
        let mut number = || -> eyre::Result<u32> { Ok(u32::from_be_bytes(bytes(&mut file)?)) };
        let (height, width, count) = (number()?, number()?, number()? as usize);
        if !(1..=MAX_DOCUMENTS).contains(&count) {
            return Err(refuted(format!("it states {count} documents")));
        }
        Ok(Self {
            file,
            corpus_id,
            size: ImageSize { height, width },
            count,
            read: 0,
            last: None,
        })
    }

    /// The next document, whose path has `depth` siblings in a corpus of `of` documents; `None` behind the last one.
    ///
    /// # Errors
    /// Of kind rejected if the file is shorter or longer than it says, or the document cannot be one of the corpus.
    pub(super) fn next(&mut self, of: u32, depth: usize) -> eyre::Result<Option<Opened>> {
        if self.read == self.count {
            let mut rest = [0];
            return match self.file.read(&mut rest)? {
                0 => Ok(None),
                _ => Err(refuted("the file was added to")),
            };
        }
        let index = u32::from_be_bytes(bytes(&mut self.file)?);
        if index >= of {
            return Err(refuted(format!("document {index}: there are {of}, from 0")));
        }
        if self.last.is_some_and(|last| last >= index) {
            return Err(refuted(format!(
                "document {index}: its documents are not in ascending order, each once"
            )));
        }
        let (input_salt, file_salt) = (InputSalt(bytes(&mut self.file)?), B256::new(bytes(&mut self.file)?));
        let [siblings] = bytes(&mut self.file)?;
        if usize::from(siblings) != depth {
            return Err(refuted(format!(
                "document {index}: its path has {siblings} siblings, there are {depth}"
            )));
        }
        let siblings = (0..depth).map(|_| Ok(B256::new(bytes(&mut self.file)?)));
        let siblings = siblings.collect::<eyre::Result<_>>()?;
        let length = u32::from_be_bytes(bytes(&mut self.file)?);
        if u64::from(length) > MAX_ORIGINAL {
            return Err(refuted(format!(
                "document {index}: its original has {length} bytes, at most {MAX_ORIGINAL} are read"
            )));
        }
        let mut original = Vec::new();
        (&mut self.file).take(length.into()).read_to_end(&mut original)?;
        if original.len() as u64 != u64::from(length) {
            return Err(cut_off());
        }
        (self.read, self.last) = (self.read + 1, Some(index));
        Ok(Some(Opened {
            index,
            input_salt,
            file_salt,
            siblings,
            original,
        }))
    }
}

fn bytes<const N: usize>(file: &mut impl Read) -> eyre::Result<[u8; N]> {
    let mut bytes = [0; N];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(cut_off()),
        Err(error) => Err(error.into()),
    }
}

fn cut_off() -> eyre::Report {
    refuted("the file was cut off")
}
