//! A corpus that is committed to, as this machine has it.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::commitments::{self, Committed};
use super::salts::{Salted, Salts};
use crate::corpus::{duplicates, originals};
use crate::proving::{input_words, WORDS_PER_HASH};
use alloy::primitives::{Address, B256};
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::merkle::MerkleTree;
use assay_protocol::retrieval::corpora::{corpus_tree, document_leaf, file_hash, leaf_salt, Document, InputShape};
use assay_protocol::testset::ImageSize;
use eyre::WrapErr;
use rayon::prelude::*;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of the file that notes the root: more than `0x` and 32 bytes.
const MAX_ROOT: u64 = 128;

/// A corpus whose documents are all committed to. Originals are read when they are asked for.
#[derive(Debug)]
pub struct StoredCorpus {
    dir: PathBuf,
    /// Where the originals are.
    folder: PathBuf,
    salts: Salts,
    committed: Vec<Committed>,
    leaves: Vec<B256>,
    tree: MerkleTree,
}

/// A document of a corpus with its original.
#[derive(Debug)]
pub struct Original {
    /// All that opens its leaf.
    pub document: Document,
    /// The file, byte for byte.
    pub bytes: Vec<u8>,
}

impl StoredCorpus {
    /// Reads all but the originals.
    ///
    /// # Errors
    /// If the directory holds no corpus, a damaged one, or one that is not finished.
    pub fn open(dir: &Path) -> eyre::Result<Self> {
        let salts = Salts::load(dir)?;
        let committed = commitments::load(dir, &salts.digest(), salts.documents.len())?;
        if committed.len() < salts.documents.len() {
            return Err(hinted(
                format!(
                    "{} is not finished: {} of {} documents are committed to",
                    dir.display(),
                    committed.len(),
                    salts.documents.len()
                ),
                "repeat assay corpus commit: it goes on where it was",
            ));
        }
        Self::of(dir, salts, committed)
    }

    pub(super) fn of(dir: &Path, salts: Salts, committed: Vec<Committed>) -> eyre::Result<Self> {
        let both = salts.documents.iter().zip(&committed).enumerate();
        let leaf = |(index, (salted, made)): (usize, (&Salted, &Committed))| {
            document_leaf(index, made.doc_commit, leaf_salt(made.file_hash, salted.file_salt))
        };
        let leaves: Vec<B256> = both.map(leaf).collect();
        let tree = corpus_tree(&leaves).ok_or_else(|| eyre::eyre!("{} has no documents", dir.display()))?;
        Ok(Self {
            dir: dir.to_owned(),
            folder: salts.folder.clone(),
            salts,
            committed,
            leaves,
            tree,
        })
    }

    /// With originals that are somewhere else by now.
    #[must_use]
    pub fn with_originals(self, folder: Option<PathBuf>) -> Self {
        Self {
            folder: folder.unwrap_or(self.folder),
            ..self
        }
    }

    /// Notes the root, before anybody is told of it: from here on the directory is of this corpus alone. Salts that were damaged or
    /// put back from another time lead to another root.
    ///
    /// # Errors
    /// If another one was noted, or it cannot be written.
    pub fn settle_root(&self) -> eyre::Result<()> {
        let (path, root) = (self.dir.join("root"), self.tree.root().to_string());
        match read_regular(&path, MAX_ROOT) {
            Ok(noted) if noted == root.as_bytes() => Ok(()),
            Ok(noted) => Err(hinted(
                format!(
                    "{} was committed to with root {}, and leads to {root} now",
                    self.dir.display(),
                    String::from_utf8_lossy(&noted)
                ),
                "its salts, or an original that had to be read again, are not what they were: put back their copies",
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(write_atomic(&path, root.as_bytes(), true)?),
            Err(error) => Err(error).wrap_err_with(|| format!("cannot read {}", path.display())),
        }
    }

    /// As it was opened.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of the originals.
    pub fn originals(&self) -> &Path {
        &self.folder
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.committed.len()
    }

    /// Never: a corpus has documents.
    pub fn is_empty(&self) -> bool {
        self.committed.is_empty()
    }

    /// Of every model input.
    pub fn size(&self) -> ImageSize {
        self.salts.size
    }

    /// What the registry says of every model input.
    pub fn shape(&self) -> InputShape {
        shape_of(self.salts.size)
    }

    /// As the registry has it once `responder` commits to it; when that was says the chain.
    ///
    /// # Errors
    /// If it has more documents than a registry counts.
    pub fn record(&self, responder: Address) -> eyre::Result<Corpus> {
        let shape = self.shape();
        Ok(Corpus {
            rs: responder,
            size: u32::try_from(self.len())?,
            committedAt: 0,
            root: self.tree.root(),
            inputWords: shape.words,
            wordsPerHash: shape.per_hash,
        })
    }

    /// Of every document, in the order of the corpus.
    pub fn leaves(&self) -> &[B256] {
        &self.leaves
    }

    /// Over the leaves of the documents.
    pub fn tree(&self) -> &MerkleTree {
        &self.tree
    }

    /// Where the original of a document is; `None` past the last one.
    pub fn path(&self, index: usize) -> Option<PathBuf> {
        Some(self.folder.join(&self.salts.documents.get(index)?.name))
    }

    /// A document, compared with what was committed to.
    ///
    /// # Errors
    /// If there is no such document, or its original cannot be read or is another one by now.
    pub fn document(&self, index: usize) -> eyre::Result<Original> {
        let parts = (
            self.salts.documents.get(index),
            self.committed.get(index),
            self.path(index),
        );
        let (Some(salted), Some(committed), Some(path)) = parts else {
            return Err(eyre::eyre!(
                "there is no document {index} in {}: there are {}, from 0",
                self.dir.display(),
                self.len()
            ));
        };
        let changed = |what: String| {
            let hint = "put the file back as it was committed to; copies elsewhere are named with --originals";
            hinted(altered(index, &path, &what), hint)
        };
        let bytes = originals::read(&path)?;
        let hash = file_hash(&bytes);
        if hash != committed.file_hash {
            return Err(changed(another_hash(hash, committed)));
        }
        let image = originals::rendered(&bytes, self.salts.size).map_err(changed)?;
        let document = Document {
            image,
            input_salt: salted.input_salt,
            file_hash: hash,
            file_salt: salted.file_salt,
            doc_commit: committed.doc_commit,
        };
        if !document.holds() {
            return Err(changed("it has another commitment".into()));
        }
        Ok(Original { document, bytes })
    }

    /// Fails unless the originals of the first `count` documents are what they were when these were committed to: nothing has to be
    /// opened that cannot be.
    ///
    /// # Errors
    /// With the first that cannot be read or is another one by now.
    pub fn require_unaltered(&self, count: usize, out: &Reporter) -> eyre::Result<()> {
        let bar = out.bar("reading originals again", count as u64);
        let all: Vec<_> = self.salts.documents.iter().zip(&self.committed).take(count).collect();
        let at_once = 8 * rayon::current_num_threads();
        for (round, some) in all.chunks(at_once).enumerate() {
            let hashes = some.par_iter().map(|(salted, _)| {
                let bytes = originals::read(&self.folder.join(&salted.name))?;
                Ok(file_hash(&bytes))
            });
            let hashes = hashes.collect::<eyre::Result<Vec<_>>>()?;
            for (place, ((salted, committed), hash)) in some.iter().zip(hashes).enumerate() {
                if hash != committed.file_hash {
                    let (index, path) = (round * at_once + place, self.folder.join(&salted.name));
                    return Err(hinted(
                        altered(index, &path, &another_hash(hash, committed)),
                        "put the file back as it was; or name another directory with --corpus, which makes another corpus",
                    ));
                }
            }
            bar.set((round * at_once + some.len()) as u64);
        }
        Ok(())
    }

    /// Names of files that are the same byte for byte, each group once.
    pub fn duplicates(&self) -> Vec<Vec<&str>> {
        let made = self.committed.iter().zip(&self.salts.documents);
        duplicates::groups(made.map(|(made, salted)| (made.file_hash, salted.name.as_str())))
    }
}

fn altered(index: usize, path: &Path, what: &str) -> String {
    format!("document {index}, {}, was altered: {what}", path.display())
}

fn another_hash(hash: B256, committed: &Committed) -> String {
    format!(
        "its SHA-256 is {hash}, was {} when the corpus was made",
        committed.file_hash
    )
}

/// L and ρ of images of this size.
pub(crate) fn shape_of(size: ImageSize) -> InputShape {
    let bytes = 3 * u64::from(size.height) * u64::from(size.width);
    InputShape {
        words: input_words(bytes as usize),
        per_hash: WORDS_PER_HASH,
    }
}
