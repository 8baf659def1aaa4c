//! What the journals of audits note beside the transactions, and what is lost without it.
//!
//! | fact | in the journal of | written by, when | without it |
//! |---|---|---|---|
//! | [`SECRETS`] | offer, then audit | requester, **before** the request that commits to them | the salt cannot be revealed: price and answers are lost; no delivery can be read |
//! | [`AUDIT`] | offer | requester, once the request is mined | a second request would be made |
//! | [`REQUEST_HASH`] | audit | requester, once the request is mined; responder and authority, **before** they answer it | a reorganised request would go unnoticed |
//! | [`LEAVES`], [`PREDICATE`] | audit | requester, once the request is mined; responder, **before** it accepts | they must be named again |
//! | [`CORPUS`], [`ORIGINALS`] | audit | responder, **before** it accepts | they must be named again |
//! | [`JUDGED`] | audit | responder, **before** it makes the predicate's key, and when it could not be told | a request that kills a daemon is judged for ever |
//! | [`MATCHED`] | audit | responder, **before** it accepts | its documents are missing in the total |
//! | [`PREDICATE_DELIVERED`] | audit | requester, after it handed the predicate over | it is handed over again |
//! | [`SALT_SHOWN_FOR`] | audit | requester, **before** it reveals the salt | the salt would be shown for other answers: whoever knows it chooses them |
//! | [`NAMED`] | audit | requester, **before** it reveals the salt | others would be named if the call is repeated |
//! | [`TO_WITHHOLD`] | audit | responder, **before** it accepts | answers could be sealed before anything is withheld |
//! | [`WITHHELD`] | audit | responder, **before** it withholds | what is privileged could be handed over |
//! | [`DOCUMENTS_DELIVERED`] | audit | responder, after it handed the documents over | they are handed over again |
//! | [`OVERRULED_DELIVERED`] | audit | responder, after it handed the documents over | what was overruled is handed over again |
//! | [`RECEIVED`] | audit | requester, when it has looked at what it was handed | nothing is confirmed |
//! | [`DELIVERY_SEED`] | audit | responder, **before** the delivery that commits to its key | the delivery cannot be published: the bond |
//! | [`PARCEL_DELIVERED`] | audit | responder, after it handed the ciphertext over | it is handed over again |
//! | [`PARCEL_JUDGED`] | audit | requester, when it has opened an acknowledged delivery | it is opened again |

use alloy::primitives::B256;
use assay_chain::error::hinted;
use assay_chain::journal::{Fact, Journal};
use assay_protocol::retrieval::shared_key::{KeyPair, KeySeed};
use assay_protocol::transfer::secret::McSalt;
use rand::{rngs::OsRng, RngCore};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// See [`Secrets`].
pub const SECRETS: Fact<Secrets> = Fact::new("auditSecrets");
/// Which audit the request became.
pub const AUDIT: Fact<B256> = Fact::new("audit");
/// Of the request that was made, or is answered.
pub const REQUEST_HASH: Fact<B256> = Fact::new("requestHash");
/// File with all leaves of the corpus.
pub const LEAVES: Fact<PathBuf> = Fact::new("leaves");
/// The opening of the predicate's weights.
pub const PREDICATE: Fact<PathBuf> = Fact::new("predicate");
/// Documents that are answered with a match.
pub const MATCHED: Fact<u64> = Fact::new("matched");
/// How often the request was judged and not accepted, or its judgement was cut off.
pub const JUDGED: Fact<u32> = Fact::new("judged");
/// Where the predicate's opening went.
pub const PREDICATE_DELIVERED: Fact<String> = Fact::new("predicateDelivered");
/// Directory of the corpus.
pub const CORPUS: Fact<PathBuf> = Fact::new("corpus");
/// Where the originals are, if not where they were committed from.
pub const ORIGINALS: Fact<Option<PathBuf>> = Fact::new("originals");
/// The answers that the salt was shown for: it is never shown for others.
pub const SALT_SHOWN_FOR: Fact<B256> = Fact::new("saltShownFor");
/// Documents that were named with the salt.
pub const NAMED: Fact<Vec<u32>> = Fact::new("named");
/// How many documents were to be withheld when the request was accepted.
pub const TO_WITHHOLD: Fact<u32> = Fact::new("toWithhold");
/// Documents that are kept back as privileged.
pub const WITHHELD: Fact<BTreeSet<u32>> = Fact::new("withheld");
/// Where the documents went.
pub const DOCUMENTS_DELIVERED: Fact<String> = Fact::new("documentsDelivered");
/// How many documents were overruled, in the settled block, when those that match were handed over.
pub const OVERRULED_DELIVERED: Fact<u32> = Fact::new("overruledDelivered");
/// Documents that were handed over and are right.
pub const RECEIVED: Fact<BTreeSet<u32>> = Fact::new("received");
/// Seed of the key of the delivery of a demand with this list.
pub const DELIVERY_SEED: fn(u32, B256) -> Fact<B256> = |m, list| Fact::named(format!("deliverySeed-{m}-{list}"));
/// Where the ciphertext of a demand went.
pub const PARCEL_DELIVERED: fn(u32) -> Fact<String> = |m| Fact::named(format!("parcelDelivered-{m}"));
/// Whether the delivery of a demand is good, of all that a reorganisation may bring the one with this ctRoot.
pub const PARCEL_JUDGED: fn(u32, B256) -> Fact<bool> = |m, root| Fact::named(format!("parcelJudged-{m}-{root}"));

/// What a requester must not lose, and nobody may see before its time: the salt of the sample, and the seed of the key that
/// deliveries are read with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    salt: B256,
    key: B256,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl Secrets {
    /// Those of a request, drawn once: on disk when this returns.
    pub fn of_offer(journal: &mut Journal) -> eyre::Result<Self> {
        if let Some(secrets) = journal.fact(&SECRETS)? {
            return Ok(secrets);
        }
        let mut secrets = Self {
            salt: B256::ZERO,
            key: B256::ZERO,
        };
        OsRng.fill_bytes(secrets.salt.as_mut_slice());
        OsRng.fill_bytes(secrets.key.as_mut_slice());
        journal.set_fact(&SECRETS, &secrets)?;
        Ok(secrets)
    }

    /// # Errors
    /// If this program did not make the request.
    pub fn of_audit(journal: &Journal, id: B256) -> eyre::Result<Self> {
        journal.fact(&SECRETS)?.ok_or_else(|| {
            hinted(
                format!("the secrets of audit {id} are not here"),
                "use the --home in which the request was made",
            )
        })
    }

    /// A copy that is wiped on drop.
    pub fn salt(&self) -> McSalt {
        McSalt::new(self.salt.0)
    }

    /// The key that deliveries are read with.
    ///
    /// # Errors
    /// For a seed that nobody will ever see.
    pub fn key(&self) -> eyre::Result<KeyPair> {
        Ok(KeyPair::new(KeySeed::new(self.key.0))?)
    }
}

/// The request hash that this party acts on: a reorganisation may have put another request under the same id.
///
/// # Errors
/// If it did not act on this request, or the chain has another one by now.
pub fn own_request(journal: &Journal, id: B256, request_hash: B256) -> eyre::Result<B256> {
    match journal.fact(&REQUEST_HASH)? {
        Some(own) if own == request_hash => Ok(own),
        Some(own) => Err(hinted(
            format!("this party acts on request {own}, the chain now has {request_hash} under the id of audit {id}"),
            "the chain was reorganised; look at the audit again",
        )),
        None => Err(hinted(
            format!("this program has not acted on audit {id} before"),
            "use the --home in which it was requested or accepted",
        )),
    }
}
