//! Anybody: compares opened documents with the root on chain, and with what a source has itself.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::file::{Opened, Reader};
use super::known::Known;
use crate::corpus::duplicates;
use crate::corpus::originals::rendered;
use crate::corpus::registry;
use crate::corpus::sample::Sample;
use crate::corpus::stored::shape_of;
use crate::engagement::Site;
use crate::inputs::MAX_SIDE;
use crate::openings::file::refuted;
use alloy::primitives::{Address, B256};
use assay_chain::corpora::Corpora;
use assay_chain::error::hinted;
use assay_chain::release::DeploymentCheck;
use assay_durable::file::{create, Access};
use assay_durable::report::Reporter;
use assay_economics::hypergeometric;
use assay_economics::share::Share;
use assay_economics::words::percent;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::merkle::{depth, root_from};
use assay_protocol::retrieval::corpora::{document_leaf, file_hash, leaf_salt};
use assay_protocol::testset::{input_commit, ImageSize};
use eyre::WrapErr;
use rayon::prelude::*;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What an opening is compared with, and what is done besides.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Whose documents these must be.
    pub id: B256,
    /// What the checker has drawn: all of it must be opened.
    pub sample: Option<Sample>,
    /// Probability with which what the sample shows may be wrong.
    pub delta: Share,
    /// The source's own files: every original must be among them.
    pub originals: Option<PathBuf>,
    /// A new directory for the originals that were opened.
    pub extract: Option<PathBuf>,
}

/// A document that was opened.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// In the corpus.
    pub index: u32,
    /// SHA-256 of the original.
    pub file_hash: B256,
    /// Of the original.
    pub bytes: usize,
}

/// What a sample without a fault shows about the corpus.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shows {
    /// Documents that were drawn.
    pub drawn: usize,
    /// Decided which.
    pub seed: B256,
    /// Of the statement.
    pub confidence: f64,
    /// Most documents of the corpus that would not pass what those that were drawn passed.
    pub failing_at_most: u64,
}

/// The result of a check.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentsChecked {
    /// Of the corpus.
    pub id: B256,
    /// Who committed it.
    pub responder: Address,
    /// Documents of the corpus.
    pub size: u32,
    /// What they lead to.
    pub root: B256,
    /// Height and width that the originals are rendered in.
    pub pixels: ImageSize,
    /// Those that were opened.
    pub documents: Vec<Checked>,
    /// Indices of those whose originals are the same byte for byte, each group once.
    pub duplicates: Vec<Vec<u32>>,
    /// The folder in which all originals were found; absent if they were not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_in: Option<PathBuf>,
    /// Absent without a sample: nobody knows how else documents were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shows: Option<Shows>,
    /// Of the registry.
    pub deployment: DeploymentCheck,
}

impl std::fmt::Display for DocumentsChecked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ImageSize { height, width } = self.pixels;
        writeln!(
            f,
            "corpus      {}, {} documents of {}",
            self.id, self.size, self.responder
        )?;
        writeln!(f, "registry    {}", self.deployment)?;
        if !self.deployment.is_known() {
            writeln!(
                f,
                "            NOT CHECKED: its root may be changed by whoever put it there"
            )?;
        }
        for document in &self.documents {
            writeln!(
                f,
                "{:>10}  {} bytes, SHA-256 {}",
                document.index, document.bytes, document.file_hash
            )?;
        }
        writeln!(
            f,
            "{} documents are those that were committed to, as {height} × {width} pixels, which only the responder says",
            self.documents.len()
        )?;
        for group in &self.duplicates {
            writeln!(f, "duplicates  {group:?} are the same file")?;
        }
        if let Some(folder) = &self.found_in {
            writeln!(f, "            all of them are in {}", folder.display())?;
        }
        match &self.shows {
            Some(shows) => write!(
                f,
                "shows       with {} confidence at most {} of {} documents of the corpus would fail this check,\n            \
                if the responder could neither know nor choose the seed {} before it committed",
                percent(shows.confidence),
                shows.failing_at_most,
                self.size,
                shows.seed
            ),
            None => write!(
                f,
                "shows       nothing about the others: only a sample of your own does, see assay corpus sample"
            ),
        }
    }
}

/// Checks an opening against the chain.
///
/// # Errors
/// Of kind rejected, naming the file, the document and what of it differs.
pub async fn check(site: &Site<Corpora>, path: &Path, ask: &Ask) -> eyre::Result<DocumentsChecked> {
    let corpus = site.market.corpus(ask.id).await?;
    let deployment = registry::check(site).await?;
    check_against(&corpus, deployment, path, ask, &site.report)
}

/// As [`check`], against what the chain says of the corpus.
///
/// # Errors
/// As there.
pub(super) fn check_against(
    corpus: &Corpus,
    deployment: DeploymentCheck,
    path: &Path,
    ask: &Ask,
    out: &Reporter,
) -> eyre::Result<DocumentsChecked> {
    if let Some(sample) = &ask.sample {
        sample.require_of(ask.id, corpus)?;
    }
    let context = || path.display().to_string();
    let reader = Reader::open(path).wrap_err_with(context)?;
    check_all(reader, corpus, deployment, ask, &|_, _| Ok(()), out).wrap_err_with(context)
}

/// What is done with each document that was opened, of this number, as a model reads it.
pub(crate) type Look<'a> = &'a (dyn Fn(u32, &[u8]) -> eyre::Result<()> + Sync);

/// As [`check_against`], of an opening wherever it is; each document is looked at once it is known to be the one committed to.
///
/// # Errors
/// As there, and those of `look`.
pub(crate) fn check_all(
    mut reader: Reader,
    corpus: &Corpus,
    deployment: DeploymentCheck,
    ask: &Ask,
    look: Look<'_>,
    out: &Reporter,
) -> eyre::Result<DocumentsChecked> {
    let known = match &ask.originals {
        Some(folder) => Some(Known::of(folder, out)?),
        None => None,
    };
    let pixels = reader.size;
    require_shape(&reader, corpus, ask.id)?;
    if let Some(to) = &ask.extract {
        std::fs::create_dir(to).map_err(|error| {
            hinted(
                format!("cannot make {}: {error}", to.display()),
                "--extract takes the name of a new directory",
            )
        })?;
    }
    let documents = read_all(&mut reader, corpus, known.as_ref(), ask, look, out)?;
    let shows = match &ask.sample {
        Some(sample) => Some(shown_by(sample, &documents, corpus, &ask.delta)?),
        None => None,
    };
    Ok(DocumentsChecked {
        id: ask.id,
        responder: corpus.rs,
        size: corpus.size,
        root: corpus.root,
        pixels,
        duplicates: duplicates::groups(documents.iter().map(|document| (document.file_hash, document.index))),
        documents,
        found_in: known.map(|known| known.folder),
        shows,
        deployment,
    })
}

/// What the file says of the whole must be what the chain says.
pub(super) fn require_shape(reader: &Reader, corpus: &Corpus, id: B256) -> eyre::Result<()> {
    if reader.corpus_id != id {
        return Err(refuted(format!("it is of corpus {}, not {id}", reader.corpus_id)));
    }
    let ImageSize { height, width } = reader.size;
    if height == 0 || width == 0 || height.max(width) > MAX_SIDE {
        return Err(refuted(format!("no model reads images of {height} × {width}")));
    }
    let shape = shape_of(reader.size);
    if (shape.words, shape.per_hash) != (corpus.inputWords, corpus.wordsPerHash) {
        return Err(refuted(format!(
            "images of {height} × {width} have {} words, {} per hash, those of the corpus {}, {} per hash",
            shape.words, shape.per_hash, corpus.inputWords, corpus.wordsPerHash
        )));
    }
    Ok(())
}

fn read_all(
    reader: &mut Reader,
    corpus: &Corpus,
    known: Option<&Known>,
    ask: &Ask,
    look: Look<'_>,
    out: &Reporter,
) -> eyre::Result<Vec<Checked>> {
    let depth = depth(corpus.size as usize);
    let bar = out.bar("checking documents", reader.count as u64);
    let pixels = reader.size;
    let mut checked = Vec::new();
    loop {
        // So many are in memory at a time.
        let mut some = Vec::new();
        while some.len() < 4 * rayon::current_num_threads() {
            match reader.next(corpus.size, depth)? {
                Some(opened) => some.push(opened),
                None => break,
            }
        }
        if some.is_empty() {
            return Ok(checked);
        }
        let each = some.par_iter().map(|opened| {
            let (checked, image) = verify(opened, pixels, corpus, known)?;
            look(checked.index, &image)?;
            Ok(checked)
        });
        checked.extend(each.collect::<eyre::Result<Vec<_>>>()?);
        if let Some(to) = &ask.extract {
            for opened in &some {
                let name = to.join(format!("{:07}.png", opened.index));
                create(&name, &opened.original, Access::Private)
                    .wrap_err_with(|| format!("cannot write {}", name.display()))?;
            }
        }
        bar.set(checked.len() as u64);
    }
}

/// A document that is the one committed to, and what a model reads of it.
pub(super) fn verify(
    opened: &Opened,
    pixels: ImageSize,
    corpus: &Corpus,
    known: Option<&Known>,
) -> eyre::Result<(Checked, Vec<u8>)> {
    let refused = |why: String| refuted(format!("document {}: {why}", opened.index));
    let image = rendered(&opened.original, pixels).map_err(|why| refused(format!("its original {why}")))?;
    let hash = file_hash(&opened.original);
    let commit = input_commit(&image, &opened.input_salt);
    let index = opened.index as usize;
    let leaf = document_leaf(index, commit, leaf_salt(hash, opened.file_salt));
    let root = root_from(leaf, index, &opened.siblings);
    if root != corpus.root {
        return Err(refused(format!(
            "original, salts or path were altered: they lead to root {root}, not {}",
            corpus.root
        )));
    }
    if let Some(known) = known.filter(|known| !known.has(hash)) {
        return Err(refused(format!(
            "its original is none of the files in {}: SHA-256 {hash}",
            known.folder.display()
        )));
    }
    let checked = Checked {
        index: opened.index,
        file_hash: hash,
        bytes: opened.original.len(),
    };
    Ok((checked, image))
}

/// What follows from the sample, all of which must have been opened.
fn shown_by(sample: &Sample, documents: &[Checked], corpus: &Corpus, delta: &Share) -> eyre::Result<Shows> {
    let is_opened = |index: &u32| documents.binary_search_by_key(index, |document| document.index).is_ok();
    let mut missing = sample.indices.iter().filter(|index| !is_opened(index));
    if let Some(first) = missing.next() {
        return Err(refuted(format!(
            "document {first} was drawn and is not opened, as are {} others: whoever cannot open what is drawn has failed the test",
            missing.count()
        )));
    }
    let drawn = sample.indices.len();
    Ok(Shows {
        drawn,
        seed: sample.seed,
        confidence: 1.0 - delta.value(),
        failing_at_most: hypergeometric::bound(corpus.size.into(), drawn as u64, delta)?,
    })
}
