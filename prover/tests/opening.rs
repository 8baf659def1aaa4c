//! Openings of a model's commitment: what they open, what they keep, and what is no opening.

use assay_durable::cache::Cache;
use assay_durable::progress::Silent;
use assay_prover::circuit::FrozenArchitecture;
use assay_prover::model::random::tiny_network;
use assay_prover::model::Model;
use assay_prover::proof::{secret_sizes, weights_commit_with_secret, ModelOpening, OpeningError, VerifierKey};
use assay_prover::secret::{reserve_proof, ModelSecret};
use assay_prover::srs::Srs;
use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::RngCore;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::OnceLock;

/// A small network's key, a model of it, and a secret.
struct Story {
    key: VerifierKey,
    model: Model,
    dir: tempfile::TempDir,
    secret: ModelSecret,
}

fn key_of(shift: u32, cache: &Path) -> VerifierKey {
    let frozen = FrozenArchitecture::plan_with(tiny_network(shift), 3, 32).unwrap();
    let cache = Cache::at(cache);
    let srs = Srs::dev(frozen.layout.k, &cache, &Silent).unwrap();
    VerifierKey::load_or_build(&frozen, srs.into(), &cache, &Silent).unwrap()
}

fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let key = key_of(10, dir.path());
        let [columns, salts, blinding] = secret_sizes(&key);
        Story {
            model: model(1),
            secret: ModelSecret::create(&dir.path().join("secret"), columns, salts, blinding).unwrap(),
            key,
            dir,
        }
    })
}

fn model(seed: u64) -> Model {
    Model::random(tiny_network(10), seed).unwrap()
}

fn opening() -> ModelOpening {
    static OPENING: OnceLock<ModelOpening> = OnceLock::new();
    let made = || {
        let Story { key, model, secret, .. } = story();
        ModelOpening::new(key, model.clone(), secret).unwrap()
    };
    OPENING.get_or_init(made).clone()
}

fn public() -> ModelSecret {
    let [columns, salts, blinding] = secret_sizes(&story().key);
    ModelSecret::public(columns, salts, blinding).unwrap()
}

#[test]
fn an_opening_gives_the_registered_commitment_to_whoever_reads_it() {
    let Story { key, model, secret, .. } = story();
    let registered = weights_commit_with_secret(key, model, secret).unwrap();
    let read = ModelOpening::from_bytes(&opening().to_bytes().unwrap()).unwrap();
    assert_eq!(read, opening());
    assert_eq!(
        (read.weights_commit, read.recompute(key).unwrap()),
        (registered, registered)
    );
    assert_eq!((read.vk_digest, read.srs_id), (key.vk_digest(), key.srs().id().0));
    assert_eq!(read.frozen(), key.compiled().frozen);
    assert!(!read.has_public_salts(key).unwrap());
}

#[test]
fn other_weights_and_other_salts_have_other_commitments() {
    let key = &story().key;
    let registered = opening().weights_commit;
    let others: [fn(&mut ModelOpening); 3] = [
        |opening| opening.model = model(2),
        |opening| opening.seeds[0][31] ^= 1,
        |opening| opening.seeds[1][0] ^= 1,
    ];
    for other in others {
        let mut opening = opening();
        other(&mut opening);
        assert_ne!(opening.recompute(key).unwrap(), registered);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let error = opening().recompute(&key_of(9, elsewhere.path())).unwrap_err();
    assert!(error.to_string().contains("another architecture"), "{error}");
}

#[test]
fn an_opening_does_not_hold_the_seeds_of_the_secret_file_or_of_another_model() {
    let Story { key, dir, secret, .. } = story();
    let bytes = opening().to_bytes().unwrap();
    let file = std::fs::read(dir.path().join("secret")).unwrap();
    let holds = |seed: &[u8]| bytes.windows(32).any(|window| window == seed);
    // The two seeds stand before the file's hash.
    for seed in file[file.len() - 96..file.len() - 32].chunks(32) {
        assert!(!holds(seed));
    }
    let other = ModelOpening::new(key, model(2), secret).unwrap();
    assert!(other.seeds.iter().all(|seed| !holds(seed)));
    assert!(opening().seeds.iter().all(|seed| holds(seed)), "what it must hold");
}

#[test]
fn a_model_with_public_salts_is_committed_to_by_whoever_has_it() {
    let Story {
        key,
        model,
        dir,
        secret,
    } = story();
    let path = dir.path().join("public");
    public().write_new(&path).unwrap();
    let read = ModelSecret::open(&path).unwrap();
    assert!(read.is_public() && !secret.is_public());
    let commit = weights_commit_with_secret(key, model, &read).unwrap();
    assert_eq!(commit, weights_commit_with_secret(key, model, &public()).unwrap());
    assert_ne!(commit, opening().weights_commit);
    let public = ModelOpening::new(key, model.clone(), &read).unwrap();
    assert!(public.has_public_salts(key).unwrap());
    assert_eq!(public.recompute(key).unwrap(), commit);
}

#[test]
fn the_public_seeds_are_these() {
    let seeds = ["assay.secret.public-salt.v1", "assay.secret.public-blinder.v1"];
    let seeds = seeds.map(|name| Sha256::digest(name).into());
    let [columns, salts, blinding] = secret_sizes(&story().key);
    let same = ModelSecret::with_seeds(columns, salts, blinding, seeds).unwrap();
    assert_eq!(same.salt(0), public().salt(0));
    let blinder = |secret: &ModelSecret| secret.blinding_rng().next_u64();
    assert_eq!(blinder(&same), blinder(&public()));
    assert_ne!(
        same.fingerprint(),
        public().fingerprint(),
        "one is bound, the other is not"
    );
}

/// Whoever has an opening proves for the opened model, as often as it likes: there are no weights left to hide.
#[test]
fn whoever_has_an_opening_proves_for_its_commitment() {
    let Story { key, model, dir, .. } = story();
    let path = dir.path().join("opened");
    opening().secret(key).unwrap().write_new(&path).unwrap();
    let own = ModelSecret::open(&path).unwrap();
    assert!(own.is_opened() && !own.is_public());
    let commit = weights_commit_with_secret(key, model, &own).unwrap();
    assert_eq!(commit, opening().weights_commit);
    assert!(own.budget() > 1 << 20);
    // Bound once, never again: another model does not get seeds of its own.
    assert_eq!(own.bound_to(&[7; 32]).fingerprint(), own.fingerprint());
    assert_eq!(ModelOpening::new(key, model.clone(), &own).unwrap(), opening());
    for number in 1..=2 {
        assert_eq!(reserve_proof(&path).unwrap().number, number);
    }
    let read = ModelSecret::open(&path).unwrap();
    assert_eq!((read.counter(), read.is_opened()), (2, true));
}

/// With a hash that is right again.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.truncate(body.len() - 32);
    let hash = Sha256::digest(&body);
    body.extend(hash);
    body
}

#[test]
fn what_is_cut_off_altered_or_of_another_version_is_no_opening() {
    let good = opening().to_bytes().unwrap().to_vec();
    for cut in [0, 7, 8, 9, 40, 200, good.len() - 33, good.len() - 1] {
        assert!(ModelOpening::from_bytes(&good[..cut]).is_err(), "{cut}");
    }
    assert!(ModelOpening::from_bytes(&[&good[..], &[0]].concat()).is_err());
    for at in (0..good.len()).step_by(97) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(ModelOpening::from_bytes(&bad).is_err(), "{at}");
    }
    let mut later = good.clone();
    later[9] = 2;
    let error = ModelOpening::from_bytes(&sealed(later)).unwrap_err();
    assert!(
        matches!(error, OpeningError::Version { expected: 1, got: 2 }),
        "{error}"
    );
    // A layout that would take all memory, and a model that is none.
    let mut huge = good.clone();
    huge[8 + 2 + 96] = 1;
    let error = ModelOpening::from_bytes(&sealed(huge)).unwrap_err();
    assert!(matches!(error, OpeningError::Layout(_)), "{error}");
    let mut other = good.clone();
    other[8 + 2 + 96 + 16 + 64] ^= 1;
    let error = ModelOpening::from_bytes(&sealed(other)).unwrap_err();
    assert!(matches!(error, OpeningError::Model(_)), "{error}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(head in 0usize..300, tail in vec(any::<u8>(), 0..400)) {
        let mut bytes = opening().to_bytes().unwrap().to_vec();
        bytes.truncate(head);
        bytes.extend(tail);
        prop_assert!(ModelOpening::from_bytes(&bytes).is_err());
        if bytes.len() > 40 {
            prop_assert!(ModelOpening::from_bytes(&sealed(bytes)).is_err());
        }
    }
}
