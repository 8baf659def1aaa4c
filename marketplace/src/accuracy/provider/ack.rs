//! Keeps the consumer's ciphertext and says so on chain.

use crate::accuracy::provider::received::{encrypted, layout, read_leaves};
use crate::cipher_file::{file_bytes, CipherFile, CipherWriter};
use crate::delivery::{Delivery, CIPHER_FILE, LEAVES_FILE};
use crate::engagement::facts::MP_SEED;
use crate::engagement::paths::fetched_files;
use crate::engagement::play::require_time;
use crate::engagement::{Desk, Sent, Site};
use alloy::primitives::B256;
use assay_chain::error::{hinted, hinted_because};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::venue::{require_state, Venue};
use assay_durable::file::copy_atomic;
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IAccuracyMarket::ackCall;
use assay_protocol::abi::{EngagementView, State};
use assay_protocol::transfer::chunks::Chunks;
use assay_protocol::units::utc;
use assay_statement::field::Word;
use eyre::WrapErr;
use rand::rngs::OsRng;
use rand::RngCore;
use serde::Serialize;
use std::path::Path;

/// Where the ciphertext comes from.
#[derive(Debug)]
pub enum Source {
    /// The consumer's hand-over.
    Delivered(Box<Delivery>),
    /// The calldata of `publishChunks`.
    Chain,
    /// Nowhere: only the deposit is to be saved.
    Unseen,
}

/// The result of an acknowledgement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledged {
    /// Of the engagement.
    pub id: B256,
    /// What the ciphertext was compared with.
    pub ct_root: B256,
    /// Of the whole transfer.
    pub chunks: usize,
    /// Last second in which the consumer may reveal keys.
    pub keys_until: u64,
    /// The transaction that acknowledged, now or before.
    pub sent: Sent,
}

impl std::fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "acknowledged  {} chunks under {}", self.chunks, self.ct_root)?;
        write!(
            f,
            "next          the consumer reveals keys by {}, then: assay mp probe {}",
            utc(self.keys_until),
            self.id
        )
    }
}

/// Acknowledges a ciphertext that was delivered.
pub async fn ack(desk: &Desk, id: B256, from: &Delivery) -> eyre::Result<Acknowledged> {
    ack_from(desk, id, &Source::Delivered(Box::new(from.clone()))).await
}

/// Checks the ciphertext, keeps it, and acknowledges it, once.
pub async fn ack_from(desk: &Desk, id: B256, source: &Source) -> eyre::Result<Acknowledged> {
    let e = encrypted(desk, id).await?;
    let mut journal = desk.journal(id)?;
    let receipt = match desk.account.resume(&mut journal, "ack", &desk.report).await? {
        Some(receipt) => {
            // A file that was lost or altered since is fetched again.
            if matches!(source, Source::Delivered(_)) {
                keep(desk, id, &e, source).await?;
            }
            receipt
        }
        None => {
            require_state(id, &e, &[State::Committed, State::Published])?;
            require_time(&desk.market, &e).await?;
            desk.market.require_settled(id, &e).await?;
            if matches!(source, Source::Unseen) {
                require_state(id, &e, &[State::Published])?;
            } else {
                keep(desk, id, &e, source).await?;
            }
            let call = ackCall {
                id,
                guard: e.ctRoot,
                mpSeed: own_seed(&mut journal, e.ctRoot)?,
            };
            desk.account
                .send(&mut journal, "ack", &desk.market.call(&call), &desk.report)
                .await?
        }
    };
    let after = desk.market.engagement(id).await?;
    Ok(Acknowledged {
        id,
        ct_root: after.ctRoot,
        chunks: layout(&desk.market, after.modelId).await?.chunk_count(),
        keys_until: after.deadline,
        sent: Sent::from(&receipt),
    })
}

/// Puts the committed ciphertext where it will be opened, if it is not there.
async fn keep(site: &Site, id: B256, e: &EngagementView, source: &Source) -> eyre::Result<()> {
    let files = site.files(id);
    read_leaves(&files.join(LEAVES_FILE), &site.market, e.testRoot)
        .wrap_err("the leaf hashes that were checked at the acceptance are needed to judge the transfer")?;
    let layout = layout(&site.market, e.modelId).await?;
    let kept = files.join(CIPHER_FILE);
    if CipherFile::open(&kept, layout, id, e.ctRoot).is_ok() {
        return Ok(());
    }
    match source {
        Source::Delivered(from) => delivered(site, id, e, layout, from, &kept).await?,
        Source::Chain | Source::Unseen => {
            require_state(id, e, &[State::Published])?;
            from_chain(&site.market, id, &kept, layout)
                .await
                .map_err(|error| not_read_back(id, error))?;
        }
    }
    // What is kept is what will be opened.
    CipherFile::open(&kept, layout, id, e.ctRoot)?;
    Ok(())
}

/// The first of the delivered files that is the committed ciphertext.
async fn delivered(
    site: &Site,
    id: B256,
    e: &EngagementView,
    layout: Chunks,
    from: &Delivery,
    kept: &Path,
) -> eyre::Result<()> {
    let into = fetched_files(site, id);
    let mut refused = None;
    for given in from
        .get(BlobKind::Cipher, &into, file_bytes(&layout), &site.report)
        .await?
    {
        match CipherFile::open(&given, layout, id, e.ctRoot) {
            Ok(_) => return Ok(copy_atomic(&given, kept, true)?),
            Err(error) => refused = Some((given, error)),
        }
    }
    Err(match refused {
        Some((given, error)) => hinted(
            format!("{} is not what the consumer committed to: {error}", given.display()),
            "ask for it again; do not acknowledge anything else",
        ),
        None => hinted(
            format!("there is no ciphertext of engagement {id} in {}", from.place()),
            "ask the consumer for it: assay mc send",
        ),
    })
}

fn not_read_back(id: B256, cause: eyre::Report) -> eyre::Report {
    hinted_because(
        cause,
        "the published ciphertext cannot be read back",
        format!("get it from the consumer, or save the deposit: assay mp ack {id} --unseen, then assay mp abort {id}"),
    )
}

/// Rebuilds the file from the transactions that published its chunks.
async fn from_chain(market: &Market, id: B256, kept: &Path, layout: Chunks) -> eyre::Result<()> {
    let words = market.published_words(id).await?;
    let words: Vec<Word> = words.into_iter().map(|word| word.0).collect();
    let expected = layout.examples() * layout.words_per_example();
    eyre::ensure!(
        words.len() == expected,
        "{} words are on chain, not {expected}",
        words.len()
    );
    let mut writer = CipherWriter::create(kept, layout, id)?;
    for example in words.chunks_exact(layout.words_per_example()) {
        writer.write_cipher_words(example)?;
    }
    writer.finish()?;
    Ok(())
}

/// This provider's part of the seed: drawn once for a ciphertext, on disk before the chain sees it. Another ciphertext gets
/// another one, or a consumer that has seen it could choose the ciphertext by the probe set that it gives.
fn own_seed(journal: &mut Journal, ct_root: B256) -> eyre::Result<B256> {
    let own = MP_SEED(ct_root);
    if let Some(seed) = journal.fact(&own)? {
        return Ok(seed);
    }
    let mut seed = B256::ZERO;
    OsRng.fill_bytes(seed.as_mut_slice());
    journal.set_fact(&own, &seed)?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::error::{hint_of, unreachable, Kind};

    #[test]
    fn a_node_that_went_away_while_the_ciphertext_was_read_is_lost() {
        let error = not_read_back(B256::ZERO, unreachable(&"http://node:1").into());
        assert!(Kind::Unreachable.is_of(&error), "{error:#}");
        assert!(hint_of(&error).unwrap().contains("--unseen"));
        assert_eq!(
            format!("{error:#}"),
            "the published ciphertext cannot be read back: no answer from the node at http://node:1"
        );
        assert!(!Kind::Unreachable.is_of(&not_read_back(B256::ZERO, eyre::eyre!("3 words are on chain, not 4"))));
    }
}
