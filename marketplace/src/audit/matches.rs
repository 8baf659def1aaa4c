//! Which documents of a corpus match a predicate, as the responder found before it took a request on: kept, since its answers must
//! be the same however often they are sent.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::corpus::stored::StoredCorpus;
use crate::proving::Prover;
use alloy::primitives::{B256, U256};
use assay_chain::error::hinted;
use assay_durable::file::write_atomic;
use assay_durable::read::read_regular;
use assay_durable::report::Reporter;
use assay_protocol::retrieval::answers::Answers;
use assay_prover::reference::ReferenceError;
use eyre::WrapErr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Name of the file among those of an audit.
pub const MATCHES_FILE: &str = "matches.json";

const VERSION: u32 = 1;
/// Of the largest corpus, all of which matches.
const MAX_BYTES: u64 = 16 << 20;

/// Whether an image matches, by the output of a predicate; `None` if it has no proof under the network, whatever is tried.
///
/// # Errors
/// If something else went wrong.
pub fn says(output: eyre::Result<U256>) -> eyre::Result<Option<bool>> {
    match output {
        Ok(bit) => Ok(Some(bit == U256::from(1))),
        Err(error) if matches!(error.downcast_ref(), Some(ReferenceError::OutOfRange { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the predicate says of a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Matches {
    version: u32,
    /// The request that they are for.
    pub request_hash: B256,
    /// Number of documents.
    pub size: u32,
    /// Documents that match.
    pub matching: BTreeSet<u32>,
    /// Documents of which nothing can be proven: they are answered with a match, and handed over.
    pub unprovable: BTreeSet<u32>,
}

impl Matches {
    /// Runs the predicate on every document.
    ///
    /// # Errors
    /// If a document cannot be read, was altered since it was committed to, or has another size than the predicate reads.
    pub fn find(request_hash: B256, corpus: &StoredCorpus, prover: &Prover, out: &Reporter) -> eyre::Result<Self> {
        let bar = out.bar("running the predicate on every document", corpus.len() as u64);
        let done = AtomicU64::new(0);
        let answers = (0..corpus.len()).into_par_iter().map(|index| {
            let image = corpus.document(index)?.document.image;
            let says = says(prover.output_of(&image))
                .wrap_err_with(|| format!("the predicate cannot be run on document {index}"))?;
            bar.set(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok((index as u32, says))
        });
        let answers = answers.collect::<eyre::Result<Vec<_>>>()?;
        let of = |wanted| {
            let found = answers.iter().filter(move |(_, says)| *says == wanted);
            found.map(|(index, _)| *index).collect()
        };
        Ok(Self {
            version: VERSION,
            request_hash,
            size: u32::try_from(corpus.len())?,
            matching: of(Some(true)),
            unprovable: of(None),
        })
    }

    /// Documents that are answered with a match.
    pub fn ones(&self) -> BTreeSet<u32> {
        self.matching.union(&self.unprovable).copied().collect()
    }

    /// The answers, as they are posted.
    ///
    /// # Errors
    /// If a document is none of the corpus.
    pub fn answers(&self) -> eyre::Result<Answers> {
        Ok(Answers::of(self.size as usize, self.ones())?)
    }

    /// Writes them, whole or not at all, readable by the owner alone.
    pub fn save(&self, path: &Path) -> eyre::Result<()> {
        Ok(write_atomic(path, &serde_json::to_vec(self)?, true)?)
    }

    /// Those that were found for this request.
    ///
    /// # Errors
    /// If the file is not there, damaged, or of another request.
    pub fn load(path: &Path, request_hash: B256) -> eyre::Result<Self> {
        let context = || format!("{} holds no answers", path.display());
        if !path.exists() {
            return Err(hinted(
                format!("{} is not there", path.display()),
                "use the --home with which the request was accepted",
            ));
        }
        let bytes = read_regular(path, MAX_BYTES).wrap_err_with(context)?;
        let matches: Self = serde_json::from_slice(&bytes).wrap_err_with(context)?;
        eyre::ensure!(
            matches.version == VERSION && matches.request_hash == request_hash,
            "{} to request {request_hash}",
            context()
        );
        Ok(matches)
    }
}
