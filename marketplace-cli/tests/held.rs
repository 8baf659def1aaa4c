//! What a provider reads, decrypts and hashes of the examples that it holds: each finding is made once, and nothing but the
//! positions that are needed is read afterwards.

use crate::transfer_support;

use alloy::primitives::{Address, Bytes, B256, U256};
use assay_chain::error::hint_of;
use assay_durable::report::Reporter;
use assay_marketplace::accuracy::provider::held::{Engagement, Held, Work};
use assay_marketplace::accuracy::provider::received::Transfer;
use assay_marketplace::testset::{save, StoredSet};
use assay_protocol::abi::{Metric, ProofTerms};
use assay_protocol::testset::{ImageSize, TestSet};
use assay_protocol::transfer::chunks::Part;
use assay_protocol::transfer::words::WORD_BYTES;
use std::path::Path;
use transfer_support::{Delivery, Sender, ENGAGEMENT};

const EXAMPLES: usize = 8;
const IMAGE_BYTES: usize = 130;
/// Bytes of a ciphertext before its first word.
const PREFIX_BYTES: usize = 52;

fn out() -> Reporter {
    Reporter::silent()
}

fn engagement() -> Engagement {
    Engagement {
        id: ENGAGEMENT,
        chain_id: 1,
        market: Address::ZERO,
        terms: ProofTerms {
            verifier: Address::ZERO,
            verifierCodehash: B256::ZERO,
            vkDigest: B256::ZERO,
            weightsCommit: U256::from(5),
            metric: Metric::TOP1,
            classes: 10,
        },
        first: 0,
    }
}

/// As another command holds it: nothing is known but what is on disk.
fn held(delivery: &Delivery, findings: &Path, revealed: u8) -> Held {
    use assay_marketplace::cipher_file::CipherFile;
    let file = CipherFile::open_kept(&delivery.path, delivery.layout, ENGAGEMENT, delivery.ct_root).unwrap();
    let transfer = Transfer::of(
        ENGAGEMENT,
        file,
        delivery.test_leaves.clone(),
        delivery.order.clone(),
        Bytes::from(vec![revealed]),
        delivery.keys.clone(),
        0..EXAMPLES,
        [B256::ZERO, delivery.ct_root, B256::ZERO],
    );
    Held::encrypted(engagement(), transfer.unwrap(), findings, &out())
}

/// Changes one word of every example but those at `spared` positions.
fn spoil(delivery: &Delivery, part: Part, spared: &[usize]) {
    let layout = &delivery.layout;
    let mut bytes = std::fs::read(&delivery.path).unwrap();
    let before = if part == Part::Header {
        0
    } else {
        layout.words_of(Part::Header)
    };
    for position in (0..EXAMPLES).filter(|position| !spared.contains(position)) {
        let index = delivery.order.index_of(position).unwrap();
        let word = index * layout.words_per_example() + before;
        bytes[PREFIX_BYTES + word * WORD_BYTES] ^= 1;
    }
    std::fs::write(&delivery.path, bytes).unwrap();
}

fn hint<T: std::fmt::Debug>(result: eyre::Result<T>) -> String {
    hint_of(&result.unwrap_err()).unwrap().to_owned()
}

#[test]
fn proofs_are_sent_with_the_headers_of_their_positions_alone() {
    let sender = Sender::honest(EXAMPLES, IMAGE_BYTES, 2);
    let delivery = sender.deliver();
    let dir = tempfile::tempdir().unwrap();
    spoil(&delivery, Part::Data(0), &[]);
    spoil(&delivery, Part::Header, &[3, 5]);
    let mut held = held(&delivery, &dir.path().join("held.json"), 0);
    for position in [3, 5] {
        let index = delivery.order.index_of(position).unwrap();
        let (opening, example) = (held.opening(position).unwrap(), &sender.set.examples[index]);
        assert_eq!(
            (opening.index, opening.input_commit, opening.label, opening.leaf_salt),
            (index, example.input_commit, example.label, example.leaf_salt)
        );
    }
    let only_headers = Work {
        openings: 2,
        ..Work::default()
    };
    assert_eq!(held.work(), only_headers);
    // An altered one is nobody's fault but the disk's, and can be had again.
    assert!(hint(held.opening(4)).starts_with("fetch it again: assay mp ack"));
}

#[test]
fn bad_data_are_looked_for_once_whatever_becomes_of_the_file() {
    let delivery = Sender::honest(EXAMPLES, IMAGE_BYTES, 2).deliver();
    let dir = tempfile::tempdir().unwrap();
    let findings = dir.path().join("held.json");
    let mut first = held(&delivery, &findings, 0);
    assert!(first.example(2, IMAGE_BYTES).is_err(), "not before it was checked");
    assert!(first.check(&out()).unwrap().is_none());
    assert!(first.check(&out()).unwrap().is_none());
    let all = Work {
        openings: 0,
        examples: EXAMPLES + 1,
        hashed: EXAMPLES,
    };
    assert_eq!(first.work(), all);

    // The next command hashes nothing, and reads what it proves.
    let mut second = held(&delivery, &findings, 0);
    assert!(second.check(&out()).unwrap().is_none());
    let example = second.example(2, IMAGE_BYTES).unwrap().unwrap();
    let one = Work {
        openings: 0,
        examples: 1,
        hashed: 0,
    };
    assert_eq!(second.work(), one);
    let index = delivery.order.index_of(2).unwrap();
    assert_eq!(example, transfer_support::set(EXAMPLES, IMAGE_BYTES).examples[index]);

    spoil(&delivery, Part::Data(0), &[2]);
    let mut third = held(&delivery, &findings, 0);
    assert!(third.check(&out()).unwrap().is_none());
    assert_eq!(third.example(2, IMAGE_BYTES).unwrap().unwrap(), example);
    assert!(hint(third.example(1, IMAGE_BYTES)).starts_with("fetch it again"));

    // Findings are about these keys alone, and none if their file is damaged.
    assert!(held(&delivery, &findings, 1).check(&out()).is_err());
    std::fs::write(&findings, "{").unwrap();
    assert!(held(&delivery, &findings, 0).check(&out()).is_err());
}

#[test]
fn bad_data_are_evidence_and_no_finding() {
    let mut sender = Sender::honest(EXAMPLES, IMAGE_BYTES, 2);
    sender.word_mut(6, 1, 1)[31] ^= 1;
    let delivery = sender.deliver();
    let dir = tempfile::tempdir().unwrap();
    let findings = dir.path().join("held.json");
    for _ in 0..2 {
        let accusation = held(&delivery, &findings, 0).check(&out()).unwrap().unwrap();
        assert_eq!(accusation.evidence.index, 6);
    }
}

#[test]
fn a_set_in_clear_is_sent_without_its_images_and_proven_from_checked_ones() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set");
    let size = ImageSize { height: 4, width: 6 };
    let images = (0..3).map(|i| (vec![i; 4 * 6 * 3], u32::from(i))).collect();
    let set = TestSet::build(size, images, |_| ()).unwrap();
    save(&set, &path).unwrap();
    let held = || {
        let stored = StoredSet::open(&path).unwrap();
        Held::clear(engagement(), stored, &dir.path().join("held.json"), &out())
    };
    let image = |i: usize| path.join("images").join(format!("{i:05}.png"));
    std::fs::copy(image(0), image(1)).unwrap();
    let mut one = held();
    assert_eq!(one.example(0, 72).unwrap().unwrap(), set.examples[0]);
    let error = one.example(1, 72).unwrap_err().to_string();
    assert!(
        error.starts_with("example 1: its image does not have the commitment"),
        "{error}"
    );

    std::fs::remove_dir_all(path.join("images")).unwrap();
    let mut two = held();
    assert_eq!(two.opening(1).unwrap().input_commit, set.examples[1].input_commit);
    assert_eq!(two.work().examples + two.work().hashed, 0);
}
