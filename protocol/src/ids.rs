//! What the contracts hash, on this side: tags, test leaves, identifiers and contexts.
//!
//! Every encoding is `keccak256(abi.encode(TAG, fields…))` as in `contracts/src/libraries/{Tags,Statement}.sol`;
//! the devnet tests compare each of them with the contracts' own answer.

#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used
)]

use crate::abi::{Metric, ModelRecord, OfferTerms, Params, PredictionParams, RoundTerms};
use alloy::primitives::{keccak256, uint, Address, B256, U256};
use alloy::sol_types::SolValue;

/// Order of the BN254 scalar field; everything that enters a proof instance is below it.
pub const SCALAR_ORDER: U256 = uint!(0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001_U256);

/// `kind` of a context that belongs to an accuracy engagement.
pub const KIND_ACCURACY: u64 = 1;

/// `kind` of a context that belongs to a round of predictions.
pub const KIND_PREDICTION: u64 = 2;

/// `kind` of a context that belongs to an audit of a corpus.
pub const KIND_RETRIEVAL: u64 = 3;

/// Chain id of anvil and other development chains.
pub const DEVNET_CHAIN_ID: u64 = 31337;

/// Largest N: the result must stay a bitmap that fits a transaction.
pub const N_MAX: usize = 1 << 16;

pub(crate) fn tag(name: &str) -> B256 {
    keccak256(name)
}

pub(crate) fn hash(fields: &impl SolValue) -> B256 {
    keccak256(fields.abi_encode())
}

/// Tag of a test leaf.
pub(crate) const TEST_TAG: &str = "assay.test.v1";

/// Leaf of example `index` of a test set.
pub fn test_leaf(index: u64, input_commit: U256, label: u32, leaf_salt: B256) -> B256 {
    hash(&(tag(TEST_TAG), U256::from(index), input_commit, label, leaf_salt))
}

/// `modelHash`: everything of a record but its uri.
pub fn model_hash(r: &ModelRecord) -> B256 {
    hash(&(
        tag("assay.record.v1"),
        r.mp,
        r.verifier,
        r.verifierCodehash,
        r.vkDigest,
        r.weightsCommit,
        r.metric,
        r.classes,
        r.inputWords,
        r.wordsPerHash,
    ))
}

/// What the registry calls a provider's model: one record at one nonce of its account there.
pub fn model_id(chain_id: u64, registry: Address, mp: Address, model_hash: B256, nonce: u64) -> B256 {
    hash(&(
        tag("assay.model.v1"),
        U256::from(chain_id),
        registry,
        mp,
        model_hash,
        nonce,
    ))
}

/// What a market calls its offer number `seq` about a model.
pub fn engagement_id(chain_id: u64, market: Address, model_id: B256, seq: u64) -> B256 {
    hash(&(
        tag("assay.engagement.v1"),
        U256::from(chain_id),
        market,
        model_id,
        U256::from(seq),
    ))
}

/// What a market says its parameters are, and every offer is bound to.
pub fn params_hash(params: &Params) -> B256 {
    hash(&(tag("assay.params.v1"), params.clone()))
}

/// What an offer's acceptance answers: the guard of `accept`, `proceed`, `abort` and `concede`.
pub fn offer_hash(id: B256, mc: Address, terms: &OfferTerms, params_hash: B256) -> B256 {
    hash(&(tag("assay.offer.v1"), id, mc, terms.clone(), params_hash))
}

/// What a prediction market calls its offer number `seq` about a model.
pub fn round_id(chain_id: u64, market: Address, model_id: B256, seq: u64) -> B256 {
    hash(&(
        tag("assay.round.v1"),
        U256::from(chain_id),
        market,
        model_id,
        U256::from(seq),
    ))
}

/// What a prediction market says its parameters are, and every offer is bound to.
pub fn round_params_hash(params: &PredictionParams) -> B256 {
    hash(&(tag("assay.round-params.v1"), params.clone()))
}

/// What serving a round answers.
pub fn round_offer_hash(id: B256, mc: Address, terms: &RoundTerms, quiet_bond: u128, params_hash: B256) -> B256 {
    hash(&(
        tag("assay.round-offer.v1"),
        id,
        mc,
        terms.clone(),
        quiet_bond,
        params_hash,
    ))
}

/// `ctx`, the first instance of a proof: binds it to one position of one engagement on one chain.
pub fn context(chain_id: u64, market: Address, engagement_id: B256, position: u64) -> U256 {
    context_of(KIND_ACCURACY, chain_id, market, engagement_id, position)
}

/// As [`context`], of one index of a round.
pub fn round_context(chain_id: u64, market: Address, round_id: B256, index: u64) -> U256 {
    context_of(KIND_PREDICTION, chain_id, market, round_id, index)
}

/// As [`context`], of one document of an audit.
pub fn audit_context(chain_id: u64, market: Address, audit_id: B256, index: u64) -> U256 {
    context_of(KIND_RETRIEVAL, chain_id, market, audit_id, index)
}

fn context_of(kind: u64, chain_id: u64, contract: Address, id: B256, position: u64) -> U256 {
    let digest = hash(&(
        tag("assay.ctx.v1"),
        U256::from(chain_id),
        contract,
        U256::from(kind),
        id,
        U256::from(position),
    ));
    U256::from_be_bytes(digest.0) >> 8
}

/// Whether `output` counts as correct for `label`.
pub fn is_correct(metric: Metric, classes: u32, output: U256, label: u32) -> bool {
    if metric != Metric::TOP5 {
        return output < U256::from(classes) && output == U256::from(label);
    }
    // Little-endian words of 16 bits, lowest first.
    let bytes = output.to_le_bytes::<32>();
    let (places, rest) = bytes.split_at(10);
    let (places, _) = places.as_chunks::<2>();
    let places: Vec<u32> = places.iter().map(|two| u16::from_le_bytes(*two).into()).collect();
    let is_output = rest.iter().all(|byte| *byte == 0)
        && places.is_sorted_by(|a, b| a < b)
        && places.iter().all(|class| *class < classes);
    is_output && places.contains(&label)
}

/// Smallest count that meets the target: `correct·10000 ≥ targetBps·n`.
pub fn needed_correct(target_bps: u16, n: u32) -> u32 {
    let product = u64::from(target_bps) * u64::from(n);
    product.div_ceil(10_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_is_met_without_rounding() {
        assert_eq!(needed_correct(7500, 4), 3);
        assert_eq!(needed_correct(7501, 4), 4);
        assert_eq!(needed_correct(1, 4), 1);
        assert_eq!(needed_correct(10_000, 65_536), 65_536);
    }

    #[test]
    fn top5_is_five_ascending_classes() {
        let word = |places: [u64; 5]| {
            let places = places.iter().rev();
            places.fold(U256::ZERO, |word, class| (word << 16) | U256::from(*class))
        };
        assert!(is_correct(Metric::TOP5, 10, word([5, 6, 7, 8, 9]), 5));
        for places in [
            [5, 6, 7, 8, 10],
            [0, 0, 2, 3, 4],
            [0, 1, 2, 4, 4],
            [0, 1, 3, 2, 4],
            [7, 0, 0, 0, 0],
        ] {
            for label in places {
                assert!(!is_correct(Metric::TOP5, 10, word(places), label as u32), "{places:?}");
            }
        }
    }

    #[test]
    fn top5_finds_each_lane_and_refuses_high_bits() {
        let word = (0..5u64).fold(U256::ZERO, |w, j| w | (U256::from(j * 10 + 1) << (16 * j as usize)));
        assert!((0..5).all(|j| is_correct(Metric::TOP5, 100, word, j * 10 + 1)));
        assert!(!is_correct(Metric::TOP5, 100, word, 2));
        assert!(!is_correct(Metric::TOP5, 100, word | (U256::from(1) << 80), 1));
        assert!(!is_correct(Metric::TOP1, 10, U256::from(10), 10));
        assert!(is_correct(Metric::TOP1, 10, U256::from(9), 9));
    }

    #[test]
    fn contexts_differ_in_every_component_and_fit_31_bytes() {
        let market = Address::repeat_byte(1);
        let id = B256::repeat_byte(2);
        let base = context(1, market, id, 0);
        assert!(base.bit_len() <= 248 && base < SCALAR_ORDER);
        assert_ne!(base, context(2, market, id, 0));
        assert_ne!(base, context(1, Address::ZERO, id, 0));
        assert_ne!(base, context(1, market, B256::ZERO, 0));
        assert_ne!(base, context(1, market, id, 1));
        assert_ne!(base, round_context(1, market, id, 0));
        assert_ne!(base, audit_context(1, market, id, 0));
        assert_ne!(round_context(1, market, id, 0), audit_context(1, market, id, 0));
    }
}
