//! Order and salts of a corpus: drawn once, from the operating system's randomness.
//!
//! ```text
//! "assay-corpus 1\n"                                        15 bytes
//! height, width, number of documents                        4 bytes each, big-endian
//! length of the folder's path, path                         2 bytes, and so many
//! for each document in the order of the corpus:
//!   salt of the input, salt of the file                     31 and 32 bytes
//!   length of the file's name, name                         2 bytes, and so many
//! ```

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::corpus::originals::{names, MAX_NAME};
use crate::inputs::MAX_SIDE;
use alloy::primitives::B256;
use assay_chain::error::{hinted, usage};
use assay_durable::file::{Access, Pending};
use assay_durable::read::open_regular;
use assay_protocol::retrieval::corpora::random_order;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use assay_protocol::testset::ImageSize;
use assay_statement::input::InputSalt;
use eyre::WrapErr;
use rand::{rngs::OsRng, RngCore};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 15] = b"assay-corpus 1\n";
const MAX_FOLDER: usize = 4096;

/// The file.
#[derive(Debug)]
pub(super) struct Salts {
    /// Of every model input.
    pub(super) size: ImageSize,
    /// Where the originals were.
    pub(super) folder: PathBuf,
    /// In the order of the corpus.
    pub(super) documents: Vec<Salted>,
}

/// A document that will be committed to.
pub(super) struct Salted {
    /// Of its file.
    pub(super) name: String,
    /// Hides the model input in its commitment.
    pub(super) input_salt: InputSalt,
    /// Hides the original in the leaf.
    pub(super) file_salt: B256,
}

impl std::fmt::Debug for Salted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salted(hidden)")
    }
}

impl Salts {
    /// Draws order and salts for the documents of a folder.
    ///
    /// # Errors
    /// Those of [`names`], and for a size that no model reads.
    pub(super) fn draw(folder: &Path, size: ImageSize) -> eyre::Result<Self> {
        if !is_size(size) {
            return Err(usage(format!(
                "images of {} × {} are not 1 to {MAX_SIDE} pixels high and wide",
                size.height, size.width
            )));
        }
        let sorted = names(folder)?;
        let salted = |place: usize| {
            let mut file_salt = B256::ZERO;
            OsRng.fill_bytes(file_salt.as_mut_slice());
            Some(Salted {
                name: sorted.get(place)?.clone(),
                input_salt: InputSalt::random(),
                file_salt,
            })
        };
        let documents = random_order(sorted.len()).into_iter().filter_map(salted).collect();
        Ok(Self {
            size,
            folder: folder.to_owned(),
            documents,
        })
    }

    /// Writes them, synced, readable by the owner alone.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(super) fn save(&self, dir: &Path) -> eyre::Result<()> {
        let path = path(dir);
        let write = || -> io::Result<()> {
            let mut file = Pending::begin(&path, Access::Private)?;
            file.write_all(MAGIC)?;
            for number in [self.size.height, self.size.width, self.documents.len() as u32] {
                file.write_all(&number.to_be_bytes())?;
            }
            let folder = self.folder.to_str().unwrap_or_default();
            write_text(&mut file, folder)?;
            for document in &self.documents {
                file.write_all(&document.input_salt.0)?;
                file.write_all(document.file_salt.as_slice())?;
                write_text(&mut file, &document.name)?;
            }
            file.commit()
        };
        write().wrap_err_with(|| format!("cannot write {}", path.display()))
    }

    /// Whether there is such a file, even one that cannot be read.
    pub(super) fn are_in(dir: &Path) -> bool {
        path(dir).try_exists().unwrap_or(true)
    }

    /// SHA-256 of salts and names in their order.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for document in &self.documents {
            hasher.update(document.input_salt.0);
            hasher.update(document.file_salt);
            hasher.update((document.name.len() as u64).to_be_bytes());
            hasher.update(&document.name);
        }
        hasher.finalize().into()
    }

    /// # Errors
    /// If there are none, or the file is no such file, or shorter or longer than it says.
    pub(super) fn load(dir: &Path) -> eyre::Result<Self> {
        let path = path(dir);
        let file = open_regular(&path).map_err(|error| {
            hinted(
                format!("{} holds no corpus: {}: {error}", dir.display(), path.display()),
                "assay corpus commit makes one; --corpus names its directory",
            )
        })?;
        let mut file = BufReader::new(file);
        let read = Self::read(&mut file).wrap_err_with(|| format!("{} is damaged", path.display()))?;
        let mut rest = [0];
        eyre::ensure!(
            file.read(&mut rest)
                .wrap_err_with(|| format!("cannot read {}", path.display()))?
                == 0,
            "{} is damaged: it was added to",
            path.display()
        );
        Ok(read)
    }

    fn read(file: &mut impl Read) -> eyre::Result<Self> {
        let magic: [u8; MAGIC.len()] = bytes(file)?;
        eyre::ensure!(magic == *MAGIC, "it does not begin as the salts of a corpus do");
        let mut number = || -> io::Result<u32> { Ok(u32::from_be_bytes(bytes(file)?)) };
        let (height, width, count) = (number()?, number()?, number()? as usize);
        let size = ImageSize { height, width };
        eyre::ensure!(is_size(size), "it states images of {height} × {width}");
        eyre::ensure!(
            (1..=MAX_DOCUMENTS).contains(&count),
            "it states {count} documents, a corpus has 1 to {MAX_DOCUMENTS}"
        );
        let folder = PathBuf::from(text(file, MAX_FOLDER)?);
        let mut documents = Vec::new();
        for _ in 0..count {
            documents.push(Salted {
                input_salt: InputSalt(bytes(file)?),
                file_salt: B256::new(bytes(file)?),
                name: text(file, MAX_NAME)?,
            });
        }
        Ok(Self {
            size,
            folder,
            documents,
        })
    }

    /// Fails unless these are the salts of this folder's documents in this size.
    ///
    /// # Errors
    /// With the first name that differs: what is committed to cannot be changed.
    pub(super) fn require_of(&self, dir: &Path, folder: &Path, size: ImageSize) -> eyre::Result<()> {
        let another = |what: String| {
            Err(hinted(
                format!("{} is of other documents: {what}", dir.display()),
                "a corpus is committed to as it was: name another directory with --corpus to make another one",
            ))
        };
        if size != self.size {
            let ImageSize { height, width } = self.size;
            return another(format!("they are {height} × {width} pixels"));
        }
        let there: BTreeSet<String> = names(folder)?.into_iter().collect();
        let ours: BTreeSet<&str> = self.documents.iter().map(|document| document.name.as_str()).collect();
        if let Some(new) = there.iter().find(|name| !ours.contains(name.as_str())) {
            return another(format!("{} is not among them", folder.join(new).display()));
        }
        match ours.iter().find(|name| !there.contains(**name)) {
            Some(gone) => another(format!("{} is missing", folder.join(gone).display())),
            None => Ok(()),
        }
    }
}

fn is_size(size: ImageSize) -> bool {
    [size.height, size.width]
        .iter()
        .all(|side| (1..=MAX_SIDE).contains(side))
}

fn path(dir: &Path) -> PathBuf {
    dir.join("salts")
}

fn write_text(file: &mut impl Write, text: &str) -> io::Result<()> {
    let length = u16::try_from(text.len()).map_err(|_| io::Error::other("the path is too long"))?;
    file.write_all(&length.to_be_bytes())?;
    file.write_all(text.as_bytes())
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(file: &mut impl Read, most: usize) -> eyre::Result<String> {
    let length = usize::from(u16::from_be_bytes(bytes(file)?));
    eyre::ensure!(length <= most, "it states a name of {length} bytes");
    let mut text = vec![0; length];
    file.read_exact(&mut text)?;
    Ok(String::from_utf8(text)?)
}
