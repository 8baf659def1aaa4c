//! The wire format of proofs: what is written is read, nothing else is, and no bytes panic.

use assay_prover::proof::bundle::{self, BundleError, ProofBundle};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use proptest::collection::vec;
use proptest::prelude::*;
use sha3::{Digest, Keccak256};

fn big_endian(scalar: Fr) -> [u8; 32] {
    let mut bytes = scalar.to_repr();
    bytes.reverse();
    bytes
}

prop_compose! {
    fn arb_bundle()(
        arch_id in any::<[u8; 32]>(),
        vk_digest in any::<[u8; 32]>(),
        weight_points in 1u16..4,
        instances in vec(any::<[u64; 4]>(), 0..6),
        tail in vec(any::<u8>(), 3 * 64..400),
    ) -> ProofBundle {
        let instances = instances.into_iter().map(|limbs| big_endian(Fr::from_raw(limbs))).collect();
        ProofBundle::new(arch_id, vk_digest, weight_points, instances, tail).unwrap()
    }
}

fn example() -> ProofBundle {
    let instances = vec![big_endian(Fr::from(3)), big_endian(-Fr::ONE)];
    ProofBundle::new([1; 32], [2; 32], 2, instances, (0..160).collect()).unwrap()
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        prop_assert!(ProofBundle::from_bytes(&bytes).is_err());
    }

    #[test]
    fn arbitrary_fields_after_a_good_header_never_panic(
        head in 0usize..85,
        tail in vec(any::<u8>(), 0..600),
    ) {
        let mut bytes = example().to_bytes();
        bytes.truncate(head);
        bytes.extend(tail);
        if let Ok(bundle) = ProofBundle::from_bytes(&bytes) {
            prop_assert_eq!(bundle.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_bundle_survives_bytes_and_json(bundle in arb_bundle()) {
        prop_assert_eq!(&ProofBundle::from_bytes(&bundle.to_bytes()).unwrap(), &bundle);
        let json = serde_json::to_string(&bundle).unwrap();
        prop_assert_eq!(&serde_json::from_str::<ProofBundle>(&json).unwrap(), &bundle);
    }

    #[test]
    fn a_changed_bundle_is_refused_or_another_bundle(bundle in arb_bundle(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = bundle.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = ProofBundle::from_bytes(&bytes) {
            prop_assert_ne!(other, bundle);
        }
    }

    #[test]
    fn json_of_any_shape_never_panics(text in ".{0,200}", proof in "0x[0-9a-g]{0,300}") {
        let _ = serde_json::from_str::<ProofBundle>(&text);
        let mut json = serde_json::to_value(example()).unwrap();
        json["proof"] = proof.into();
        let _ = serde_json::from_value::<ProofBundle>(json);
    }
}

#[test]
fn every_single_byte_change_is_refused_or_another_bundle() {
    let bundle = example();
    let bytes = bundle.to_bytes();
    for at in 0..bytes.len() {
        for flip in 1..=u8::MAX {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            match ProofBundle::from_bytes(&changed) {
                Ok(other) => assert_ne!(other, bundle, "byte {at}"),
                Err(_) => continue,
            }
        }
    }
}

#[test]
fn truncated_and_extended_bundles_are_refused() {
    let bytes = example().to_bytes();
    for len in 0..bytes.len() {
        assert!(ProofBundle::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(
        ProofBundle::from_bytes(&longer),
        Err(BundleError::TrailingBytes { offset, count: 1 }) if offset == bytes.len()
    ));
}

#[test]
fn instance_at_or_above_the_modulus_is_refused() {
    let modulus = {
        let mut bytes = big_endian(-Fr::ONE);
        bytes[31] += 1;
        bytes
    };
    for instance in [modulus, [0xff; 32]] {
        let mut bytes = example().to_bytes();
        bytes[bundle::HEADER_LEN + 32..][..32].copy_from_slice(&instance);
        assert!(matches!(
            ProofBundle::from_bytes(&bytes),
            Err(BundleError::NonCanonicalInstance { index: 1, offset: 116 })
        ));
    }
}

#[test]
fn announced_lengths_are_bounded_before_anything_is_reserved() {
    let change = |at: usize, field: &[u8]| {
        let mut bytes = example().to_bytes();
        bytes[at..at + field.len()].copy_from_slice(field);
        ProofBundle::from_bytes(&bytes).unwrap_err()
    };
    assert!(matches!(
        change(76, &[0xff; 4]),
        BundleError::TooManyInstances { got: 0xffff_ffff }
    ));
    assert!(matches!(
        change(80, &[0xff; 4]),
        BundleError::ProofTooLong { got: 0xffff_ffff }
    ));
    assert!(matches!(change(8, &[0, 2]), BundleError::Version { got: 2 }));
    assert!(matches!(
        change(10, &[0, 0]),
        BundleError::WeightPoints {
            points: 0,
            proof_len: 160
        }
    ));
    assert!(matches!(
        change(10, &[0, 3]),
        BundleError::WeightPoints {
            points: 3,
            proof_len: 160
        }
    ));
    assert!(matches!(
        change(80, &[0, 0, 0, 161]),
        BundleError::UnexpectedEnd {
            offset: 148,
            needed: 161,
            len: 308
        }
    ));
}

#[test]
fn weights_commit_is_the_shifted_keccak_of_the_leading_points() {
    let bundle = example();
    let digest = Keccak256::digest(&bundle.proof()[..128]);
    let commit = bundle.weights_commit();
    assert_eq!(commit[0], 0);
    assert_eq!(commit[1..], digest[..31]);
}

#[test]
fn files_round_trip_and_a_missing_or_huge_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.proof");
    assert!(matches!(ProofBundle::load(&path), Err(BundleError::Io { .. })));
    example().save(&path).unwrap();
    assert_eq!(ProofBundle::load(&path).unwrap(), example());
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
    std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    assert!(matches!(ProofBundle::load(&path), Err(BundleError::FileTooLong { .. })));
}

#[test]
fn json_names_are_fixed_and_unknown_ones_refused() {
    let json = serde_json::to_value(example()).unwrap();
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["archId", "instances", "proof", "version", "vkDigest", "weightPoints"]
    );
    let mut more = json.clone();
    more["extra"] = 1.into();
    assert!(serde_json::from_value::<ProofBundle>(more).is_err());
    let mut newer = json;
    newer["version"] = 2.into();
    assert!(serde_json::from_value::<ProofBundle>(newer)
        .unwrap_err()
        .to_string()
        .contains("version 2"));
}
