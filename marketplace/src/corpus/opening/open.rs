//! Responder: opens documents to their originals.

use super::file::{Opened, Writer};
use crate::corpus::sample::Sample;
use crate::corpus::stored::StoredCorpus;
use alloy::primitives::B256;
use assay_chain::error::{hinted, usage};
use assay_durable::report::Reporter;
use assay_protocol::abi::corpora::Corpus;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The result of opening documents.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentsOpened {
    /// Of the corpus.
    pub id: B256,
    /// What anybody needs to check it, besides the chain.
    pub opening: PathBuf,
    /// Which documents are opened.
    pub indices: BTreeSet<u32>,
    /// Names of their files, in that order: they are not in the opening.
    pub names: Vec<String>,
}

impl std::fmt::Display for DocumentsOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "corpus      {}", self.id)?;
        writeln!(f, "opened      {} documents", self.indices.len())?;
        write!(
            f,
            "next        hand {} over; anybody checks it: assay corpus check {} --corpus-id {}",
            self.opening.display(),
            self.opening.display(),
            self.id
        )
    }
}

/// Which documents are opened.
#[derive(Debug, Clone)]
pub enum Which {
    /// These.
    Indices(BTreeSet<u32>),
    /// Those that were drawn.
    Sampled(Sample),
}

impl Which {
    /// Their indices in this corpus.
    ///
    /// # Errors
    /// If it has no such document, or the sample is of another corpus.
    pub fn of(self, id: B256, corpus: &Corpus) -> eyre::Result<BTreeSet<u32>> {
        match self {
            Self::Sampled(sample) => {
                sample.require_of(id, corpus)?;
                Ok(sample.indices)
            }
            Self::Indices(indices) => match indices.iter().find(|index| **index >= corpus.size) {
                Some(index) => Err(usage(format!(
                    "there is no document {index}: there are {}, from 0",
                    corpus.size
                ))),
                None => Ok(indices),
            },
        }
    }
}

/// Fails unless this is the corpus that the chain has.
///
/// # Errors
/// With both roots.
pub fn require_same(id: B256, corpus: &Corpus, stored: &StoredCorpus) -> eyre::Result<()> {
    let own = stored.tree().root();
    if own == corpus.root && stored.len() == corpus.size as usize {
        return Ok(());
    }
    Err(hinted(
        format!(
            "{} holds another corpus than {id}: its root is {own}, not {}",
            stored.dir().display(),
            corpus.root
        ),
        "name the directory that was committed to with --corpus; if its files were altered, put them back from a copy",
    ))
}

/// Writes an opening of these documents of a corpus: from here on they are whoever's has the file.
///
/// # Errors
/// If an original was altered, or another file is there.
pub fn open(
    id: B256,
    stored: &StoredCorpus,
    indices: BTreeSet<u32>,
    to: &Path,
    out: &Reporter,
) -> eyre::Result<DocumentsOpened> {
    let bar = out.bar("opening documents", indices.len() as u64);
    let mut writer = Writer::begin(to, id, stored.size(), indices.len())?;
    let mut names = Vec::new();
    for (done, index) in indices.iter().enumerate() {
        let place = *index as usize;
        let original = stored.document(place)?;
        let siblings = stored.tree().path(place);
        writer.add(&Opened {
            index: *index,
            input_salt: original.document.input_salt,
            file_salt: original.document.file_salt,
            siblings: siblings.unwrap_or_default(),
            original: original.bytes,
        })?;
        let path = stored.path(place).unwrap_or_default();
        names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        bar.set(done as u64 + 1);
    }
    writer.finish()?;
    Ok(DocumentsOpened {
        id,
        opening: to.to_owned(),
        indices,
        names,
    })
}
