//! Evidence of bad data as it was sent to the market, judged again.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::refusal::refused;
use alloy::primitives::B256;
use assay_protocol::abi::IRetrievalMarket::proveBadDataCall;
use assay_protocol::abi::{BadData, ChunkOpening, Point, TransferEvidence};
use assay_protocol::retrieval::delivery::judge_slot;
use assay_protocol::retrieval::shared_key::open;
use assay_protocol::transfer::chunks::{Chunks, Part};
use assay_protocol::transfer::evidence::{CommittedChunk, Evidence};
use assay_protocol::transfer::fault::Fault;
use assay_protocol::transfer::places::Listed;
use eyre::WrapErr;

/// A delivery that was found to be bad.
#[derive(Debug, Clone, Copy)]
pub struct Accused<'a> {
    /// Documents of the demand, by slot.
    pub indices: &'a [u32],
    /// Over its chunks.
    pub ct_root: B256,
    /// Of the responder, fresh for the demand.
    pub ephemeral: &'a Point,
    /// Of the requester, fresh for the audit.
    pub requester_key: &'a Point,
    /// Of the corpus.
    pub root: B256,
    /// Documents of the corpus.
    pub size: u32,
    /// How the delivery is cut into chunks.
    pub layout: Chunks,
}

/// What a call of `proveBadData` shows, by the rules of the judges.
///
/// # Errors
/// Of kind rejected, if it shows nothing.
pub fn judge(accused: &Accused<'_>, call: &proveBadDataCall) -> eyre::Result<BadData> {
    shown(accused, call).wrap_err_with(|| format!("evidence of bad data in demand {}", call.m))
}

fn shown(accused: &Accused<'_>, call: &proveBadDataCall) -> eyre::Result<BadData> {
    let slot: usize = call.slot.saturating_to();
    let index = accused.indices.get(slot).copied();
    let index = index.ok_or_else(|| refused(format!("there is no slot {slot}")))?;
    let listed = Listed::new(accused.indices.to_vec(), accused.size as usize);
    let listed = listed.ok_or_else(|| refused("the list of the demand is none"))?;
    let key = open(
        call.id,
        call.m.saturating_to(),
        accused.requester_key,
        accused.ephemeral,
        &call.secret,
    )
    .map_err(refused)?;
    let evidence = read(slot, index, &accused.layout, &call.evidence)?;
    let kind = judge_slot(accused.layout, &key, &listed, accused.root, accused.ct_root, &evidence);
    Ok(kind.map_err(refused)?.into())
}

/// As the judges take it: which fault it is they find out, the claim says which chunks to open.
fn read(slot: usize, index: u32, layout: &Chunks, sent: &TransferEvidence) -> eyre::Result<Evidence> {
    let chunk: usize = sent.chunk.saturating_to();
    let is_one = sent.second.cipherWords.is_empty();
    let fault = match sent.claim {
        BadData::Header => Fault::Leaf,
        BadData::Start if is_one => Fault::Salt,
        BadData::Start => Fault::Start,
        BadData::Step if is_one => Fault::Word { chunk, word: 0 },
        BadData::Step => Fault::Step { chunk },
        _ => return Err(refused("a claim that is none")),
    };
    if matches!(sent.claim, BadData::Step) && chunk >= layout.data_chunks() {
        return Err(refused(format!("there is no data chunk {chunk}")));
    }
    let (first, second) = fault.parts(layout);
    let of = |part: Part, opening: &ChunkOpening| CommittedChunk {
        number: layout.chunk(slot, part),
        cipher_words: opening.cipherWords.iter().map(|word| word.0).collect(),
        path: opening.path.clone(),
    };
    let mut chunks = vec![of(first, &sent.first)];
    chunks.extend(second.map(|part| of(part, &sent.second)));
    Ok(Evidence {
        position: slot,
        index: index as usize,
        fault,
        chunks,
        test_leaf: (sent.claim == BadData::Header).then(|| (sent.leaf, sent.leafPath.clone())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::U256;
    use assay_chain::error::Kind;
    use assay_protocol::retrieval::corpora::{corpus_tree, file_hash, Document};
    use assay_protocol::retrieval::delivery::{layout, Parcel};
    use assay_protocol::retrieval::shared_key::{KeyPair, KeySeed};
    use assay_protocol::transfer::open::Opened;
    use assay_statement::field::Word;
    use std::collections::HashSet;

    const ID: B256 = B256::repeat_byte(5);
    const M: u64 = 3;
    const SIZE: u32 = 11;
    const INDICES: [u32; 2] = [1, 7];
    /// Three words of input, chunks of two: a header, two data chunks, one word of padding.
    const BYTES: usize = 80;

    struct Case {
        requester_key: Point,
        ephemeral: Point,
        root: B256,
        ct_root: B256,
        call: proveBadDataCall,
    }

    /// A delivery of which one word is another one, and the call that shows it.
    fn case(word: usize) -> Case {
        let documents: Vec<Document> = (0..SIZE as u8)
            .map(|i| Document::commit(vec![i + 1; BYTES], file_hash(&[i])))
            .collect();
        let leaves: Vec<B256> = documents.iter().enumerate().map(|(i, d)| d.leaf(i)).collect();
        let [requester, responder] = [1, 2].map(|seed| KeyPair::new(KeySeed::new([seed; 32])).unwrap());
        let key = responder.delivery_key(ID, M, &requester.public()).unwrap();
        let listed = Listed::new(INDICES.to_vec(), SIZE as usize).unwrap();
        let layout = layout(INDICES.len(), 3, 2).unwrap();
        let asked = INDICES.map(|index| documents[index as usize].clone());
        let honest = Parcel::encrypt(layout, &key, &listed, &asked).unwrap();
        let mut words: Vec<Word> = honest.words().copied().collect();
        words[word][0] ^= 0x80;
        let mut parcel = Parcel::from_words(layout, key.stream, &words).unwrap();
        let Opened::Faulty(evidence) = parcel.open(&key, &listed, &leaves).unwrap() else {
            panic!("word {word} goes unnoticed")
        };
        let call = proveBadDataCall {
            id: ID,
            m: U256::from(M),
            indices: INDICES.to_vec(),
            slot: U256::from(evidence.position),
            secret: requester.reveal(ID, M, &responder.public()).unwrap(),
            evidence: (&*evidence).into(),
        };
        Case {
            requester_key: requester.public(),
            ephemeral: responder.public(),
            root: corpus_tree(&leaves).unwrap().root(),
            ct_root: parcel.root(),
            call,
        }
    }

    fn judged(case: &Case) -> eyre::Result<BadData> {
        let accused = Accused {
            indices: &INDICES,
            ct_root: case.ct_root,
            ephemeral: &case.ephemeral,
            requester_key: &case.requester_key,
            root: case.root,
            size: SIZE,
            layout: layout(INDICES.len(), 3, 2).unwrap(),
        };
        judge(&accused, &case.call)
    }

    #[test]
    fn evidence_as_it_was_sent_shows_what_it_claims() {
        let mut kinds = HashSet::new();
        // Words of both documents: headers of five, data chunks of three.
        for word in 0..22 {
            let case = case(word);
            let claim = judged(&case).unwrap_or_else(|why| panic!("word {word}: {why:#}"));
            assert_eq!(claim, case.call.evidence.claim);
            kinds.insert(claim as u8);
        }
        assert_eq!(kinds.len(), 3, "{kinds:?}");
    }

    #[test]
    fn evidence_with_one_thing_wrong_shows_nothing() {
        type Change = (&'static str, fn(&mut Case));
        let changes: [Change; 9] = [
            ("secret", |case| case.call.secret.response += U256::from(1)),
            ("shared point", |case| case.call.secret.shared = case.ephemeral.clone()),
            ("demand", |case| case.call.m += U256::from(1)),
            ("audit", |case| case.call.id = B256::ZERO),
            ("slot", |case| {
                case.call.slot = U256::from(1 - case.call.slot.to::<u64>())
            }),
            ("no such slot", |case| case.call.slot = U256::from(2)),
            ("chunk", |case| case.call.evidence.first.cipherWords[1].0[31] ^= 1),
            ("path", |case| case.call.evidence.first.path[0] = B256::ZERO),
            ("root", |case| case.ct_root = B256::ZERO),
        ];
        for (what, change) in changes {
            let mut case = case(6);
            judged(&case).unwrap();
            change(&mut case);
            let error = judged(&case).unwrap_err();
            assert!(Kind::Rejected.is_of(&error), "{what}: {error:#}");
        }
        // What is claimed decides which chunks are opened.
        let mut step = case(6);
        assert_eq!(step.call.evidence.claim, BadData::Step);
        step.call.evidence.claim = BadData::Header;
        assert!(judged(&step).is_err());
        let mut beyond = case(6);
        beyond.call.evidence.chunk = U256::from(2);
        assert!(judged(&beyond)
            .unwrap_err()
            .chain()
            .any(|why| why.to_string().contains("there is no data chunk 2")));
        let mut header = case(1);
        assert_eq!(header.call.evidence.claim, BadData::Header);
        header.call.evidence.leaf = B256::ZERO;
        assert!(judged(&header).is_err());
    }
}
