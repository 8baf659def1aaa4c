//! Where `RetrievalMarket` and `CorpusRegistry` keep what they say, so that it can be proven by a state instead of asked for.
//!
//! The compiler lays variables out in the order of the sources; `tests/layout.rs` compares the numbers here with its own. They hold
//! for this release's code alone.
//!
//! # Source
//! Solidity, "Layout of State Variables in Storage".

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::account_proof::{Storage, Unproven};
use alloy::primitives::{keccak256, Address, B256, U256};
use assay_protocol::abi::corpora::{Attestation, Corpus};
use assay_protocol::abi::{
    AuditBounds, AuditCounts, AuditOutcome, AuditState, AuditView, DemandState, DemandView, Point,
};
use assay_protocol::retrieval::shared_key::stream_id;

/// Variables of the market, by their slots.
pub const AUDITS: u64 = 2;
/// Demands of each audit.
pub const DEMANDS: u64 = 6;
/// Requests of each corpus.
pub const REQUESTED: u64 = 11;
/// Those that were accepted.
pub const ACCEPTED: u64 = 12;
/// Variables of the registry.
pub const CORPORA: u64 = 0;
/// What sources said of each corpus.
pub const ATTESTATIONS: u64 = 2;

/// Words of an audit, a demand, a corpus and an attestation.
const AUDIT_WORDS: u64 = 14;
const DEMAND_WORDS: u64 = 6;
const CORPUS_WORDS: u64 = 3;
const ATTESTATION_WORDS: u64 = 2;
/// Of an audit, the word with requester, state and outcome.
const PARTIES: u64 = 8;

/// Words of an audit.
pub fn audit_slots(id: B256) -> Vec<B256> {
    from(audit(id), AUDIT_WORDS)
}

/// The one word of an audit that says how it ended.
pub fn ending_slot(id: B256) -> B256 {
    after(audit(id), PARTIES)
}

/// Words of demand number `m` of an audit.
pub fn demand_slots(id: B256, m: u32) -> Vec<B256> {
    from(demand(id, m), DEMAND_WORDS)
}

/// Words of a corpus.
pub fn corpus_slots(id: B256) -> Vec<B256> {
    from(keyed(CORPORA, id), CORPUS_WORDS)
}

/// The number of a corpus's requests or accepted audits ([`REQUESTED`], [`ACCEPTED`]), or of what was said of it
/// ([`ATTESTATIONS`]).
pub fn count_slot(list: u64, corpus: B256) -> B256 {
    keyed(list, corpus)
}

/// Number `i` of a corpus's requests or accepted audits.
pub fn id_slot(list: u64, corpus: B256, i: u64) -> B256 {
    after(keccak256(keyed(list, corpus)), i)
}

/// Words of attestation number `i`.
pub fn attestation_slots(corpus: B256, i: u64) -> Vec<B256> {
    from(attestation(corpus, i), ATTESTATION_WORDS)
}

fn audit(id: B256) -> B256 {
    keyed(AUDITS, id)
}

fn demand(id: B256, m: u32) -> B256 {
    keccak256([U256::from(m).to_be_bytes(), keyed(DEMANDS, id).0].concat())
}

fn attestation(corpus: B256, i: u64) -> B256 {
    let first = keccak256(keyed(ATTESTATIONS, corpus));
    after(first, i.saturating_mul(ATTESTATION_WORDS))
}

/// Where the mapping at `slot` keeps what belongs to a key.
fn keyed(slot: u64, key: B256) -> B256 {
    keccak256([key.0, U256::from(slot).to_be_bytes()].concat())
}

fn after(slot: B256, words: u64) -> B256 {
    U256::from_be_bytes(slot.0).wrapping_add(U256::from(words)).into()
}

fn from(slot: B256, words: u64) -> Vec<B256> {
    (0..words).map(|word| after(slot, word)).collect()
}

/// A word that holds several values, taken from its lowest bytes on.
struct Packed(U256);

impl Packed {
    fn at(storage: &Storage, slot: B256) -> Result<Self, Unproven> {
        storage.word(slot).map(Self)
    }

    fn take(&mut self, bytes: usize) -> U256 {
        let bits = 8 * bytes;
        let mask = U256::MAX >> (256 - bits);
        let value = self.0 & mask;
        self.0 >>= bits;
        value
    }

    fn address(&mut self) -> Address {
        Address::from_word(self.take(20).into())
    }

    fn byte(&mut self) -> u8 {
        self.take(1).saturating_to()
    }

    fn flag(&mut self) -> bool {
        !self.take(1).is_zero()
    }

    fn short(&mut self) -> u32 {
        self.take(4).saturating_to()
    }

    fn time(&mut self) -> u64 {
        self.take(8).saturating_to()
    }

    fn amount(&mut self) -> u128 {
        self.take(16).saturating_to()
    }
}

fn state(byte: u8) -> AuditState {
    AuditState::try_from(byte).unwrap_or(AuditState::None)
}

fn outcome(byte: u8) -> AuditOutcome {
    AuditOutcome::try_from(byte).unwrap_or(AuditOutcome::None)
}

/// Whether an audit's coin is its seed already, as `RetrievalMarket._isRevealed` says.
fn is_revealed(state: AuditState, outcome: AuditOutcome) -> bool {
    matches!(state, AuditState::Sampled | AuditState::Delivering)
        || matches!(outcome, AuditOutcome::Violation | AuditOutcome::Complete)
}

/// An audit, as `audit(id)` answers.
///
/// # Errors
/// If a word of it is not proven.
pub fn audit_of(storage: &Storage, id: B256) -> Result<AuditView, Unproven> {
    let slot = |n: u64| after(audit(id), n);
    let hash = |n: u64| storage.word(slot(n)).map(B256::from);
    let mut asked = Packed::at(storage, slot(PARTIES))?;
    let (rq, state, outcome) = (asked.address(), state(asked.byte()), outcome(asked.byte()));
    let (approved, confirmed) = (asked.flag(), asked.flag());
    let (samples, named_max) = (asked.short(), asked.short());
    let mut answered = Packed::at(storage, slot(9))?;
    let (rs, clock, input_words) = (answered.address(), answered.time(), answered.short());
    let mut ruled = Packed::at(storage, slot(10))?;
    let (authority, size, ones_max) = (ruled.address(), ruled.short(), ruled.short());
    let withhold_max = ruled.short();
    let mut money = Packed::at(storage, slot(11))?;
    let (bond, price) = (money.amount(), money.amount());
    let mut counted = Packed::at(storage, slot(12))?;
    let mut count = || counted.short();
    let (pages, positives, withheld, overruled) = (count(), count(), count(), count());
    let (named, due, proven, demands) = (count(), count(), count(), count());
    let mut delivered = Packed::at(storage, slot(13))?;
    let (open_demands, published, demanded) = (delivered.short(), delivered.short(), delivered.short());
    let (overrule_by, corpus_committed_at) = (delivered.time(), delivered.time());
    let (request_hash, answers_hash, coin) = (hash(3)?, hash(4)?, hash(5)?);
    let (seed, salt_hash) = match is_revealed(state, outcome) {
        true => (coin, B256::ZERO),
        false => (B256::ZERO, coin),
    };
    let (deadline, closed_at) = match state {
        AuditState::Closed => (0, clock),
        _ => (clock, 0),
    };
    Ok(AuditView {
        corpusId: hash(0)?,
        predicateHash: hash(2)?,
        requestHash: request_hash,
        answersHash: answers_hash,
        guard: if answers_hash.is_zero() {
            request_hash
        } else {
            answers_hash
        },
        seed,
        saltHash: salt_hash,
        requesterKey: Point {
            x: storage.word(slot(6))?,
            y: storage.word(slot(7))?,
        },
        rq,
        rs,
        authority,
        state,
        outcome,
        approved,
        confirmed,
        size,
        inputWords: input_words,
        bounds: AuditBounds {
            samples,
            namedMax: named_max,
            onesMax: ones_max,
            withholdMax: withhold_max,
            bond,
            price,
        },
        counts: AuditCounts {
            pages,
            positives,
            withheld,
            overruled,
            named,
            due,
            proven,
            demands,
            openDemands: open_demands,
            published,
            demanded,
        },
        deadline,
        overruleBy: overrule_by,
        closedAt: closed_at,
        corpusCommittedAt: corpus_committed_at,
    })
}

/// How an audit stands: who asked, its state and its outcome.
///
/// # Errors
/// If the word is not proven.
pub fn ending_of(storage: &Storage, id: B256) -> Result<(Address, AuditState, AuditOutcome), Unproven> {
    let mut word = Packed::at(storage, ending_slot(id))?;
    Ok((word.address(), state(word.byte()), outcome(word.byte())))
}

/// A demand, as `demandAt(id, m)` answers.
///
/// # Errors
/// If a word of it is not proven.
pub fn demand_of(storage: &Storage, id: B256, m: u32) -> Result<DemandView, Unproven> {
    let slot = |n: u64| after(demand(id, m), n);
    let mut stands = Packed::at(storage, slot(4))?;
    let state = DemandState::try_from(stands.byte()).unwrap_or(DemandState::None);
    let (published, clock, documents, publish_window) = (stands.flag(), stands.time(), stands.short(), stands.time());
    let mut money = Packed::at(storage, slot(5))?;
    let (paid, spent) = (money.amount(), money.amount());
    let (deadline, settle_after) = match state {
        DemandState::Settled => (0, 0),
        DemandState::Delivered => (clock, clock.saturating_add(publish_window)),
        _ => (clock, clock),
    };
    Ok(DemandView {
        state,
        listHash: storage.word(slot(0))?.into(),
        ctRoot: storage.word(slot(1))?.into(),
        ephemeral: Point {
            x: storage.word(slot(2))?,
            y: storage.word(slot(3))?,
        },
        streamId: stream_id(id, m.into()),
        documents,
        published,
        paid,
        spent,
        deadline,
        settleAfter: settle_after,
    })
}

/// A corpus, as `corpus(id)` answers; all zeros if nobody committed it.
///
/// # Errors
/// If a word of it is not proven.
pub fn corpus_of(storage: &Storage, id: B256) -> Result<Corpus, Unproven> {
    let slot = |n: u64| after(keyed(CORPORA, id), n);
    let mut first = Packed::at(storage, slot(0))?;
    let mut shape = Packed::at(storage, slot(2))?;
    Ok(Corpus {
        rs: first.address(),
        size: first.short(),
        committedAt: first.time(),
        root: storage.word(slot(1))?.into(),
        inputWords: shape.short(),
        wordsPerHash: shape.short(),
    })
}

/// What was said of a corpus, as `attestationAt` answers.
///
/// # Errors
/// If a word of it is not proven.
pub fn attestations_of(storage: &Storage, corpus: B256) -> Result<Vec<Attestation>, Unproven> {
    let count = storage.word(count_slot(ATTESTATIONS, corpus))?;
    let attestation = |i: u64| {
        let slot = attestation(corpus, i);
        let mut first = Packed::at(storage, slot)?;
        Ok(Attestation {
            source: first.address(),
            attestedAt: first.time(),
            statement: storage.word(after(slot, 1))?.into(),
        })
    };
    // Ends at the first that is not proven, however many are stated.
    (0..count.saturating_to()).map(attestation).collect()
}

/// Ids of a corpus's requests or accepted audits, in order.
///
/// # Errors
/// If a word is not proven.
pub fn ids_of(storage: &Storage, list: u64, corpus: B256) -> Result<Vec<B256>, Unproven> {
    let count = storage.word(count_slot(list, corpus))?.saturating_to();
    let id = |i: u64| storage.word(id_slot(list, corpus, i)).map(B256::from);
    (0..count).map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_from_the_lowest_bytes_on() {
        let mut word = Packed(U256::from(0x0a_0b0c_0d0e_0102u64));
        assert_eq!((word.byte(), word.flag()), (2, true));
        assert_eq!((word.short(), word.short()), (0x0b0c_0d0e, 0x0a));
        assert_eq!(Packed(U256::MAX).take(32), U256::MAX);
        let mut whole = Packed(U256::MAX);
        assert_eq!(
            (whole.address(), whole.time(), whole.short()),
            (Address::repeat_byte(0xff), u64::MAX, u32::MAX)
        );
        assert_eq!(whole.take(4), U256::ZERO, "nothing is left");
    }

    #[test]
    fn lists_are_as_long_as_the_state_says() {
        let corpus = B256::repeat_byte(5);
        let ids = [B256::repeat_byte(1), B256::repeat_byte(2)];
        let mut words = vec![(count_slot(ACCEPTED, corpus), U256::from(2))];
        words.extend((0..2u64).map(|i| (id_slot(ACCEPTED, corpus, i), ids[i as usize].into())));
        let storage: Storage = words.iter().copied().collect();
        assert_eq!(ids_of(&storage, ACCEPTED, corpus).unwrap(), ids);
        assert!(ids_of(&storage, REQUESTED, corpus).is_err(), "another list");
        let less: Storage = words[..2].iter().copied().collect();
        assert_eq!(
            ids_of(&less, ACCEPTED, corpus),
            Err(Unproven(words[2].0)),
            "one left out"
        );
        let endless: Storage = [(words[0].0, U256::MAX)].into_iter().collect();
        assert!(ids_of(&endless, ACCEPTED, corpus).is_err());
        assert!(attestations_of(&endless, corpus).is_err());
    }
}
