//! Documents of a corpus drawn at random, for the test of authenticity: the responder opens them to their originals. Source, court
//! and responder draw the same ones from the same seed: document j of the sample is π_seed(j), by the shuffle of the protocol.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::engagement::Site;
use alloy::primitives::B256;
use assay_chain::corpora::Corpora;
use assay_chain::error::{hinted, usage};
use assay_durable::file::{create, Access};
use assay_durable::read::read_regular;
use assay_protocol::abi::corpora::Corpus;
use assay_protocol::retrieval::MAX_DOCUMENTS;
use assay_protocol::transfer::shuffle::Shuffle;
use eyre::WrapErr;
use rand::{rngs::OsRng, RngCore};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;
/// Of the largest sample, which is all of the largest corpus.
const MAX_BYTES: u64 = 16 << 20;

/// A sample, as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sample {
    version: u32,
    /// Which documents are drawn from.
    pub corpus_id: B256,
    /// Number of documents of the corpus.
    pub size: u32,
    /// Decides which are drawn.
    pub seed: B256,
    /// Those, ascending, from 0.
    pub indices: BTreeSet<u32>,
}

/// The result of drawing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sampled {
    /// Of the corpus.
    pub id: B256,
    /// Where the sample is.
    pub sample: PathBuf,
    /// Decides which are drawn.
    pub seed: B256,
    /// Number of documents of the corpus.
    pub size: u32,
    /// Which are drawn.
    pub indices: BTreeSet<u32>,
}

impl std::fmt::Display for Sampled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "corpus      {}", self.id)?;
        writeln!(f, "drawn       {} of {} documents", self.indices.len(), self.size)?;
        writeln!(f, "seed        {}", self.seed)?;
        write!(
            f,
            "next        give {} to the responder: assay corpus open {} --sample FILE --out OPENING; then assay corpus check OPENING \
             --sample {}",
            self.sample.display(),
            self.id,
            self.sample.display()
        )
    }
}

/// A seed from the operating system.
fn fresh_seed() -> B256 {
    let mut seed = B256::ZERO;
    OsRng.fill_bytes(seed.as_mut_slice());
    seed
}

impl Sample {
    /// `count` documents of a corpus of `size`, as `seed` says.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn draw(corpus_id: B256, size: u32, count: u32, seed: B256) -> eyre::Result<Self> {
        if !(1..=MAX_DOCUMENTS).contains(&(size as usize)) || count == 0 || count > size {
            return Err(usage(format!(
                "a sample of {count} is not 1 to {size}, the number of documents of the corpus"
            )));
        }
        let order = Shuffle::new(seed, size as usize);
        let drawn = (0..count as usize).filter_map(|j| u32::try_from(order.index_of(j)?).ok());
        Ok(Self {
            version: VERSION,
            corpus_id,
            size,
            seed,
            indices: drawn.collect(),
        })
    }

    /// Reads a sample; that its documents are those of its seed is compared.
    ///
    /// # Errors
    /// If the file is none, or names other documents.
    pub fn load(path: &Path) -> eyre::Result<Self> {
        let bytes = read_regular(path, MAX_BYTES).wrap_err_with(|| format!("cannot read {}", path.display()))?;
        let sample: Self = serde_json::from_slice(&bytes)
            .map_err(|error| usage(format!("{} is no sample: {error}", path.display())))?;
        if sample.version != VERSION {
            return Err(usage(format!(
                "{}: version {}, this program reads {VERSION}",
                path.display(),
                sample.version
            )));
        }
        let count = u32::try_from(sample.indices.len())?;
        let own = Self::draw(sample.corpus_id, sample.size, count, sample.seed)
            .wrap_err_with(|| format!("{} is no sample", path.display()))?;
        if own != sample {
            return Err(usage(format!(
                "{} was altered: its seed draws other documents than it names",
                path.display()
            )));
        }
        Ok(sample)
    }

    /// Fails unless the sample was drawn from this corpus.
    ///
    /// # Errors
    /// With what it was drawn from.
    pub fn require_of(&self, id: B256, corpus: &Corpus) -> eyre::Result<()> {
        if (self.corpus_id, self.size) == (id, corpus.size) {
            return Ok(());
        }
        Err(usage(format!(
            "the sample was drawn from {} documents of corpus {}, corpus {id} has {}",
            self.size, self.corpus_id, corpus.size
        )))
    }
}

/// Draws documents of a corpus and writes which, once: a file that is there is not replaced. Without `seed` nobody can know before
/// which are drawn.
///
/// # Errors
/// If there is no such corpus, or it has fewer documents.
pub async fn sample(
    site: &Site<Corpora>,
    id: B256,
    count: u32,
    seed: Option<B256>,
    to: &Path,
) -> eyre::Result<Sampled> {
    let corpus = site.market.corpus(id).await?;
    if seed.is_some() {
        site.report.warn(
            "the sample is as random as the seed: whoever knew it before the corpus was committed to could put documents where \
             it does not look",
        );
    }
    let sample = Sample::draw(id, corpus.size, count, seed.unwrap_or_else(fresh_seed))?;
    create(to, &serde_json::to_vec(&sample)?, Access::Shared).map_err(|error| {
        hinted(
            format!("cannot write {}: {error}", to.display()),
            "a sample is never replaced: give --out another name",
        )
    })?;
    Ok(Sampled {
        id,
        sample: to.to_owned(),
        seed: sample.seed,
        size: sample.size,
        indices: sample.indices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_documents_each_once() {
        let (id, seed) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let sample = Sample::draw(id, 1000, 300, seed).unwrap();
        assert_eq!(sample, Sample::draw(id, 1000, 300, seed).unwrap());
        assert_eq!(sample.indices.len(), 300);
        assert!(sample.indices.iter().all(|index| *index < 1000));
        assert_ne!(sample.indices, Sample::draw(id, 1000, 300, id).unwrap().indices);
        let all: BTreeSet<u32> = (0..17).collect();
        assert_eq!(Sample::draw(id, 17, 17, seed).unwrap().indices, all);
        for (size, count) in [(10, 0), (10, 11), (0, 0), (1 << 21, 1)] {
            assert!(Sample::draw(id, size, count, seed).is_err(), "{size} {count}");
        }
    }

    #[test]
    fn the_largest_corpus_can_be_sampled() {
        let sample = Sample::draw(B256::ZERO, 1 << 20, 3, B256::repeat_byte(3)).unwrap();
        assert_eq!(sample.indices.len(), 3);
    }

    #[test]
    fn a_sample_that_names_other_documents_than_its_seed_draws_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sample");
        let sample = Sample::draw(B256::repeat_byte(1), 50, 5, B256::repeat_byte(2)).unwrap();
        std::fs::write(&path, serde_json::to_vec(&sample).unwrap()).unwrap();
        assert_eq!(Sample::load(&path).unwrap(), sample);
        let changes: [fn(&mut Sample); 4] = [
            |sample| {
                let first = sample.indices.pop_first().unwrap();
                sample.indices.insert((first + 1) % 50);
            },
            |sample| sample.size = 51,
            |sample| sample.seed = B256::ZERO,
            |sample| sample.version = 2,
        ];
        for change in changes {
            let mut other = sample.clone();
            change(&mut other);
            std::fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
            let said = format!("{:#}", Sample::load(&path).unwrap_err());
            assert!(said.contains(path.to_str().unwrap()), "{said}");
        }
        for text in ["", "{}", "[]"] {
            std::fs::write(&path, text).unwrap();
            assert!(Sample::load(&path).is_err());
        }
    }
}
