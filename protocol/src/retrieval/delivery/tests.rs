use super::*;
use crate::retrieval::corpora::{corpus_tree, file_hash};
use crate::retrieval::shared_key::{KeyPair, KeySeed};
use crate::transfer::evidence::CommittedChunk;
use crate::transfer::fault::Fault;
use alloy::primitives::U256;
use std::collections::HashSet;

const DOCUMENTS: usize = 11;
/// Three words of input, chunks of two: a header, two data chunks, one word of padding.
const BYTES: usize = 80;
const ID: B256 = B256::repeat_byte(5);

struct Case {
    documents: Vec<Document>,
    leaves: Vec<B256>,
    root: B256,
    listed: Listed,
    key: DeliveryKey,
    layout: Chunks,
}

impl Case {
    fn new(indices: &[u32]) -> Self {
        let documents: Vec<Document> = (0..DOCUMENTS as u8)
            .map(|i| Document::commit(vec![i + 1; BYTES], file_hash(&[i])))
            .collect();
        let leaves: Vec<B256> = documents.iter().enumerate().map(|(i, d)| d.leaf(i)).collect();
        let pair = |seed| KeyPair::new(KeySeed::new([seed; 32])).unwrap();
        Self {
            root: corpus_tree(&leaves).unwrap().root(),
            listed: Listed::new(indices.to_vec(), DOCUMENTS).unwrap(),
            key: pair(1).delivery_key(ID, 3, &pair(2).public()).unwrap(),
            layout: layout(indices.len(), 3, 2).unwrap(),
            documents,
            leaves,
        }
    }

    fn asked(&self) -> Vec<Document> {
        let indices = self.listed.indices().iter();
        indices.map(|index| self.documents[*index as usize].clone()).collect()
    }

    fn parcel(&self) -> Parcel {
        Parcel::encrypt(self.layout, &self.key, &self.listed, &self.asked()).unwrap()
    }

    /// The evidence that an opened parcel gives, if it gives any.
    fn evidence(&self, parcel: &mut Parcel) -> Option<Evidence> {
        match parcel.open(&self.key, &self.listed, &self.leaves).unwrap() {
            Opened::Good(_) => None,
            Opened::Faulty(evidence) => Some(*evidence),
        }
    }

    fn judged(&self, parcel: &Parcel, evidence: &Evidence) -> Result<FaultKind, Dismissed> {
        let listed = &self.listed;
        judge_slot(self.layout, &self.key, listed, self.root, parcel.root(), evidence)
    }
}

#[test]
fn what_was_asked_for_comes_out_again() {
    let case = Case::new(&[2, 3, 9]);
    let mut parcel = case.parcel();
    let Opened::Good(received) = parcel.open(&case.key, &case.listed, &case.leaves).unwrap() else {
        panic!("a fault in an honest delivery");
    };
    for (received, index) in received.iter().zip(case.listed.indices()) {
        assert_eq!(received.index, *index as usize);
        let document = &case.documents[received.index];
        assert_eq!(received.example(BYTES).unwrap().image, document.image);
        assert_eq!(received.leaf_salt, document.leaf_salt());
    }
    let words: Vec<Word> = parcel.words().copied().collect();
    let again = Parcel::from_words(case.layout, case.key.stream, &words).unwrap();
    assert_eq!(again, parcel);
    assert_eq!(again.require_root(parcel.root()), Ok(()));
    assert!(again.require_root(B256::ZERO).is_err());
    for wrong in [&words[1..], &[&words[..], &[[0; 32]]].concat()] {
        assert!(matches!(
            Parcel::from_words(case.layout, case.key.stream, wrong),
            Err(DeliveryError::Words { .. })
        ));
    }
    assert_eq!(chunks_of(&case.layout, 1), 3..6);
}

#[test]
fn every_word_that_is_changed_convicts() {
    let case = Case::new(&[1, 7]);
    let honest: Vec<Word> = case.parcel().words().copied().collect();
    let mut kinds = HashSet::new();
    for at in 0..honest.len() {
        for bit in [0x80u8, 0x01] {
            let mut words = honest.clone();
            words[at][if bit == 1 { 31 } else { 0 }] ^= bit;
            let mut parcel = Parcel::from_words(case.layout, case.key.stream, &words).unwrap();
            let evidence = case
                .evidence(&mut parcel)
                .unwrap_or_else(|| panic!("word {at} goes unnoticed"));
            let kind = case
                .judged(&parcel, &evidence)
                .unwrap_or_else(|why| panic!("word {at}: {why}"));
            kinds.insert(kind);
            assert_eq!(evidence.position, at / (honest.len() / 2), "the slot of the word");
        }
    }
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[test]
fn swapped_foreign_and_rekeyed_documents_convict() {
    let case = Case::new(&[1, 7]);
    let deliver = |documents: &[Document]| Parcel::encrypt(case.layout, &case.key, &case.listed, documents).unwrap();
    let asked = case.asked();
    let swapped = deliver(&[asked[1].clone(), asked[0].clone()]);
    let foreign = deliver(&[asked[0].clone(), Document::commit(vec![1; BYTES], B256::ZERO)]);
    let other = DeliveryKey {
        master: crate::transfer::secret::MasterKey::new([1; 32]),
        ..case.key.clone()
    };
    let rekeyed = Parcel::encrypt(case.layout, &other, &case.listed, &asked).unwrap();
    let honest = case.parcel();
    let own = honest.words.clone();
    let exchanged = Parcel {
        words: vec![own[1].clone(), own[0].clone()],
        ..honest
    };
    for mut parcel in [swapped, foreign, rekeyed, exchanged] {
        let evidence = case.evidence(&mut parcel).unwrap();
        assert_eq!(case.judged(&parcel, &evidence), Ok(FaultKind::Header));
        assert!(evidence.test_leaf.is_some());
    }
}

/// Whatever is claimed about an honest delivery, at every slot and of every kind.
#[test]
fn nothing_convicts_an_honest_responder() {
    let case = Case::new(&[1, 7, 8]);
    let mut parcel = case.parcel();
    for slot in 0..3 {
        let place = case.listed.place(slot).unwrap();
        for fault in [
            Fault::Index,
            Fault::Leaf,
            Fault::Salt,
            Fault::Start,
            Fault::ChainValue { chunk: 0 },
            Fault::Word { chunk: 1, word: 1 },
            Fault::Padding { chunk: 1, word: 2 },
            Fault::Step { chunk: 0 },
            Fault::Step { chunk: 1 },
        ] {
            let evidence = Evidence::collect_at(&mut parcel, &case.leaves, slot, place, fault).unwrap();
            assert_eq!(case.judged(&parcel, &evidence), Err(Dismissed::NoFault), "{fault:?}");
            // The same chunks as evidence about another slot, or another document.
            let mut elsewhere = evidence.clone();
            elsewhere.position = (slot + 1) % 3;
            assert!(matches!(
                case.judged(&parcel, &elsewhere),
                Err(Dismissed::Position { .. })
            ));
            elsewhere.index = case.listed.place(elsewhere.position).unwrap().index;
            assert_eq!(case.judged(&parcel, &elsewhere), Err(Dismissed::Chunks));
            // A chunk of another slot under the number of this one.
            let moved = elsewhere.chunks.iter().map(|chunk| CommittedChunk {
                number: case.layout.chunk(elsewhere.position, Part::Header) + chunk.number % 3,
                ..chunk.clone()
            });
            elsewhere.chunks = moved.collect();
            assert!(matches!(
                case.judged(&parcel, &elsewhere),
                Err(Dismissed::Opening { .. })
            ));
        }
    }
    // Another list: no document is where it says.
    let evidence =
        Evidence::collect_at(&mut parcel, &case.leaves, 0, Place { index: 1, slot: 0 }, Fault::Index).unwrap();
    let other = Listed::new(vec![0, 7, 8], DOCUMENTS).unwrap();
    let judged = judge_slot(case.layout, &case.key, &other, case.root, parcel.root(), &evidence);
    assert_eq!(judged, Err(Dismissed::Position { position: 0, index: 1 }));
}

#[test]
fn a_leaf_of_another_place_does_not_open_the_corpus() {
    let case = Case::new(&[1, 7]);
    let mut words: Vec<Word> = case.parcel().words().copied().collect();
    words[1][31] ^= 1;
    let mut parcel = Parcel::from_words(case.layout, case.key.stream, &words).unwrap();
    let mut evidence = case.evidence(&mut parcel).unwrap();
    assert_eq!(case.judged(&parcel, &evidence), Ok(FaultKind::Header));
    let tree = corpus_tree(&case.leaves).unwrap();
    evidence.test_leaf = Some((case.leaves[2], tree.path(2).unwrap()));
    assert_eq!(case.judged(&parcel, &evidence), Err(Dismissed::TestLeaf));
}

#[test]
fn lists_and_leaves_of_another_delivery_are_refused() {
    let case = Case::new(&[1, 7]);
    let mut parcel = case.parcel();
    let one = Listed::new(vec![1], DOCUMENTS).unwrap();
    assert!(matches!(
        parcel.open(&case.key, &one, &case.leaves),
        Err(OpenError::Slots { expected: 1, got: 2 })
    ));
    assert!(matches!(
        parcel.open(&case.key, &case.listed, &case.leaves[1..]),
        Err(OpenError::TestLeaves { expected: 11, got: 10 })
    ));
    assert!(Parcel::encrypt(case.layout, &case.key, &one, &case.asked()).is_err());
    assert_eq!(layout(0, 3, 2), Err(DeliveryError::Documents(0)));
    assert_eq!(layout(129, 3, 2), Err(DeliveryError::Documents(129)));
    let mut wrong = case.asked();
    wrong[0].doc_commit += U256::from(1);
    assert!(matches!(
        Parcel::encrypt(case.layout, &case.key, &case.listed, &wrong),
        Err(DeliveryError::Payload(PayloadError::Commitment { example: 1 }))
    ));
}
