//! The consumer's side of the encrypted transfer: seal, commit, hand over, publish, reveal.

use crate::accuracy::consumer::hand_over::{hand_leaves_over, offered_set};
use crate::accuracy::provider::received::layout;
use crate::cipher_file::{seal, CipherFile};
use crate::delivery::{Delivery, CIPHER_FILE};
use crate::engagement::batch::{first_words, PUBLISHED_WORDS};
use crate::engagement::facts::{CT_ROOT, DELIVERED, OFFER_HASH};
use crate::engagement::play::{require_party, require_time};
use crate::engagement::secrets::Secrets;
use crate::engagement::{Desk, Sent};
use crate::revealed::Revealed;
use alloy::primitives::{B256, U256};
use assay_chain::client::Call;
use assay_chain::error::{hinted, usage};
use assay_chain::journal::Journal;
use assay_chain::market::Market;
use assay_chain::venue::{require_state, Venue};
use assay_exchange::blob::BlobKind;
use assay_protocol::abi::IAccuracyMarket::{
    commitTransferCall, publishChunksCall, revealACall, revealAllCall, revealBCall,
};
use assay_protocol::abi::{EngagementView, Mode, State};
use assay_protocol::accuracy::decide::Party;
use assay_protocol::transfer::keys;
use assay_protocol::transfer::shuffle::Shuffle;
use assay_protocol::units::utc;
use assay_statement::field::Word;
use serde::Serialize;
use std::path::Path;

/// The consumer's view of an engagement with an encrypted transfer.
async fn own(desk: &Desk, id: B256) -> eyre::Result<EngagementView> {
    let e = desk.market.engagement(id).await?;
    require_party(&e, &desk.account, Party::Consumer)?;
    if e.mode == Mode::CLEAR {
        return Err(usage(format!("the examples of engagement {id} go over in clear")));
    }
    Ok(e)
}

/// The result of a hand-over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Committed {
    /// Of the engagement.
    pub id: B256,
    /// Over the leaves of all chunks.
    pub ct_root: B256,
    /// Of the whole transfer.
    pub chunks: usize,
    /// Directory or URL.
    pub to: String,
    /// Last second in which the provider may acknowledge.
    pub ack_until: u64,
    /// Absent if it was committed to before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl std::fmt::Display for Committed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "committed  {} chunks under {}", self.chunks, self.ct_root)?;
        writeln!(f, "handed to  {}", self.to)?;
        write!(
            f,
            "next       the provider acknowledges by {}, then: assay mc reveal {}",
            utc(self.ack_until),
            self.id
        )
    }
}

/// Encrypts the set once, commits to the ciphertext once, and hands it over.
pub async fn send(desk: &Desk, id: B256, set: Option<&Path>, to: &Delivery) -> eyre::Result<Committed> {
    let e = own(desk, id).await?;
    let mut journal = desk.journal(id)?;
    let set = offered_set(&journal, id, &e, set)?;
    let layout = layout(&desk.market, e.modelId).await?;
    let file = desk.files(id).join(CIPHER_FILE);
    let known = journal.fact(&CT_ROOT)?;
    let ct_root = match known {
        Some(root) if CipherFile::open(&file, layout, id, root).is_ok() => root,
        _ => {
            let secrets = Secrets::of_engagement(&journal, id)?;
            let bar = desk.report.bar("encrypting the examples", set.examples.len() as u64);
            // The cipher is deterministic: what was lost is made again as it was.
            let root = seal(&file, layout, id, &secrets.master(), &set, |done| bar.set(done))?;
            journal.set_fact(&CT_ROOT, &root)?;
            root
        }
    };
    let sent = match desk
        .account
        .resume(&mut journal, "commitTransfer", &desk.report)
        .await?
    {
        Some(receipt) => Some(receipt),
        None if e.state == State::Locked => {
            desk.market.require_settled(id, &e).await?;
            require_time(&desk.market, &e).await?;
            let call = commitTransferCall {
                id,
                guard: offer_hash(&journal, &e)?,
                ctRoot: ct_root,
            };
            let call = desk.market.call(&call);
            Some(
                desk.account
                    .send(&mut journal, "commitTransfer", &call, &desk.report)
                    .await?,
            )
        }
        None => None,
    };
    let after = desk.market.engagement(id).await?;
    require_state(id, &after, &[State::Committed, State::Published, State::Acked])?;
    eyre::ensure!(
        after.ctRoot == ct_root,
        "the chain has ciphertext root {}, this set and key give {ct_root}",
        after.ctRoot
    );
    // Before the copy: an image that may have been seen counts as seen.
    Revealed::load(&desk.home)?.add(set.fingerprints())?;
    hand_leaves_over(desk, id, &set, to).await?;
    to.put(BlobKind::Cipher, &file, &desk.report).await?;
    journal.set_fact(&DELIVERED, &to.place().to_string())?;
    Ok(Committed {
        id,
        ct_root,
        chunks: layout.chunk_count(),
        to: to.place().to_string(),
        ack_until: after.deadline,
        sent: sent.as_ref().map(Sent::from),
    })
}

/// The hash of the offer that this consumer made, so that a reorganised chain is noticed.
fn offer_hash(journal: &Journal, e: &EngagementView) -> eyre::Result<B256> {
    let offered = journal.fact(&OFFER_HASH)?;
    match offered {
        Some(hash) if hash != e.offerHash => Err(hinted(
            format!("this consumer made offer {hash}, the chain now has {}", e.offerHash),
            "the chain was reorganised; look at the engagement again",
        )),
        _ => Ok(e.offerHash),
    }
}

/// What is on chain now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// Of the engagement.
    pub id: B256,
    /// On chain, now or before.
    pub chunks: usize,
    /// Of the engagement, as the contract names it.
    pub state: String,
    /// Of this call alone.
    pub sent: Vec<Sent>,
}

impl std::fmt::Display for Published {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let gas: u64 = self.sent.iter().map(|s| s.gas_used).sum();
        write!(
            f,
            "{} chunks are public, {gas} gas now; engagement {} is {}",
            self.chunks, self.id, self.state
        )
    }
}

/// Publishes what is not on chain yet.
pub async fn publish_chunks(desk: &Desk, id: B256) -> eyre::Result<Published> {
    let e = own(desk, id).await?;
    require_state(id, &e, &[State::Committed, State::Published])?;
    let layout = layout(&desk.market, e.modelId).await?;
    let mut file = CipherFile::open(&desk.files(id).join(CIPHER_FILE), layout, id, e.ctRoot)?;
    let mut journal = desk.journal(id)?;
    let bar = desk.report.bar("publishing chunks", layout.chunk_count() as u64);
    let mut sent = Vec::new();
    loop {
        if desk.market.engagement(id).await?.state != State::Committed {
            break;
        }
        let next = desk.market.published_chunks(id).await?;
        bar.set(next as u64);
        let words = chunks_from(&mut file, next)?;
        let call = publishChunksCall {
            id,
            guard: e.ctRoot,
            from: U256::from(next),
            cipherWords: words.into_iter().map(B256::from).collect(),
        };
        let step = format!("publish-{next}");
        let receipt = desk
            .account
            .send(&mut journal, &step, &desk.market.call(&call), &desk.report)
            .await?;
        sent.push(Sent::from(&receipt));
    }
    Ok(Published {
        id,
        chunks: layout.chunk_count(),
        state: format!("{:?}", desk.market.engagement(id).await?.state),
        sent,
    })
}

/// Words of as many whole chunks, from number `next` on, as one transaction takes.
fn chunks_from(file: &mut CipherFile, next: usize) -> eyre::Result<Vec<Word>> {
    let layout = *file.layout();
    let per_example = layout.chunks_per_example();
    let mut chunks = Vec::new();
    // A transaction takes no more examples than this, and the rest of the first.
    for example in (next / per_example..layout.examples()).take(2 + PUBLISHED_WORDS / layout.words_per_example()) {
        chunks.extend(file.read_example(example)?);
    }
    Ok(first_words(chunks.into_iter().skip(next % per_example)))
}

/// What was revealed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevealedKeys {
    /// Of the engagement.
    pub id: B256,
    /// Which keys, in words.
    pub what: &'static str,
    /// After it, as the contract names it.
    pub state: String,
    /// End of the window that begins now.
    pub until: u64,
    /// The transaction that they are in.
    pub sent: Sent,
}

impl std::fmt::Display for RevealedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "revealed {}; engagement {} is {} until {}",
            self.what,
            self.id,
            self.state,
            utc(self.until)
        )
    }
}

/// Reveals what is due in the confirmed state, once.
pub async fn reveal(desk: &Desk, id: B256) -> eyre::Result<RevealedKeys> {
    let e = own(desk, id).await?;
    let mut journal = desk.journal(id)?;
    let due = match e.state {
        // Repeated after an interruption: the same step is found again.
        State::Probing => Due::Probe,
        State::Proving => Due::Proven,
        _ => {
            require_state(id, &e, &[State::Acked, State::Proceeded])?;
            require_time(&desk.market, &e).await?;
            desk.market.require_settled(id, &e).await?;
            if e.state == State::Acked {
                Due::Probe
            } else {
                Due::Proven
            }
        }
    };
    let (step, what) = match (e.mode, due) {
        (Mode::FULL, Due::Probe) => ("revealA", "the keys of the probe set"),
        (Mode::FULL, Due::Proven) => ("revealB", "the keys of the proven set"),
        _ => ("revealAll", "all keys"),
    };
    let receipt = match desk.account.resume(&mut journal, step, &desk.report).await? {
        Some(receipt) => receipt,
        None => {
            require_state(id, &e, &[State::Acked, State::Proceeded])?;
            let call = revealing(&desk.market, &journal, id, &e)?;
            desk.account.send(&mut journal, step, &call, &desk.report).await?
        }
    };
    let after = desk.market.engagement(id).await?;
    Ok(RevealedKeys {
        id,
        what,
        state: format!("{:?}", after.state),
        until: after.deadline,
        sent: Sent::from(&receipt),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Probe,
    Proven,
}

fn revealing(market: &Market, journal: &Journal, id: B256, e: &EngagementView) -> eyre::Result<Call> {
    let secrets = Secrets::of_engagement(journal, id)?;
    let (guard, master) = (e.guard, B256::from(*secrets.master().expose()));
    if e.state == State::Proceeded {
        return Ok(market.call(&revealBCall { id, guard, master }));
    }
    if e.mode != Mode::FULL {
        return Ok(market.call(&revealAllCall { id, guard, master }));
    }
    // In Acked the guard is the provider's half of the seed.
    let seed = keys::seed(id, e.testRoot, e.ctRoot, guard, &secrets.salt());
    let order = Shuffle::new(seed, market.examples() as usize);
    let probe = (0..market.first_proven(e.mode) as usize)
        .filter_map(|position| order.index_of(position))
        .map(|index| keys::example_key(&secrets.master(), index))
        .collect::<Vec<_>>();
    Ok(market.call(&revealACall {
        id,
        guard,
        mcSalt: B256::from(*secrets.salt().expose()),
        keysA: keys::pack(&probe).to_vec().into(),
    }))
}
