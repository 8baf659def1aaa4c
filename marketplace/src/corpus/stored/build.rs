//! Makes the directory of a corpus, or goes on with one.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::commitments::{self, Committed, Growing};
use super::corpus::StoredCorpus;
use super::salts::{Salted, Salts};
use crate::corpus::originals;
use assay_chain::error::hinted;
use assay_durable::directory::create_private_dir;
use assay_durable::lock::Lock;
use assay_durable::report::Reporter;
use assay_protocol::retrieval::corpora::file_hash;
use assay_protocol::testset::{input_commit, ImageSize};
use eyre::WrapErr;
use rayon::prelude::*;
use std::path::Path;

/// Documents between two syncs: what is not synced is at worst made again.
const BETWEEN_SYNCS: usize = 4096;

/// A corpus, and what was new about it.
#[derive(Debug)]
pub struct Built {
    /// All of it is on disk.
    pub corpus: StoredCorpus,
    /// Documents that were committed to before.
    pub before: usize,
}

/// The corpus of a folder's documents, which is kept in `dir`: order and salts are drawn and on disk before anything is committed
/// to, and never again.
///
/// # Errors
/// If `dir` holds the corpus of other documents, or a document is no PNG image of this size; with its name.
pub fn build(folder: &Path, size: ImageSize, dir: &Path, out: &Reporter) -> eyre::Result<Built> {
    let folder = folder
        .canonicalize()
        .wrap_err_with(|| format!("cannot read {}", folder.display()))?;
    eyre::ensure!(
        folder.to_str().is_some(),
        "the name of {} is no text: rename it",
        folder.display()
    );
    create_private_dir(dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    let _lock = Lock::take_from(
        &dir.join("lock"),
        "another command makes this corpus",
        "wait until it has ended, then repeat the command",
    )?;
    let salts =
        if Salts::are_in(dir) {
            let salts = Salts::load(dir)?;
            salts.require_of(dir, &folder, size)?;
            salts
        } else if commitments::are_in(dir) {
            return Err(hinted(
            format!("{} has lost its salts: without them no document that it commits to can be opened", dir.display()),
            "put back the copy of the file salts; or name another directory with --corpus, which makes another corpus",
        ));
        } else {
            let salts = Salts::draw(&folder, size)?;
            salts.save(dir)?;
            salts
        };
    let digest = salts.digest();
    let mut committed = commitments::load(dir, &digest, salts.documents.len())?;
    let before = committed.len();
    if before < salts.documents.len() {
        if before > 0 {
            out.note(format_args!(
                "{before} of {} documents are committed to already",
                salts.documents.len()
            ));
        }
        commit_rest(&folder, &salts, &mut committed, dir, out)?;
    }
    let corpus = StoredCorpus::of(dir, salts, committed)?;
    Ok(Built {
        corpus: corpus.with_originals(Some(folder)),
        before,
    })
}

/// Commits to the documents that are left; each is in the file as soon as those before it are.
fn commit_rest(
    folder: &Path,
    salts: &Salts,
    committed: &mut Vec<Committed>,
    dir: &Path,
    out: &Reporter,
) -> eyre::Result<()> {
    // So many originals with their images are in memory at a time.
    let at_once = 8 * rayon::current_num_threads();
    let bar = out.bar("committing to documents", salts.documents.len() as u64);
    let mut growing = Growing::after(dir, salts.digest(), committed.len())?;
    let mut synced = committed.len();
    let rest = salts.documents.get(committed.len()..).unwrap_or_default();
    for some in rest.chunks(at_once) {
        let made = some.par_iter().map(|salted| commit(folder, salts.size, salted));
        let made = made.collect::<eyre::Result<Vec<_>>>()?;
        growing.add(&made)?;
        committed.extend(made);
        bar.set(committed.len() as u64);
        if committed.len() - synced >= BETWEEN_SYNCS {
            growing.sync()?;
            synced = committed.len();
        }
    }
    growing.sync()
}

fn commit(folder: &Path, size: ImageSize, salted: &Salted) -> eyre::Result<Committed> {
    let path = folder.join(&salted.name);
    let original = originals::read(&path)?;
    let image = originals::rendered(&original, size).map_err(|why| eyre::eyre!("document {} {why}", path.display()))?;
    Ok(Committed {
        file_hash: file_hash(&original),
        doc_commit: input_commit(&image, &salted.input_salt),
    })
}
