//! The encrypted transfer as both sides see it: honest senders are never convicted, dishonest ones always, and no bytes
//! make the receiver panic.

use crate::transfer_support;

use alloy::primitives::B256;
use assay_marketplace::cipher_file::{file_bytes, seal, CipherError, CipherFile, CipherWriter, Place};
use assay_protocol::ids::SCALAR_ORDER;
use assay_protocol::transfer::chunks::{Chunks, Part};
use assay_protocol::transfer::cipher;
use assay_protocol::transfer::evidence::Evidence;
use assay_protocol::transfer::fault::{Fault, FaultKind};
use assay_protocol::transfer::judge::{judge, Dismissed};
use assay_protocol::transfer::keys::example_key;
use assay_protocol::transfer::open::{faultless, open, OpenError, Opened};
use assay_protocol::transfer::payload::{header, Unprovable};
use assay_protocol::transfer::secret::ExampleKey;
use assay_statement::field::Word;
use proptest::prelude::*;
use transfer_support::{set, Delivery, Sender, ENGAGEMENT};

/// Every claim that evidence about `layout` could make.
fn claims(layout: &Chunks) -> Vec<Fault> {
    let mut claims = vec![Fault::Index, Fault::Leaf, Fault::Salt, Fault::Start];
    for chunk in 0..layout.data_chunks() {
        claims.extend([Fault::ChainValue { chunk }, Fault::Step { chunk }]);
        let words = 1..=layout.chunk_words();
        claims.extend(words.flat_map(|word| [Fault::Word { chunk, word }, Fault::Padding { chunk, word }]));
    }
    claims
}

fn evidence(delivery: &Delivery, position: usize, fault: Fault) -> Evidence {
    let index = delivery.order.index_of(position).unwrap();
    Evidence::collect(&mut delivery.file(), &delivery.test_leaves, position, index, fault).unwrap()
}

fn faulty(delivery: &Delivery) -> Evidence {
    match delivery.open() {
        Opened::Faulty(evidence) => *evidence,
        Opened::Good(_) => panic!("the fault was not found"),
    }
}

#[test]
fn an_honest_transfer_gives_the_examples_in_the_order_of_positions() {
    for (n, bytes, w) in [
        (1, 1, 2),
        (1, 62, 2),
        (3, 130, 2),
        (4, 311, 4),
        (7, 100, 8),
        (70, 31, 2),
    ] {
        let sender = Sender::honest(n, bytes, w);
        let delivery = sender.deliver();
        let Opened::Good(received) = delivery.open() else {
            panic!("an honest sender at fault: n = {n}, {bytes} bytes, w = {w}");
        };
        for (position, received) in received.iter().enumerate() {
            assert_eq!(delivery.order.index_of(position), Some(received.index));
            assert_eq!(received.example(bytes).unwrap(), sender.set.examples[received.index]);
        }
        assert_eq!(received.len(), n);
    }
}

#[test]
fn sealing_a_set_is_the_same_as_writing_its_chunks() {
    let sender = Sender::honest(70, 40, 2);
    let delivery = sender.deliver();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/set.ct");
    let root = seal(&path, sender.layout, ENGAGEMENT, &sender.master, &sender.set, |_| ()).unwrap();
    assert_eq!(root, delivery.ct_root);
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&delivery.path).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), file_bytes(&sender.layout));
}

#[test]
fn no_claim_against_an_honest_sender_holds() {
    for (n, bytes, w) in [(4, 130, 2), (2, 31, 4), (3, 124, 4)] {
        let delivery = Sender::honest(n, bytes, w).deliver();
        for position in 0..n {
            for claim in claims(&delivery.layout) {
                let verdict = judge(
                    &delivery.terms(),
                    &delivery.key(position),
                    &evidence(&delivery, position, claim),
                );
                assert_eq!(verdict, Err(Dismissed::NoFault), "{claim}");
            }
        }
    }
}

type Corruption = (&'static str, fn(&mut Word));

/// What an adversary may do to a word: the smallest change, a high bit, a number that is the same in the field.
fn corruptions() -> [Corruption; 4] {
    [
        ("low bit", |word| word[31] ^= 1),
        ("bit 248", |word| word[0] ^= 1),
        ("bit 255", |word| word[0] ^= 0x80),
        ("plus the scalar order", |word| {
            let sum = alloy::primitives::U256::from_be_bytes(*word).wrapping_add(SCALAR_ORDER);
            *word = sum.to_be_bytes();
        }),
    ]
}

#[test]
fn every_single_corrupt_word_convicts_by_the_kind_of_the_protocol() {
    let honest = Sender::small();
    let index = 2;
    for (c, part) in honest.layout.parts().enumerate() {
        for word in 0..honest.layout.words_of(part) {
            for (name, corrupt) in corruptions() {
                let mut sender = honest.clone();
                corrupt(sender.word_mut(index, c, word));
                let delivery = sender.deliver();
                let found = faulty(&delivery);
                assert_eq!(found.index, index);
                let expected = match (part, word) {
                    (Part::Header, header::INPUT_SALT) | (Part::Data(0), 0) => FaultKind::Start,
                    (Part::Header, _) => FaultKind::Header,
                    _ => FaultKind::Step,
                };
                let verdict = judge(&delivery.terms(), &delivery.key(found.position), &found);
                assert_eq!(verdict, Ok(expected), "{part}, word {word}, {name}: {found}");
            }
        }
    }
}

#[test]
fn a_commitment_without_an_input_behind_it_convicts_by_the_last_step() {
    let mut sender = Sender::small();
    sender.word_mut(1, 0, header::INPUT_COMMIT)[31] ^= 1;
    sender.commit_to_header(1);
    let delivery = sender.deliver();
    let found = faulty(&delivery);
    assert_eq!(found.fault, Fault::Step { chunk: 2 });
    let verdict = judge(&delivery.terms(), &delivery.key(found.position), &found);
    assert_eq!(verdict, Ok(FaultKind::Step));
}

#[test]
fn another_label_or_leaf_salt_is_what_was_committed_to() {
    let mut sender = Sender::small();
    *sender.word_mut(1, 0, header::LABEL) = [0xff; 32];
    sender.word_mut(1, 0, header::LEAF_SALT)[0] ^= 1;
    sender.commit_to_header(1);
    let Opened::Good(received) = sender.deliver().open() else {
        panic!("no fault is in the committed data");
    };
    let example = received.iter().find(|r| r.index == 1).unwrap();
    assert_eq!(example.example(130), Err(Unprovable::Label));
}

#[test]
fn the_fault_of_the_lowest_position_is_reported() {
    let mut sender = Sender::small();
    for index in 0..4 {
        sender.word_mut(index, 3, 2)[31] = 1;
    }
    let found = faulty(&sender.deliver());
    assert_eq!((found.position, found.fault), (0, Fault::Padding { chunk: 2, word: 2 }));
    let text = found.to_string();
    assert!(
        text.ends_with("data chunk 2, word 2: padding that is not zero"),
        "{text}"
    );
    assert!(text.contains("(position 0)"), "{text}");
}

#[test]
fn a_wrong_probe_key_convicts_and_the_right_one_does_not() {
    let mut delivery = Sender::small().deliver();
    let right = delivery.key(0);
    delivery.keys.probe = vec![ExampleKey::new([1; 32])];
    let found = faulty(&delivery);
    assert_eq!((found.position, found.fault.kind()), (0, FaultKind::Header));
    let terms = delivery.terms();
    assert_eq!(judge(&terms, &delivery.key(0), &found), Ok(FaultKind::Header));
    assert_eq!(judge(&terms, &right, &found), Err(Dismissed::NoFault));
}

#[test]
fn evidence_that_does_not_open_the_commitments_is_dismissed() {
    let mut sender = Sender::small();
    sender.word_mut(2, 2, 0)[31] ^= 1;
    sender.word_mut(3, 0, header::LEAF_SALT)[31] ^= 1;
    let delivery = sender.deliver();
    let position = |index| delivery.order.position_of(index).unwrap();
    let step = evidence(&delivery, position(2), Fault::Step { chunk: 0 });
    let leaf = evidence(&delivery, position(3), Fault::Leaf);
    let verdict = |e: &Evidence| judge(&delivery.terms(), &delivery.key(e.position.min(3)), e);
    assert_eq!(
        (verdict(&step), verdict(&leaf)),
        (Ok(FaultKind::Step), Ok(FaultKind::Header))
    );

    let changed = |from: &Evidence, change: fn(&mut Evidence)| {
        let mut evidence = from.clone();
        change(&mut evidence);
        verdict(&evidence).unwrap_err()
    };
    assert!(matches!(
        changed(&step, |e| e.position = (e.position + 1) % 4),
        Dismissed::Position { .. }
    ));
    assert!(matches!(changed(&step, |e| e.position = 4), Dismissed::Position { .. }));
    let opening = |i| Dismissed::Opening {
        number: step.chunks[i as usize].number,
    };
    assert_eq!(changed(&step, |e| e.chunks[0].cipher_words[1][0] ^= 1), opening(0u8));
    assert_eq!(changed(&step, |e| e.chunks[1].path[0].0[0] ^= 1), opening(1));
    assert_eq!(changed(&step, |e| e.chunks[1].path.clear()), opening(1));
    assert_eq!(changed(&step, |e| e.chunks.swap(0, 1)), Dismissed::Chunks);
    assert_eq!(
        changed(&step, |e| {
            e.chunks.pop();
        }),
        Dismissed::Chunks
    );
    assert_eq!(
        changed(&step, |e| e.chunks[0].cipher_words.push([0; 32])),
        Dismissed::Chunks
    );
    assert_eq!(
        changed(&step, |e| e.fault = Fault::Step { chunk: 9 }),
        Dismissed::Chunks
    );
    assert_eq!(changed(&leaf, |e| e.test_leaf = None), Dismissed::TestLeaf);
    assert_eq!(
        changed(&leaf, |e| e.test_leaf.as_mut().unwrap().0 .0[0] ^= 1),
        Dismissed::TestLeaf
    );
    assert_eq!(
        changed(&leaf, |e| e.test_leaf.as_mut().unwrap().1.clear()),
        Dismissed::TestLeaf
    );
}

#[test]
fn arguments_that_do_not_belong_together_are_errors() {
    let mut delivery = Sender::small().deliver();
    let run = |d: &Delivery, leaves: &[B256], positions| {
        open(&mut d.file(), &d.order, leaves, &d.keys, positions, |_| ()).unwrap_err()
    };
    let leaves = delivery.test_leaves.clone();
    assert!(matches!(
        run(&delivery, &leaves[1..], 0..4),
        OpenError::TestLeaves { expected: 4, got: 3 }
    ));
    assert!(matches!(
        run(&delivery, &leaves, 3..5),
        OpenError::NoPosition { position: 4, .. }
    ));
    delivery.keys.master = None;
    assert!(matches!(
        run(&delivery, &leaves, 0..1),
        OpenError::NoKey { position: 0 }
    ));
}

#[test]
fn a_salt_that_is_none_is_an_error_where_faults_are_not_looked_for() {
    let mut sender = Sender::small();
    sender.word_mut(1, 0, header::INPUT_SALT)[0] = 1;
    let delivery = sender.deliver();
    let read = |index| {
        let position = delivery.order.position_of(index).unwrap();
        faultless(&mut delivery.file(), &delivery.order, &delivery.keys, position)
    };
    assert_eq!(read(0).unwrap().example(130).unwrap(), sender.set.examples[0]);
    assert!(matches!(read(1), Err(OpenError::Fault { fault: Fault::Salt, .. })));
}

#[test]
fn a_writer_wants_exactly_the_announced_examples() {
    let sender = Sender::small();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.ct");
    let key = example_key(&sender.master, 0);
    let mut writer = CipherWriter::create(&path, sender.layout, ENGAGEMENT).unwrap();
    for i in 0..3 {
        writer.write_example(&key, sender.chunks[i].clone()).unwrap();
    }
    let error = writer.finish().unwrap_err();
    assert!(
        matches!(error, CipherError::Examples { expected: 4, got: 3 }),
        "{error}"
    );
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );

    let mut writer = CipherWriter::create(&path, sender.layout, ENGAGEMENT).unwrap();
    for i in 0..4 {
        writer.write_example(&key, sender.chunks[i].clone()).unwrap();
    }
    let error = writer.write_example(&key, sender.chunks[0].clone()).unwrap_err();
    assert!(
        matches!(error, CipherError::Examples { expected: 4, got: 5 }),
        "{error}"
    );
}

#[test]
fn a_set_of_another_size_is_not_sealed() {
    let sender = Sender::small();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.ct");
    let error = seal(&path, sender.layout, ENGAGEMENT, &sender.master, &set(4, 20), |_| ()).unwrap_err();
    assert!(matches!(error, CipherError::Payload(_)), "{error}");
    assert!(!path.exists());
}

/// Writes `bytes` where the delivery's file was and opens it.
fn reopen(delivery: &Delivery, bytes: &[u8]) -> CipherError {
    std::fs::write(&delivery.path, bytes).unwrap();
    CipherFile::open(&delivery.path, delivery.layout, ENGAGEMENT, delivery.ct_root).unwrap_err()
}

#[test]
fn a_file_cut_anywhere_says_where_it_ends() {
    let delivery = Sender::small().deliver();
    let bytes = std::fs::read(&delivery.path).unwrap();
    let prefix = bytes.len() - (4 * delivery.layout.words_per_example() + delivery.layout.chunk_count()) * 32;
    for cut in 0..bytes.len() {
        match reopen(&delivery, &bytes[..cut]) {
            CipherError::Magic(_) => assert!(cut < prefix),
            CipherError::Truncated { expected, got, place } => {
                assert_eq!((expected, got), (bytes.len() as u64, cut as u64));
                assert!(cut >= prefix && place != Place::Prefix);
            }
            other => panic!("{cut}: {other}"),
        }
    }
    // Example 1 starts after 14 words; its second data chunk holds its words 8 to 10.
    let error = reopen(&delivery, &bytes[..prefix + (14 + 9) * 32]);
    assert!(
        error.to_string().contains("in example 1, data chunk 1, word 1"),
        "{error}"
    );
}

#[test]
fn a_longer_file_is_refused() {
    let delivery = Sender::small().deliver();
    let mut bytes = std::fs::read(&delivery.path).unwrap();
    bytes.push(0);
    assert!(matches!(reopen(&delivery, &bytes), CipherError::Extended { .. }));
    bytes.extend([0; 1000]);
    assert!(matches!(reopen(&delivery, &bytes), CipherError::Extended { .. }));
}

#[test]
fn every_flipped_byte_is_noticed_and_damaged_words_are_named() {
    let delivery = Sender::small().deliver();
    let good = std::fs::read(&delivery.path).unwrap();
    let leaves = good.len() - delivery.layout.chunk_count() * 32;
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        match (at, reopen(&delivery, &bytes)) {
            (0..8, CipherError::Magic(_)) => (),
            (8..40, CipherError::Engagement { .. }) => (),
            (40..52, CipherError::OtherChunks { .. } | CipherError::Chunks(_)) => (),
            (_, CipherError::Root { .. }) if at >= leaves => (),
            (_, CipherError::Damaged { example, .. }) if at < leaves => {
                assert_eq!(example, (at - 52) / (32 * delivery.layout.words_per_example()));
            }
            (_, other) => panic!("byte {at}: {other}"),
        }
    }
    let mut bytes = good;
    bytes[52 + 5 * 32] ^= 1;
    let error = reopen(&delivery, &bytes);
    assert!(error.to_string().starts_with("example 0, data chunk 0:"), "{error}");
}

#[test]
fn a_file_that_changes_after_it_was_opened_is_noticed() {
    let delivery = Sender::small().deliver();
    let mut file = delivery.file();
    let mut bytes = std::fs::read(&delivery.path).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&delivery.path, &bytes).unwrap();
    assert!(matches!(
        file.read_example(0),
        Err(CipherError::Damaged {
            example: 0,
            part: Part::Header
        })
    ));
    std::fs::write(&delivery.path, &bytes[..60]).unwrap();
    assert!(matches!(file.read_example(0), Err(CipherError::Io { .. })));
}

#[test]
fn files_of_other_transfers_are_refused() {
    let delivery = Sender::small().deliver();
    let open = |layout, id, root| CipherFile::open(&delivery.path, layout, id, root).unwrap_err();
    let layout = delivery.layout;
    assert!(matches!(open(layout, ENGAGEMENT, B256::ZERO), CipherError::Root { .. }));
    assert!(matches!(
        open(layout, B256::ZERO, delivery.ct_root),
        CipherError::Engagement { .. }
    ));
    let other = Chunks::new(4, 5, 4).unwrap();
    assert!(matches!(
        open(other, ENGAGEMENT, delivery.ct_root),
        CipherError::OtherChunks { .. }
    ));
    let missing = CipherFile::open(&delivery.path.with_extension("no"), layout, ENGAGEMENT, B256::ZERO);
    assert!(matches!(missing, Err(CipherError::Io { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn decryption_undoes_encryption(
        key in any::<[u8; 32]>(),
        id in any::<[u8; 32]>(),
        chunk in 0usize..1 << 40,
        words in prop::collection::vec(any::<[u8; 32]>(), 0..20),
    ) {
        let key = ExampleKey::new(key);
        let mut sealed = words.clone();
        cipher::apply(&key, id.into(), chunk, &mut sealed);
        prop_assert!(sealed.iter().zip(&words).all(|(a, b)| a != b));
        cipher::apply(&key, id.into(), chunk, &mut sealed);
        prop_assert_eq!(sealed, words);
    }

    #[test]
    fn random_bytes_are_no_ciphertext(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let delivery = Sender::small().deliver();
        reopen(&delivery, &bytes);
    }

    /// A sender that commits to noise in the place of one example, or of all.
    #[test]
    fn committed_noise_convicts(noise in any::<[u8; 32]>(), all in any::<bool>()) {
        let mut sender = Sender::small();
        let noisy = if all { 0..4 } else { 1..2 };
        for index in noisy {
            let parts: Vec<Part> = sender.layout.parts().collect();
            for (c, part) in parts.into_iter().enumerate() {
                let number = sender.layout.chunk(index, part);
                let key = ExampleKey::new(noise);
                cipher::apply(&key, B256::ZERO, number, &mut sender.chunks[index][c]);
            }
        }
        let delivery = sender.deliver();
        let found = faulty(&delivery);
        prop_assert!(judge(&delivery.terms(), &delivery.key(found.position), &found).is_ok());
    }

    #[test]
    fn a_random_word_anywhere_convicts(
        index in 0usize..4,
        word in 0usize..14,
        value in any::<[u8; 32]>(),
    ) {
        let mut sender = Sender::small();
        let flat: Vec<(usize, usize)> = (0..5)
            .map(|w| (0, w))
            .chain((1..4).flat_map(|c| (0..3).map(move |w| (c, w))))
            .collect();
        let (chunk, word) = flat[word];
        prop_assume!(*sender.word_mut(index, chunk, word) != value);
        *sender.word_mut(index, chunk, word) = value;
        let delivery = sender.deliver();
        let found = faulty(&delivery);
        prop_assert_eq!(found.index, index);
        prop_assert!(judge(&delivery.terms(), &delivery.key(found.position), &found).is_ok());
    }
}
