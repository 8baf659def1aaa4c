//! What the verdict page takes from here: sentences, names of values, limits and numbers that it has to come to by itself. A test
//! writes them to one file, `web/src/read/words.json`, and fails where page and program differ.

mod millionths;
mod names;
mod pinned;
mod sentences;

pub use pinned::Pinned;
pub use sentences::SENTENCES;

use crate::ids::{DEVNET_CHAIN_ID, N_MAX};
use crate::prediction::inputs::MAX_PREDICTIONS;
use crate::retrieval::answers::PAGE_BITS;
use crate::retrieval::corpora::MAX_DOCUMENTS;
use crate::retrieval::sample::MAX_NAMED;
use assay_economics::binomial::STATED_DELTA;
use assay_economics::error::Error;
use millionths::millionths;
use serde::Serialize;
use std::collections::BTreeMap;

/// The file, as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    generated: &'static str,
    /// Of development chains, on which anybody can write anything.
    devnet: u64,
    /// How often a stated bound may fail, in parts of a million.
    delta: u64,
    most: Most,
    enums: BTreeMap<&'static str, Vec<String>>,
    sentences: BTreeMap<&'static str, &'static str>,
    pinned: Pinned,
}

/// The most that contracts allow of what a page counts by.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Most {
    /// Of an engagement, N1 + N2.
    examples: usize,
    /// Of a round.
    predictions: usize,
    /// Of a corpus.
    documents: usize,
    /// Documents that a requester names besides the sample.
    named: usize,
    /// Answers that are posted at one time.
    answers_of_a_page: usize,
}

impl Page {
    /// What this release says.
    ///
    /// # Errors
    /// Never: a test computes it.
    pub fn this() -> Result<Self, Error> {
        Ok(Self {
            generated: "ASSAY_BLESS=1 cargo test -p assay-protocol --test page; do not edit",
            devnet: DEVNET_CHAIN_ID,
            delta: millionths(STATED_DELTA),
            most: Most {
                examples: N_MAX,
                predictions: MAX_PREDICTIONS,
                documents: MAX_DOCUMENTS,
                named: MAX_NAMED,
                answers_of_a_page: PAGE_BITS,
            },
            enums: names::all(),
            sentences: SENTENCES.into_iter().collect(),
            pinned: Pinned::compute()?,
        })
    }
}
