//! The key of a delivery, which requester and responder share and nobody else knows.
//!
//! ```text
//! key = x·G        of the requester, fresh for every audit
//! E   = s·G        of the responder, fresh for every demand
//! S   = s·key = x·E
//! master = keccak256(TAG_SHARED, id, m, S)
//! ```
//! A requester that accuses a delivery shows S with a proof that `log_G(key) = log_E(S)`: for `A1 = k·G`, `A2 = k·E` and the
//! challenge c over everything, `ζ = k + c·x`, hence `ζ·G = A1 + c·key` and `ζ·E = A2 + c·S`.
//!
//! # Soundness
//! For any key and E there is one S, and for another the proof holds with a probability of 1/r: an honest responder is never
//! judged under a key that it did not use. Whoever sees S reads every delivery under the same key and E: hence fresh ones.
//!
//! # Source
//! Chaum, Pedersen, "Wallet databases with observers" (CRYPTO 1992), made non-interactive by Fiat and Shamir's hash.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use super::group::{scalar, word, Element, NoPoint};
use crate::abi::{Point, SharedSecret};
use crate::ids::{hash, tag, SCALAR_ORDER};
use crate::transfer::secret::{random_word, secret_word, MasterKey};
use alloy::primitives::{Keccak256, B256, U256};
use assay_statement::field::Fr;
use halo2_proofs::halo2curves::ff::FromUniformBytes;
use zeroize::Zeroizing;

/// What a key is hashed from its seed under, and what the nonce of a proof. No contract knows either.
const KEY: &str = "assay.agreement-key.v1";
const NONCE: &str = "assay.agreement-nonce.v1";

secret_word! {
    /// What a key x or s is made of: kept before its point goes anywhere.
    KeySeed
}

impl KeySeed {
    /// A fresh one from the operating system. One seed serves one audit, or one demand.
    pub fn random() -> Self {
        Self(random_word())
    }
}

/// A key with its point.
#[derive(Clone)]
pub struct KeyPair {
    seed: KeySeed,
    public: Element,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Why a shared point is not one, or not shown to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum SharedKeyError {
    #[error(transparent)]
    Point(#[from] NoPoint),
    #[error("the response of the proof is not below the scalar order")]
    Response,
    #[error("the proof does not show that the point is the one that key and E share in this demand")]
    Proof,
    #[error("the seed of a key is one in 2^254 that makes none")]
    Seed,
}

/// What opens the delivery of one demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryKey {
    /// What the keystream calls the transfer.
    pub stream: B256,
    /// From which the key of every document is made.
    pub master: MasterKey,
}

impl KeyPair {
    /// The key that 32 secret bytes make: always the same one.
    ///
    /// # Errors
    /// For a seed that makes zero, which nobody will ever see.
    pub fn new(seed: KeySeed) -> Result<Self, SharedKeyError> {
        let scalar = secret_scalar(KEY, &seed, &[]);
        let public = Element::generator().times(&scalar).ok_or(SharedKeyError::Seed)?;
        Ok(Self { seed, public })
    }

    /// x, or s: made from the seed each time, so that only the seed is kept.
    fn scalar(&self) -> Fr {
        secret_scalar(KEY, &self.seed, &[])
    }

    /// x·G, or s·G, as requests and deliveries carry it.
    pub fn public(&self) -> Point {
        self.public.point()
    }

    /// What opens the delivery of demand `m` of audit `id`, given the other side's point.
    ///
    /// # Errors
    /// If that is no point.
    pub fn delivery_key(&self, id: B256, m: u64, other: &Point) -> Result<DeliveryKey, SharedKeyError> {
        let shared = self.shared(&Element::parse(other)?)?;
        Ok(delivery_key(id, m, &shared.point()))
    }

    /// The requester's: shows S of a demand to everybody, with a proof. The nonce follows from seed and statement, so that none
    /// is ever used for two challenges.
    ///
    /// # Errors
    /// If E is no point.
    pub fn reveal(&self, id: B256, m: u64, ephemeral: &Point) -> Result<SharedSecret, SharedKeyError> {
        let base = Element::parse(ephemeral)?;
        let shared = self.shared(&base)?.point();
        let stream = stream_id(id, m);
        let statement = hash(&(stream, self.public(), ephemeral.clone(), shared.clone()));
        let nonce = secret_scalar(NONCE, &self.seed, &[statement]);
        let commit = |point: &Element| point.times(&nonce).map(|point| point.point());
        let commit_g = commit(&Element::generator()).ok_or(SharedKeyError::Seed)?;
        let commit_e = commit(&base).ok_or(SharedKeyError::Seed)?;
        let challenge = challenge(stream, &self.public(), ephemeral, &shared, &commit_g, &commit_e);
        Ok(SharedSecret {
            shared,
            commitG: commit_g,
            commitE: commit_e,
            response: word(&(nonce + challenge * self.scalar())),
        })
    }

    fn shared(&self, other: &Element) -> Result<Element, SharedKeyError> {
        // The order of the group is prime: no multiple of a point by a key is infinity.
        other.times(&self.scalar()).ok_or(SharedKeyError::Seed)
    }
}

/// What opens the delivery of demand `m`, if the secret is the one that `key` and E share: the rules of `SharedKeyJudge`.
///
/// # Errors
/// If a point is none, the response not canonical, or the proof does not hold.
pub fn open(
    id: B256,
    m: u64,
    key: &Point,
    ephemeral: &Point,
    secret: &SharedSecret,
) -> Result<DeliveryKey, SharedKeyError> {
    let (image, base) = (Element::parse(key)?, Element::parse(ephemeral)?);
    let shared = Element::parse(&secret.shared)?;
    let (commit_g, commit_e) = (Element::parse(&secret.commitG)?, Element::parse(&secret.commitE)?);
    let response = scalar(secret.response).ok_or(SharedKeyError::Response)?;
    let stream = stream_id(id, m);
    let c = challenge(stream, key, ephemeral, &secret.shared, &secret.commitG, &secret.commitE);
    let holds = |base: &Element, commit: &Element, image: &Element| {
        let right = match image.times(&c) {
            Some(product) => commit.plus(&product),
            None => Some(*commit),
        };
        base.times(&response) == right
    };
    if holds(&Element::generator(), &commit_g, &image) && holds(&base, &commit_e, &shared) {
        Ok(delivery_key(id, m, &secret.shared))
    } else {
        Err(SharedKeyError::Proof)
    }
}

/// What the keystream of demand `m` calls its transfer.
pub fn stream_id(id: B256, m: u64) -> B256 {
    hash(&(tag("assay.shared.v1"), id, U256::from(m)))
}

fn delivery_key(id: B256, m: u64, shared: &Point) -> DeliveryKey {
    let master = hash(&(tag("assay.shared.v1"), id, U256::from(m), shared.clone()));
    DeliveryKey {
        stream: stream_id(id, m),
        master: MasterKey::new(master.0),
    }
}

/// c: over everything that both sides or the prover chose.
fn challenge(stream: B256, key: &Point, ephemeral: &Point, shared: &Point, commit_g: &Point, commit_e: &Point) -> Fr {
    let digest = dleq_challenge(stream, key, ephemeral, shared, commit_g, commit_e);
    // Reduced, hence always a scalar.
    scalar(digest).unwrap_or_default()
}

/// c as a number below the scalar order.
pub fn dleq_challenge(
    stream: B256,
    key: &Point,
    ephemeral: &Point,
    shared: &Point,
    commit_g: &Point,
    commit_e: &Point,
) -> U256 {
    let digest = hash(&(
        tag("assay.dleq.v1"),
        stream,
        key.clone(),
        ephemeral.clone(),
        shared.clone(),
        commit_g.clone(),
        commit_e.clone(),
    ));
    U256::from_be_bytes(digest.0) % SCALAR_ORDER
}

/// A scalar from 64 bytes of hashes, so that none is likelier than another.
fn secret_scalar(purpose: &str, seed: &KeySeed, statement: &[B256]) -> Fr {
    let mut wide = Zeroizing::new([0u8; 64]);
    for (half, bytes) in wide.chunks_exact_mut(32).enumerate() {
        let mut hasher = Keccak256::new();
        hasher.update(tag(purpose));
        hasher.update(seed.expose());
        hasher.update([half as u8]);
        for word in statement {
            hasher.update(word);
        }
        bytes.copy_from_slice(hasher.finalize().as_slice());
    }
    Fr::from_uniform_bytes(&wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::uint;
    use proptest::prelude::*;

    const ID: B256 = B256::repeat_byte(9);
    const BASE_ORDER: U256 = uint!(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47_U256);

    fn pair(seed: u8) -> KeyPair {
        KeyPair::new(KeySeed::new([seed; 32])).unwrap()
    }

    #[test]
    fn a_key_follows_from_its_seed_and_hides() {
        assert_eq!(pair(1).public(), pair(1).public());
        assert_ne!(pair(1).public(), pair(2).public());
        assert_ne!(KeySeed::random(), KeySeed::random());
        let shown = format!("{:?} {:?}", pair(1), KeySeed::new([0xab; 32]));
        assert!(
            shown.contains("KeySeed(hidden)") && !shown.contains("scalar"),
            "{shown}"
        );
    }

    #[test]
    fn every_demand_has_a_key_of_its_own() {
        let (requester, responder) = (pair(1), pair(2));
        let key = |id, m| requester.delivery_key(id, m, &responder.public()).unwrap();
        let base = key(ID, 0);
        for other in [key(ID, 1), key(B256::ZERO, 0)] {
            assert_ne!(base.stream, other.stream);
            assert_ne!(base.master, other.master);
        }
        assert_ne!(base.stream.0, *base.master.expose());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn both_sides_share_one_key_and_the_requester_can_show_it(x in any::<[u8; 32]>(), s in any::<[u8; 32]>(), m in any::<u64>()) {
            let requester = KeyPair::new(KeySeed::new(x)).unwrap();
            let responder = KeyPair::new(KeySeed::new(s)).unwrap();
            let (key, ephemeral) = (requester.public(), responder.public());
            let mine = requester.delivery_key(ID, m, &ephemeral).unwrap();
            prop_assert_eq!(&mine, &responder.delivery_key(ID, m, &key).unwrap());
            let secret = requester.reveal(ID, m, &ephemeral).unwrap();
            prop_assert_eq!(open(ID, m, &key, &ephemeral, &secret), Ok(mine));
            prop_assert_eq!(&secret, &requester.reveal(ID, m, &ephemeral).unwrap());
        }
    }

    #[test]
    fn no_other_point_demand_or_party_passes() {
        let (requester, responder, other) = (pair(1), pair(2), pair(3));
        let (key, ephemeral) = (requester.public(), responder.public());
        let secret = requester.reveal(ID, 4, &ephemeral).unwrap();
        let judged =
            |id, m, key: &Point, ephemeral: &Point, secret: &SharedSecret| open(id, m, key, ephemeral, secret).err();
        assert_eq!(judged(ID, 4, &key, &ephemeral, &secret), None);
        let no_proof = Some(SharedKeyError::Proof);
        assert_eq!(judged(ID, 5, &key, &ephemeral, &secret), no_proof, "another demand");
        assert_eq!(
            judged(B256::ZERO, 4, &key, &ephemeral, &secret),
            no_proof,
            "another audit"
        );
        assert_eq!(
            judged(ID, 4, &other.public(), &ephemeral, &secret),
            no_proof,
            "another key"
        );
        assert_eq!(judged(ID, 4, &key, &other.public(), &secret), no_proof, "another E");
        for change in [
            |s: &mut SharedSecret, p: Point| s.shared = p,
            |s: &mut SharedSecret, p: Point| s.commitG = p,
            |s: &mut SharedSecret, p: Point| s.commitE = p,
        ] {
            let mut wrong = secret.clone();
            change(&mut wrong, other.public());
            assert_eq!(judged(ID, 4, &key, &ephemeral, &wrong), no_proof);
            change(
                &mut wrong,
                Point {
                    x: U256::ZERO,
                    y: U256::ZERO,
                },
            );
            assert!(
                matches!(judged(ID, 4, &key, &ephemeral, &wrong), Some(SharedKeyError::Point(_))),
                "infinity"
            );
            change(
                &mut wrong,
                Point {
                    x: U256::from(1),
                    y: U256::from(3),
                },
            );
            assert!(
                matches!(judged(ID, 4, &key, &ephemeral, &wrong), Some(SharedKeyError::Point(_))),
                "off the curve"
            );
            change(
                &mut wrong,
                Point {
                    x: U256::from(1) + BASE_ORDER,
                    y: U256::from(2),
                },
            );
            assert!(
                matches!(judged(ID, 4, &key, &ephemeral, &wrong), Some(SharedKeyError::Point(_))),
                "not canonical"
            );
        }
        let mut next = secret.clone();
        next.response += U256::from(1);
        assert_eq!(judged(ID, 4, &key, &ephemeral, &next), no_proof);
        let mut aliased = secret;
        aliased.response += SCALAR_ORDER;
        assert_eq!(
            judged(ID, 4, &key, &ephemeral, &aliased),
            Some(SharedKeyError::Response),
            "ζ + r"
        );
    }

    /// A responder cannot prove S = s·key + something for its own E by knowing s: the statement is about the requester's x.
    #[test]
    fn the_responder_has_no_proof_about_another_point() {
        let (requester, responder) = (pair(1), pair(2));
        let (key, ephemeral) = (requester.public(), responder.public());
        // The other way round: log_G(E) = log_key(S). True, but not what is asked.
        let swapped = responder.reveal(ID, 0, &key).unwrap();
        assert_eq!(open(ID, 0, &key, &ephemeral, &swapped), Err(SharedKeyError::Proof));
        assert!(open(ID, 0, &ephemeral, &key, &swapped).is_ok());
    }

    /// E may be anything: the generator, the requester's own key, that of another demand.
    #[test]
    fn any_point_may_be_the_responders() {
        let requester = pair(1);
        let key = requester.public();
        for ephemeral in [Element::generator().point(), key.clone(), pair(2).public()] {
            let secret = requester.reveal(ID, 0, &ephemeral).unwrap();
            let mine = requester.delivery_key(ID, 0, &ephemeral).unwrap();
            assert_eq!(open(ID, 0, &key, &ephemeral, &secret), Ok(mine));
        }
        assert!(requester
            .reveal(
                ID,
                0,
                &Point {
                    x: U256::ZERO,
                    y: U256::ZERO
                }
            )
            .is_err());
    }
}
