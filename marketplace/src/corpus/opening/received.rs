//! Whoever is handed documents: which of them are those that were committed to, and what is wrong with the others.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::check::{require_shape, verify};
use super::file::Reader;
use alloy::primitives::B256;
use assay_durable::report::Reporter;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::merkle::depth;
use eyre::WrapErr;
use std::collections::BTreeSet;
use std::path::Path;

/// What an opening of documents was found to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Indices of documents that open the root.
    pub good: BTreeSet<u32>,
    /// What is wrong with the others, one line each; the last one may be about the rest of the file.
    pub wrong: Vec<String>,
}

/// Reads an opening to the end, or to where it cannot be read any further, and compares each document that is `wanted` with the root
/// on chain: whoever made it decides how many others there are.
///
/// # Errors
/// If it is of another corpus, or no opening at all: then it says nothing of any document.
pub fn received(
    id: B256,
    corpus: &Corpus,
    path: &Path,
    wanted: &BTreeSet<u32>,
    out: &Reporter,
) -> eyre::Result<Received> {
    let context = || path.display().to_string();
    let mut reader = Reader::open(path).wrap_err_with(context)?;
    require_shape(&reader, corpus, id).wrap_err_with(context)?;
    let (pixels, depth) = (reader.size, depth(corpus.size as usize));
    let bar = out.bar("checking documents", reader.count as u64);
    let mut received = Received::default();
    loop {
        let opened = match reader.next(corpus.size, depth) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(received),
            Err(error) => {
                received.wrong.push(format!("{error:#}"));
                return Ok(received);
            }
        };
        if !wanted.contains(&opened.index) {
            continue;
        }
        match verify(&opened, pixels, corpus, None) {
            Ok((checked, _)) => {
                received.good.insert(checked.index);
            }
            Err(error) => received.wrong.push(format!("{error:#}")),
        }
        bar.set((received.good.len() + received.wrong.len()) as u64);
    }
}
