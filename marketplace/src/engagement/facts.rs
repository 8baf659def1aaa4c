//! What the journals of models, offers and engagements note beside the transactions, and what is lost without it. That of a
//! deployment notes one thing, the salt that registry and market are created with, **before** they are: see
//! [`deploy`](assay_chain::deploy).
//!
//! | fact | in the journal of | written by, when | without it |
//! |---|---|---|---|
//! | [`MODEL`], [`SECRET`] | model | provider, once the registration is mined | offers are refused without the one; without either nothing is promised for them |
//! | [`WEIGHTS_COMMIT`], [`VK_DIGEST`] | model | provider, **before** the registration | offers are refused as those of an unknown model, and a daemon does not look for any |
//! | [`TRANSFER_SECRETS`](super::secrets::TRANSFER_SECRETS) | offer, then engagement | consumer, **before** the offer that commits to them | the deposit: keys cannot be revealed |
//! | [`TEST_SET`] | engagement | consumer, once the offer is mined | the set must be named again |
//! | [`OFFER_HASH`] | engagement | consumer, once the offer is mined; provider, **before** it accepts | a reorganised offer would go unnoticed |
//! | [`MP_SEED`] | engagement | provider, **before** the acknowledgement that tells it | another seed, which the consumer could choose by |
//! | [`CT_ROOT`] | engagement | consumer, **before** the commitment on chain | the ciphertext is made again, as it was |
//! | [`LEAVES_DELIVERED`], [`DELIVERED`], [`PROOFS_DELIVERED`] | engagement | who handed something over, after it | it is handed over again |
//! | [`PROBED`] | engagement | provider, when open examples were judged | `proceed` is refused until they are |
//! | [`ADVISED_TO_END`] | engagement | provider, when open examples or the whole set are judged; taken back by a better set in clear and by force | nothing speaks against proceeding |
//! | [`IMAGE_BYTES`] | engagement | provider, when it begins to prove | after an encrypted transfer no proof is sent until `prove` ran again |
//! | [`CUT`] | engagement, round, audit | provider, **before** a farm is asked for the proofs | a position could be put into two proofs |
//! | [`VERIFIED_RESULT`] | engagement | consumer, when every claim was proven to it | the result is not accepted |
//! | [`SETTLED`] | engagement | daemons, when nothing can happen any more | the engagement is looked at again |

use alloy::primitives::{B256, U256};
use assay_chain::journal::Fact;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The model's file.
pub const MODEL: Fact<PathBuf> = Fact::new("model");
/// The model's secret file.
pub const SECRET: Fact<PathBuf> = Fact::new("secret");
/// Of the registered record.
pub const WEIGHTS_COMMIT: Fact<U256> = Fact::new("weightsCommit");
/// Of the registered record.
pub const VK_DIGEST: Fact<B256> = Fact::new("vkDigest");
/// Directory of the set that was offered.
pub const TEST_SET: Fact<PathBuf> = Fact::new("testSet");
/// The offer that was made or accepted.
pub const OFFER_HASH: Fact<B256> = Fact::new("offerHash");
/// The provider's half of the seed for the ciphertext with this root.
pub const MP_SEED: fn(B256) -> Fact<B256> = |ct_root| Fact::named(format!("mpSeed-{ct_root}"));
/// Root of the ciphertext.
pub const CT_ROOT: Fact<B256> = Fact::new("ctRoot");
/// Where the leaf hashes went.
pub const LEAVES_DELIVERED: Fact<String> = Fact::new("leavesDelivered");
/// Where set or ciphertext went.
pub const DELIVERED: Fact<String> = Fact::new("delivered");
/// Where the proofs of a claim went.
pub const PROOFS_DELIVERED: Fact<String> = Fact::new("proofsDelivered");
/// Guard of the state whose open examples were judged.
pub const PROBED: Fact<B256> = Fact::new("probed");
/// Why ending the engagement was advised; null once it is not any more.
pub const ADVISED_TO_END: Fact<Option<EndAdvised>> = Fact::new("advisedToEnd");
/// Bytes of an image of the model that proved.
pub const IMAGE_BYTES: Fact<usize> = Fact::new("imageBytes");
/// Positions that go into one proof each time, in the order in which a farm was asked for them.
pub const CUT: Fact<Vec<Vec<usize>>> = Fact::new("cut");
/// Hash of the result whose every position was proven to this consumer.
pub const VERIFIED_RESULT: Fact<B256> = Fact::new("verifiedResult");
/// That nothing can happen any more.
pub const SETTLED: Fact<bool> = Fact::new("settled");

/// Why an engagement should be ended, in the state with this guard.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndAdvised {
    /// Of the state it was given in.
    pub guard: B256,
    /// In words.
    pub why: String,
}
