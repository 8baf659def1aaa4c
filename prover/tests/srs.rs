//! Reference strings: the development one and those imported from `.ptau` files.

mod srs_support;

use assay_durable::cache::{Cache, CacheEvent, HEADER_LEN};
use assay_durable::progress::Silent;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use assay_prover::srs::{Origin, Srs, SrsError};
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::serde::SerdeObject;
use halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
use halo2_proofs::poly::EvaluationDomain;
use srs_support::{next_power_pairs_up, prove_and_verify, tau_pairs_up};
use std::io::Write;

fn scratch() -> (tempfile::TempDir, Cache) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let cache = Cache::at(dir.path());
    (dir, cache)
}

#[test]
fn dev_string_commits_alike_in_both_bases() {
    let (_dir, cache) = scratch();
    for k in [1, 2, 5, 9] {
        let srs = Srs::dev(k, &cache, &Silent).unwrap();
        let domain = EvaluationDomain::<Fr>::new(1, k);
        let mut values = domain.empty_lagrange();
        values
            .iter_mut()
            .enumerate()
            .for_each(|(i, v)| *v = Fr::from(i as u64 + 1).square() - Fr::from(7));
        let coefficients = domain.lagrange_to_coeff(values.clone());
        assert_eq!(
            srs.params().commit_lagrange(&values, Blind::default()),
            srs.params().commit(&coefficients, Blind::default()),
            "k = {k}"
        );
        assert!(tau_pairs_up(&srs) && next_power_pairs_up(&srs), "k = {k}");
    }
}

#[test]
fn dev_string_carries_a_proof_and_says_what_it_is() {
    let (_dir, cache) = scratch();
    let srs = Srs::dev(6, &cache, &Silent).unwrap();
    prove_and_verify(srs.params());
    assert!(srs.is_development());
    assert_eq!(srs.origin(), Origin::Dev);
}

#[test]
fn dev_string_is_the_same_everywhere_and_its_id_depends_on_k() {
    let (_dir, cache) = scratch();
    let (_other_dir, other) = scratch();
    let (a, b) = (
        Srs::dev(5, &cache, &Silent).unwrap(),
        Srs::dev(5, &other, &Silent).unwrap(),
    );
    assert_eq!((a.id(), a.g()), (b.id(), b.g()));
    assert_ne!(a.id(), Srs::dev(6, &cache, &Silent).unwrap().id());
    // Pinned: a change of the secret or of the id's definition makes every key unusable.
    assert_eq!(
        a.id().to_string(),
        "786c72c7624ed17cd60365b60246bf5f01ce8024306ea6d2148f1b29afa60a8c"
    );
}

#[test]
fn dev_string_comes_from_the_cache_and_a_damaged_entry_is_rebuilt() {
    let (dir, cache) = scratch();
    let built = Srs::dev(7, &cache, &Silent).unwrap();
    assert!(
        matches!(built.cache_event(), CacheEvent::Built),
        "{:?}",
        built.cache_event()
    );
    let loaded = Srs::dev(7, &cache, &Silent).unwrap();
    assert!(
        matches!(loaded.cache_event(), CacheEvent::Loaded),
        "{:?}",
        loaded.cache_event()
    );

    let entry = std::fs::read_dir(dir.path().join("srs-dev"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&entry).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&entry, bytes).unwrap();
    let rebuilt = Srs::dev(7, &cache, &Silent).unwrap();
    let warning = rebuilt.cache_event().warning().expect("a warning");
    assert!(warning.contains("checksum"), "{warning}");
    for srs in [&loaded, &rebuilt] {
        assert_eq!((srs.g(), srs.top()), (built.g(), built.top()));
        assert_eq!(srs.id(), built.id());
    }
    assert!(matches!(
        Srs::dev(7, &cache, &Silent).unwrap().cache_event(),
        CacheEvent::Loaded
    ));
}

#[test]
fn a_cached_point_that_is_not_the_next_power_is_made_again() {
    let (dir, cache) = scratch();
    let frozen = FrozenArchitecture::plan_with(tiny_network(10), 3, 32).unwrap();
    let load = || Srs::dev(frozen.layout.k, &cache, &Silent).unwrap();
    let srs = load();
    let entry = std::fs::read_dir(dir.path().join("srs-dev")).unwrap().next().unwrap();
    let path = entry.unwrap().path();
    let key = hex::decode(path.file_name().unwrap().to_str().unwrap()).unwrap();
    let mut payload = std::fs::read(&path).unwrap().split_off(HEADER_LEN as usize);
    let top = payload.len() - 64;
    payload[top..].copy_from_slice(&srs.g()[1].to_raw_bytes());
    let key = key.try_into().unwrap();
    cache
        .store("srs-dev", &key, |writer| writer.write_all(&payload))
        .unwrap();

    let rebuilt = load();
    let warning = rebuilt.cache_event().warning().expect("a warning");
    assert!(warning.contains("does not parse"), "{warning}");
    assert_eq!(rebuilt.top(), srs.top());
    assert!(matches!(load().cache_event(), CacheEvent::Loaded));
}

#[test]
fn sizes_outside_the_supported_range_are_refused() {
    let (_dir, cache) = scratch();
    for k in [0, 25, u32::MAX] {
        assert!(
            matches!(Srs::dev(k, &cache, &Silent), Err(SrsError::UnsupportedK { .. })),
            "k = {k}"
        );
    }
}

/// `cargo test --release --test srs -- --ignored --nocapture` prints how long a full-size string takes.
#[test]
#[ignore = "a measurement"]
fn timing_of_the_dev_string_of_2_18_powers() {
    let (_dir, cache) = scratch();
    for _ in 0..2 {
        let start = std::time::Instant::now();
        let srs = Srs::dev(18, &cache, &Silent).unwrap();
        println!("{:?} in {:?}", srs.cache_event(), start.elapsed());
    }
}
